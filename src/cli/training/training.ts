/** What `heddle train` can train with, by name, and its loop. */
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import { batchAt, stepsPerEpoch } from '../../data/batches.js';
import { tensorDataset } from '../../data/dataset.js';
import type { Interruption } from '../terminal/interrupt.js';
import {
  inputDType,
  layerOutputs,
  readObservations,
  statistics,
  tween,
  type Chain,
  type LayerStatistics,
  type Observer,
  type TweenState,
} from '../../frontends/config/index.js';
import { jit } from '../../frontends/trace/index.js';
import { fit, losses, optim, type FitProgress, type Stepped } from '../../learn/index.js';
import { dispose, random, tensor, valueAndGrad, type Backend, type Tensor } from '../../tensor/index.js';

type Rate = optim.Rate;
type AnyOptimizer = optim.Optimizer<object>;

/** Optimisers, with the options that are usual. */
export const OPTIMIZERS = {
  sgd: (learningRate: Rate): AnyOptimizer => optim.sgd({ learningRate }),
  sgd_momentum: (learningRate: Rate): AnyOptimizer => optim.sgd({ learningRate, momentum: 0.9 }),
  nesterov: (learningRate: Rate): AnyOptimizer => optim.sgd({ learningRate, momentum: 0.9, nesterov: true }),
  adam: (learningRate: Rate): AnyOptimizer => optim.adam({ learningRate }),
  adamw: (learningRate: Rate): AnyOptimizer =>
    optim.adamw({ learningRate, decays: (_, parameter) => parameter.rank > 1 }),
  rmsprop: (learningRate: Rate): AnyOptimizer => optim.rmsprop({ learningRate }),
  lion: (learningRate: Rate): AnyOptimizer => optim.lion({ learningRate }),
  lamb: (learningRate: Rate): AnyOptimizer => optim.lamb({ learningRate }),
} as const;
export type OptimizerName = keyof typeof OPTIMIZERS;

/** Training rules that are no optimisers: they need no gradient of a loss. */
export const RULES = { tween: 'chain', tween_legacy: 'legacy' } as const;
export type RuleName = keyof typeof RULES;

const isRule = (name: OptimizerName | RuleName): name is RuleName => Object.hasOwn(RULES, name);

/** The learning rate where none is given. */
export const usualRate = (name: OptimizerName | RuleName): number => (isRule(name) ? 0.1 : 1e-3);

/** Learning rates over `steps` steps. */
export const SCHEDULES = {
  constant: (rate: number): Rate => rate,
  linear: (rate: number, steps: number): Rate => optim.schedules.linear(rate, rate / 100, steps),
  cosine: (rate: number, steps: number): Rate => optim.schedules.cosine(rate, steps),
  cosine_restarts: (rate: number, steps: number): Rate =>
    optim.schedules.cosineWarmRestarts(rate, Math.max(1, Math.ceil(steps / 4))),
  exponential: (rate: number, steps: number): Rate => optim.schedules.exponential(rate, 0.01, steps),
  step: (rate: number, steps: number): Rate =>
    optim.schedules.step(rate, 0.1, Math.max(1, Math.ceil(steps / 3))),
  polynomial: (rate: number, steps: number): Rate => optim.schedules.polynomial(rate, steps, { exponent: 2 }),
  warmup: (rate: number, steps: number): Rate => {
    const first = Math.max(1, Math.ceil(steps / 10));
    return optim.schedules.warmup(first, optim.schedules.cosine(rate, Math.max(1, steps - first)));
  },
} as const;
export type ScheduleName = keyof typeof SCHEDULES;

/** Below this, the logarithm of a probability is that of this. */
const SMALLEST = 1e-7;

/** Losses of outputs [B, ...] and labels: integers [B], or f32 of the shape of the outputs. */
export const LOSSES = {
  mse: (outputs: Tensor, labels: Tensor, _: boolean): Tensor =>
    losses.mse(outputs, labels.cast('f32').reshape(outputs.shape)),
  /** `isProbability`: the network ends with a softmax of its own, and gives no logits. */
  cross_entropy: (outputs: Tensor, labels: Tensor, isProbability: boolean): Tensor => {
    const flat = outputs.flatten(1);
    const classes = labels.rank === 1 ? labels.cast('i32') : labels.reshape(flat.shape);
    if (!isProbability) return losses.crossEntropy(flat, classes);
    const logs = flat.maximum(SMALLEST).log();
    return labels.rank === 1 ? losses.nll(logs, classes) : logs.mul(classes).sum({ axis: 1 }).neg().mean();
  },
} as const;
export type LossName = keyof typeof LOSSES;

