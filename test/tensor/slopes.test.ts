/** Slopes where formulas lose them: norms and deviations of 0, rows of which nothing may be seen. */
import { describe, expect, test } from 'vitest';
import { grad, jvp, ones, tensor, zeros, type Tensor } from '../../src/index.js';
import { expectSameTrees, onDevices } from './support.js';

const FUNCTIONS: Readonly<Record<string, (x: Tensor) => Tensor>> = {
  norm: (x) => x.norm({ axis: 1 }).sum(),
  std: (x) => x.std({ axis: 1 }).sum(),
  'std with a correction': (x) => x.std({ axis: 1, correction: 1 }).sum(),
};
/** Rows without and with a slope. */
const X = tensor([[0, 0], [3, 3], [3, 4]]); // prettier-ignore

describe.each(Object.keys(FUNCTIONS))('%s', (name) => {
  const f = FUNCTIONS[name];
  test('has the slope 0 at 0, forward and reverse', async () => {
    const slopes = (await grad(f)(X).toArray()) as number[][];
    expect(slopes.flat().every(Number.isFinite)).toBe(true);
    expect(slopes[0]).toEqual([0, 0]);
    if (name !== 'norm') expect(slopes[1]).toEqual([0, 0]);
    const at0 = zeros([1, 2]);
    expect(await jvp(f, [at0], [ones([1, 2])])[1].item()).toBe(0);
    expect(await grad((x: Tensor) => grad(f)(x).sum())(at0).toArray()).toEqual([[0, 0]]);
  });
});

const [q, v] = [tensor([[[1, 0], [0, 1], [1, 1]]]), tensor([[[1, 2], [3, 4], [5, 6]]])]; // prettier-ignore
const SEES = [[false, false, false], [true, false, true], [true, true, true]]; // prettier-ignore
const asBool = tensor([SEES]);
const asFloat = tensor([SEES.map((row) => row.map((sees) => (sees ? 0 : -Infinity)))]);
const attend =
  (mask: Tensor) =>
  (x: Tensor): Tensor =>
    x.attention(q, v, { mask });

test('a float mask of -inf hides as a bool mask does, forward and reverse', async () => {
  await expectSameTrees(attend(asFloat)(q), attend(asBool)(q));
  const slopeOf = (mask: Tensor): Tensor => grad((x: Tensor) => attend(mask)(x).sum())(q);
  await expectSameTrees(slopeOf(asFloat), slopeOf(asBool));
  expect(((await attend(asFloat)(q).toArray()) as number[][][])[0][0]).toEqual([0, 0]);
  const slopes = (await slopeOf(asFloat).toArray()) as number[][][];
  expect(slopes.flat(2).every(Number.isFinite)).toBe(true);
});

onDevices((pair) => {
  test('the same bits', async () => {
    const step = (x: Tensor, y: Tensor): unknown => ({
      slopes: Object.values(FUNCTIONS).map((f) => grad(f)(x)),
      attended: attend(asFloat)(y),
      pulled: grad((z: Tensor) => attend(asFloat)(z).sum())(y),
    });
    const { device, reference } = pair();
    await expectSameTrees(step(X.to(device), q.to(device)), step(X.to(reference), q.to(reference)));
  });
});
