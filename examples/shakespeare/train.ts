/** Training the character model, and letting it write. */
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
  type Tensor,
} from 'heddle';
import type { CharacterDataset } from 'heddle/data';
import type { CharacterModel } from './model.js';

export interface Settings {
  readonly steps: number;
  readonly learningRate: number;
}

/** AdamW with warm-up, a cosine schedule, and gradients clipped to norm 1. */
export function trainingStep({ steps, learningRate }: Settings) {
  const { schedules } = optim;
  const wave = schedules.cosine(learningRate, steps, { final: learningRate / 10 });
  const rate = schedules.warmup(Math.min(100, steps), wave);
  const decays = (_: string, parameter: Tensor): boolean => parameter.rank > 1;
  const optimizer = optim.clipped(
    optim.adamw({ learningRate: rate, weightDecay: 0.1, betas: [0.9, 0.99], decays }),
    {
      globalNorm: 1,
    },
  );
  const step = jit(
    (model: CharacterModel, state: optim.StateOf<typeof optimizer>, x: Tensor, y: Tensor) => {
      const [loss, gradients] = valueAndGrad((m: CharacterModel) => losses.crossEntropy(m.call(x), y))(model);
      const [next, nextState] = optimizer.update(model, gradients, state);
      return { model: next, state: nextState, loss };
    },
    { donate: [0, 1], name: 'step' },
  );
  return { step, init: optimizer.init };
}

/** Trains `model`, which is used up. Returns it with the loss of every step, in nats a character. */
export async function train(
  model: CharacterModel,
  data: CharacterDataset,
  backend: Backend,
  settings: Settings,
  onProgress: (progress: FitProgress) => void,
): Promise<{ readonly model: CharacterModel; readonly losses: readonly number[] }> {
  const { step, init } = trainingStep(settings);
  const start = model.to(backend);
  const trained = await fit(
    { model: start, state: init(start) },
    (current, state, i) => {
      const { x, y } = data.train.windowsAt(i);
      return step(current, state, tensor(x), tensor(y));
    },
    { steps: settings.steps, readEvery: 10, onProgress },
  );
  step.dispose();
  dispose(trained.state);
  return trained;
}

/** Mean loss over `count` windows of the text that was kept for validation. */
export async function validate(
  model: CharacterModel,
  data: CharacterDataset,
  backend: Backend,
  count: number,
): Promise<number> {
  const evaluate = jit((m: CharacterModel, x: Tensor, y: Tensor) => losses.crossEntropy(m.call(x), y), {
    backend,
  });
  const results = Array.from({ length: count }, (_, i) => {
    const { x, y } = data.validation.windowsAt(i);
    return evaluate(model, tensor(x), tensor(y));
  });
  const values = await readAll(results);
  dispose(results);
  evaluate.dispose();
  return values.reduce((sum, { data: [loss] }) => sum + loss, 0) / count;
}

/** Text that goes on from `prompt`, drawn character by character with the model's probabilities. */
export async function* write(
  model: CharacterModel,
  data: CharacterDataset,
  context: number,
  prompt: string,
  { length, temperature, seed }: { length: number; temperature: number; seed: number },
): AsyncGenerator<string> {
  const next = jit((m: CharacterModel, x: Tensor, key: Tensor) =>
    random.categorical(key, m.call(x).at(0).at(-1).div(temperature)),
  );
  const pad = data.vocabulary.encode('\n')[0];
  const window = [...new Array<number>(context).fill(pad), ...data.vocabulary.encode(prompt)];
  for (let i = 0; i < length; i++) {
    const x = tensor(Int32Array.from(window.slice(-context)), { shape: [1, context] });
    const token = await next(model, x, random.foldIn(seed, i)).item();
    window.push(token);
    yield data.vocabulary.decode(Int32Array.of(token));
  }
  next.dispose();
}
