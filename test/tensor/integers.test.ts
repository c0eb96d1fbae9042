/** Functions of floats, asked of integers and bools: an error, and never a number that is cut off. */
import { describe, expect, test } from 'vitest';
import { ones, tensor, type Tensor } from '../../src/index.js';

const FLOATS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  mean: (x) => x.mean(),
  variance: (x) => x.variance(),
  std: (x) => x.std({ correction: 1 }),
  norm: (x) => x.norm(),
  logSumExp: (x) => x.logSumExp(),
  softmax: (x) => x.softmax(),
  logSoftmax: (x) => x.logSoftmax(),
  layerNorm: (x) => x.layerNorm(),
  rmsNorm: (x) => x.rmsNorm(),
  groupNorm: (x) => x.groupNorm(1),
  batchNorm: (x) => x.batchNorm({ mean: 0, variance: 1 }),
  reciprocal: (x) => x.reciprocal(),
  rsqrt: (x) => x.rsqrt(),
  sqrt: (x) => x.sqrt(),
  exp: (x) => x.exp(),
  sin: (x) => x.sin(),
  tan: (x) => x.tan(),
  asin: (x) => x.asin(),
  acos: (x) => x.acos(),
  atan: (x) => x.atan(),
  sinh: (x) => x.sinh(),
  cosh: (x) => x.cosh(),
  tanh: (x) => x.tanh(),
  erf: (x) => x.erf(),
  sigmoid: (x) => x.sigmoid(),
  leakyRelu: (x) => x.leakyRelu(),
  elu: (x) => x.elu(),
  selu: (x) => x.selu(),
  gelu: (x) => x.gelu(),
  'gelu, approximate': (x) => x.gelu('tanh'),
  silu: (x) => x.silu(),
  mish: (x) => x.mish(),
  softplus: (x) => x.softplus(),
  hardswish: (x) => x.hardswish(),
  pow: (x) => x.pow(x),
  averagePool: (x) => x.reshape([1, 2, 2, 2]).averagePool({ kernel: 2 }),
  attention: (x) => x.attention(x, x),
};

describe.each(['i32', 'u32', 'bool'] as const)('%s', (dtype) => {
  test.each(Object.keys(FLOATS))('%s', (name) => {
    expect(() => FLOATS[name](ones([2, 4], { dtype }))).toThrow(/DTYPE_MISMATCH[^]*\.cast\('f32'\)/);
  });
});

test('a bound or a padding that is none of the integers is refused', () => {
  const x = ones([3], { dtype: 'i32' });
  for (const use of [
    () => x.clip(0.5),
    () => x.clip(0, 1.5),
    () => x.pad([[1, 1]], 0.5),
    () => x.add(0.5),
    () => x.mul(2 ** 31),
  ])
    // prettier-ignore
    expect(use).toThrow(/DTYPE_MISMATCH/);
});

test('what integers do have', async () => {
  const x = tensor([-7, 8, 2, 1], { dtype: 'i32' });
  expect(await x.div(2).toArray()).toEqual([-3, 4, 1, 0]);
  expect(await x.sum().item()).toBe(4);
  expect(await x.clip(0, 3).toArray()).toEqual([0, 3, 2, 1]);
  expect(await x.relu().toArray()).toEqual([0, 8, 2, 1]);
  expect(await x.cast('f32').mean().item()).toBe(1);
});

test('any and all are of bools', async () => {
  expect(() => ones([2]).any()).toThrow(/DTYPE_MISMATCH[^]*bool/);
  expect(() => ones([2]).all()).toThrow(/DTYPE_MISMATCH[^]*bool/);
  expect(await tensor([true, false]).any().toArray()).toBe(true);
});
