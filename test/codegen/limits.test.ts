/** Sizes at the ends: nothing, one, and more than a grid or a kernel's bindings hold. */
import { describe, expect, test } from 'vitest';
import type { DType } from '../../src/base/dtype.js';
import { prepare } from '../../src/compile.js';
import { expectSameBits, VARIANTS } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { softmax } from '../support/compositions.js';
import { specimen } from '../support/specimen.js';

describe.each(availableGpus)('%s', (gpu) => {
  const gpus = [gpu];

  test('more than 65,535 workgroups of elements', async () => {
    const net = specimen((b) => {
      const x = b.param('x', 'f32', [5, 850_001]);
      b.output('y', b.binary('add', b.binary('mul', x, x), b.full(x, 1)));
    });
    await expectSameBits(net, { gpus });
  });

  test('more than 65,535 rows', async () => {
    const net = specimen((b) => b.output('y', b.reduce('sum', b.param('x', 'f32', [70_001, 17]), [1])));
    await expectSameBits(net, { gpus });
  });

  test('more than 65,535 workgroups of a contraction', async () => {
    const net = specimen((b) => {
      const [x, w] = [b.param('x', 'f32', [70_001, 1, 2]), b.param('w', 'f32', [70_001, 2, 3])];
      b.output(
        'y',
        b.emit('dot', [x, w], { lhsBatch: [0], rhsBatch: [0], lhsContract: [2], rhsContract: [1] }),
      );
    });
    await expectSameBits(net, { gpus });
  });

  test('scalars', async () => {
    const net = specimen((b) => {
      const [x, y] = [b.param('x', 'f32', []), b.param('y', 'f32', [1, 1])];
      b.output('sum', b.binary('add', x, b.reshape(y, [])));
      b.output('reduced', b.reduce('sum', y, [0, 1]));
      b.output(
        'dot',
        b.emit('dot', [x, y], { lhsBatch: [], rhsBatch: [], lhsContract: [], rhsContract: [] }),
      );
      b.output('spread', b.broadcast(b.reshape(x, [1, 1]), [3, 5]));
    });
    await expectSameBits(net, { gpus, variants: VARIANTS });
  });

  test('tensors without elements', async () => {
    const net = specimen((b) => {
      const x = b.param('x', 'f32', [3, 0]);
      const y = b.param('y', 'f32', [0, 4]);
      b.output('same', x);
      b.output('exp', b.unary('exp', x));
      b.output('sum', b.reduce('sum', x, [1]));
      b.output('max', b.reduce('max', x, [0, 1]));
      b.output(
        'dot',
        b.emit('dot', [x, y], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] }),
      );
      b.output('padded', b.emit('pad', [x], { low: [0, 2], high: [1, 0], interior: [0, 3], value: 7 }));
      b.output('sorted', b.emit('argsort', [y], { axis: 0, descending: false }));
      b.output('scanned', b.emit('scan', [y], { kind: 'sum', axis: 1, exclusive: true, reverse: false }));
      b.output('softmax', softmax(b, y));
    });
    await expectSameBits(net, { gpus, variants: VARIANTS });
  });

  test('a sum of twelve operands, of every dtype', async () => {
    for (const dtype of ['f32', 'f16', 'i32'] satisfies DType[]) {
      const net = specimen((b) => {
        const parts = Array.from({ length: 12 }, (_, i) => b.param(`p${i}`, dtype, [33]));
        b.output(
          'y',
          parts.reduce((sum, part) => b.binary('add', sum, part)),
        );
        b.output(
          'z',
          parts.reduceRight((sum, part) => b.binary('sub', part, sum)),
        );
      });
      await expectSameBits(net, { gpus, variants: VARIANTS });
    }
  });

  test('fourteen outputs of one kernel', async () => {
    const net = specimen((b) => {
      const x = b.param('x', 'f32', [65]);
      for (let i = 0; i < 14; i++) b.output(`y${i}`, b.binary('mul', x, b.full(x, i)));
    });
    await expectSameBits(net, { gpus, variants: VARIANTS });
  });
});

test('no kernel binds more buffers than every device has', () => {
  const { program } = specimen((b) => {
    const parts = Array.from({ length: 30 }, (_, i) => b.param(`p${i}`, 'f32', [33]));
    const sum = parts.reduce((a, part) => b.binary('add', a, part));
    b.output('y', sum);
    b.output('all', b.emit('concat', parts, { axis: 0 }));
    for (const [i, part] of parts.entries()) b.output(`y${i}`, b.binary('mul', sum, part));
  });
  const { commands } = prepare(program).planned.plan;
  expect(Math.max(...commands.map(({ regions }) => regions.length))).toBeLessThanOrEqual(8);
});
