import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DTYPES, isFloat, type DType } from '../../src/base/dtype.js';
import type { BinaryOp, CompareOp, UnaryOp } from '../../src/ir/ops.js';
import { f32Bits, f32FromBits, MIN_NORMAL, MIN_SUBNORMAL } from '../../src/numerics/bits.js';
import { jsLang, preserveLang as js, type JsLang } from '../../src/numerics/js-lang.js';
import type { SubnormalMode } from '../../src/numerics/subnormals.js';
import * as math from '../../src/numerics/math/index.js';
import { EDGE_F32, hostilePairF32 } from '../numerics/hostile.js';
import { fuzz } from '../support/fuzz.js';
import {
  evaluate,
  expectSame,
  FLOATS,
  hostile,
  hostileTensor,
  MODES,
  numbers,
  tensor,
  toF16,
} from './support.js';

/** The float ops by their integer definitions, which devices run. */
const FLOAT_UNARY: Partial<Record<UnaryOp, (s: JsLang, x: number) => number>> = {
  ...{ neg: math.neg, abs: math.abs, sign: math.sign, floor: math.floor, ceil: math.ceil, trunc: math.trunc },
  ...{ round: math.roundEven, exp: math.exp, log: math.log, sin: math.sin, cos: math.cos },
  ...{ asin: math.asin, acos: math.acos, atan: math.atan },
  ...{ tanh: math.tanh, erf: math.erf, sigmoid: math.sigmoid, sqrt: (s: JsLang, x: number) => s.sqrt(x) },
};
const FLOAT_BINARY: Partial<Record<BinaryOp, (s: JsLang, a: number, b: number) => number>> = {
  add: (s, a, b) => s.add(a, b),
  sub: (s, a, b) => s.sub(a, b),
  mul: (s, a, b) => s.mul(a, b),
  div: (s, a, b) => s.div(a, b),
  ...{ rem: math.rem, pow: math.pow, min: math.min, max: math.max },
};

/** The integer ops on unbounded integers; the results are then wrapped. */
const INT_UNARY: Partial<Record<UnaryOp, (x: bigint) => bigint>> = {
  neg: (x) => -x,
  abs: (x) => (x < 0n ? -x : x),
  sign: (x) => (x < 0n ? -1n : x > 0n ? 1n : 0n),
  not: (x) => -x - 1n,
};
const INT_BINARY: Partial<Record<BinaryOp, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => (b === 0n ? a : a / b),
  rem: (a, b) => (b === 0n ? 0n : a % b),
  min: (a, b) => (a < b ? a : b),
  max: (a, b) => (a < b ? b : a),
  and: (a, b) => a & b,
  or: (a, b) => a | b,
  xor: (a, b) => a ^ b,
  shl: (a, b) => a << (b & 31n),
  shr: (a, b) => a >> (b & 31n),
};
const COMPARE: Record<CompareOp, (s: JsLang, a: number, b: number) => boolean> = math;

const entries = <K extends string, F>(table: Partial<Record<K, F>>) => Object.entries(table) as [K, F][];
const wrap = (dtype: DType, x: bigint): number =>
  Number(dtype === 'i32' ? BigInt.asIntN(32, x) : BigInt.asUintN(32, x));
const rounded = (dtype: DType, x: number): number => (dtype === 'f16' ? toF16(x) : x);
const pairs = (dtype: DType): fc.Arbitrary<[number, number]> =>
  dtype === 'f32' ? hostilePairF32() : fc.tuple(hostile(dtype), hostile(dtype));

