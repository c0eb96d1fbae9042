/** Data sets: examples with labels, read by index. What they hold is made when a batch asks for it. */
import { checkArguments, having, indices as someIndices } from '../base/arguments.js';
import type { TensorSpec } from '../base/check-tensors.js';
import { describeValue } from '../base/describe.js';
import { ensure } from '../base/errors.js';
import { kind, required } from '../base/kinds.js';
import type { TensorData } from '../base/tensor.js';
import { oneHotColumn, pickColumn, reshapeColumn, tensorColumn, type Column } from './column.js';
import { permutation, RandomStream } from './random.js';

/** Features and labels of some examples; the first axis of both counts them. */
export interface Examples {
  readonly x: TensorData;
  readonly y: TensorData;
}

export interface Dataset {
  /** Number of examples. */
  readonly size: number;
  /** Name, dtype and shape of the features of one example. */
  readonly features: TensorSpec;
  /** Name, dtype and shape of the label of one example. */
  readonly labels: TensorSpec;
  /** The columns behind them. */
  readonly columns: { readonly features: Column; readonly labels: Column };
  /**
   * The examples of these indices: x `[n, ...features.shape]`, y `[n, ...labels.shape]`. Throws DATASET_INVALID for an
   * index that is not below `size`.
   */
  examples(indices: Uint32Array): Examples;
}

const columnKind = having('a column, such as tensorColumn(name, tensor)', 'rows');

/** What a data set is, in the tables of arguments. */
export const datasetKind = required(
  kind('a data set, such as tensorDataset(x, y)', (value) => {
    const { columns } = (value ?? {}) as Partial<Dataset>;
    return columnKind.accepts(columns?.features) && columnKind.accepts(columns?.labels);
  }),
);

const checkDataset = (call: string, dataset: unknown): void =>
  checkArguments(call, { dataset }, { dataset: datasetKind });

/** A data set of two columns. Throws DATASET_INVALID where they differ in length. */
export function datasetOf(features: Column, labels: Column): Dataset {
  checkArguments('datasetOf', { features, labels }, { features: columnKind, labels: columnKind });
  const { size } = features;
  ensure(size === labels.size, 'DATASET_INVALID', 'there are not as many labels as examples', () => ({
    where: labels.spec.name,
    found: `${labels.size} labels`,
    expected: `${size}, as ${features.spec.name} has`,
  }));
  return {
    size,
    features: features.spec,
    labels: labels.spec,
    columns: { features, labels },
    examples(indices) {
      checkArguments('examples', { indices }, { indices: someIndices });
      const wrong = indices.find((index) => index >= size);
      ensure(wrong === undefined, 'DATASET_INVALID', 'the example is out of range', () => ({
        found: `index ${wrong}`,
        expected: `below ${size}`,
      }));
      return { x: features.rows(indices), y: labels.rows(indices) };
    },
  };
}

/** A data set out of two tensors `[size, ...]`. Throws DATASET_INVALID where their first axes differ or are missing. */
export function tensorDataset(x: TensorData, y: TensorData): Dataset {
  return datasetOf(tensorColumn('features', x), tensorColumn('labels', y));
}

/** The examples at `indices`, in that order. Throws DATASET_INVALID for an index that is not below the size. */
export function pick(dataset: Dataset, indices: Uint32Array): Dataset {
  checkArguments('pick', { dataset, indices }, { dataset: datasetKind, indices: someIndices });
  const wrong = indices.find((index) => index >= dataset.size);
  ensure(wrong === undefined, 'DATASET_INVALID', 'the example is out of range', () => ({
    found: `index ${wrong}`,
    expected: `below ${dataset.size}`,
  }));
  const { features, labels } = dataset.columns;
  return datasetOf(pickColumn(features, indices), pickColumn(labels, indices));
}

/** The first `count` examples, or all where there are fewer. Throws USAGE unless `count` is an integer from 0. */
export function take(dataset: Dataset, count: number): Dataset {
  checkDataset('take', dataset);
  ensure(
    Number.isSafeInteger(count) && count >= 0,
    'USAGE',
    'the number of examples is not a valid number',
    () => ({
      found: describeValue(count),
      expected: 'an integer from 0',
    }),
  );
  return pick(dataset, range(Math.min(count, dataset.size)));
}

/**
 * Two parts without a common example: round(fraction * size) examples, drawn by `seed`, and the others. Each keeps the
 * order of the whole. Throws USAGE unless `fraction` is from 0 to 1.
 */
export function split(dataset: Dataset, fraction: number, seed: number): [Dataset, Dataset] {
  checkDataset('split', dataset);
  ensure(
    typeof fraction === 'number' && fraction >= 0 && fraction <= 1,
    'USAGE',
    'the fraction is not a valid number',
    () => ({
      found: describeValue(fraction),
      expected: '0 to 1',
    }),
  );
  const order = permutation(dataset.size, new RandomStream(seed, 'split', 0));
  const count = Math.round(fraction * dataset.size);
  return [pick(dataset, order.slice(0, count).sort()), pick(dataset, order.slice(count).sort())];
}

/** Labels as one-hot f32 rows: `[...shape]` becomes `[...shape, classes]`. Throws DATASET_INVALID unless they are integers. */
export function oneHot(dataset: Dataset, classes: number): Dataset {
  checkDataset('oneHot', dataset);
  return datasetOf(dataset.columns.features, oneHotColumn(dataset.columns.labels, classes));
}

/** Features in another shape, `[784]` for `[1, 28, 28]` say. Throws DATASET_INVALID where the elements are not as many. */
export function reshapeFeatures(dataset: Dataset, shape: readonly number[]): Dataset {
  checkDataset('reshapeFeatures', dataset);
  return datasetOf(reshapeColumn(dataset.columns.features, shape), dataset.columns.labels);
}

/** All examples in two tensors. 60,000 images of 28 x 28 take 188 MB this way. */
export function allExamples(dataset: Dataset): Examples {
  checkDataset('allExamples', dataset);
  return dataset.examples(range(dataset.size));
}

/** 0 to count - 1. */
const range = (count: number): Uint32Array => Uint32Array.from({ length: count }, (_, i) => i);
