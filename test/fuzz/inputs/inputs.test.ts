/** A short run of the fuzzer of inputs, and what it does when something is wrong. `npm run fuzz:inputs` is the long one. */
import { expect, test } from 'vitest';
import { FAMILIES } from './index.js';
import { watch, type Finding, type Watch } from './watch.js';

async function findings(task: Omit<Watch, 'seed' | 'from' | 'onFinding'>): Promise<[number, Finding[]]> {
  const found: Finding[] = [];
  const inputs = await watch({ ...task, seed: 1, from: 0, onFinding: (finding) => found.push(finding) });
  return [inputs, found];
}

const module = (name: string): string => new URL(name, import.meta.url).href;

test('a few thousand hostile inputs are answered with a result or a typed error', async () => {
  const families = FAMILIES.map(({ name }) => name);
  expect(new Set(families).size).toBe(families.length);
  const [inputs, found] = await findings({ module: module('index.ts'), families, count: 2400 });
  expect(found).toEqual([]);
  expect(inputs).toBe(2400);
}, 240_000);

test('what goes wrong is found, and the next input is run', async () => {
  const families = ['fine', 'untyped', 'wrapped', 'rejected', 'unheard', 'endless', 'full', 'ended'];
  const limits = { ms: 6000, bytes: 4e8 };
  const task = { module: module('broken.ts'), families, limits, count: families.length + 1 };
  const [inputs, found] = await findings(task);
  expect(inputs).toBe(families.length + 1);
  expect(found.map(({ kind, family }) => `${family}: ${kind}`)).toEqual([
    'untyped: untyped',
    'wrapped: untyped',
    'rejected: untyped',
    'unheard: untyped',
    'endless: hang',
    'full: memory',
    'ended: untyped',
  ]);
  expect(found[0].what).toMatch(/TypeError/);
}, 120_000);
