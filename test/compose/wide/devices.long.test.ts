/** Arithmetic on words has the interpreter's bits on every engine: each op in turn, on hostile patterns. */
import { expect, test } from 'vitest';
import { expectSameBits } from '../../support/differential.js';
import { wasmDifferences } from '../../support/wasm.js';
import { PROGRAMS } from './programs.js';
import { patterns, wordsProgram } from './support.js';

const COUNT = 512;

test.each(Object.entries(PROGRAMS))('%s', { timeout: 300_000 }, async (_, outputs) => {
  const specimen = wordsProgram([patterns(21, COUNT), patterns(22, COUNT)], outputs);
  await expectSameBits(specimen);
  expect(await wasmDifferences(specimen.program, [specimen.inputs])).toEqual([]);
});
