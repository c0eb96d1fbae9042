/** Training a classifier: one compiled step, called over and over. */
import {
  dispose,
  fit,
  jit,
  losses,
  optim,
  random,
  readAll,
  tensor,
  valueAndGrad,
  type Backend,
  type FitProgress,
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

export interface Progress extends FitProgress {
  /** From 0. */
  readonly epoch: number;
}

export interface Trained {
  readonly model: nn.Sequential;
  readonly losses: readonly number[];
  /** Per second, compiling not included. */
  readonly imagesPerSecond: number;
}

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
  const start = model.to(backend);
  let started = 0;
  const trained = await fit(
    { model: start, state: init(start) },
    (current, state, i) => {
      const { x, y } = batchAt(data, options, Math.floor(i / perEpoch), i % perEpoch);
      return step(current, state, tensor(x), tensor(y));
    },
    {
      steps,
      onProgress: (progress) => {
        onProgress({ ...progress, epoch: Math.floor((progress.step - 1) / perEpoch) });
        // The first step compiles.
        if (progress.step === 1) started = performance.now();
      },
    },
  );
  const seconds = (performance.now() - started) / 1000;
  step.dispose();
  dispose(trained.state);
  return {
    model: trained.model,
    losses: trained.losses,
    imagesPerSecond: ((steps - 1) * batchSize) / seconds,
  };
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
