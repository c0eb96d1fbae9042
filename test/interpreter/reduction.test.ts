import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { DType } from '../../src/base/dtype.js';
import type { TensorData } from '../../src/base/tensor.js';
import { REDUCE_CHUNK, REDUCE_LANES, SCAN_BLOCK } from '../../src/ir/accumulation.js';
import { REDUCERS, type Reducer } from '../../src/ir/ops.js';
import { jsLang } from '../../src/numerics/js-lang.js';
import type { SubnormalMode } from '../../src/numerics/subnormals.js';
import { max, min } from '../../src/numerics/math/index.js';
import { fuzz } from '../support/fuzz.js';
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
  shapes,
  summands,
  tensor,
  toF16,
} from './support.js';

interface Monoid {
  readonly identity: number;
  /** Of nothing. */
  readonly empty?: number;
  readonly combine: (a: number, b: number) => number;
}

/** The four reducers, written out: floats by the integer definitions, integers on BigInts. */
function monoid(kind: Reducer, dtype: DType, mode: SubnormalMode): Monoid {
  if (dtype === 'bool')
    return { identity: kind === 'min' ? 1 : 0, combine: kind === 'min' ? Math.min : Math.max };
  if (dtype === 'f32' || dtype === 'f16')
    return {
      sum: { identity: -0, empty: 0, combine: (a: number, b: number) => add(mode, a, b) },
      prod: { identity: 1, combine: (a: number, b: number) => mul(mode, a, b) },
      max: { identity: -Infinity, combine: (a: number, b: number) => max(jsLang(mode), a, b) },
      min: { identity: Infinity, combine: (a: number, b: number) => min(jsLang(mode), a, b) },
    }[kind];
  const wrap = (x: bigint): number => Number(dtype === 'i32' ? BigInt.asIntN(32, x) : BigInt.asUintN(32, x));
  const [least, most] = dtype === 'i32' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  return {
    sum: { identity: 0, combine: (a: number, b: number) => wrap(BigInt(a) + BigInt(b)) },
    prod: { identity: 1, combine: (a: number, b: number) => wrap(BigInt(a) * BigInt(b)) },
    max: { identity: least, combine: Math.max },
    min: { identity: most, combine: Math.min },
  }[kind];
}

/** The order of a reduction to the letter: every lane, identities included. */
function reduceInOrder(x: readonly number[], m: Monoid): number {
  if (x.length === 0) return m.empty ?? m.identity;
  if (x.length > REDUCE_CHUNK) {
    const partials: number[] = [];
    for (let i = 0; i < x.length; i += REDUCE_CHUNK)
      partials.push(reduceInOrder(x.slice(i, i + REDUCE_CHUNK), m));
    return reduceInOrder(partials, m);
  }
  const lanes = Array.from({ length: REDUCE_LANES }, (_, lane) => {
    let value = m.identity;
    for (let i = lane; i < x.length; i += REDUCE_LANES) value = m.combine(value, x[i]);
    return value;
  });
  for (let s = REDUCE_LANES / 2; s >= 1; s /= 2)
    for (let lane = 0; lane < s; lane++) lanes[lane] = m.combine(lanes[lane], lanes[lane + s]);
  return lanes[0];
}

const KINDS: Readonly<Record<DType, readonly Reducer[]>> = {
  ...{ f32: REDUCERS, f16: REDUCERS, i32: REDUCERS, u32: REDUCERS },
  bool: ['max', 'min'],
};
const CASES = (Object.keys(KINDS) as DType[]).flatMap((dtype) =>
  KINDS[dtype].map((kind) => [dtype, kind] as const),
);
const finish = (dtype: DType, x: number): number => (dtype === 'f16' ? toF16(x) : x);

function expectedReduce(
  x: TensorData,
  kind: Reducer,
  axes: readonly number[],
  mode: SubnormalMode,
): number[] {
  const isReduced = (_: unknown, axis: number): boolean => axes.includes(axis);
  const isKept = (_: unknown, axis: number): boolean => !axes.includes(axis);
  const m = monoid(kind, x.dtype, mode);
  return coordinates(x.shape.filter(isKept)).map((kept) => {
    const sequence = coordinates(x.shape.filter(isReduced)).map((reduced) => {
      let [k, r] = [0, 0];
      return at(
        x,
        x.shape.map((_, axis) => (axes.includes(axis) ? reduced[r++] : kept[k++])),
      );
    });
    return finish(x.dtype, reduceInOrder(sequence, m));
  });
}

