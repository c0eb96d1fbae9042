/** Element types that the IR does not have: what is exact, and what is said where it is not. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeModel, node, port, tensor, type ProtoDType } from '../../../scripts/onnx-proto.mjs';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import { errorOf, given, known, oneNodeModel, resultOf } from './support.js';

/** A float32 computed from constant doubles by a chain of nodes, of which the last result is "d". */
function foldedDoubles(
  nodes: readonly (readonly [op: string, inputs: readonly string[]])[],
  a: number,
  b: number,
): number {
  // prettier-ignore
  const bytes = encodeModel({
    name: 'g',
    node: [
      ...nodes.map(([op, inputs], i) => node(op, inputs, [i === nodes.length - 1 ? 'd' : `t${i}`])),
      node('Cast', ['d'], ['y'], { to: 1 }),
    ],
    initializer: [tensor('a', 'double', [], [a]), tensor('b', 'double', [], [b])],
    output: [port('y', 'float')],
  });
  return interpret(importOnnx(bytes), {}).outputs.y.data[0];
}

describe('doubles', () => {
  test('of constants are computed in double and rounded once', () => {
    expect(foldedDoubles([['Sub', ['a', 'b']]], 1700000000.5, 1700000000)).toBe(0.5);
    expect(
      foldedDoubles(
        [
          ['Mul', ['a', 'b']],
          ['Div', ['t0', 'a']],
        ],
        1e200,
        3,
      ),
    ).toBe(3);
    expect(foldedDoubles([['Sqrt', ['a']]], 2 + 2 ** -40, 0)).toBe(Math.fround(Math.sqrt(2 + 2 ** -40)));
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
        expect(
          foldedDoubles(
            [
              ['Add', ['a', 'b']],
              ['Neg', ['t0']],
            ],
            a,
            b,
          ),
        ).toBe(Math.fround(-(a + b)));
      }),
    );
  });

  test('become integers without a detour', () => {
    const whole = { op: 'Cast', operands: [known([2], [1700000001, -(2 ** 31)], 'double')], attributes: { to: 7 }, outputs: ['int64'] } as const; // prettier-ignore
    expect(resultOf(whole).data).toEqual([1700000001, -(2 ** 31)]);
  });

  test('functions that are computed in f32 are noted', () => {
    const model = (op: string, dtype: ProtoDType): Uint8Array =>
      oneNodeModel({ op, operands: [given([1], [1], dtype)], outputs: [dtype] });
    expect(importOnnx(model('Exp', 'double')).notes).toEqual([expect.stringMatching(/^exp of doubles.*f32/)]);
    expect(importOnnx(model('Relu', 'double')).notes).toEqual([]);
    expect(importOnnx(model('Exp', 'float')).notes).toEqual([]);
  });
});

test('the ends of int64 as bounds are none', () => {
  const bounds = [known([], [-(2n ** 63n)]), known([], [2n ** 63n - 1n])] as const;
  const operands = [given([3], [-5, 0, 7], 'int64'), ...bounds];
  expect(resultOf({ op: 'Clip', operands, outputs: ['int64'] }).data).toEqual([-5, 0, 7]);
  const most = [given([2], [3, 8], 'int64'), known([], [5]), known([], [2n ** 40n])];
  expect(resultOf({ op: 'Clip', operands: most, outputs: ['int64'] }).data).toEqual([5, 8]);
});

describe('bfloat16', () => {
  test('operators round their results', () => {
    const operands = [given([2], [1, 256], 'bfloat16'), given([2], [2 ** -9, 1], 'bfloat16')];
    expect(resultOf({ op: 'Add', operands, outputs: ['bfloat16'] }).data).toEqual([1, 256]);
    errorOf('ONNX_INVALID', () => importOnnx(oneNodeModel({ op: 'Add', operands, opset: 12, outputs: ['bfloat16'] }))); // prettier-ignore
  });
});

