/** Random operators: what they draw follows from the seed, and has the distribution that is asked for. */
import { describe, expect, test } from 'vitest';
import type { ProtoAttribute, ProtoDType } from '../../../scripts/onnx-proto.mjs';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { errorOf, given, known, oneNodeModel, resultOf, type Operand } from './support.js';

const drawn = (
  op: string,
  attributes: Readonly<Record<string, ProtoAttribute>>,
  operands: readonly Operand[] = [],
  dtype: ProtoDType = 'float',
): number[] => resultOf({ op, operands, attributes, outputs: [dtype], opset: 22 }).data;

const mean = (list: readonly number[]): number => list.reduce((sum, x) => sum + x, 0) / list.length;
const COUNT = 4096;
const seed = { float: 7.5 };
const zeros = given([COUNT], new Array<number>(COUNT).fill(0));

describe.each([
  ['by a shape', '', { shape: [COUNT] }, []],
  ['like an operand', 'Like', {}, [zeros]],
] as const)('%s', (_, suffix, shape, operands) => {
  test('RandomUniform', () => {
    const list = drawn(`RandomUniform${suffix}`, { ...shape, low: { float: -1 }, high: { float: 3 }, seed }, operands); // prettier-ignore
    expect(list).toHaveLength(COUNT);
    expect(list.every((x) => x >= -1 && x <= 3)).toBe(true);
    expect(Math.abs(mean(list) - 1)).toBeLessThan(0.1);
    expect(new Set(list).size).toBeGreaterThan(COUNT * 0.9);
  });

  test('RandomNormal', () => {
    const list = drawn(`RandomNormal${suffix}`, { ...shape, mean: { float: 5 }, scale: { float: 2 }, seed }, operands); // prettier-ignore
    expect(Math.abs(mean(list) - 5)).toBeLessThan(0.2);
    expect(Math.abs(Math.sqrt(mean(list.map((x) => (x - 5) ** 2))) - 2)).toBeLessThan(0.2);
  });
});

test('the seed decides, and without one the name of the output', () => {
  const list = (attributes: Readonly<Record<string, ProtoAttribute>>): number[] =>
    drawn('RandomUniform', { shape: [8], ...attributes });
  expect(list({ seed })).toEqual(list({ seed }));
  expect(list({ seed })).not.toEqual(list({ seed: { float: 8 } }));
  expect(list({})).toEqual(list({}));
  expect(list({})).not.toEqual(list({ seed }));
});

test('Bernoulli', () => {
  const p = given(
    [COUNT],
    Array.from({ length: COUNT }, (_, i) => [0, 1, 0.25][i % 3]),
  );
  const list = drawn('Bernoulli', { seed, dtype: 7 }, [p], 'int64');
  const part = (k: number): number => mean(list.filter((_, i) => i % 3 === k));
  expect([part(0), part(1)]).toEqual([0, 1]);
  expect(Math.abs(part(2) - 0.25)).toBeLessThan(0.05);
});

test('Multinomial', () => {
  const logits = given([2, 3], [0, Math.log(3), -Infinity, -Infinity, -Infinity, 5]);
  const list = drawn('Multinomial', { seed, sample_size: 2000 }, [logits], 'int32');
  expect(Math.abs(mean(list.slice(0, 2000)) - 0.75)).toBeLessThan(0.05);
  expect(new Set(list.slice(0, 2000))).toEqual(new Set([0, 1]));
  expect(new Set(list.slice(2000))).toEqual(new Set([2]));
});

test('Dropout in training drops a part of the elements, and the others grow', () => {
  const x = given([COUNT], new Array<number>(COUNT).fill(3));
  const list = drawn('Dropout', { seed: 7 }, [x, known([], [0.25], 'float'), known([], [1], 'bool')]);
  expect(new Set(list)).toEqual(new Set([0, 4]));
  expect(Math.abs(mean(list.map((y) => (y === 0 ? 1 : 0))) - 0.25)).toBeLessThan(0.03);
  const kept = drawn('Dropout', {}, [x, known([], [0], 'float'), known([], [1], 'bool')]);
  expect(new Set(kept)).toEqual(new Set([3]));
});

test('what is not random numbers is refused', () => {
  const refuse = (
    op: string,
    attributes: Readonly<Record<string, ProtoAttribute>>,
    operands: readonly Operand[],
  ): unknown =>
    // prettier-ignore
    errorOf('ONNX_INVALID', () => importOnnx(oneNodeModel({ op, attributes, operands, opset: 22 })));
  refuse('RandomUniform', { shape: [-1] }, []);
  refuse('RandomUniform', { shape: [1], dtype: 7 }, []);
  refuse('RandomNormalLike', {}, [given([1], [1], 'int32')]);
  refuse('Multinomial', {}, [given([3], [0, 0, 0])]);
  refuse('Multinomial', { dtype: 1 }, [given([1, 3], [0, 0, 0])]);
});
