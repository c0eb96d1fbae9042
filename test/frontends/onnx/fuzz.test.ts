/** Damaged files end in success or in a typed error, at once: never in a hang, a crash or a huge allocation. */
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import { fuzz } from '../../support/fuzz.js';
import { CASES, encoded } from './control-cases.js';
import { dataFile, describeWithData, ownFile, random } from './support.js';

const { numRuns, seed = 1 } = fuzz(2_000);

type Below = (below: number) => number;
/** Damages `bytes`, a copy, in place or gives a part of it. */
type Mutation = (bytes: Uint8Array, below: Below) => Uint8Array;

/** Mostly near the beginning or the end, where the structure is; the middle is weights. */
const place = (bytes: Uint8Array, below: Below): number => {
  const near = below(Math.min(bytes.length, 2_000));
  return [near, bytes.length - 1 - near, below(bytes.length)][below(3)];
};

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  bitFlips: (bytes, below) => {
    for (let n = 1 + below(8); n > 0; n--) bytes[place(bytes, below)] ^= 1 << below(8);
    return bytes;
  },
  truncation: (bytes, below) => bytes.subarray(0, below(2) === 0 ? place(bytes, below) : below(bytes.length)),
  /** A varint of up to ten bytes in place of what is there: lengths, extents and axes. */
  forgedNumber: (bytes, below) => {
    const at = place(bytes, below);
    const length = 1 + below(10);
    for (let i = 0; i < length && at + i < bytes.length; i++)
      bytes[at + i] = i + 1 < length ? 0xff : below(0x80);
    return bytes;
  },
  swap: (bytes, below) => {
    const size = 1 + below(64);
    const [from, to] = [place(bytes, below), place(bytes, below)];
    const chunk = bytes.slice(from, from + size);
    bytes.copyWithin(from, to, to + size);
    bytes.set(chunk.subarray(0, Math.max(0, bytes.length - to)), to);
    return bytes;
  },
  /** Structure from elsewhere in the file, moving what follows. */
  insertion: (bytes, below) => {
    const [from, at] = [place(bytes, below), place(bytes, below)];
    const chunk = bytes.subarray(from, from + 1 + below(64));
    const longer = new Uint8Array(bytes.length + chunk.length);
    longer.set(bytes.subarray(0, at));
    longer.set(chunk, at);
    longer.set(bytes.subarray(at), at + chunk.length);
    return longer;
  },
};
const NAMES = Object.keys(MUTATIONS);

/** One damaged copy of `original`, imported. Throws what should not have happened. */
function attempt(original: Uint8Array, run: number): 'imported' | 'refused' {
  const below = random(Math.imul(seed, 1_000_003) + run);
  const name = NAMES[below(NAMES.length)];
  const start = performance.now();
  try {
    verifyGraph(importOnnx(MUTATIONS[name](Uint8Array.from(original), below)).graph);
    return 'imported';
  } catch (error) {
    // A wrapped error of another kind is a check that the importer lacks.
    if (
      error instanceof HeddleError &&
      (error.cause === undefined || error.cause instanceof HeddleError || error.code.startsWith('FILE_'))
    )
      return 'refused';
    throw new Error(`run ${run} (${name}): ${String(error)}`, { cause: error });
  } finally {
    const took = performance.now() - start;
    if (took > 1_000) expect.soft(took, `run ${run} (${name}) took too long`).toBeLessThan(1_000);
  }
}

/** Damaged copies of each file in turn, `runs` in all. */
function attemptAll(files: readonly Uint8Array[], runs: number): void {
  const counts = { imported: 0, refused: 0 };
  for (let run = 0; run < runs; run++) counts[attempt(files[run % files.length], run)]++;
  // Both kinds of end occur, or the mutations are not what they should be.
  expect(counts.imported).toBeGreaterThan(0);
  expect(counts.refused).toBeGreaterThan(runs / 10);
}

test(`${numRuns} damaged copies of the repository's model`, () => {
  attemptAll([ownFile('models/digits.onnx')], numRuns);
});

test(`${numRuns} damaged copies of models with graphs inside`, () => {
  attemptAll(CASES.map(encoded), numRuns);
});

describeWithData('damaged copies of real files', () => {
  const files = [
    'models/mnist-cntk/model',
    'models/mnist-pytorch-cnn/model',
    'models/super-resolution-conv13/model',
    'suite/light/light_squeezenet',
  ];
  describe.each(files)('%s', (name) => {
    test(`${numRuns / 4}`, () => attemptAll([dataFile(`onnx/${name}.onnx`)], numRuns / 4), 120_000);
  });
});
