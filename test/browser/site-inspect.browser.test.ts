/** The inspector inside of the site: of an example, of files that are dropped, and of a model that cannot be imported. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'puppeteer-core';
import { describe, expect, test } from 'vitest';
import { encodeModel, node, port } from '../../scripts/onnx-proto.mjs';
import { importOnnx } from '../../src/frontends/onnx/index.js';
import { prepare, toBundle } from '../../src/index.js';
import { openPage, text, upload, whileOpen, type Site } from './support.js';

let site: Site;
let browser: Browser;

whileOpen((opened) => ({ site, browser } = opened));

/** Code for the page, about what is inside of the inspector. */
const INSIDE = `document.querySelector('.inspector-frame')?.shadowRoot`;
const shows = (page: Page, selector: string, words = ''): Promise<unknown> =>
  page.waitForFunction(`${INSIDE}?.querySelector(${JSON.stringify(selector)})?.textContent.includes(${JSON.stringify(words)})`); // prettier-ignore
const pressInside = (page: Page, words: string): Promise<unknown> =>
  page.evaluate(`[...${INSIDE}.querySelectorAll('button')].find(({ textContent }) => textContent.trim().startsWith(${JSON.stringify(words)})).click()`); // prettier-ignore

describe('the inspector of the site', () => {
  test('shows all views of an example, with its state in the address', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#inspect`);
    await page.locator('a::-p-text(digits.onnx)').click();
    await shows(page, 'h1', 'digits.onnx');
    await shows(page, 'canvas');
    await pressInside(page, 'kernels');
    await shows(page, 'pre.code', 'fn main');
    await pressInside(page, 'passes');
    await shows(page, '.rewrites li');
    await pressInside(page, 'memory');
    await shows(page, '.steps', 'the peak');
    expect(page.url()).toContain('#inspect?model=digits.onnx&view=memory');
    const again = await openPage(browser, page.url());
    await shows(again.page, '.steps', 'the peak');
    // Going back undoes.
    await page.goBack();
    await shows(page, '.rewrites li');
    expect([...errors, ...again.errors]).toEqual([]);
  });

  test('shows a bundle and a config that are dropped, and says what only its visitor had', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#inspect`);
    const config = join(site.folder, 'net.json');
    writeFileSync(
      config,
      JSON.stringify({ input: [4], seed: 1, layers: [{ type: 'dense', output_size: 2 }] }),
    );
    await upload(page, config);
    await shows(page, 'h1', 'net.json');
    const bundle = join(site.folder, 'digits.heddle');
    writeFileSync(bundle, await toBundle(prepare(importOnnx(readFileSync('models/digits.onnx')))));
    await upload(page, bundle);
    await shows(page, 'h1', 'digits.heddle');
    await shows(page, 'canvas');
    const other = await openPage(browser, page.url());
    await other.page.waitForSelector('.note');
    expect(await text(other.page, '.note')).toContain('digits.heddle');
    expect([...errors, ...other.errors]).toEqual([]);
  });

  test('says what is wrong with a file that is no model', async () => {
    const { page, errors } = await openPage(browser, `${site.url}#inspect`);
    await upload(page, 'README.md');
    await page.waitForSelector('.error');
    expect(await text(page, '.error')).toMatch(/^FILE_FORMAT: the file is not an ONNX model/);
    expect(errors).toEqual([]);
  });

  test('lists the operators that a model needs and Heddle lacks, with counts and links to the nodes', async () => {
    const file = join(site.folder, 'missing.onnx');
    const nodes = [
      { ...node('Nothing', ['x'], ['a']), name: 'first' },
      node('Relu', ['a'], ['b']),
      node('Nothing', ['b'], ['c']),
      node('Elsewhere', ['c'], ['y']),
    ];
    writeFileSync(file, encodeModel({ name: 'g', node: nodes, input: [port('x', 'float', [2])], output: [port('y', 'float')] })); // prettier-ignore
    const { page, errors } = await openPage(browser, `${site.url}#run`);
    await upload(page, file);
    await page.waitForSelector('section[aria-label="Missing operators"]');
    expect(await text(page, '.error')).toContain('2 operators are not supported');
    const rows = (await page.evaluate(`Array.from(document.querySelectorAll('tbody tr'), ({ cells }) => Array.from(cells, ({ textContent }) => textContent))`)) as string[][]; // prettier-ignore
    expect(rows).toEqual([
      [expect.stringMatching(/^Nothing of ai\.onnx \d+$/), '2', 'node "first" (Nothing)'],
      [expect.stringMatching(/^Elsewhere of ai\.onnx \d+$/), '1', 'node #3 (Elsewhere)'],
    ]);
    await page.locator('a::-p-text(node #3)').click();
    await shows(page, 'aside h2', 'Elsewhere');
    await shows(page, 'aside', 'missing: Elsewhere of ai.onnx');
    await shows(page, 'canvas');
    expect(errors).toEqual([]);
  });
});
