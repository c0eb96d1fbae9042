/** Losses against PyTorch in doubles, values and gradients, and at the ends of the range. */
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../../src/base/errors.js';
import { grad, jit, losses, tensor, zeros, type Tensor } from '../../../src/index.js';
import type { Reduction } from '../../../src/learn/losses/index.js';
import { expectCase, expectNear, numbersOf, wave } from '../../tensor/torch.js';

const logits = wave([4, 5], 50, 6);
const labels = tensor([1, 0, 4, 2], { dtype: 'i32' });
const some = tensor([1, -100, 4, -100], { dtype: 'i32' });
const p = wave([4, 5], 60, 2).softmax();
const positiveWeight = wave([5], 61).abs().mul(3);

describe.each<Reduction>(['mean', 'sum', 'none'])('like PyTorch: %s', (reduction) => {
  const cases: Record<string, (x: Tensor) => Tensor> = {
    crossEntropy: (x) => losses.crossEntropy(x, labels, { reduction }),
    'crossEntropy.smooth': (x) => losses.crossEntropy(x, labels, { reduction, labelSmoothing: 0.1 }),
    'crossEntropy.ignore': (x) =>
      losses.crossEntropy(x, some, { reduction, labelSmoothing: 0.1, ignoreIndex: -100 }),
    'crossEntropy.probabilities': (x) => losses.crossEntropy(x, p, { reduction, labelSmoothing: 0.1 }),
    nll: (x) => losses.nll(x.logSoftmax(), some, { reduction, ignoreIndex: -100 }),
    bce: (x) => losses.binaryCrossEntropyWithLogits(x, p, { reduction }),
    'bce.weight': (x) => losses.binaryCrossEntropyWithLogits(x, p, { reduction, positiveWeight }),
    mse: (x) => losses.mse(x, p, { reduction }),
    l1: (x) => losses.l1(x, p, { reduction }),
    huber: (x) => losses.huber(x, p, { reduction, delta: 1.5 }),
    kl: (x) => losses.kl(x.logSoftmax(), p, { reduction }),
  };
  test.each(Object.entries(cases))('%s', async (name, loss) => {
    await expectCase(`${name}.${reduction}`, undefined, [logits], (_, x) => [loss(x)]);
  });
});

test('the divergence of a batch, from logarithms', async () => {
  const loss = (x: Tensor): Tensor =>
    losses.kl(x.logSoftmax(), p.log(), { reduction: 'batchMean', logTargets: true });
  await expectCase('kl.batchMean', undefined, [logits], (_, x) => [loss(x)]);
});

