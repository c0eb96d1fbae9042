/** Batches in a seeded order. Every batch can be had by its epoch and step alone, so that training resumes anywhere. */
import { checkArguments } from '../base/arguments.js';
import { describeValue } from '../base/describe.js';
import { ensure } from '../base/errors.js';
import { flag, number, required } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { datasetKind, type Dataset, type Examples } from './dataset.js';
import { permutation, RandomStream } from './random.js';

export interface BatchOptions {
  /** Examples in a batch. */
  readonly batchSize: number;
  /** Decides the orders of all epochs; 0 unless given. */
  readonly seed?: number;
  /** Off, every epoch goes through the examples as they stand. On unless given. */
  readonly shuffle?: boolean;
  /** Leaves out the last batch of an epoch where it is not full. Off unless given. */
  readonly dropLast?: boolean;
}

type Options = BatchOptions & { readonly epoch?: number; readonly step?: number };

const OPTIONS: OptionTable<Options> = {
  batchSize: required(number),
  seed: number,
  shuffle: flag,
  dropLast: flag,
  epoch: number,
  step: number,
};

export interface Batch extends Examples {
  /** Where the examples stand in the data set. */
  readonly indices: Uint32Array;
}

/** Number of batches in an epoch. Throws USAGE unless the size of a batch is an integer above 0. */
export function stepsPerEpoch(dataset: Dataset, options: BatchOptions): number {
  checkArguments('a batch', { dataset }, { dataset: datasetKind });
  const { batchSize, dropLast = false } = checkedOptions<Options>(options, OPTIONS, 'a batch');
  ensure(
    Number.isSafeInteger(batchSize) && batchSize > 0,
    'USAGE',
    'the size of a batch is not a valid number',
    () => ({
      found: describeValue(batchSize),
      expected: 'an integer above 0',
    }),
  );
  return dropLast ? Math.floor(dataset.size / batchSize) : Math.ceil(dataset.size / batchSize);
}

/** The order of an epoch, which only (size, seed, epoch) decide: a permutation of 0 to size - 1. */
export function epochOrder(size: number, seed: number, epoch: number): Uint32Array {
  ensure(
    Number.isSafeInteger(size) && size >= 0 && size < 2 ** 32,
    'USAGE',
    'a size is out of range',
    () => ({
      found: describeValue(size),
      expected: 'an integer from 0 to 2^32 - 1',
    }),
  );
  return permutation(size, new RandomStream(seed, 'shuffle', epoch));
}

/**
 * The batches of one epoch (0 unless given), from `step` on. The last one is smaller where `batchSize` does not divide the
 * size. Throws USAGE for options out of range.
 */
export function* batches(dataset: Dataset, options: Options): Generator<Batch, void, undefined> {
  const steps = stepsPerEpoch(dataset, options);
  const { epoch = 0, step = 0 } = options;
  for (let at = step; at < steps; at++) yield batchAt(dataset, options, epoch, at);
}

/** Batch `step` of `epoch`: the one that {@link batches} gives there. Throws USAGE where the epoch has no such step. */
export function batchAt(dataset: Dataset, options: BatchOptions, epoch: number, step: number): Batch {
  const steps = stepsPerEpoch(dataset, options);
  ensure(Number.isInteger(step) && step >= 0 && step < steps, 'USAGE', 'the epoch has no such step', () => ({
    found: `step ${describeValue(step)}`,
    expected: steps === 0 ? 'none, the epoch is empty' : `0 to ${steps - 1}`,
  }));
  const { batchSize, seed = 0, shuffle = true } = options;
  const [from, to] = [step * batchSize, Math.min((step + 1) * batchSize, dataset.size)];
  const indices = shuffle
    ? shuffled(dataset, seed, epoch).slice(from, to)
    : Uint32Array.from({ length: to - from }, (_, i) => from + i);
  return { ...dataset.examples(indices), indices };
}

/**
 * The last order that a data set was asked for: making one takes longer than a batch. It is known by what decides it, and goes
 * with its data set; who asks for two epochs in turn gets the same batches, slower.
 */
const orders = new WeakMap<Dataset, { readonly seed: number; readonly epoch: number; order: Uint32Array }>();

function shuffled(dataset: Dataset, seed: number, epoch: number): Uint32Array {
  const known = orders.get(dataset);
  if (known?.seed === seed && known.epoch === epoch) return known.order;
  const order = epochOrder(dataset.size, seed, epoch);
  orders.set(dataset, { seed, epoch, order });
  return order;
}
