/** Optimisers against PyTorch and plain loops in doubles, and on a bowl. */
import { describe, expect, test } from 'vitest';
import { jit, nn, optim, random, tensor, treeMap, valueAndGrad, type Tensor } from '../../../src/index.js';
import type { Optimizer } from '../../../src/learn/optim/index.js';
import { expectNear, numbersOf, torchValues, wave, waveOf } from '../../tensor/torch.js';

const SIZE = 6;
const STEPS = 20;

/** Twenty steps of a vector along waves. */
function afterSteps<S>(optimizer: Optimizer<S>): Tensor {
  let model = { x: wave([SIZE], 0) };
  let state = optimizer.init(model);
  for (let step = 0; step < STEPS; step++)
    [model, state] = optimizer.update(model, { x: wave([SIZE], step + 1) }, state);
  return model.x;
}

const OPTIMIZERS: Record<string, Optimizer<never>> = {
  sgd: optim.sgd({ learningRate: 0.1, weightDecay: 0.01 }),
  'sgd.momentum': optim.sgd({ learningRate: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.01 }),
  'sgd.nesterov': optim.sgd({ learningRate: 0.1, momentum: 0.9, nesterov: true }),
  rmsprop: optim.rmsprop({ learningRate: 0.01, decay: 0.9, weightDecay: 0.01 }),
  'rmsprop.centered': optim.rmsprop({ learningRate: 0.01, momentum: 0.5, centered: true }),
  adam: optim.adam({ learningRate: 0.01, weightDecay: 0.1 }),
  adamw: optim.adamw({ learningRate: 0.01, betas: [0.8, 0.95], weightDecay: 0.1 }),
} as unknown as Record<string, Optimizer<never>>;

test.each(Object.entries(OPTIMIZERS))('%s is like PyTorch', async (name, optimizer) => {
  await expectNear(afterSteps(optimizer), torchValues.optimisers[name]!, name, 1e-5);
});

const norm = (x: readonly number[]): number => Math.sqrt(x.reduce((sum, v) => sum + v * v, 0));

describe('by plain loops', () => {
  test('lion', async () => {
    const x = waveOf([SIZE], 0);
    const m = x.map(() => 0);
    for (let step = 0; step < STEPS; step++)
      waveOf([SIZE], step + 1).forEach((g, i) => {
        x[i] *= 1 - 0.01 * 0.1;
        x[i] -= 0.01 * Math.sign(0.9 * m[i] + 0.1 * g);
        m[i] = 0.99 * m[i] + 0.01 * g;
      });
    await expectNear(afterSteps(optim.lion({ learningRate: 0.01, weightDecay: 0.1 })), x);
  });

  test('lamb', async () => {
    const x = waveOf([SIZE], 0);
    const [m, v] = [x.map(() => 0), x.map(() => 0)];
    for (let step = 0; step < STEPS; step++) {
      const t = step + 1;
      const u = waveOf([SIZE], t).map((g, i) => {
        m[i] = 0.9 * m[i] + 0.1 * g;
        v[i] = 0.999 * v[i] + 0.001 * g * g;
        const deviation = Math.sqrt(v[i] / (1 - 0.999 ** t)) + 1e-6;
        return m[i] / (1 - 0.9 ** t) / deviation + 0.1 * x[i];
      });
      const ratio = norm(x) / norm(u);
      x.forEach((_, i) => (x[i] -= 0.01 * ratio * u[i]));
    }
    await expectNear(afterSteps(optim.lamb({ learningRate: 0.01, weightDecay: 0.1 })), x, 'lamb', 1e-5);
  });

  test('adafactor of a matrix', async () => {
    const [rows, columns] = [2, 3];
    const x = waveOf([rows, columns], 0);
    const r = new Array<number>(rows).fill(0);
    const c = new Array<number>(columns).fill(0);
    const meanSquare = (values: readonly number[]): number => norm(values) ** 2 / values.length;
    for (let step = 0; step < STEPS; step++) {
      const g = waveOf([rows, columns], step + 1);
      const beta = 1 - (step + 1) ** -0.8;
      const at = (i: number, j: number): number => g[i * columns + j] ** 2;
      for (let i = 0; i < rows; i++) {
        const mean = c.reduce((sum, _, j) => sum + at(i, j), 0) / columns;
        r[i] = beta * r[i] + (1 - beta) * mean;
      }
      for (let j = 0; j < columns; j++) {
        const mean = r.reduce((sum, _, i) => sum + at(i, j), 0) / rows;
        c[j] = beta * c[j] + (1 - beta) * mean;
      }
      const meanRow = r.reduce((a, b) => a + b) / rows;
      const u = g.map((v, k) => v / Math.sqrt((r[Math.floor(k / columns)] * c[k % columns]) / meanRow));
      const shrink = Math.max(1, Math.sqrt(meanSquare(u)));
      const scale = 0.01 * Math.max(1e-3, Math.sqrt(meanSquare(x)));
      u.forEach((v, k) => (x[k] -= (scale * v) / shrink));
    }
    const optimizer = optim.adafactor({ learningRate: 0.01 });
    let model = { x: wave([rows, columns], 0) };
    let state = optimizer.init(model);
    expect([state.rows.x.shape, state.columns.x.shape]).toEqual([[rows], [columns]]);
    for (let step = 0; step < STEPS; step++)
      [model, state] = optimizer.update(model, { x: wave([rows, columns], step + 1) }, state);
    await expectNear(model.x, x, 'adafactor', 1e-5);
  });
});

