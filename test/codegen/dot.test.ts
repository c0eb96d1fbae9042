/** Dot products of every shape of tile, operand and dtype. */
import { describe, test } from 'vitest';
import type { DType } from '../../src/base/dtype.js';
import { expectSameBits } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { specimen } from '../support/specimen.js';
import type { Flavour } from '../support/tensors.js';

const SIZES = [1, 2, 3, 17, 64, 65, 127, 128, 129, 300] as const;

/** Every size in every place, beside ever other sizes. */
const triples = SIZES.flatMap((m, i) =>
  [1, 4].map((turn) => [m, SIZES[(i * 3 + turn) % 10], SIZES[(i * 7 + turn * 2) % 10]] as const),
);

interface Product {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch?: readonly number[];
  readonly dtype?: DType;
  readonly lhsTurned?: boolean;
  readonly rhsTurned?: boolean;
  readonly flavour?: Flavour;
}

function product({ m, n, k, batch = [], dtype = 'f32', lhsTurned, rhsTurned, flavour }: Product) {
  const at = batch.length;
  const batchAxes = batch.map((_, axis) => axis);
  return specimen((b) => {
    const lhs = b.param('lhs', dtype, [...batch, ...(lhsTurned === true ? [k, m] : [m, k])]);
    const rhs = b.param('rhs', dtype, [...batch, ...(rhsTurned === true ? [n, k] : [k, n])]);
    const y = b.emit('dot', [lhs, rhs], {
      lhsBatch: batchAxes,
      rhsBatch: batchAxes,
      lhsContract: [lhsTurned === true ? at : at + 1],
      rhsContract: [rhsTurned === true ? at + 1 : at],
    });
    b.output('y', y);
  }, flavour);
}

describe.each(availableGpus)('%s', (gpu) => {
  const gpus = [gpu];

  test.each(triples)('[%i, _] x [_, %i] over %i', async (m, n, k) => {
    await expectSameBits(product({ m, n, k }), { gpus });
  });

  test.each([
    [false, false],
    [false, true],
    [true, false],
    [true, true],
  ])('transposed: lhs %s, rhs %s', async (lhsTurned, rhsTurned) => {
    await expectSameBits(product({ m: 33, n: 66, k: 131, lhsTurned, rhsTurned }), { gpus });
    await expectSameBits(product({ m: 130, n: 127, k: 17, batch: [3], lhsTurned, rhsTurned }), { gpus });
  });

  test.each<DType>(['f16', 'i32', 'u32'])('%s', async (dtype) => {
    await expectSameBits(product({ m: 17, n: 65, k: 300, dtype, flavour: 'hostile' }), { gpus });
    await expectSameBits(product({ m: 17, n: 65, k: 300, dtype, batch: [2, 3] }), { gpus });
  });

  test.each<Flavour>(['hostile', 'tiny'])('%s values', async (flavour) => {
    await expectSameBits(product({ m: 65, n: 64, k: 129, flavour }), { gpus });
    await expectSameBits(product({ m: 1, n: 3, k: 300, batch: [5], flavour }), { gpus });
  });

  test.each([
    [0, 3, 4],
    [3, 0, 4],
    [3, 4, 0],
    [0, 0, 0],
  ])('empty: [%i, _] x [_, %i] over %i', async (m, n, k) => {
    await expectSameBits(product({ m, n, k }), { gpus });
  });

  test.each([
    [130, 1, 1, 3],
    [65, 3, 4, 17],
    [33, 16, 16, 16],
    [9, 20, 70, 33],
    [2, 1, 300, 40],
    [2, 300, 1, 40],
  ])('batch of %i: [%i, _] x [_, %i] over %i', async (batch, m, n, k) => {
    const variants = ['optimised', 'software'] as const;
    await expectSameBits(product({ m, n, k, batch: [batch], flavour: 'hostile' }), { gpus, variants });
  });

  test.each([
    [3, 5, 4095],
    [3, 5, 4096],
    [1, 9, 4097],
    [12, 1, 4300],
    [129, 128, 4100],
    [128, 128, 4100],
  ])('few results of many terms: [%i, _] x [_, %i] over %i', async (m, n, k) => {
    const variants = ['optimised', 'software'] as const;
    await expectSameBits(product({ m, n, k }), { gpus, variants });
    if (m * n > 100) return;
    await expectSameBits(product({ m, n, k, flavour: 'hostile', lhsTurned: true }), { gpus, variants });
    await expectSameBits(product({ m, n, k, flavour: 'tiny', batch: [2, 3] }), { gpus });
  });

  test.each<DType>(['f16', 'i32', 'u32'])('few results of many %s terms', async (dtype) => {
    await expectSameBits(product({ m: 5, n: 9, k: 4500, dtype, flavour: 'hostile' }), { gpus });
  });

  test('few results of many terms along several axes, turned and with an epilogue', async () => {
    const net = specimen((b) => {
      const [x, dy] = [b.param('x', 'f32', [9, 70, 6]), b.param('dy', 'f32', [70, 9, 8])];
      const terms = { lhsBatch: [], rhsBatch: [], lhsContract: [0, 1], rhsContract: [1, 0] };
      b.output('small', b.emit('dot', [x, dy], terms));
      const [y, e] = [b.param('y', 'f32', [9, 500, 6]), b.param('e', 'f32', [9, 500, 7])];
      const dw = b.emit('dot', [y, e], { ...terms, rhsContract: [0, 1] });
      b.output('dw', b.binary('mul', dw, b.full(dw, 0.3)));
      b.output('turned', b.permute(dw, [1, 0]));
      const other = b.emit('dot', [e, b.unary('neg', y)], { ...terms, rhsContract: [0, 1] });
      b.output('other', b.permute(other, [1, 0]));
    });
    await expectSameBits(net, { gpus, variants: ['optimised', 'software', 'separate'] });
  });

  test('several contracted axes in another order, and none', async () => {
    const several = specimen((b) => {
      const lhs = b.param('lhs', 'f32', [3, 5, 2, 7]);
      const rhs = b.param('rhs', 'f32', [7, 4, 5, 3]);
      b.output('y', b.emit('dot', [lhs, rhs], { lhsBatch: [0], rhsBatch: [3], lhsContract: [3, 1], rhsContract: [0, 2] })); // prettier-ignore
      b.output(
        'outer',
        b.emit('dot', [lhs, rhs], { lhsBatch: [0], rhsBatch: [3], lhsContract: [], rhsContract: [] }),
      );
    });
    await expectSameBits(several, { gpus });
  });

  test('operands that are views, and an epilogue with bias, residual and activation', async () => {
    const net = specimen((b) => {
      const x = b.param('x', 'f32', [40, 33]);
      const w = b.weight('w', 'f32', [3, 22, 33]);
      const sliced = b.emit('slice', [b.reshape(w, [66, 33])], {
        starts: [1, 0],
        sizes: [32, 33],
        strides: [2, 1],
      });
      const y = b.emit('dot', [b.emit('reverse', [x], { axes: [1] }), sliced], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1] }); // prettier-ignore
      const biased = b.binary(
        'add',
        y,
        b.broadcast(b.reshape(b.param('bias', 'f32', [32]), [1, 32]), [40, 32]),
      );
      const sum = b.binary('add', biased, b.param('residual', 'f32', [40, 32]));
      b.output('y', b.unary('tanh', sum));
      b.output('turned', b.permute(b.binary('max', sum, b.full(sum, 0)), [1, 0]));
    });
    await expectSameBits(net, { gpus });
  });
});
