/** Reductions, and the row kernels made of them. */
import { describe, test } from 'vitest';
import type { GraphBuilder } from '../../src/ir/builder.js';
import type { GraphValue } from '../../src/ir/builder.js';
import { REDUCERS } from '../../src/ir/ops.js';
import { expectSameBits, type Options } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { layerNorm, rmsNorm, softmax } from '../support/compositions.js';
import { specimen } from '../support/specimen.js';
import type { Flavour } from '../support/tensors.js';

const NETS: Readonly<Record<string, (b: GraphBuilder, x: GraphValue) => GraphValue>> = {
  softmax,
  layerNorm,
  rmsNorm,
};

describe.each(availableGpus)('%s', (gpu) => {
  const options: Options = { gpus: [gpu], variants: ['optimised', 'software'] };

  describe.each(Object.keys(NETS))('%s', (name) => {
    test.each([
      [3, 17],
      [2, 63],
      [2, 64],
      [5, 65],
      [1, 129],
      [4, 1000],
      [2, 5000],
      [300, 33],
      [7, 16],
      [9, 3],
    ])('%i rows of %i', async (rows, cols) => {
      const net = (flavour: Flavour) =>
        specimen((b) => b.output('y', NETS[name](b, b.param('x', 'f32', [rows, cols]))), flavour);
      await expectSameBits(net('usual'), options);
      await expectSameBits(net('hostile'), options);
    });
  });

  test('softmax over an axis in the middle', async () => {
    const net = specimen((b) => {
      const x = b.param('x', 'f32', [3, 37, 5]);
      b.output('y', b.permute(softmax(b, b.permute(x, [0, 2, 1])), [0, 2, 1]));
    });
    await expectSameBits(net, options);
  });

  test('several results of rows and of elements', async () => {
    const net = specimen((b) => {
      const x = b.param('x', 'f32', [6, 50]);
      const old = b.param('old', 'f32', [6]);
      const mean = b.binary('div', b.reduce('sum', x, [1]), b.constant('f32', [6], 50));
      const moved = b.binary('add', b.binary('mul', old, b.full(old, 0.9)), mean);
      const spread = b.broadcast(b.reshape(moved, [6, 1]), [6, 50]);
      b.output('centred', b.binary('sub', x, spread));
      b.output('moved', moved);
      b.output('max', b.reduce('max', x, [1]));
    });
    await expectSameBits(net, options);
  });

  describe.each(REDUCERS)('reduce %s', (kind) => {
    test.each([
      [[0], 'f32'],
      [[1], 'f32'],
      [[2], 'f16'],
      [[0, 1], 'f32'],
      [[0, 2], 'i32'],
      [[1, 2], 'u32'],
      [[0, 1, 2], 'f32'],
      [[], 'f32'],
    ] as const)('over axes %j of %s', async (axes, dtype) => {
      for (const [shape, flavour] of [
        [[4, 17, 65], 'usual'],
        [[3, 5, 2], 'hostile'],
        [[19, 1, 67], 'tiny'],
        [[2, 0, 3], 'usual'],
      ] as const)
        await expectSameBits(
          specimen((b) => b.output('y', b.reduce(kind, b.param('x', dtype, shape), axes)), flavour),
          options,
        );
    });
  });

  test.each([65_535, 65_536, 65_537, 131_072, 200_001])('a sum of %i elements', async (count) => {
    const net = specimen((b) => {
      const x = b.param('x', 'f32', [2, count]);
      b.output('sum', b.reduce('sum', x, [1]));
      b.output('max', b.reduce('max', x, [1]));
      b.output('half', b.reduce('sum', b.cast(x, 'f16'), [1]));
    });
    await expectSameBits(net, options);
  });

  test('softmax over more elements than one chunk of a sum', async () => {
    const net = specimen((b) => b.output('y', softmax(b, b.param('x', 'f32', [1, 70_000]))));
    await expectSameBits(net, options);
  });
});