describe('an epsilon that counts stands where the papers and PyTorch have it', () => {
  const EPSILON = 0.1;
  const [first, second] = [0.9, 0.999];

  /** `update` is told of each element: gradient, step from 1, element, and gives what is subtracted. */
  function loop(update: (g: number, t: number, i: number) => number): number[] {
    const x = waveOf([SIZE], 0);
    for (let t = 1; t <= STEPS; t++) waveOf([SIZE], t).forEach((g, i) => (x[i] -= update(g, t, i)));
    return x;
  }

  /** m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon): Kingma and Ba, algorithm 1. */
  function adamDirection(epsilon = EPSILON): (g: number, t: number, i: number) => number {
    const [m, v] = [new Array<number>(SIZE).fill(0), new Array<number>(SIZE).fill(0)];
    return (g, t, i) => {
      m[i] = first * m[i] + (1 - first) * g;
      v[i] = second * v[i] + (1 - second) * g * g;
      return m[i] / (1 - first ** t) / (Math.sqrt(v[i] / (1 - second ** t)) + epsilon);
    };
  }

  test('adam, and adamw without decay', async () => {
    const direction = adamDirection();
    const expected = loop((g, t, i) => 0.1 * direction(g, t, i));
    const options = { learningRate: 0.1, epsilon: EPSILON };
    await expectNear(afterSteps(optim.adam(options)), expected, 'adam', 1e-5);
    await expectNear(afterSteps(optim.adamw({ ...options, weightDecay: 0 })), expected, 'adamw', 1e-5);
  });

  test('lamb', async () => {
    const direction = adamDirection();
    const x = waveOf([SIZE], 0);
    for (let t = 1; t <= STEPS; t++) {
      const u = waveOf([SIZE], t).map((g, i) => direction(g, t, i));
      const ratio = norm(x) / norm(u);
      u.forEach((d, i) => (x[i] -= 0.1 * ratio * d));
    }
    await expectNear(afterSteps(optim.lamb({ learningRate: 0.1, epsilon: EPSILON })), x, 'lamb', 1e-5);
  });

  test.each([[false], [true]])('rmsprop, centered: %s', async (centered) => {
    const [square, mean] = [new Array<number>(SIZE).fill(0), new Array<number>(SIZE).fill(0)];
    const expected = loop((g, _, i) => {
      square[i] = 0.9 * square[i] + 0.1 * g * g;
      mean[i] = 0.9 * mean[i] + 0.1 * g;
      const power = centered ? square[i] - mean[i] ** 2 : square[i];
      return (0.1 * g) / (Math.sqrt(power) + EPSILON);
    });
    const options = { learningRate: 0.1, decay: 0.9, epsilon: EPSILON, centered };
    await expectNear(afterSteps(optim.rmsprop(options)), expected, 'rmsprop', 1e-5);
  });
});

