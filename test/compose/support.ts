/** Runs compositions through the interpreter. */
import { expect } from 'vitest';
import { elementCount, type TensorData } from '../../src/base/tensor.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Value } from '../../src/ir/emitter.js';
import { verifyGraph } from '../../src/ir/verify.js';

export const f32 = (shape: readonly number[], data: ArrayLike<number>): TensorData<'f32'> => ({
  dtype: 'f32',
  shape,
  data: Float32Array.from(data),
});

/** 0, 1, 2, ... */
export const counting = (...shape: number[]): TensorData<'f32'> =>
  f32(
    shape,
    Array.from({ length: elementCount(shape) }, (_, i) => i),
  );

/** Values in [-2, 2) without a pattern, the same for the same seed. */
export function noise(seed: number, ...shape: number[]): TensorData<'f32'> {
  let state = seed;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 30 - 2;
  };
  return f32(shape, Array.from({ length: elementCount(shape) }, next));
}

/** The result of a composition over the given tensors. */
export function evaluate(
  compose: (b: GraphBuilder, ...values: Value[]) => Value,
  ...tensors: readonly TensorData[]
): TensorData {
  const b = new GraphBuilder('test');
  const params = tensors.map(({ dtype, shape }, i) => b.param(`x${i}`, dtype, shape));
  b.output('y', compose(b, ...params));
  const graph = b.build();
  verifyGraph(graph);
  const inputs = Object.fromEntries(tensors.map((tensor, i) => [`x${i}`, tensor]));
  return interpret({ graph, weights: new Map() }, inputs).outputs.y;
}

export const numbers = (tensor: TensorData): number[] => Array.from(tensor.data, Number);

/** Equal up to a few roundings: 1e-5 of the value or of the largest one. */
export function expectClose(found: TensorData, shape: readonly number[], expected: readonly number[]): void {
  expect(found.shape).toEqual(shape);
  const scale = Math.max(...expected.filter(Number.isFinite).map(Math.abs), 1e-6);
  found.data.forEach((value, i) => {
    if (Number.isFinite(expected[i])) expect(Math.abs(value - expected[i])).toBeLessThanOrEqual(1e-5 * scale);
    else expect(value).toBe(expected[i]);
  });
}