describe.each(MODES)('subnormals: %s', (mode) => {
  describe('reduce', () => {
    test.each(CASES)('%s %s of any axes', (dtype, kind) => {
      const cases = shapes().chain((shape) =>
        fc.tuple(hostileTensor(dtype, shape), fc.shuffledSubarray(shape.map((_, i) => i))),
      );
      fc.assert(
        fc.property(cases, ([x, axes]) => {
          expectSame(
            evaluate('reduce', [x], { kind, axes: axes.toSorted((a, b) => a - b) }, mode).values,
            expectedReduce(x, kind, axes, mode),
          );
        }),
        fuzz(40),
      );
    });

    test.each(FLOATS)('the order of a %s sum', (dtype) => {
      const cases = fc
        .tuple(fc.integer({ min: 1, max: 300 }), fc.boolean())
        .chain(([length, tiny]) => summands(length, tiny));
      fc.assert(
        fc.property(cases, (values) => {
          const x = tensor(dtype, [values.length], values);
          for (const kind of ['sum', 'prod'] as const)
            expectSame(
              evaluate('reduce', [x], { kind, axes: [0] }, mode).values,
              expectedReduce(x, kind, [0], mode),
            );
        }),
        fuzz(40),
      );
    });

    test.each([REDUCE_CHUNK, REDUCE_CHUNK + 1, 2 * REDUCE_CHUNK + 77])('of %d elements', (length) => {
      const data = noise(length);
      const x: TensorData = { dtype: 'f32', shape: [length], data };
      const expected = reduceInOrder([...data], monoid('sum', 'f32', mode));
      expectSame(evaluate('reduce', [x], { kind: 'sum', axes: [0] }, mode).values, [expected]);
      data[length - 1] = 2 ** -140;
      const careful = reduceInOrder([...data], monoid('sum', 'f32', mode));
      const result = evaluate('reduce', [x], { kind: 'sum', axes: [0] }, mode);
      expectSame(result.values, [careful]);
      expect(result.subnormals).toBeGreaterThan(0);
    });
  });

  test.each(CASES)('reduceWindow: %s %s', (dtype, kind) => {
    const axis = fc.record({
      extent: fc.integer({ min: 0, max: 5 }),
      window: fc.integer({ min: 1, max: 3 }),
      stride: fc.integer({ min: 1, max: 3 }),
      dilation: fc.integer({ min: 1, max: 3 }),
      low: fc.integer({ min: 0, max: 3 }),
      high: fc.integer({ min: 0, max: 3 }),
    });
    const cases = fc.array(axis, { maxLength: 3 }).chain((axes) =>
      fc.tuple(
        hostileTensor(
          dtype,
          axes.map((a) => a.extent),
        ),
        fc.constant(axes),
      ),
    );
    const m = monoid(kind, dtype, mode);
    fc.assert(
      fc.property(cases, ([x, axes]) => {
        const [window, strides, dilations, padLow, padHigh] = (
          ['window', 'stride', 'dilation', 'low', 'high'] as const
        ).map((key) => axes.map((a) => a[key]));
        const { values, shape } = evaluate(
          'reduceWindow',
          [x],
          { kind, window, strides, dilations, padLow, padHigh },
          mode,
        );
        const expected = coordinates(shape).map((place) => {
          let [value, empty] = [m.identity, true];
          for (const tap of coordinates(window)) {
            const source = place.map((i, d) => i * strides[d] + tap[d] * dilations[d] - padLow[d]);
            const inside = source.every((i, d) => i >= 0 && i < x.shape[d]);
            if (inside) value = m.combine(value, at(x, source));
            empty &&= !inside;
          }
          return finish(dtype, empty ? (m.empty ?? value) : value);
        });
        expectSame(values, expected);
      }),
      fuzz(40),
    );
  });

  describe('scan', () => {
    /** One line, in the order of the op. */
    const scanLine = (x: readonly number[], m: Monoid, exclusive: boolean): number[] => {
      let prefix = m.identity;
      let running = m.identity;
      return x.map((value, i) => {
        if (i > 0 && i % SCAN_BLOCK === 0) {
          prefix = m.combine(prefix, running);
          running = m.identity;
        }
        const before = running;
        running = m.combine(running, value);
        if (exclusive && i === 0) return m.empty ?? m.identity;
        return m.combine(prefix, exclusive ? before : running);
      });
    };
    const scanned = (x: readonly number[], m: Monoid, exclusive: boolean, reverse: boolean): number[] =>
      reverse ? scanLine(x.toReversed(), m, exclusive).toReversed() : scanLine(x, m, exclusive);

    test.each(CASES)('%s %s along any axis', (dtype, kind) => {
      const cases = shapes(1).chain((shape) =>
        fc.tuple(hostileTensor(dtype, shape), fc.nat({ max: shape.length - 1 }), fc.boolean(), fc.boolean()),
      );
      const m = monoid(kind, dtype, mode);
      fc.assert(
        fc.property(cases, ([x, axis, exclusive, reverse]) => {
          const { values } = evaluate('scan', [x], { kind, axis, exclusive, reverse }, mode);
          const places = coordinates(x.shape);
          const expected = places.map((place) => {
            const line = Array.from({ length: x.shape[axis] }, (_, i) => at(x, place.with(axis, i)));
            return finish(dtype, scanned(line, m, exclusive, reverse)[place[axis]]);
          });
          expectSame(values, expected);
        }),
        fuzz(40),
      );
    });

    test.each([SCAN_BLOCK, SCAN_BLOCK + 1, 3 * SCAN_BLOCK + 5])('of %d elements', (length) => {
      const x: TensorData = { dtype: 'f32', shape: [length], data: noise(length) };
      const m = monoid('sum', 'f32', mode);
      for (const exclusive of [false, true])
        for (const reverse of [false, true])
          expectSame(
            evaluate('scan', [x], { kind: 'sum', axis: 0, exclusive, reverse }, mode).values,
            scanned(numbers(x), m, exclusive, reverse),
          );
    });
  });
});