describe('integers that become floats of less than 32 bits are rounded once', () => {
  type Wide = 'int32' | 'uint32' | 'int64' | 'uint64';
  const cast = (from: Wide, code: number, values: readonly bigint[], isKnown: boolean): number[] => {
    const operands = [{ dtype: from, shape: [values.length], data: values, known: isKnown }];
    const outputs = [code === 16 ? 'bfloat16' : 'float8e8m0'] as const;
    return resultOf({ op: 'Cast', operands, attributes: { to: code }, opset: 25, outputs }).data;
  };

  /** The nearest number of 8 significant bits, of two the even one. */
  function nearest(x: bigint): number {
    const magnitude = x < 0n ? -x : x;
    const lost = BigInt(Math.max(0, magnitude.toString(2).length - 8));
    const [kept, rest, half] = [magnitude >> lost, magnitude & ((1n << lost) - 1n), (1n << lost) >> 1n];
    const up = rest > half || (rest === half && lost > 0n && (kept & 1n) === 1n);
    return (x < 0n ? -1 : 1) * Number((kept + (up ? 1n : 0n)) << lost) + 0;
  }

  const integers: Record<Wide, fc.Arbitrary<bigint>> = {
    int32: fc.bigInt(-(2n ** 31n), 2n ** 31n - 1n),
    uint32: fc.bigInt(0n, 2n ** 32n - 1n),
    int64: fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
    uint64: fc.bigInt(0n, 2n ** 64n - 1n),
  };
  /** Beside a tie by less than f32 can say. */
  const tie = fc.tuple(fc.bigInt(128n, 255n), fc.constantFrom(-1n, 0n, 1n)).map(([top, by]) => (2n * top + 1n) * 2n ** 21n + by); // prettier-ignore

  test.each(['int32', 'uint32', 'int64', 'uint64'] as const)('%s to bfloat16', (from) => {
    const values = fc.array(fc.oneof(integers[from], tie), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.boolean(), (list, isKnown) => {
        expect(cast(from, 16, list, isKnown)).toEqual(list.map(nearest));
      }),
    );
  });

  test('the next power of two', () => {
    for (const from of ['int32', 'uint32', 'int64', 'uint64'] as const)
      for (const isKnown of [false, true])
        expect(cast(from, 24, [2n ** 24n, 2n ** 24n + 1n, 2n ** 30n + 1n], isKnown)).toEqual([2 ** 24, 2 ** 25, 2 ** 31]); // prettier-ignore
  });
});

describe('BitCast', () => {
  const bitCast = (
    from: ProtoDType,
    to: ProtoDType,
    code: number,
    data: number[],
    isKnown = false,
  ): number[] =>
    // prettier-ignore
    resultOf({
      op: 'BitCast',
      operands: [isKnown ? known([data.length], data, from) : given([data.length], data, from)],
      attributes: { to: code },
      opset: 26,
      outputs: [to],
    }).data;

  test('keeps bits, of constants and of what is computed', () => {
    for (const isKnown of [false, true]) {
      expect(bitCast('float', 'int32', 6, [1, -2], isKnown)).toEqual([0x3f800000, -0x40000000]);
      expect(bitCast('int32', 'float', 1, [0x40400000], isKnown)).toEqual([3]);
      expect(bitCast('int8', 'uint8', 2, [-1, 5], isKnown)).toEqual([255, 5]);
      expect(bitCast('uint16', 'int16', 5, [65535], isKnown)).toEqual([-1]);
      expect(bitCast('bool', 'uint8', 2, [1, 0], isKnown)).toEqual([1, 0]);
    }
    expect(bitCast('bfloat16', 'uint16', 4, [1.5])).toEqual([0x3fc0]);
    expect(bitCast('uint16', 'bfloat16', 16, [0x3fc0])).toEqual([1.5]);
    expect(bitCast('double', 'int64', 7, [0], true)).toEqual([0]);
  });

  test('keeps 64 bits', () => {
    expect(bitCast('double', 'uint64', 13, [1, -0])).toEqual([0x3ff0000000000000, 2 ** 63]);
    expect(bitCast('int64', 'double', 11, [0, 0x7ff0000000000000])).toEqual([0, Infinity]);
  });

  test('refuses other sizes', () => {
    const model = (from: ProtoDType, code: number): Uint8Array =>
      oneNodeModel({ op: 'BitCast', operands: [given([1], [1], from)], attributes: { to: code }, opset: 26 });
    errorOf('ONNX_INVALID', () => importOnnx(model('float', 7)));
  });
});