/** Whether the outputs are probabilities. */
export function endsWithSoftmax({ layers, wires, names }: Chain): boolean {
  const last = layers[names[names.length - 1]];
  const { activation, after = [] } = wires.at(-1) ?? {};
  return after.length === 0 && (activation?.name === 'softmax' || last?.constructor.name === 'Softmax');
}

export interface Settings {
  readonly loss: LossName;
  readonly optimizer: OptimizerName | RuleName;
  readonly schedule: ScheduleName;
  readonly rate: number;
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  /** Greatest norm of all gradients together. */
  readonly clip?: number | undefined;
  /** Batches whose gradients make one step. */
  readonly accumulate?: number | undefined;
  /** Steps from one report of progress to the next, where it is not usual. */
  readonly readEvery?: number | undefined;
}

export interface Trained {
  readonly network: Chain;
  /** Of the optimiser or the rule; `dispose` gives its memory back. */
  readonly state: object;
  /** Of all steps, also of those before a checkpoint. */
  readonly losses: readonly number[];
  readonly seconds: number;
  /** Whether a signal ended it before its last step. */
  readonly isInterrupted: boolean;
}

/** Where a training begins: with the network as it is, or after so many steps. */
export interface TrainingStart {
  readonly done: number;
  readonly losses: readonly number[];
  /** The network and the state of then, where those of the first step are given. */
  load(first: { readonly model: Chain; readonly state: object }): {
    readonly model: Chain;
    readonly state?: object;
  };
}

/** How a training ends early, and where it begins. */
export interface TrainingControl {
  readonly interruption?: Interruption | undefined;
  readonly start?: TrainingStart | undefined;
  /** Told of every step, once its loss is read: with the layers as they were before its update. */
  readonly observer?: Required<Observer> | undefined;
}

/** The statistics of each layer. */
type Seen = Readonly<Record<string, LayerStatistics>>;

type TrainingStep = Stepped<Chain, object> & { readonly seen?: Seen };

/** What a step of training is, and its state at the start. */
interface TrainingSteps {
  readonly init: (network: Chain) => object;
  readonly step: (network: Chain, state: object, x: Tensor, y: Tensor, key: Tensor) => TrainingStep;
}

/** Those of the optimiser or the rule that `settings` name, which takes `updates` of them. `isSeen`: they give the statistics of layers. */
function trainingSteps(network: Chain, settings: Settings, updates: number, isSeen: boolean): TrainingSteps {
  const { clip, accumulate = 1, optimizer: name } = settings;
  const rate = SCHEDULES[settings.schedule](settings.rate, updates);
  const isProbability = endsWithSoftmax(network);
  const dtype = inputDType(network);
  const lossOf = (outputs: Tensor, y: Tensor): Tensor => LOSSES[settings.loss](outputs, y, isProbability);
  if (isRule(name)) {
    refuseGradients(name, settings);
    const rule = tween({
      learningRate: rate,
      mode: RULES[name],
      logits: settings.loss === 'cross_entropy' && !isProbability,
    });
    return {
      init: (model) => rule.init(model),
      step: (net, state, x, y, key) => {
        // The rule made the state.
        const own = state as TweenState;
        const target = targetOf(y, net.call(x.cast(dtype)).shape);
        const next = rule.update(net, own, x.cast(dtype), target, { training: true, key });
        const stepped = { model: next.network, state: next.state, loss: lossOf(next.output, y) };
        if (!isSeen) return stepped;
        return { ...stepped, seen: statistics(layerOutputs(net, x.cast(dtype), { training: true, key })) };
      },
    };
  }
  const base = OPTIMIZERS[name](rate);
  const bounded = clip === undefined ? base : optim.clipped(base, { globalNorm: clip });
  const optimizer: AnyOptimizer = accumulate > 1 ? optim.accumulated(bounded, accumulate) : bounded;
  return {
    init: (model) => optimizer.init(model),
    step: (net, state, x, y, key) => {
      const context = { training: true, key };
      const loss = (own: Chain): Tensor => lossOf(own.call(x.cast(dtype), context), y);
      const [value, gradients] = valueAndGrad(loss)(net);
      const [model, next] = optimizer.update(net, gradients, state);
      const stepped = { model, state: next, loss: value };
      // What the forward pass has computed already.
      return isSeen ? { ...stepped, seen: statistics(layerOutputs(net, x.cast(dtype), context)) } : stepped;
    },
  };
}

