/** The loop around a training step. */
import { describeValue } from '../base/describe.js';
import { checkArguments } from '../base/arguments.js';
import { func, kind, record, required, type Kind } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { ensure } from '../base/errors.js';
import { dispose } from '../tensor/tensors/memory.js';
import { isTensor, type Tensor } from '../tensor/tensors/tensor.js';
import { readAll } from '../tensor/trees/trees.js';

/** What a step needs and gives: trees of tensors. */
export interface TrainState<M, S> {
  readonly model: M;
  /** Of the optimiser. */
  readonly state: S;
}

/** The result of a step; `loss` is a scalar of before the update. */
export interface Stepped<M, S> extends TrainState<M, S> {
  readonly loss: Tensor;
}

export interface FitProgress {
  /** Steps done. */
  readonly step: number;
  readonly steps: number;
  /** Of the steps since the last report. */
  readonly losses: readonly number[];
}

export interface FitOptions {
  readonly steps: number;
  /** Called after the first step, which compiles, then after every `readEvery` steps, and after the last. The next step waits for a promise. */
  readonly onProgress?: (progress: FitProgress) => unknown;
  /** The number of the first step: of a training that goes on from a checkpoint. Default: 0. */
  readonly first?: number;
  /** An AbortSignal: once it is aborted, the training ends after the step that is under way. */
  readonly signal?: { readonly aborted: boolean };
  /** Losses are read so many at a time, so that the device need not wait for the host in between. Default: 20. */
  readonly readEvery?: number;
}

const countFrom = (least: number): Kind<false> =>
  kind(`an integer of at least ${least}`, (value) => Number.isInteger(value) && Number(value) >= least);

const FIT_OPTIONS: OptionTable<FitOptions> = {
  steps: required(countFrom(0)),
  onProgress: func,
  first: countFrom(0),
  signal: kind(
    'an AbortSignal',
    (value) => typeof (value as { readonly aborted?: unknown } | null)?.aborted === 'boolean',
  ),
  readEvery: countFrom(1),
};

/** Milliseconds of steps after which whatever waits may run. */
const REST_MS = 50;

/** Asks whether `signal` is aborted, and lets in what could abort it: steps that compute on the CPU leave no room for that. */
function listening(signal: NonNullable<FitOptions['signal']>): () => Promise<boolean> {
  let rested = Date.now();
  return async () => {
    if (!signal.aborted && Date.now() - rested > REST_MS) {
      await new Promise((resolve) => setTimeout(resolve));
      rested = Date.now();
    }
    return signal.aborted;
  };
}

/**
 * Calls `step` with the numbers `first` to `steps` - 1, each time with the model and the state that the call before gave:
 * usually a `jit` that donates both. Resolves to the last of them with the losses of these steps, of which there are fewer where
 * `signal` ended the training.
 *
 * @throws USAGE unless `steps`, `first` and `readEvery` are integers of at least 0, 0 and 1, and where a step returns something else; what `step` and `onProgress` throw.
 */
export async function fit<M, S>(
  start: TrainState<M, S>,
  step: (model: M, state: S, index: number) => Stepped<M, S>,
  options: FitOptions,
): Promise<TrainState<M, S> & { readonly losses: readonly number[] }> {
  checkArguments('fit', { start, step }, { start: required(record), step: required(func) });
  const {
    steps,
    onProgress,
    first = 0,
    signal,
    readEvery = 20,
  } = checkedOptions(options, FIT_OPTIONS, 'fit');
  let { model, state } = start;
  const losses: number[] = [];
  let pending: Tensor[] = [];
  const told = signal === undefined ? () => Promise.resolve(false) : listening(signal);
  for (let i = first; i < steps; i++) {
    const stepped = step(model, state, i);
    ensure(
      isTensor(stepped?.loss),
      'USAGE',
      'fit: a step returns { model, state, loss }, and loss is a tensor',
      {
        found: describeValue(stepped),
      },
    );
    ({ model, state } = stepped);
    pending.push(stepped.loss);
    const isTold = await told();
    if (pending.length < readEvery && i > first && i < steps - 1 && !isTold) continue;
    const read = (await readAll(pending)).map(({ data: [loss] }) => loss);
    dispose(pending);
    pending = [];
    for (const loss of read) losses.push(loss);
    await onProgress?.({ step: i + 1, steps, losses: read });
    if (isTold || signal?.aborted === true) break;
  }
  return { model, state, losses };
}
