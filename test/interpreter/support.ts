/** Single ops on tensors written as plain numbers, and tensors of hostile values. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { allocateHost, DTYPES, type DType } from '../../src/base/dtype.js';
import { elementCount, type TensorData } from '../../src/base/tensor.js';
import { evaluateNode } from '../../src/interpreter/index.js';
import type { Node } from '../../src/ir/graph.js';
import { inferType } from '../../src/ir/infer.js';
import type { Op, OpAttrs } from '../../src/ir/ops.js';
import { jsLang, preserveLang } from '../../src/numerics/js-lang.js';
import type { SubnormalMode } from '../../src/numerics/subnormals.js';
import { fromHalf, roundF16, toHalf } from '../../src/numerics/math/index.js';
import { hostileF32, hostileI32, hostileU32, ordinaryF32 } from '../numerics/hostile.js';

export const MODES: readonly SubnormalMode[] = ['preserve', 'flush'];
export const FLOATS = ['f32', 'f16'] as const;
export const NUMBERS = ['f32', 'f16', 'i32', 'u32'] as const;

export const toF16 = (x: number): number => roundF16(preserveLang, x);

/** A tensor with the given elements; those of f16 are rounded to it. */
export function tensor(dtype: DType, shape: readonly number[], values: readonly number[]): TensorData {
  const data = allocateHost(dtype, elementCount(shape));
  expect(values.length).toBe(data.length);
  data.set(dtype === 'f16' ? values.map((x) => toHalf(preserveLang, x)) : values);
  return { dtype, shape, data };
}

/** An element as it is held, as a number. */
const decode = (dtype: DType, x: number): number => (dtype === 'f16' ? fromHalf(preserveLang, x) : x);

/** The elements as numbers. */
export const numbers = ({ dtype, data }: TensorData): number[] => Array.from(data, (x) => decode(dtype, x));

/** Evaluates one op, with its result type inferred, and checks that the result is what the type says. */
export function evaluate<K extends Op>(
  op: K,
  inputs: readonly TensorData[],
  attrs: OpAttrs[K],
  mode: SubnormalMode = 'preserve',
): { values: number[]; shape: readonly number[]; subnormals: number } {
  const type = inferType(
    op,
    inputs.map(({ dtype, shape }) => ({ dtype, shape })),
    attrs,
  );
  const node = { op, inputs: inputs.map((_, i) => i), attrs, type } as unknown as Node;
  const { value, subnormals } = evaluateNode(node, inputs, mode);
  expect({ dtype: value.dtype, shape: value.shape }).toEqual(type);
  expect(value.data.constructor).toBe(allocateHost(value.dtype, 0).constructor);
  expect(value.data.length).toBe(elementCount(value.shape));
  return { values: numbers(value), shape: value.shape, subnormals };
}

/** Element by element the same value: -0 is not 0, NaN is NaN. */
export function expectSame(actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  const at = actual.findIndex((x, i) => !Object.is(x, expected[i]));
  if (at >= 0) expect({ at, value: actual[at] }).toEqual({ at, value: expected[at] });
}

/** All coordinates in a box, in row-major order. */
export function coordinates(shape: readonly number[]): number[][] {
  return shape.reduce<number[][]>(
    (heads, extent) => heads.flatMap((head) => Array.from({ length: extent }, (_, i) => [...head, i])),
    [[]],
  );
}

/** The element of a tensor at a coordinate. */
export function at({ dtype, shape, data }: TensorData, place: readonly number[]): number {
  return decode(dtype, data[place.reduce((index, coordinate, axis) => index * shape[axis] + coordinate, 0)]);
}

export const add = (mode: SubnormalMode, a: number, b: number): number => jsLang(mode).add(a, b);
export const mul = (mode: SubnormalMode, a: number, b: number): number => jsLang(mode).mul(a, b);

/** Any element of a dtype. */
export function hostile(dtype: DType): fc.Arbitrary<number> {
  switch (dtype) {
    case 'f32':
      return hostileF32();
    case 'f16':
      return fc.oneof(hostileF32(), ordinaryF32()).map(toF16);
    case 'i32':
      return hostileI32();
    case 'u32':
      return hostileU32();
    case 'bool':
      return fc.constantFrom(0, 1);
  }
}

export const hostileTensor = (dtype: DType, shape: readonly number[]): fc.Arbitrary<TensorData> => {
  const length = elementCount(shape);
  return fc
    .array(hostile(dtype), { minLength: length, maxLength: length })
    .map((values) => tensor(dtype, shape, values));
};

/** Floats without NaN and infinities, and with subnormals only where `tiny`: results then depend on the order. */
export const summands = (length: number, tiny: boolean): fc.Arbitrary<number[]> => {
  const usual = ordinaryF32().map((x) => Math.fround(x * 1.1));
  const small = fc.integer({ min: -64, max: 64 }).map((n) => n * 2 ** -130);
  const one = tiny ? fc.oneof(small, usual) : usual;
  return fc.array(one, { minLength: length, maxLength: length });
};

export const dtypes = (): fc.Arbitrary<DType> => fc.constantFrom(...DTYPES);

/** Shapes of rank 0 to 5 with few elements; extents of 0 and 1 are frequent. */
export const shapes = (minRank = 0): fc.Arbitrary<number[]> =>
  fc.array(fc.constantFrom(1, 2, 3, 0, 4), { minLength: minRank, maxLength: 5 });

/** A seeded stream of floats in [-1, 1), for large tensors. */
export function noise(length: number, seed = 1): Float32Array {
  let state = seed;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return state / 2 ** 31;
  });
}