/** Classes as ones among zeros, and numbers as they are. */
function targetOf(labels: Tensor, shape: readonly number[]): Tensor {
  const [, ...rest] = shape;
  const classes = rest.reduce((product, extent) => product * extent, 1);
  const isClasses = labels.rank === 1 && classes > 1;
  return isClasses ? labels.cast('i32').oneHot(classes) : labels.cast('f32').reshape(shape);
}

/** Throws USAGE for what is done to gradients. */
function refuseGradients(name: RuleName, { clip, accumulate = 1 }: Settings): void {
  if (clip === undefined && accumulate === 1) return;
  throw new HeddleError('USAGE', 'tweening has no gradients of a loss', {
    where: `--optimizer ${name}`,
    found: clip === undefined ? '--accumulate' : '--clip',
    expected: 'neither --clip nor --accumulate',
  });
}

/** Trains `network`, which is used up, on `backend`. Throws USAGE where nothing can be trained. */
export async function train(
  network: Chain,
  { features, labels }: { readonly features: TensorData; readonly labels: TensorData },
  backend: Backend,
  settings: Settings,
  onProgress: (progress: FitProgress) => void,
  { interruption, start, observer }: TrainingControl = {},
): Promise<Trained> {
  const { seed, batch: batchSize, epochs, accumulate = 1 } = settings;
  const dataset = tensorDataset(features, labels);
  const batches = { batchSize: Math.min(batchSize, dataset.size), seed, dropLast: true };
  const perEpoch = stepsPerEpoch(dataset, batches);
  const steps = perEpoch * epochs;
  const { init, step: stepOf } = trainingSteps(
    network,
    settings,
    Math.max(1, Math.floor(steps / accumulate)),
    observer !== undefined,
  );
  const step = jit(stepOf, { donate: [0, 1], name: 'step' });

  const started = performance.now();
  const model = network.to(backend);
  const state = init(model);
  if (Object.keys(state).length === 0 || network.parameterCount === 0)
    throw new HeddleError('USAGE', 'the network has no weights to train');
  const resumed = start?.load({ model, state });
  const first = start?.done ?? 0;
  let unread: Seen[] = [];
  const observe = async ({ step: done, losses: read }: FitProgress): Promise<void> => {
    const own = unread;
    unread = [];
    for (const [i, seen] of own.entries()) {
      const at = { mode: 'train', step: done - own.length + i } as const;
      const [observation] = await readObservations(network, seen, at);
      await observer?.next({ ...observation, loss: read[i] });
    }
    dispose(own);
  };
  const trained = await fit(
    { model: resumed?.model ?? model, state: resumed?.state ?? state },
    (current, own, i) => {
      const { x, y } = batchAt(dataset, batches, Math.floor(i / perEpoch), i % perEpoch);
      const stepped = step(current, own, tensor(x), tensor(y), random.foldIn(random.key(seed), i));
      if (stepped.seen !== undefined) unread.push(stepped.seen);
      return stepped;
    },
    {
      steps,
      first,
      onProgress: async (progress: FitProgress) => {
        await observe(progress);
        onProgress(progress);
        await interruption?.isTold();
      },
      ...(interruption === undefined ? {} : { signal: interruption.signal }),
      ...(settings.readEvery === undefined ? {} : { readEvery: settings.readEvery }),
    },
  );
  step.dispose();
  const losses = [...(start?.losses ?? []), ...trained.losses];
  return {
    network: trained.model,
    state: trained.state,
    losses,
    seconds: (performance.now() - started) / 1000,
    isInterrupted: losses.length < steps,
  };
}
