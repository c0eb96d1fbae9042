/** What is not a program is refused, with what makes one of it; the IR names nothing that stands above it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { givenProgram } from '../src/given-program.js';
import type { HeddleError } from '../src/base/errors.js';

const GRAPH = { name: 'g', nodes: [], outputs: [] };

test.each<[string, unknown, RegExp | undefined]>([
  ['a function', () => 1, /^trace it first: .*jit/],
  ['bytes', new Uint8Array(3), /importOnnx.*loadBundle/],
  ['a path', 'model.onnx', /readFileSync/],
  ['a promise', Promise.resolve(), /await it/],
  ['what was compiled', { prepared: {} }, /prepared\.original/],
  ['an imported model in something', { program: {} }, /pass its program/],
  ['a graph', GRAPH, /^that is a graph/],
  ['a graph without weights', { graph: GRAPH }, /weights are a Map/],
  ['a network', { call: () => 1 }, /^trace the model/],
  ['nothing', undefined, undefined],
])('%s', (_, value, hint) => {
  const refuse = (): unknown => {
    try {
      givenProgram('compile', value);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  const error = refuse() as HeddleError;
  expect([error.code, error.where]).toEqual(['USAGE', 'compile']);
  expect(error.expected).toBe(
    'a program { graph, weights }, such as importOnnx(bytes) or (await jit(f).compile(x)).program',
  );
  if (hint === undefined) expect(error.hint).toBeUndefined();
  else expect(error.hint).toMatch(hint);
});

test('the check of the IR says nothing of frontends, of tracing and of running', () => {
  const text = readFileSync(new URL('../src/ir/check-program.ts', import.meta.url), 'utf8');
  expect(text).not.toMatch(/importOnnx|jit|loadBundle|\.call|prepared/);
});
