/** Whole training steps: compiled and not, on the interpreter and on devices, with the same bits. */
import { describe, expect, test } from 'vitest';
import { jit, losses, nn, optim, random, tensor, valueAndGrad, type Tensor } from '../../../src/index.js';
import { expectSameTrees } from '../../tensor/support.js';

const network = (): nn.Sequential => {
  const [a, b, c] = random.split(random.key(1), 3);
  return new nn.Sequential(
    new nn.Conv2d(1, 4, 3, { key: a, padding: 1 }),
    nn.relu,
    new nn.MaxPool(2),
    nn.flatten,
    new nn.Dropout(0.25),
    new nn.Linear(4 * 3 * 3, 8, { key: b }),
    nn.gelu,
    new nn.Linear(8, 3, { key: c }),
  );
};
const x = random.normal(2, [6, 1, 6, 6]);
const y = tensor([0, 1, 2, 0, 1, 2], { dtype: 'i32' });

const optimizer = optim.clipped(
  optim.adamw({ learningRate: optim.schedules.warmup(3, optim.schedules.cosine(1e-2, 20)) }),
  { globalNorm: 1 },
);

type State = optim.StateOf<typeof optimizer>;

const trainingStep = (
  model: nn.Sequential,
  state: State,
  images: Tensor,
  labels: Tensor,
  key: Tensor,
): readonly [nn.Sequential, State, Tensor] => {
  const loss = (net: nn.Sequential): Tensor =>
    losses.crossEntropy(net.call(images, { training: true, key }), labels);
  const [value, gradients] = valueAndGrad(loss)(model);
  return [...optimizer.update(model, gradients, state), value];
};

describe('a training step', () => {
  test('has the same bits compiled and not', async () => {
    const step = jit(trainingStep, { donate: [0, 1] });
    let [model, state] = [network(), optimizer.init(network())];
    let [eager, eagerState] = [network(), optimizer.init(network())];
    const values: number[] = [];
    for (let i = 0; i < 8; i++) {
      const key = random.foldIn(3, i);
      let value: Tensor;
      [model, state, value] = step(model, state, x, y, key);
      [eager, eagerState] = trainingStep(eager, eagerState, x, y, key);
      values.push(await value.item());
      await expectSameTrees([model, state], [eager, eagerState]);
    }
    expect(values.at(-1)).toBeLessThan(values[0]);
  });
});
