/** What bundlers for browsers find behind `heddle/node`. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import * as browser from '../../src/node/browser.js';
import * as node from '../../src/node/index.js';

test('every function of heddle/node says in a browser what to call there', () => {
  expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort());
  for (const [name, refused] of Object.entries(browser))
    expect(refused).toThrow(new RegExp(`USAGE: ${name} of heddle/node is for Node.*\\n +hint: +in a page`));
});

test('the package names it before the default, which bundlers take else', () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, Record<string, string>>;
  };
  expect(Object.entries(exports['./node'])).toEqual([
    ['types', './dist/node/index.d.ts'],
    ['browser', './dist/node/browser.js'],
    ['default', './dist/node/index.js'],
  ]);
});
