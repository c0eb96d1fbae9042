/** Arithmetic on words has the interpreter's bits on WebAssembly and a software GPU; `npm run test:long` has more. */
import { expect, test } from 'vitest';
import { expectSameBits } from '../../support/differential.js';
import { wasmDifferences } from '../../support/wasm.js';
import { PROGRAMS } from './programs.js';
import { patterns, wordsProgram } from './support.js';

const COUNT = 128;

test.each(Object.entries(PROGRAMS).slice(0, 1))('%s', { timeout: 300_000 }, async (_, outputs) => {
  const specimen = wordsProgram([patterns(21, COUNT), patterns(22, COUNT)], outputs);
  await expectSameBits(specimen, { gpus: ['swiftshader'] });
  expect(await wasmDifferences(specimen.program, [specimen.inputs])).toEqual([]);
});
