import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elementCount, type TensorData } from '../../src/base/tensor.js';
import { DOT_BLOCK } from '../../src/ir/accumulation.js';
import type { OpAttrs } from '../../src/ir/ops.js';
import type { SubnormalMode } from '../../src/numerics/subnormals.js';
import { fuzz } from '../support/fuzz.js';
import { FLAVOURS, tensorOf } from '../support/tensors.js';
import {
  add,
  at,
  coordinates,
  evaluate,
  expectSame,
  FLOATS,
  hostileTensor,
  MODES,
  mul,
  noise,
  numbers,
  summands,
  tensor,
  toF16,
} from './support.js';

/** The order of a dot product to the letter. */
function sumOfProducts(terms: readonly (readonly [number, number])[], mode: SubnormalMode): number {
  if (terms.length === 0) return 0;
  let total = -0;
  for (let block = 0; block < terms.length; block += DOT_BLOCK) {
    let sum = -0;
    for (const [a, b] of terms.slice(block, block + DOT_BLOCK)) sum = add(mode, sum, mul(mode, a, b));
    total = add(mode, total, sum);
  }
  return total;
}

function productOf(
  dtype: TensorData['dtype'],
  terms: readonly (readonly [number, number])[],
  mode: SubnormalMode,
): number {
  if (dtype === 'f32') return sumOfProducts(terms, mode);
  if (dtype === 'f16') return toF16(sumOfProducts(terms, mode));
  const sum = terms.reduce((total, [a, b]) => total + BigInt(a) * BigInt(b), 0n);
  return Number(dtype === 'i32' ? BigInt.asIntN(32, sum) : BigInt.asUintN(32, sum));
}

function expectedDot(a: TensorData, b: TensorData, attrs: OpAttrs['dot'], mode: SubnormalMode): number[] {
  const freeOf = (x: TensorData, used: readonly number[]): number[] =>
    x.shape.map((_, axis) => axis).filter((axis) => !used.includes(axis));
  const aFree = freeOf(a, [...attrs.lhsBatch, ...attrs.lhsContract]);
  const bFree = freeOf(b, [...attrs.rhsBatch, ...attrs.rhsContract]);
  const extents = (x: TensorData, axes: readonly number[]): number[] => axes.map((axis) => x.shape[axis]);
  const read = (
    x: TensorData,
    groups: readonly (readonly [readonly number[], readonly number[]])[],
  ): number => {
    const place = x.shape.map(() => 0);
    for (const [axes, where] of groups) axes.forEach((axis, i) => (place[axis] = where[i]));
    return at(x, place);
  };
  return coordinates(extents(a, attrs.lhsBatch)).flatMap((batch) =>
    coordinates(extents(a, aFree)).flatMap((row) =>
      coordinates(extents(b, bFree)).map((column) => {
        const terms = coordinates(extents(a, attrs.lhsContract)).map(
          (k) =>
            [
              read(a, [
                [attrs.lhsBatch, batch],
                [aFree, row],
                [attrs.lhsContract, k],
              ]),
              read(b, [
                [attrs.rhsBatch, batch],
                [bFree, column],
                [attrs.rhsContract, k],
              ]),
            ] as const,
        );
        return productOf(a.dtype, terms, mode);
      }),
    ),
  );
}

const matrices: OpAttrs['dot'] = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };

describe.each(MODES)('subnormals: %s', (mode) => {
  test.each(['f32', 'f16', 'i32', 'u32'] as const)('dot of any axes: %s', (dtype) => {
    const extent = fc.integer({ min: 0, max: 3 });
    const group = fc.array(extent, { maxLength: 2 });
    const cases = fc.record({ batch: group, lhsFree: group, rhsFree: group, contract: group }).chain((e) => {
      const layout = (free: number[]) => {
        const axes = [...e.batch, ...free, ...e.contract];
        const order = fc.shuffledSubarray(
          axes.map((_, i) => i),
          { minLength: axes.length },
        );
        return order.chain((order) => {
          const place = (from: number, count: number): number[] =>
            Array.from({ length: count }, (_, i) => order.indexOf(from + i));
          return hostileTensor(
            dtype,
            order.map((i) => axes[i]),
          ).map((x) => ({
            x,
            batch: place(0, e.batch.length),
            contract: place(e.batch.length + free.length, e.contract.length),
          }));
        });
      };
      return fc.tuple(layout(e.lhsFree), layout(e.rhsFree));
    });
    fc.assert(
      fc.property(cases, ([a, b]) => {
        const attrs = {
          lhsBatch: a.batch,
          rhsBatch: b.batch,
          lhsContract: a.contract,
          rhsContract: b.contract,
        };
        expectSame(evaluate('dot', [a.x, b.x], attrs, mode).values, expectedDot(a.x, b.x, attrs, mode));
      }),
      fuzz(100),
    );
  });

  test.each(FLOATS)('the order of a %s dot product', (dtype) => {
    const cases = fc
      .tuple(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 1, max: 3 }),
        fc.boolean(),
      )
      .chain(([m, k, n, tiny]) =>
        fc.tuple(
          summands(m * k, tiny).map((values) => tensor(dtype, [m, k], values)),
          summands(k * n, tiny).map((values) => tensor(dtype, [k, n], values)),
        ),
      );
    fc.assert(
      fc.property(cases, ([a, b]) => {
        expectSame(evaluate('dot', [a, b], matrices, mode).values, expectedDot(a, b, matrices, mode));
      }),
      fuzz(40),
    );
  });
});

