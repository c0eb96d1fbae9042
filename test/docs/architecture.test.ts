/** What docs/architecture.md says of the pipeline and the layers is what they are. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { describeStages } from '../../src/cli/reports/explain.js';
import { prepare } from '../../src/compile.js';
import { importOnnx } from '../../src/frontends/onnx/index.js';

const file = (path: string): URL => new URL(`../../${path}`, import.meta.url);
const page = readFileSync(file('docs/architecture.md'), 'utf8');

test('the stages, and what they make of the digits', () => {
  const [, shown] = /<!-- stages of models\/digits\.onnx -->\s*```\n([^`]*)```/.exec(page)!;
  const prepared = prepare(importOnnx(readFileSync(file('models/digits.onnx'))));
  expect(shown.trimEnd()).toBe(describeStages(prepared, false));
});

test('the layers, lowest first', () => {
  const [, list] = /lowest first: ([^(]*) \(`scripts\/layers\.cjs`\)/.exec(page)!;
  const layers = createRequire(import.meta.url)(file('scripts/layers.cjs').pathname) as string[];
  expect([...list.matchAll(/`(\w+)`/g)].map(([, name]) => name)).toEqual(layers);
});