describe.each(MODES)('subnormals: %s', (mode: SubnormalMode) => {
  describe.each(FLOATS)('%s', (dtype) => {
    test.each(entries(FLOAT_UNARY))('%s', (op, define) => {
      fc.assert(
        fc.property(fc.array(hostile(dtype)), (xs) => {
          const { values } = evaluate(op, [tensor(dtype, [xs.length], xs)], {}, mode);
          expectSame(
            values,
            xs.map((x) => rounded(dtype, define(jsLang(mode), x))),
          );
        }),
        fuzz(100),
      );
    });

    test.each(entries(FLOAT_BINARY))('%s', (op, define) => {
      fc.assert(
        fc.property(fc.array(pairs(dtype)), (ab) => {
          const [a, b] = [0, 1].map((side) =>
            tensor(
              dtype,
              [ab.length],
              ab.map((pair) => pair[side]),
            ),
          );
          const { values } = evaluate(op, [a, b], {}, mode);
          expectSame(
            values,
            ab.map(([u, v]) => rounded(dtype, define(jsLang(mode), u, v))),
          );
        }),
        fuzz(100),
      );
    });

    test.each(['eq', 'lt', 'le'] as const)('%s', (op) => {
      fc.assert(
        fc.property(pairs(dtype), ([u, v]) => {
          const { values } = evaluate(op, [tensor(dtype, [], [u]), tensor(dtype, [], [v])], {}, mode);
          expect(values).toEqual([Number(COMPARE[op](jsLang(mode), u, v))]);
        }),
        fuzz(300),
      );
    });
  });
});

describe.each(['i32', 'u32'] as const)('%s', (dtype) => {
  test.each(entries(INT_UNARY))('%s', (op, define) => {
    fc.assert(
      fc.property(hostile(dtype), (x) => {
        expect(evaluate(op, [tensor(dtype, [1], [x])], {}).values).toEqual([wrap(dtype, define(BigInt(x)))]);
      }),
      fuzz(200),
    );
  });

  test.each(entries(INT_BINARY))('%s', (op, define) => {
    fc.assert(
      fc.property(hostile(dtype), hostile(dtype), (a, b) => {
        const { values } = evaluate(op, [tensor(dtype, [], [a]), tensor(dtype, [], [b])], {});
        expect(values).toEqual([wrap(dtype, define(BigInt(a), BigInt(b)))]);
      }),
      fuzz(300),
    );
  });
});

test('integer division at its ends', () => {
  const i32 = (...values: number[]) => tensor('i32', [values.length], values);
  const [a, b] = [i32(-(2 ** 31), 7, -7, -7, 5), i32(-1, 0, 0, 2, -3)];
  expect(evaluate('div', [a, b], {}).values).toEqual([-(2 ** 31), 7, -7, -3, -1]);
  expect(evaluate('rem', [a, b], {}).values).toEqual([0, 0, 0, -1, 2]);
});

test('bool', () => {
  const [a, b] = [tensor('bool', [4], [0, 0, 1, 1]), tensor('bool', [4], [0, 1, 0, 1])];
  expect(evaluate('not', [a], {}).values).toEqual([1, 1, 0, 0]);
  for (const op of ['and', 'min'] as const) expect(evaluate(op, [a, b], {}).values).toEqual([0, 0, 0, 1]);
  for (const op of ['or', 'max'] as const) expect(evaluate(op, [a, b], {}).values).toEqual([0, 1, 1, 1]);
  expect(evaluate('xor', [a, b], {}).values).toEqual([0, 1, 1, 0]);
  expect(evaluate('lt', [a, b], {}).values).toEqual([0, 1, 0, 0]);
});

describe('cast', () => {
  const define = (from: DType, to: DType, x: number): number => {
    if (to === 'bool') return Object.is(x, 0) || Object.is(x, -0) ? 0 : 1;
    if (to === 'f32' || to === 'f16') {
      const f32 = isFloat(from) ? x : from === 'u32' ? math.u32ToF32(js, x | 0) : math.i32ToF32(js, x);
      return rounded(to, f32);
    }
    if (!isFloat(from)) return to === 'i32' ? x | 0 : x >>> 0;
    return to === 'i32' ? math.f32ToI32(js, x) : math.f32ToU32(js, x) >>> 0;
  };
  describe.each(DTYPES)('%s', (from) => {
    test.each(DTYPES)('to %s', (to) => {
      fc.assert(
        fc.property(fc.array(hostile(from)), (xs) => {
          const { values } = evaluate('cast', [tensor(from, [xs.length], xs)], { dtype: to });
          expectSame(
            values,
            xs.map((x) => define(from, to, x)),
          );
        }),
        fuzz(100),
      );
    });
  });

  test('saturates, and NaN is 0', () => {
    const x = tensor('f32', [5], [NaN, 1e20, -1e20, -0.9, 3.99]);
    expect(evaluate('cast', [x], { dtype: 'i32' }).values).toEqual([0, 2 ** 31 - 1, -(2 ** 31), 0, 3]);
    expect(evaluate('cast', [x], { dtype: 'u32' }).values).toEqual([0, 2 ** 32 - 1, 0, 0, 3]);
    expect(evaluate('cast', [x], { dtype: 'bool' }).values).toEqual([1, 1, 1, 1, 1]);
  });
});