interface Axis {
  readonly extent: number;
  readonly kernel: number;
  readonly stride: number;
  readonly low: number;
  readonly high: number;
  readonly lhs: number;
  readonly rhs: number;
}

const convAttrs = (axes: readonly Axis[], groups: number): OpAttrs['conv'] => ({
  strides: axes.map((axis) => axis.stride),
  padLow: axes.map((axis) => axis.low),
  padHigh: axes.map((axis) => axis.high),
  lhsDilation: axes.map((axis) => axis.lhs),
  rhsDilation: axes.map((axis) => axis.rhs),
  groups,
});

/** From the definition: every tap of every result, one by one. */
function expectedConv(
  x: TensorData,
  w: TensorData,
  attrs: OpAttrs['conv'],
  shape: readonly number[],
  mode: SubnormalMode,
): number[] {
  const [channels, kernel] = [w.shape[1], w.shape.slice(2)];
  const perGroup = w.shape[0] / attrs.groups;
  return coordinates(shape).map(([image, channel, ...place]) => {
    const firstChannel = Math.floor(channel / perGroup) * channels;
    const terms: [number, number][] = [];
    let covered = false;
    for (let c = 0; c < channels; c++) {
      for (const tap of coordinates(kernel)) {
        const dilated = place.map(
          (i, d) => i * attrs.strides[d] + tap[d] * attrs.rhsDilation[d] - attrs.padLow[d],
        );
        if (dilated.some((coordinate, d) => coordinate % attrs.lhsDilation[d] !== 0)) continue;
        const source = dilated.map((coordinate, d) => coordinate / attrs.lhsDilation[d]);
        const inside = source.every((i, d) => i >= 0 && i < x.shape[d + 2]);
        const value = inside ? at(x, [image, firstChannel + c, ...source]) : 0;
        covered ||= inside;
        terms.push([value, at(w, [channel, c, ...tap])]);
      }
    }
    return productOf(x.dtype, covered ? terms : [], mode);
  });
}

/** A convolution with hostile operands. */
const convolutions = (dtype: 'f32' | 'f16', lhs: number) => {
  const axis: fc.Arbitrary<Axis> = fc.record({
    extent: fc.integer({ min: 0, max: 5 }),
    kernel: fc.integer({ min: 1, max: 3 }),
    stride: fc.integer({ min: 1, max: 3 }),
    low: fc.integer({ min: 0, max: 3 }),
    high: fc.integer({ min: 0, max: 3 }),
    lhs: fc.integer({ min: 1, max: lhs }),
    rhs: fc.integer({ min: 1, max: 3 }),
  });
  const small = fc.integer({ min: 1, max: 2 });
  return fc
    .tuple(
      fc.array(axis, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 3 }),
      small,
      small,
      small,
    )
    .chain(([axes, groups, images, channels, perGroup]) =>
      fc.tuple(
        hostileTensor(dtype, [images, groups * channels, ...axes.map((a) => a.extent)]),
        hostileTensor(dtype, [groups * perGroup, channels, ...axes.map((a) => a.kernel)]),
        fc.constant(convAttrs(axes, groups)),
      ),
    );
};