describe('the least of cases', () => {
  test('a sum of nothing is +0, one of -0 is -0', () => {
    const sum = (values: number[]): number[] =>
      evaluate('reduce', [tensor('f32', [values.length], values)], { kind: 'sum', axes: [0] }).values;
    expectSame(sum([]), [0]);
    expectSame(sum([-0, -0]), [-0]);
    expectSame(sum([-0, 0]), [0]);
  });

  test('f16 sums are rounded once', () => {
    // 2048 + 1 is 2048 in f16, but the sum of all is exact in f32.
    const x = tensor('f16', [5], [2048, 1, 1, 1, 1]);
    expect(evaluate('reduce', [x], { kind: 'sum', axes: [0] }).values).toEqual([2052]);
  });

  test('a subnormal in flushes even where it is alone', () => {
    const x = tensor('f32', [1], [-(2 ** -130)]);
    expectSame(evaluate('reduce', [x], { kind: 'sum', axes: [0] }, 'flush').values, [-0]);
    expectSame(evaluate('reduce', [x], { kind: 'max', axes: [0] }, 'flush').values, [-(2 ** -130)]);
  });

  test('NaN wins over everything in max and min', () => {
    const x = tensor('f32', [3], [Infinity, NaN, -Infinity]);
    for (const kind of ['max', 'min'] as const)
      expectSame(evaluate('reduce', [x], { kind, axes: [0] }).values, [NaN]);
  });
});

test('0 subnormals certify that both modes agree', () => {
  const cases = fc
    .integer({ min: 1, max: 12 })
    .chain((length) => fc.tuple(hostileTensor('f32', [length]), fc.boolean()));
  fc.assert(
    fc.property(cases, fc.constantFrom('sum', 'prod'), ([x], kind) => {
      const [preserve, flush] = MODES.map((mode) => evaluate('reduce', [x], { kind, axes: [0] }, mode));
      expect(flush.subnormals === 0).toBe(preserve.subnormals === 0);
      if (flush.subnormals === 0) expectSame(flush.values, preserve.values);
    }),
    fuzz(500),
  );
});

test('a result without elements takes no time, however long the window is', () => {
  const window = [2 ** 31 - 1];
  const { shape } = evaluate('reduceWindow', [tensor('f32', [3], [1, 2, 3])], {
    kind: 'max',
    window,
    strides: [1],
    dilations: [1],
    padLow: [0],
    padHigh: [0],
  });
  expect(shape).toEqual([0]);
});
