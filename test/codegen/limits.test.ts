/** Sizes at the ends: nothing, one, and more than a grid or a kernel's bindings hold. */
import { describe, expect, test } from 'vitest';
import type { DType } from '../../src/base/dtype.js';
import { tensorData } from '../../src/base/tensor.js';
import { prepare } from '../../src/compile.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import { symbol } from '../../src/ir/dim.js';
import type { Node } from '../../src/ir/graph.js';
import { bindDims } from '../../src/ir/bind-dims.js';
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

  // SwiftShader takes 10 s for a run: a workgroup with a barrier for each row.
  test('more than 65,535 rows', { timeout: 240_000 }, async () => {
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

describe('a value of more than 2^32 elements, though it is never stored', () => {
  const [dtype, axes] = ['i32', [0, 1]] as const;
  const limit = expect.objectContaining({ code: 'LIMIT_EXCEEDED' }) as Error;

  test('is refused once its extents are bound', () => {
    const b = new GraphBuilder('virtual');
    const ones = b.reshape(b.param('x', dtype, [1]), [1, 1]);
    b.output('y', b.reduce('sum', b.broadcast(ones, [symbol('N'), symbol('N')]), axes));
    const graph = b.build();
    expect(bindDims(graph, { N: 46_340 }).nodes.length).toBe(4);
    expect(() => bindDims(graph, { N: 70_000 })).toThrow(limit);
  });

  test('is refused where the graph was made by hand', () => {
    const shape = [70_000, 70_000];
    const nodes = [
      { op: 'param', inputs: [], attrs: { name: 'x', dtype, shape: [1] }, type: { dtype, shape: [1] } },
      { op: 'reshape', inputs: [0], attrs: { shape: [1, 1] }, type: { dtype, shape: [1, 1] } },
      { op: 'broadcast', inputs: [1], attrs: { shape }, type: { dtype, shape } },
      { op: 'reduce', inputs: [2], attrs: { kind: 'sum', axes }, type: { dtype, shape: [] } },
    ] satisfies Node[];
    const program = { graph: { name: 'g', nodes, outputs: [{ name: 'y', value: 3 }] }, weights: new Map() };
    expect(() => prepare(program)).toThrow(limit);
    expect(() => interpret(program, { x: tensorData(dtype, [1], Int32Array.of(1)) })).toThrow(limit);
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