describe.each(MODES)('conv with subnormals: %s', (mode) => {
  test.each(FLOATS)('%s, by definition', (dtype) => {
    fc.assert(
      fc.property(convolutions(dtype, 3), ([x, w, attrs]) => {
        const { values, shape } = evaluate('conv', [x, w], attrs, mode);
        expectSame(values, expectedConv(x, w, attrs, shape, mode));
      }),
      fuzz(100),
    );
  });

  test('is dot over zero-padded patches', () => {
    const x: TensorData = { dtype: 'f32', shape: [1, 40, 6, 7], data: noise(40 * 42) };
    const w: TensorData = { dtype: 'f32', shape: [3, 40, 2, 2], data: noise(3 * 160, 2) };
    const attrs = convAttrs(
      [1, 1].map(() => ({ extent: 0, kernel: 2, stride: 2, low: 1, high: 1, lhs: 1, rhs: 1 })),
      1,
    );
    const { values, shape } = evaluate('conv', [x, w], attrs, mode);
    const padded = evaluate('pad', [x], {
      low: [0, 0, 1, 1],
      high: [0, 0, 1, 1],
      interior: [0, 0, 0, 0],
      value: 0,
    });
    const image = tensor('f32', padded.shape, padded.values);
    const patches = coordinates(shape.slice(2)).flatMap(([row, column]) =>
      coordinates([40, 2, 2]).map(([c, i, j]) => at(image, [0, c, 2 * row + i, 2 * column + j])),
    );
    const pixels = elementCount(shape.slice(2));
    const product = evaluate(
      'dot',
      [tensor('f32', [3, 160], numbers(w)), tensor('f32', [pixels, 160], patches)],
      { ...matrices, rhsContract: [1] },
      mode,
    );
    expectSame(values, product.values);
  });

  test('with lhsDilation is transposed convolution', () => {
    // Every element of x, times the kernel, is added to the result where it stands; sums of integers are exact.
    const [extent, kernel, stride] = [4, 3, 2];
    const x = tensor(
      'f32',
      [1, 2, extent, extent],
      Array.from({ length: 32 }, (_, i) => (i % 7) - 3),
    );
    const w = tensor(
      'f32',
      [2, 3, kernel, kernel],
      Array.from({ length: 54 }, (_, i) => (i % 5) - 2),
    );
    const size = (extent - 1) * stride + kernel;
    const expected = new Array<number>(3 * size * size).fill(0);
    for (const [c, o, i, j, p, q] of coordinates([2, 3, extent, extent, kernel, kernel]))
      expected[(o * size + i * stride + p) * size + j * stride + q] +=
        at(x, [0, c, i, j]) * at(w, [c, o, p, q]);

    const swapped = evaluate('permute', [w], { permutation: [1, 0, 2, 3] });
    const flipped = evaluate('reverse', [tensor('f32', swapped.shape, swapped.values)], { axes: [2, 3] });
    const axis = { extent, kernel, stride: 1, low: kernel - 1, high: kernel - 1, lhs: stride, rhs: 1 };
    const filters = tensor('f32', flipped.shape, flipped.values);
    const { values, shape } = evaluate('conv', [x, filters], convAttrs([axis, axis], 1), mode);
    expect(shape).toEqual([1, 3, size, size]);
    // A zero may be of either sign.
    expect(values.map((v) => v + 0)).toEqual(expected);
  });
});

test.each(MODES)('separate blocks are the sums of their terms: %s', (mode) => {
  const [m, n, k] = [2, 3, 300];
  for (const flavour of FLAVOURS) {
    const [a, b] = [tensorOf('f32', [k, m], 5, flavour), tensorOf('f32', [n, k], 6, flavour)];
    const attrs = { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [1] };
    const { values, shape } = evaluate('splitKDot', [a, b], attrs, mode);
    expect(shape).toEqual([3, m, n]);
    const expected = coordinates(shape).map(([block, i, j]) => {
      const terms = Array.from({ length: k }, (_, l) => [at(a, [l, i]), at(b, [j, l])] as const);
      return sumOfProducts(terms.slice(block * DOT_BLOCK, (block + 1) * DOT_BLOCK), mode);
    });
    expectSame(values, expected);

    // The same products as a convolution of 150 channels and 2 taps.
    const images = evaluate('permute', [a], { permutation: [1, 0] });
    const x = tensor('f32', [m, k / 2, 2], images.values);
    const w = tensor('f32', [n, k / 2, 2], numbers(b));
    const plain = { strides: [1], padLow: [0], padHigh: [0], lhsDilation: [1], rhsDilation: [1], groups: 1 };
    const sums = evaluate('splitKConv', [x, w], plain, mode);
    expect(sums.shape).toEqual([3, m, n, 1]);
    expectSame(sums.values, expected);
  }
});

test('a convolution in many blocks of patches is the same as in one', () => {
  // 64 channels of 3x3: more than 128 terms a result, and more patches than are held at a time.
  const x: TensorData = { dtype: 'f32', shape: [1, 64, 20, 20], data: noise(64 * 400) };
  const w: TensorData = { dtype: 'f32', shape: [1, 64, 3, 3], data: noise(576, 5) };
  const axis = { extent: 20, kernel: 3, stride: 1, low: 1, high: 1, lhs: 1, rhs: 1 };
  const { values, shape } = evaluate('conv', [x, w], convAttrs([axis, axis], 1));
  expectSame(values, expectedConv(x, w, convAttrs([axis, axis], 1), shape, 'preserve'));
});

test('0 subnormals certify that both modes agree', () => {
  const cases = fc
    .integer({ min: 0, max: 6 })
    .chain((k) => fc.tuple(hostileTensor('f32', [2, k]), hostileTensor('f32', [k, 3])));
  fc.assert(
    fc.property(cases, ([a, b]) => {
      const [preserve, flush] = MODES.map((mode) => evaluate('dot', [a, b], matrices, mode));
      expect(flush.subnormals === 0).toBe(preserve.subnormals === 0);
      if (flush.subnormals === 0) expectSame(flush.values, preserve.values);
    }),
    fuzz(500),
  );
});