describe('options', () => {
  test.each<[string, object]>([
    ['adamw', { weightDecay: undefined }],
    [
      'adamw, all of them',
      { weightDecay: undefined, betas: undefined, epsilon: undefined, decays: undefined },
    ],
  ])('that are undefined are left out: %s', async (_, options) => {
    const model = { x: tensor([1]) };
    const after = (given: object): Promise<number[]> => {
      const optimizer = optim.adamw({ learningRate: 0.1, ...given });
      return numbersOf(optimizer.update(model, { x: tensor([0]) }, optimizer.init(model))[0].x);
    };
    expect(await after(options)).toEqual(await after({}));
    expect(await after(options)).toEqual([Math.fround(0.999)]);
  });

  test("lamb's epsilon", async () => {
    const model = { x: tensor([1, 2]) };
    const gradients = { x: tensor([1e-6, 1e-8]) };
    const after = (options: object): Promise<number[]> => {
      const optimizer = optim.lamb({ learningRate: 0.1, ...options });
      return numbersOf(optimizer.update(model, gradients, optimizer.init(model))[0].x);
    };
    expect(await after({ epsilon: undefined })).toEqual(await after({ epsilon: 1e-6 }));
    expect(await after({ epsilon: undefined })).not.toEqual(await after({ epsilon: 1e-8 }));
  });

  test.each<[string, () => unknown]>([
    ['betas', () => optim.adam({ learningRate: 0.1, betas: [1.5, 2] })],
    ['betas', () => optim.adamw({ learningRate: 0.1, betas: [0.9, 1] })],
    ['betas', () => optim.lion({ learningRate: 0.1, betas: [-0.1, 0.9] })],
    ['epsilon', () => optim.adam({ learningRate: 0.1, epsilon: -1e-8 })],
    ['epsilon', () => optim.lamb({ learningRate: 0.1, epsilon: Infinity })],
    ['epsilon', () => optim.rmsprop({ learningRate: 0.1, epsilon: -1 })],
    ['decay', () => optim.rmsprop({ learningRate: 0.1, decay: 1 })],
    ['momentum', () => optim.rmsprop({ learningRate: 0.1, momentum: -0.5 })],
    ['momentum', () => optim.sgd({ learningRate: 0.1, momentum: 1 })],
    ['weightDecay', () => optim.sgd({ learningRate: 0.1, weightDecay: -0.1 })],
    ['weightDecay', () => optim.adafactor({ learningRate: 0.1, weightDecay: -0.1 })],
    ['decayExponent', () => optim.adafactor({ learningRate: 0.1, decayExponent: 0.8 })],
    ['clip', () => optim.adafactor({ learningRate: 0.1, clip: 0 })],
    ['leastScale', () => optim.adafactor({ learningRate: 0.1, leastScale: -1 })],
  ])('out of range are refused: %s', (name, make) => {
    expect(make).toThrow(new RegExp(`USAGE[^]*${name}: `));
  });

  test('at the edge of their range work', async () => {
    const adam = optim.adam({ learningRate: 0.1, betas: [0, 0], epsilon: 0, weightDecay: 0 });
    const model = { x: tensor([1, 1]) };
    const [next] = adam.update(model, { x: tensor([4, -4]) }, adam.init(model));
    await expectNear(next.x, [0.9, 1.1]);
  });
});