test('bitcast', () => {
  fc.assert(
    fc.property(hostile('i32'), (word) => {
      const i32 = tensor('i32', [1, 1], [word]);
      expect(evaluate('bitcast', [i32], { dtype: 'u32' }).values).toEqual([word >>> 0]);
      const f32 = evaluate('bitcast', [i32], { dtype: 'f32' });
      expectSame(f32.values, [f32FromBits(word)]);
      if (Number.isNaN(f32.values[0])) return;
      expect(evaluate('bitcast', [tensor('f32', [1, 1], f32.values)], { dtype: 'i32' }).values).toEqual([
        word,
      ]);
    }),
    fuzz(300),
  );
});

test.each(DTYPES)('select: %s', (dtype) => {
  fc.assert(
    fc.property(
      hostileTensor('bool', [6]),
      hostileTensor(dtype, [6]),
      hostileTensor(dtype, [6]),
      (c, a, b) => {
        const { values, subnormals } = evaluate('select', [c, a, b], {}, 'flush');
        expectSame(
          values,
          numbers(c).map((which, i) => numbers(which === 1 ? a : b)[i]),
        );
        expect(subnormals).toBe(0);
      },
    ),
    fuzz(50),
  );
});

describe('the count of subnormals', () => {
  const arithmetic = ['add', 'sub', 'mul', 'div'] as const;

  test('is 0 only where both modes give the same bits, and in both modes or in none', () => {
    fc.assert(
      fc.property(fc.constantFrom(...arithmetic), hostilePairF32(), (op, [a, b]) => {
        const operands = [tensor('f32', [], [a]), tensor('f32', [], [b])];
        const [preserve, flush] = MODES.map((mode) => evaluate(op, operands, {}, mode));
        expect(flush.subnormals).toBe(preserve.subnormals);
        if (preserve.subnormals === 0) expectSame(flush.values, preserve.values);
      }),
      fuzz(2000),
    );
  });

  test('counts an operand or a result below the normal numbers, once for each operation', () => {
    const a = tensor('f32', [6], [MIN_SUBNORMAL, MIN_NORMAL, f32FromBits(0x00ffffff), 1, MIN_NORMAL, 1e-30]);
    const b = tensor('f32', [6], [MIN_SUBNORMAL, 0.5, 0.5, 1, 1, 1e-30]);
    for (const mode of MODES) expect(evaluate('mul', [a, b], {}, mode).subnormals).toBe(3);
    // 0x00ffffff * 0.5 is rounded up to a normal number, but only on a device that has subnormals; 1e-60 is 0 on all.
    expectSame(evaluate('mul', [a, b], {}).values, [0, MIN_NORMAL / 2, MIN_NORMAL, 1, MIN_NORMAL, 0]);
    expectSame(evaluate('mul', [a, b], {}, 'flush').values, [0, 0, 0, 1, MIN_NORMAL, 0]);
  });

  test('is 0 for ops that are defined on the bits', () => {
    const x = tensor('f32', [EDGE_F32.length], [...EDGE_F32]);
    for (const op of [
      'neg',
      'abs',
      'sign',
      'floor',
      'ceil',
      'round',
      'trunc',
      'exp',
      'log',
      'erf',
      'asin',
      'acos',
      'atan',
    ] as const)
      expect(evaluate(op, [x], {}, 'flush').subnormals).toBe(0);
    for (const op of ['min', 'max', 'rem', 'pow', 'eq', 'lt', 'le'] as const)
      expect(evaluate(op, [x, x], {}, 'flush').subnormals).toBe(0);
    const tiny = EDGE_F32.filter((v) => v !== 0 && Math.abs(v) < MIN_NORMAL);
    expect(tiny.map(f32Bits)).not.toContain(0);
    expect(evaluate('sqrt', [x], {}, 'flush').subnormals).toBe(tiny.length);
  });
});
