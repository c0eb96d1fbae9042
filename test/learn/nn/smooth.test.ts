/** Activations that are smooth at 0 have their slope there, though they are made of parts that are not. */
import { expect, test } from 'vitest';
import { grad, nn, tensor, type Tensor } from '../../../src/index.js';
import { numbersOf } from '../../tensor/torch.js';

test.each<[string, (x: Tensor) => Tensor, slope: number]>([
  ['softplus', nn.softplus, 0.5],
  ['mish', nn.mish, 0.6],
  ['silu', nn.silu, 0.5],
  ['gelu', nn.gelu, 0.5],
  ['elu', (x) => nn.elu(x), 1],
  ['tanh', nn.tanh, 1],
  ['sigmoid', nn.sigmoid, 0.25],
  ['relu, by convention', nn.relu, 0],
])('%s', async (_, f, slope) => {
  const [found] = await numbersOf(grad((x: Tensor) => f(x).sum())(tensor([0])));
  expect(found).toBeCloseTo(slope, 6);
});
