/** Ops whose element positions are data, or that order elements, on the device. */
import { describe, test } from 'vitest';
import type { DType } from '../../src/base/dtype.js';
import { REDUCERS, SCATTER_KINDS } from '../../src/ir/ops.js';
import { expectSameBits } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { specimen } from '../support/specimen.js';

const DTYPES: readonly DType[] = ['f32', 'f16', 'i32', 'u32', 'bool'];

describe.each(availableGpus)('%s', (gpu) => {
  const gpus = [gpu];

  test.each(DTYPES)('argsort and argreduce of %s', async (dtype) => {
    const net = specimen((b) => {
      const x = b.param('x', dtype, [3, 130, 2]);
      for (const descending of [false, true])
        b.output(`sort ${descending}`, b.emit('argsort', [x], { axis: 1, descending }));
      for (const kind of ['max', 'min'] as const) b.output(kind, b.emit('argreduce', [x], { kind, axis: 1 }));
    }, 'hostile');
    await expectSameBits(net, { gpus });
  });

  test.each(REDUCERS)('scan %s', async (kind) => {
    for (const [dtype, flavour] of [
      ['f32', 'usual'],
      ['f32', 'hostile'],
      ['f32', 'tiny'],
      ['f16', 'usual'],
      ['i32', 'hostile'],
    ] as const)
      // prettier-ignore
      await expectSameBits(
        specimen((b) => {
          const x = b.param('x', dtype, [2, 515, 3]);
          for (const exclusive of [false, true])
            for (const reverse of [false, true])
              b.output(`${exclusive} ${reverse}`, b.emit('scan', [x], { kind, axis: 1, exclusive, reverse }));
        }, flavour),
        { gpus },
      );
  });

  test.each(SCATTER_KINDS)('scatter %s, with duplicates and indices out of range', async (kind) => {
    for (const dtype of ['f32', 'f16', 'i32'] as const)
      await expectSameBits(
        specimen((b) => {
          const inputs = [
            b.param('x', dtype, [7, 5]),
            b.param('at', 'i32', [40]),
            b.param('u', dtype, [40, 5]),
          ];
          b.output('y', b.emit('scatter', inputs, { kind }));
        }),
        { gpus },
      );
  });

  test('updates along every axis, with starts out of range', async () => {
    for (const dtype of ['f32', 'f16', 'i32', 'bool'] as const)
      await expectSameBits(
        specimen((b) => {
          const [x, start] = [b.param('x', dtype, [4, 5, 6]), b.param('start', 'i32', [])];
          for (const [axis, count] of [[0, 2], [1, 9], [2, 1]] as const) // prettier-ignore
            b.output(`y${axis}`, b.emit('updateSlice', [x, b.param(`u${axis}`, dtype, [4, 5, 6].with(axis, count)), start], { axis })); // prettier-ignore
        }),
        { gpus },
      );
  });

  test('gather along every axis, with indices out of range', async () => {
    const net = specimen((b) => {
      const x = b.param('x', 'f32', [5, 6, 7]);
      const at = b.param('at', 'i32', [3, 4]);
      for (const axis of [0, 1, 2]) b.output(`y${axis}`, b.emit('gather', [x, at], { axis }));
      b.output('sum', b.emit('gather', [b.unary('exp', x), at], { axis: 1 }));
    });
    await expectSameBits(net, { gpus });
  });

  test('random numbers', async () => {
    const net = specimen((b) => {
      const key = b.param('key', 'u32', [2]);
      b.output('bits', b.emit('random', [key], { shape: [70, 33] }));
      const small = b.emit('random', [key], { shape: [9] });
      b.output(
        'unit',
        b.binary(
          'mul',
          b.cast(b.binary('shr', small, b.full(small, 8)), 'f32'),
          b.constant('f32', [9], 2 ** -24),
        ),
      );
    }, 'hostile');
    await expectSameBits(net, { gpus });
  });
});
