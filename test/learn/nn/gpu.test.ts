/** Forward, backward and update on devices: the bits of the interpreter. */
import { test } from 'vitest';
import {
  jit,
  losses,
  nn,
  optim,
  random,
  tensor,
  toBackend,
  valueAndGrad,
  type Tensor,
} from '../../../src/index.js';
import type { Backend } from '../../../src/tensor/backends/backend.js';
import type { Optimizer } from '../../../src/learn/optim/index.js';
import { expectSameTrees, onDevices } from '../../tensor/support.js';

interface Task<M extends nn.Module> {
  readonly model: () => M;
  readonly inputs: readonly Tensor[];
  readonly loss: (model: M, context: nn.CallContext, ...inputs: Tensor[]) => Tensor;
}

const labels = (...values: number[]): Tensor => tensor(values, { dtype: 'i32' });
const keys = (count: number): Tensor[] => random.split(random.key(11), count);

const task = <M extends nn.Module>(value: Task<M>): Task<nn.Module> => value as unknown as Task<nn.Module>;

class Sentences extends nn.Module {
  readonly embedding = new nn.Embedding(11, 8, { key: 1 });
  readonly positions = new nn.LearnedPositions(6, 8, { key: 2 });
  readonly blocks = new nn.Sequential(
    new nn.TransformerBlock(8, 2, { key: 3, causal: true, dropout: 0.1, positions: new nn.ALiBi(2) }),
    new nn.TransformerBlock(8, 4, {
      key: 4,
      causal: true,
      norm: 'rms',
      feedForward: 'swiglu',
      keyValueHeads: 2,
      positions: new nn.RoPE(),
    }),
    new nn.LayerNorm(8),
  );
  call(tokens: Tensor, context: nn.CallContext): Tensor {
    const x = this.positions.call(this.embedding.call(tokens));
    return this.embedding.logits(this.blocks.call(x, context));
  }
}

const TASKS: Readonly<Record<string, Task<nn.Module>>> = {
  perceptron: task({
    model: () => {
      const [a, b] = keys(2);
      return new nn.Sequential(new nn.Linear(5, 16, { key: a }), nn.silu, new nn.Linear(16, 3, { key: b }));
    },
    inputs: [random.normal(1, [8, 5]), labels(0, 1, 2, 2, 1, 0, 0, 1)],
    loss: (m, context, x, y) => losses.crossEntropy(m.call(x, context), y, { labelSmoothing: 0.1 }),
  }),
  line: task({
    model: () => new nn.Linear(3, 2, { key: 1 }),
    inputs: [random.normal(1, [4, 3]), random.normal(2, [4, 2])],
    loss: (m, _, x, y) => losses.mse(m.call(x), y),
  }),
  images: task({
    model: () => {
      const [a, b, c] = keys(3);
      return new nn.Sequential(
        new nn.Conv2d(1, 4, 3, { key: a, padding: 1, bias: false }),
        new nn.BatchNorm(4),
        nn.relu,
        new nn.MaxPool(2),
        new nn.Conv2d(4, 6, 3, { key: b, stride: 2 }),
        new nn.GroupNorm(2, 6),
        nn.gelu,
        nn.flatten,
        new nn.Dropout(0.25),
        new nn.Linear(24, 3, { key: c }),
      );
    },
    inputs: [random.normal(1, [4, 1, 12, 12]), labels(0, 1, 2, 2)],
    loss: (m, context, x, y) => losses.crossEntropy(m.call(x, context), y),
  }),
  sequences: task({
    model: () => {
      const [a, b] = keys(2);
      return new nn.Sequential(
        new nn.GRU(3, 4, { key: a, bidirectional: true }),
        new nn.LSTM(8, 4, { key: b }),
      );
    },
    inputs: [random.normal(1, [2, 3, 3]), random.normal(2, [2, 3, 4])],
    loss: (m, context, x, y) => losses.huber(m.call(x, context), y),
  }),
  sentences: task({
    model: () => new Sentences(),
    inputs: [random.randint(1, [2, 6], 0, 11), random.randint(2, [2, 6], 0, 11)],
    loss: (m: Sentences, context, x, y) => losses.crossEntropy(m.call(x, context), y),
  }),
};

const warm = optim.schedules.warmup(2, optim.schedules.cosine(0.01, 10));
const OPTIMIZERS: Readonly<Record<string, Optimizer<unknown>>> = {
  adamw: optim.clipped(optim.adamw({ learningRate: warm }), { globalNorm: 1 }),
  sgd: optim.sgd({ learningRate: optim.schedules.exponential(0.05, 0.9), momentum: 0.9, nesterov: true }),
  rmsprop: optim.rmsprop({ learningRate: 0.01, centered: true, momentum: 0.5 }),
  lamb: optim.lamb({ learningRate: warm, weightDecay: 0.01 }),
  lion: optim.lion({ learningRate: optim.schedules.polynomial(0.01, 10), weightDecay: 0.01 }),
  adafactor: optim.adafactor({ learningRate: optim.schedules.cosineWarmRestarts(0.01, 2, { factor: 2 }) }),
  accumulated: optim.accumulated(optim.adam({ learningRate: optim.schedules.step(0.01, 0.5, 1) }), 2),
};

const STEPS = 3;

/** Trees after some steps of training on a backend. */
async function train(
  backend: Backend,
  { model: make, inputs, loss }: Task<nn.Module>,
  optimizer: Optimizer<unknown>,
): Promise<readonly unknown[]> {
  const step = jit(
    (model: nn.Module, state: unknown, key: Tensor, given: readonly Tensor[]) => {
      const objective = (net: nn.Module): [Tensor, nn.Module] => [
        loss(net, { training: true, key }, ...given),
        net,
      ];
      const [[value, updated], gradients] = valueAndGrad(objective, { aux: true })(model);
      return [...optimizer.update(updated, gradients, state), value] as const;
    },
    { donate: [0, 1] },
  );
  const given = toBackend(inputs, backend);
  let model = make().to(backend);
  let state = toBackend(optimizer.init(model), backend);
  const values: Tensor[] = [];
  for (let i = 0; i < STEPS; i++) {
    let value: Tensor;
    [model, state, value] = step(model, state, random.foldIn(5, i).to(backend), given);
    values.push(value);
  }
  return [model, state, values];
}

onDevices((pair) => {
  const [first] = Object.entries(OPTIMIZERS);
  const runs = [
    ...Object.entries(TASKS).map((named) => [...named, ...first] as const),
    ...Object.entries(OPTIMIZERS).map((named) => ['line', TASKS.line, ...named] as const),
  ];
  test.each(runs)('%s, %#', async (_, own, __, optimizer) => {
    const { device, reference } = pair();
    await expectSameTrees(await train(device, own, optimizer), await train(reference, own, optimizer));
  });
});