describe.each<[string, Optimizer<unknown>, number]>([
  ['sgd', optim.sgd({ learningRate: 0.1, momentum: 0.8 }), 1e-3],
  ['rmsprop', optim.rmsprop({ learningRate: optim.schedules.linear(0.1, 0, 200) }), 1e-2],
  ['adam', optim.adam({ learningRate: optim.schedules.cosine(0.3, 200) }), 1e-2],
  ['adamw', optim.adamw({ learningRate: optim.schedules.cosine(0.3, 200), weightDecay: 0 }), 1e-2],
  ['lamb', optim.lamb({ learningRate: optim.schedules.cosine(0.1, 200) }), 1e-2],
  ['lion', optim.lion({ learningRate: optim.schedules.linear(0.1, 0, 200), betas: [0.8, 0.8] }), 1e-2],
  ['adafactor', optim.adafactor({ learningRate: optim.schedules.linear(0.1, 0, 200) }), 1e-2],
])('%s', (_, optimizer, tolerance) => {
  test('finds the bottom of a bowl, in one program', async () => {
    const bottom = tensor([1, -2, 3]);
    let traces = 0;
    const step = jit((model: { x: Tensor }, state: unknown) => {
      traces++;
      const [, gradients] = valueAndGrad(({ x }: { x: Tensor }) =>
        x
          .sub(bottom)
          .square()
          .mul(tensor([1, 2, 4]))
          .sum(),
      )(model);
      return optimizer.update(model, gradients, state);
    });
    let model = { x: tensor([4, 4, 4]) };
    let state = optimizer.init(model);
    for (let i = 0; i < 200; i++) [model, state] = step(model, state);
    await expectNear(model.x, [1, -2, 3], 'the bottom', tolerance);
    expect(traces).toBe(1);
  });
});

test('what is not trained stays, and halves are updated in f32', async () => {
  class Net extends nn.Module {
    static override readonly buffers: readonly string[] = ['count'];
    weight: Tensor = wave([4], 0).cast('f16');
    count: Tensor = tensor([1, 2]);
    index: Tensor = tensor([3], { dtype: 'i32' });
    readonly inner = new nn.Linear(2, 2, { key: 1 });
  }
  const model = new Net();
  model.inner.frozen = true;
  expect(nn.trainable(model)).toEqual([true, false, false, false, false]);
  const optimizer = optim.adam({ learningRate: 0.1 });
  const state = optimizer.init(model);
  expect(Object.keys(state.first)).toEqual(['weight']);
  const gradients = treeMap((leaf) => leaf.mul(0).add(1), model);
  const [next, after] = optimizer.update(model, gradients, state);
  expect([next.count, next.index, next.inner.weight]).toEqual([model.count, model.index, model.inner.weight]);
  expect([next.weight.dtype, after.first.weight.dtype]).toEqual(['f16', 'f32']);
  await expectNear(
    next.weight,
    waveOf([4], 0).map((x) => x - 0.1),
    'weight',
    1e-3,
  );
  expect(await after.step.item()).toBe(1);
});

test('weights decay where they are told to', async () => {
  const model = { matrix: tensor([[1, 2]]), bias: tensor([3]) };
  const optimizer = optim.adamw({ learningRate: 0.1, weightDecay: 0.5, decays: (_, { rank }) => rank > 1 });
  const [next] = optimizer.update(
    model,
    treeMap((x) => x.mul(0), model),
    optimizer.init(model),
  );
  await expectNear(next.matrix, [0.95, 1.9]);
  await expectNear(next.bias, [3]);
});

