/** Training a classifier: one compiled step, called over and over. */
import {
  dispose,
  jit,
  losses,
  optim,
  random,
  readAll,
  tensor,
  valueAndGrad,
  type Backend,
  type nn,
  type Tensor,
} from 'heddle';
import { batchAt, batches, stepsPerEpoch, type Dataset } from 'heddle/data';

export interface Settings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly seed: number;
  /** Ends after so many steps, whatever the epochs. */
  readonly steps?: number;
}

export interface Progress {
  readonly epoch: number;
  readonly step: number;
  readonly steps: number;
  /** Of the last steps. */
  readonly losses: readonly number[];
}

export interface Trained {
  readonly model: nn.Sequential;
  readonly losses: readonly number[];
  /** Per second, compiling not included. */
  readonly imagesPerSecond: number;
}

/** Loss values are read back so many at a time: the device need not wait for the host in between. */
const READ_EVERY = 20;

/** A training step: Adam on the mean cross entropy, with a cosine schedule. Model and state are updated in place. */
export function trainingStep(steps: number, { learningRate, seed }: Settings) {
  const optimizer = optim.adam({ learningRate: optim.schedules.cosine(learningRate, steps) });
  const step = jit(
    (model: nn.Sequential, state: ReturnType<typeof optimizer.init>, x: Tensor, y: Tensor) => {
      const key = random.foldIn(seed, state.step);
      const [loss, gradients] = valueAndGrad((m: nn.Sequential) =>
        losses.crossEntropy(m.call(x, { training: true, key }), y),
      )(model);
      const [next, nextState] = optimizer.update(model, gradients, state);
      return { model: next, state: nextState, loss };
    },
    { donate: [0, 1], name: 'step' },
  );
  return { step, init: optimizer.init };
}

/** Trains `model`, which is used up, on `backend`. */
export async function train(
  model: nn.Sequential,
  data: Dataset,
  backend: Backend,
  settings: Settings,
  onProgress: (progress: Progress) => void = () => {},
): Promise<Trained> {
  const { batchSize, epochs, seed } = settings;
  const options = { batchSize, seed, dropLast: true };
  const perEpoch = stepsPerEpoch(data, options);
  const steps = Math.min(epochs * perEpoch, settings.steps ?? Infinity);
  const { step, init } = trainingStep(steps, settings);
  let current = model.to(backend);
  let state = init(current);
  const curve: number[] = [];
  let pending: Tensor[] = [];
  let started = 0;
  for (let i = 0; i < steps; i++) {
    const epoch = Math.floor(i / perEpoch);
    const { x, y } = batchAt(data, options, epoch, i % perEpoch);
    const result = step(current, state, tensor(x), tensor(y));
    [current, state] = [result.model, result.state];
    pending.push(result.loss);
    if (pending.length < READ_EVERY && i > 0 && i < steps - 1) continue;
    const values = (await readAll(pending)).map(({ data: [loss] }) => loss);
    dispose(pending);
    pending = [];
    curve.push(...values);
    onProgress({ epoch, step: i + 1, steps, losses: values });
    // The first step compiles.
    if (i === 0) started = performance.now();
  }
  const seconds = (performance.now() - started) / 1000;
  step.dispose();
  dispose(state);
  return { model: current, losses: curve, imagesPerSecond: ((steps - 1) * batchSize) / seconds };
}

/** The part of `data` that `model` names right. */
export async function accuracy(model: nn.Sequential, data: Dataset, backend: Backend): Promise<number> {
  const count = jit(
    (m: nn.Sequential, x: Tensor, y: Tensor) => m.call(x).argmax().equal(y).cast('i32').sum(),
    { backend, name: 'evaluate' },
  );
  const right: Tensor[] = [];
  for (const { x, y } of batches(data, { batchSize: 500, shuffle: false }))
    right.push(count(model, tensor(x), tensor(y)));
  const counts = await readAll(right);
  count.dispose();
  dispose(right);
  return counts.reduce((sum, { data: [n] }) => sum + n, 0) / data.size;
}
