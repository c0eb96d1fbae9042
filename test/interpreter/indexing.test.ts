import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DTYPES, type DType } from '../../src/base/dtype.js';
import { SCATTER_KINDS, type ScatterKind } from '../../src/ir/ops.js';
import { jsLang, preserveLang } from '../../src/numerics/js-lang.js';
import { max, min } from '../../src/numerics/math/index.js';
import { threefry, threefry2x32 } from '../../src/numerics/threefry.js';
import { fuzz } from '../support/fuzz.js';
import {
  at,
  coordinates,
  dtypes,
  evaluate,
  expectSame,
  hostileTensor,
  MODES,
  numbers,
  shapes,
  tensor,
  toF16,
} from './support.js';

const indices = fc.oneof(fc.integer({ min: -2, max: 5 }), fc.constantFrom(2 ** 31 - 1, -(2 ** 31)));

test('gather clamps its indices', () => {
  const cases = fc
    .tuple(dtypes(), shapes(1), fc.nat(), shapes())
    .map(([dtype, shape, pick, picked]) => ({
      dtype,
      shape,
      axis: pick % shape.length,
      picked: picked.slice(0, 2),
    }))
    .filter(({ shape, axis }) => shape[axis] > 0)
    .chain(({ dtype, shape, axis, picked }) => {
      const count = picked.reduce((a, b) => a * b, 1);
      const list = fc.array(indices, { minLength: count, maxLength: count });
      return fc.tuple(
        hostileTensor(dtype, shape),
        list.map((values) => tensor('i32', picked, values)),
        fc.constant(axis),
      );
    });
  fc.assert(
    fc.property(cases, ([x, index, axis]) => {
      const { values, shape } = evaluate('gather', [x, index], { axis });
      const rank = index.shape.length;
      const expected = coordinates(shape).map((place) => {
        const wanted = at(index, place.slice(axis, axis + rank));
        const clamped = Math.min(Math.max(wanted, 0), x.shape[axis] - 1);
        return at(x, [...place.slice(0, axis), clamped, ...place.slice(axis + rank)]);
      });
      expectSame(values, expected);
    }),
    fuzz(200),
  );
});

test('an update drops what falls outside', () => {
  const cases = fc
    .tuple(dtypes(), shapes(1), fc.nat(), fc.nat(6))
    .map(([dtype, shape, pick, count]) => ({ dtype, shape, axis: pick % shape.length, count }))
    .chain(({ dtype, shape, axis, count }) =>
      fc.tuple(hostileTensor(dtype, shape), hostileTensor(dtype, shape.with(axis, count)), indices, fc.constant(axis)),
    ); // prettier-ignore
  fc.assert(
    fc.property(cases, ([operand, update, start, axis]) => {
      const { values, shape } = evaluate('updateSlice', [operand, update, tensor('i32', [], [start])], {
        axis,
      });
      const expected = coordinates(shape).map((place) => {
        const row = place[axis] - start;
        return row >= 0 && row < update.shape[axis] ? at(update, place.with(axis, row)) : at(operand, place);
      });
      expectSame(values, expected);
    }),
    fuzz(200),
  );
});

describe.each(MODES)('scatter, subnormals: %s', (mode) => {
  const combine: Record<ScatterKind, (a: number, b: number) => number> = {
    set: (_, b) => b,
    add: (a, b) => jsLang(mode).add(a, b),
    mul: (a, b) => jsLang(mode).mul(a, b),
    min: (a, b) => min(preserveLang, a, b),
    max: (a, b) => max(preserveLang, a, b),
  };
  describe.each(['f32', 'f16'] as const)('%s', (dtype) => {
    test.each(SCATTER_KINDS)('%s', (kind) => {
      const cases = fc
        .tuple(fc.integer({ min: 0, max: 4 }), fc.integer({ min: 0, max: 6 }), shapes())
        .chain(([extent, count, rest]) =>
          fc.tuple(
            hostileTensor(dtype, [extent, ...rest.slice(0, 2)]),
            fc.array(indices, { minLength: count, maxLength: count }),
            hostileTensor(dtype, [count, ...rest.slice(0, 2)]),
          ),
        );
      fc.assert(
        fc.property(cases, ([operand, index, updates]) => {
          const inputs = [operand, tensor('i32', [index.length], index), updates];
          const expected = numbers(operand);
          const inner = operand.shape.slice(1).reduce((a, b) => a * b, 1);
          index.forEach((target, k) => {
            if (target < 0 || target >= operand.shape[0]) return;
            for (let i = 0; i < inner; i++) {
              const place = target * inner + i;
              expected[place] = combine[kind](expected[place], numbers(updates)[k * inner + i]);
            }
          });
          const before = numbers(operand);
          const result = evaluate('scatter', inputs, { kind }, mode);
          expectSame(result.values, dtype === 'f16' ? expected.map(toF16) : expected);
          expectSame(numbers(operand), before);
        }),
        fuzz(60),
      );
    });
  });
});