describe('gradients', () => {
  const gradients = { a: tensor([3, 0]), b: [tensor([[0, -4]])], n: tensor([7], { dtype: 'i32' }) };

  test('are clipped by their common norm', async () => {
    expect(await optim.globalNorm(gradients).item()).toBe(5);
    const clipped = optim.clipByGlobalNorm(gradients, 1);
    await expectNear(clipped.a, [0.6, 0]);
    await expectNear(clipped.b[0], [0, -0.8]);
    expect(clipped.n).toBe(gradients.n);
    expect(await numbersOf(optim.clipByGlobalNorm(gradients, 10).a)).toEqual([3, 0]);
    const none = treeMap((x) => x.mul(0), gradients);
    expect(await numbersOf(optim.clipByGlobalNorm(none, 1).a)).toEqual([0, 0]);
  });

  test('are clipped by their values', async () => {
    const clipped = optim.clipByValue(gradients, 3.5);
    expect(await numbersOf(clipped.a)).toEqual([3, 0]);
    expect(await numbersOf(clipped.b[0])).toEqual([0, -3.5]);
  });

  test('are clipped before a step', async () => {
    const optimizer = optim.clipped(optim.sgd({ learningRate: 1 }), { globalNorm: 1, value: 100 });
    const model = { x: tensor([0, 0]) };
    const [next] = optimizer.update(model, { x: tensor([3, 4]) }, optimizer.init(model));
    await expectNear(next.x, [-0.6, -0.8]);
  });

  test('accumulate to the step of their mean', async () => {
    const inner = optim.adam({ learningRate: 0.1 });
    const optimizer = optim.accumulated(inner, 3);
    let traces = 0;
    const run = jit((model: { x: Tensor }, g: { x: Tensor }, state: optim.StateOf<typeof optimizer>) => {
      traces++;
      return optimizer.update(model, g, state);
    });
    let model = { x: wave([3], 0) };
    let state = optimizer.init(model);
    let [whole, wholeState] = [model, inner.init(model)];
    for (let step = 0; step < 6; step++) {
      const before = await numbersOf(model.x);
      [model, state] = run(model, { x: wave([3], step) }, state);
      if (step % 3 < 2) expect(await numbersOf(model.x)).toEqual(before);
      else {
        const sum = [0, 1, 2].map((i) => wave([3], step - 2 + i)).reduce((a, b) => a.add(b));
        [whole, wholeState] = inner.update(whole, { x: sum.div(3) }, wholeState);
        expect(await numbersOf(model.x)).toEqual(await numbersOf(whole.x));
      }
    }
    expect(await state.inner.step.item()).toBe(2);
    expect(traces).toBe(1);
  });
});

describe('say what is wrong', () => {
  const optimizer = optim.adam({ learningRate: 0.1 });
  const model = { a: random.normal(1, [2]), b: random.normal(2, [2]) };

  test('with trees that differ', () => {
    expect(() => optimizer.update(model, { a: model.a } as typeof model, optimizer.init(model))).toThrow(
      /TREE_MISMATCH.*adam: the gradients are not like the model/,
    );
  });
  test('with the state of another model', () => {
    expect(() => optimizer.update(model, model, optimizer.init({ a: model.a }))).toThrow(
      /TREE_MISMATCH: adam: the state has no entry for a parameter\n {2}at: {7}b/,
    );
  });
  test('with gradients of another shape', () => {
    expect(() => optimizer.update(model, { ...model, a: tensor([1]) }, optimizer.init(model))).toThrow(
      /SHAPE_MISMATCH: adam.*\n.*a\n.*f32\[1\]\n.*f32\[2\]/,
    );
  });
  test('with options', () => {
    expect(() => optim.sgd({ learningRate: 1, nesterov: true })).toThrow(/ATTRIBUTE_INVALID/);
    expect(() => optim.clipByGlobalNorm(model, 0)).toThrow(/ATTRIBUTE_INVALID/);
    expect(() => optim.accumulated(optimizer, 0)).toThrow(/ATTRIBUTE_INVALID/);
    expect(() => optim.schedules.cosine(1, 0)).toThrow(/ATTRIBUTE_INVALID/);
  });
});