describe('cross entropy', () => {
  test('is finite for any logits, and so is its gradient', async () => {
    const x = tensor([
      [1e30, -1e30, 0],
      [-3e38, 3e38, 0],
    ]);
    const loss = (x: Tensor): Tensor => losses.crossEntropy(x, tensor([0, 1], { dtype: 'i32' }));
    expect(await loss(x).item()).toBe(0);
    expect(await numbersOf(grad(loss)(x))).toEqual([0, 0, 0, 0, 0, 0]);
    const wrong = (x: Tensor): Tensor => losses.crossEntropy(x, tensor([2, 2], { dtype: 'i32' }));
    expect(await numbersOf(grad(wrong)(x))).toEqual([0.5, 0, -0.5, 0, 0.5, -0.5]);
  });

  test('of u32 labels, of sequences, and of one example', async () => {
    const x = wave([2, 3, 4], 1);
    const y = tensor(Uint32Array.of(0, 1, 2, 3, 0, 1), { shape: [2, 3] });
    const flat = losses.crossEntropy(x.reshape(6, 4), y.reshape(6));
    expect(await losses.crossEntropy(x, y).item()).toBe(await flat.item());
    expect(await losses.crossEntropy(tensor([1, 2, 3]), tensor(2, { dtype: 'i32' })).item()).toBeCloseTo(
      0.40760596,
      6,
    );
  });

  test('is 0 where no example counts', async () => {
    const y = tensor([-1, -1], { dtype: 'i32' });
    const loss = (x: Tensor): Tensor => losses.crossEntropy(x, y, { ignoreIndex: -1 });
    expect(await loss(wave([2, 3], 0)).item()).toBe(0);
    expect(await numbersOf(grad(loss)(wave([2, 3], 0)))).toEqual([0, 0, 0, 0, 0, 0]);
  });

  const LABELS = [tensor([4, -1, 2], { dtype: 'i32' }), tensor(Uint32Array.of(4, 9, 2))];
  const byLabels: readonly ((x: Tensor, labels: Tensor, reduction: 'none' | 'mean') => Tensor)[] = [
    (x, labels, reduction) => losses.crossEntropy(x, labels, { reduction }),
    (x, labels, reduction) => losses.crossEntropy(x, labels, { labelSmoothing: 0.1, reduction }),
    (x, labels, reduction) => losses.nll(x.logSoftmax(), labels, { reduction }),
  ];

  test.each(byLabels)('of a label that is not a class is an error on the host', (loss) => {
    for (const labels of LABELS)
      expect(() => loss(wave([3, 4], 0), labels, 'mean')).toThrow(
        /DATASET_INVALID[^]*4, label 0 of 3[^]*0 to 3/,
      );
    // Classes that count from 1.
    const fromOne = tensor([1, 2, 4], { dtype: 'i32' });
    expect(() => loss(wave([3, 4], 0), fromOne, 'mean')).toThrow(/labels\.sub\(1\)/);
    expect(() => loss(wave([3, 4], 0), fromOne.sub(1).compute(), 'mean')).not.toThrow();
  });

  test.each(byLabels)('of a label that is not a class is NaN in a compiled function', async (loss) => {
    const compiled = jit((x: Tensor, labels: Tensor) => [loss(x, labels, 'none'), loss(x, labels, 'mean')]);
    for (const labels of LABELS) {
      const [each, mean] = compiled(wave([3, 4], 0), labels);
      const [first, second, third] = await numbersOf(each);
      expect([first, second, third > 0.1, await mean.item()]).toEqual([NaN, NaN, true, NaN]);
    }
  });

  test('of a label that is ignored is 0 wherever it lies', async () => {
    const labels = tensor([7, 1], { dtype: 'i32' });
    const loss = (x: Tensor, y: Tensor): Tensor =>
      losses.crossEntropy(x, y, { ignoreIndex: 7, reduction: 'none' });
    const x = wave([2, 3], 0);
    const [eager, compiled] = [await numbersOf(loss(x, labels)), await numbersOf(jit(loss)(x, labels))];
    expect([eager[0], eager[1] > 0.1]).toEqual([0, true]);
    expect(compiled).toEqual(eager);
  });

  test('of a class with a logit of -inf and no probability is that of the others', async () => {
    const x = tensor([0, -Infinity, 1]);
    const target = tensor([0.25, 0, 0.75]);
    const expected = await losses.crossEntropy(tensor([0, 1]), tensor([0.25, 0.75])).item();
    expect(await losses.crossEntropy(x, target).item()).toBeCloseTo(expected, 6);
    const p = 1 / (1 + Math.E);
    await expectNear(grad((y: Tensor) => losses.crossEntropy(y, target))(x), [p - 0.25, 0, 0.25 - p]);
    // By a target of 0 the gradient is the surprisal, as elsewhere.
    const byTarget = grad((t: Tensor) => losses.crossEntropy(tensor([0, 0]), t))(tensor([1, 0]));
    await expectNear(byTarget, [Math.LN2, Math.LN2]);
    expect(await losses.crossEntropy(x, tensor([0, 0.5, 0.5])).item()).toBe(Infinity);
  });

  test('says what does not fit', () => {
    const x = zeros([4, 5]);
    const error = (f: () => unknown): HeddleError => {
      try {
        f();
      } catch (e) {
        if (e instanceof HeddleError) return e;
      }
      throw new Error('nothing was thrown');
    };
    const shape = error(() => losses.crossEntropy(x, tensor([1, 2, 3], { dtype: 'i32' })));
    expect([shape.code, shape.found, shape.where?.split(',')[0]]).toEqual([
      'SHAPE_MISMATCH',
      'f32[4,5] and i32[3]',
      'crossEntropy',
    ]);
    expect(error(() => losses.crossEntropy(x, zeros([4, 4]))).code).toBe('SHAPE_MISMATCH');
    expect(error(() => losses.crossEntropy(x, labels, { labelSmoothing: 2 })).code).toBe('ATTRIBUTE_INVALID');
    expect(error(() => losses.crossEntropy(x, x, { ignoreIndex: 0 })).code).toBe('ATTRIBUTE_INVALID');
    expect(error(() => losses.mse(zeros([4]), zeros([4, 1]))).found).toBe(
      'predictions f32[4], targets f32[4,1]',
    );
    expect(error(() => losses.huber(x, x, { delta: 0 })).code).toBe('ATTRIBUTE_INVALID');
  });
});

test('binary cross entropy is stable, and has its gradient where logits are 0', async () => {
  const loss = (x: Tensor): Tensor =>
    losses.binaryCrossEntropyWithLogits(x, tensor([1, 0, 1, 0, 1]), { reduction: 'sum' });
  const x = tensor([1e4, 1e4, -1e4, -1e4, 0]);
  await expectNear(loss(x), [2e4 + Math.log(2)]);
  await expectNear(grad(loss)(x), [0, 1, -1, 0, -0.5]);
});

test('the divergence from a distribution with zeros is finite, and so is its gradient by it', async () => {
  const q = tensor([0.5, 0.5]).log();
  const target = tensor([0, 1]);
  await expectNear(losses.kl(q, target, { reduction: 'sum' }), [Math.log(2)]);
  const byTarget = grad((t: Tensor) => losses.kl(q, t, { reduction: 'sum' }))(target);
  expect((await numbersOf(byTarget)).every(Number.isFinite)).toBe(true);
});

test('the divergence is 0 where the target is, from logarithms too, whatever the other distribution', async () => {
  const q = tensor([-Infinity, 0]);
  const each = { reduction: 'none' } as const;
  await expectNear(losses.kl(q, tensor([0, 1]), each), [0, 0]);
  await expectNear(losses.kl(q, tensor([-Infinity, 0]), { ...each, logTargets: true }), [0, 0]);
  const loss = (logQ: Tensor, logP: Tensor): Tensor =>
    losses.kl(logQ, logP, { reduction: 'sum', logTargets: true });
  const [half, certain] = [tensor([0.5, 0.5]).log(), tensor([0, -Infinity])];
  await expectNear(loss(half, certain), [Math.LN2]);
  await expectNear(grad((logQ: Tensor) => loss(logQ, certain))(half), [-1, 0]);
  await expectNear(grad((logP: Tensor) => loss(half, logP))(certain), [Math.LN2 + 1, 0]);
});