test('scatter of integers wraps, and later updates win', () => {
  const inputs = (dtype: DType) => [
    tensor(dtype, [2], [1, 2]),
    tensor('i32', [3], [1, 1, 7]),
    tensor(dtype, [3], [2 ** 31 - 1, 5, 6]),
  ];
  expect(evaluate('scatter', inputs('i32'), { kind: 'add' }).values).toEqual([1, -(2 ** 31) + 6]);
  expect(evaluate('scatter', inputs('u32'), { kind: 'mul' }).values).toEqual([
    1,
    (2 ** 31 - 1) * 10 - 4 * 2 ** 32,
  ]);
  expect(evaluate('scatter', inputs('i32'), { kind: 'set' }).values).toEqual([1, 5]);
  const bools = [tensor('bool', [2], [1, 0]), tensor('i32', [2], [0, 1]), tensor('bool', [2], [0, 1])];
  expect(evaluate('scatter', bools, { kind: 'min' }).values).toEqual([0, 0]);
});

/** -1, 0 or 1; NaN above everything. */
const order = (a: number, b: number): number => {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
};

describe.each(DTYPES)('%s', (dtype) => {
  const cases = shapes(1)
    .chain((shape) => fc.tuple(hostileTensor(dtype, shape), fc.nat({ max: shape.length - 1 })))
    .map(([x, axis]) => {
      const others = x.shape.toSpliced(axis, 1);
      const lines = coordinates(others).map((place) =>
        Array.from({ length: x.shape[axis] }, (_, i) => at(x, place.toSpliced(axis, 0, i))),
      );
      return { x, axis, others, lines };
    });

  test.each([false, true])('argsort, descending: %s', (descending) => {
    fc.assert(
      fc.property(cases, ({ x, axis, others, lines }) => {
        const { values, shape, subnormals } = evaluate('argsort', [x], { axis, descending });
        const sorted = lines.map((line) => {
          // Insertion sort: stable by its nature.
          const result: number[] = [];
          line.forEach((value, i) => {
            const after = result.findIndex(
              (j) => (descending ? order(value, line[j]) : order(line[j], value)) > 0,
            );
            result.splice(after < 0 ? result.length : after, 0, i);
          });
          return result;
        });
        const expected = coordinates(shape).map((place) => {
          const line = coordinates(others).findIndex(
            (other) => other.join() === place.toSpliced(axis, 1).join(),
          );
          return sorted[line][place[axis]];
        });
        expect(values).toEqual(expected);
        expect(subnormals).toBe(0);
      }),
      fuzz(60),
    );
  });

  test.each(['max', 'min'] as const)('argreduce %s', (kind) => {
    fc.assert(
      fc.property(cases, ({ x, axis, lines }) => {
        fc.pre(x.shape[axis] > 0);
        const { values } = evaluate('argreduce', [x], { kind, axis });
        const expected = lines.map((line) => {
          if (line.some(Number.isNaN)) return line.findIndex(Number.isNaN);
          const extreme = kind === 'max' ? Math.max(...line) : Math.min(...line);
          return line.findIndex((value) => value === extreme);
        });
        expect(values).toEqual(expected);
      }),
      fuzz(60),
    );
  });
});

describe('random', () => {
  test.each([
    [
      [0, 0],
      [0, 0],
      [0x6b200159, 0x99ba4efe],
    ],
    [
      [0xffffffff, 0xffffffff],
      [0xffffffff, 0xffffffff],
      [0x1cb996fc, 0xbb002be7],
    ],
    [
      [0x13198a2e, 0x03707344],
      [0x243f6a88, 0x85a308d3],
      [0xc4923a9c, 0x483df7a0],
    ],
  ])('Threefry known answers: key %s counter %s', ([k0, k1], [x0, x1], expected) => {
    const out = new Uint32Array(2);
    threefry2x32(k0, k1, x0, x1, out);
    expect([...out]).toEqual(expected);
  });

  test('Threefry spelled out is Threefry of any language', () => {
    const word = fc.oneof(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer());
    fc.assert(
      fc.property(word, word, word, word, (k0, k1, x, y) => {
        const out = new Uint32Array(2);
        threefry2x32(k0, k1, x, y, out);
        const words = threefry(preserveLang, k0 | 0, k1 | 0, x | 0, y | 0);
        expect([...out]).toEqual([...Uint32Array.from(words)]);
      }),
    );
  });

  test('element i is the first word for the counter (i, 0)', () => {
    const key = tensor('u32', [2], [0xdeadbeef, 7]);
    const { values, shape } = evaluate('random', [key], { shape: [2, 3] });
    expect(shape).toEqual([2, 3]);
    const out = new Uint32Array(2);
    values.forEach((value, i) => {
      threefry2x32(0xdeadbeef, 7, i, 0, out);
      expect(value).toBe(out[0]);
    });
  });
});
