/** Examples that a network is not trained on, and how well it does on them. */
import { HeddleError } from '../../base/errors.js';
import type { DType } from '../../base/dtype.js';
import { elementCount, type TensorData } from '../../base/tensor.js';
import type { Chain } from '../../frontends/config/index.js';
import { accuracyOf, hasClasses, outputsOf } from './accuracy.js';
import type { TrainingData } from './training-data.js';

/** Every so manieth example is held back. */
const EVERY = 5;

/** Every fifth example is held back. Throws DATASET_INVALID where there are not as many. */
export function split(data: TrainingData): { readonly training: TrainingData; readonly held: TrainingData } {
  const [count] = data.features.shape;
  if (count < EVERY)
    throw new HeddleError('DATASET_INVALID', 'there are too few examples to hold some back', {
      found: `${count}`,
      expected: `at least ${EVERY}`,
    });
  const part = (isHeld: boolean): TrainingData => ({
    ...data,
    features: picked(data.features, (i) => (i % EVERY === EVERY - 1) === isHeld),
    labels: picked(data.labels, (i) => (i % EVERY === EVERY - 1) === isHeld),
  });
  return { training: part(false), held: part(true) };
}

function picked<D extends DType>(
  { dtype, shape, data }: TensorData<D>,
  wants: (i: number) => boolean,
): TensorData<D> {
  const size = elementCount(shape.slice(1));
  const rows = Array.from({ length: shape[0] }, (_, i) => i).filter(wants);
  const own = data.slice(0, rows.length * size) as typeof data;
  rows.forEach((row, i) => own.set(data.subarray(row * size, (row + 1) * size), i * size));
  return { dtype, shape: [rows.length, ...shape.slice(1)], data: own };
}

/** The part of the examples that is right where labels are classes, else the mean square of what is wrong. */
export async function scoreOf(network: Chain, data: TrainingData): Promise<number> {
  if (hasClasses(data)) return accuracyOf(network, data, () => undefined);
  const outputs = await outputsOf(network, data.features, () => undefined);
  const total = outputs.reduce((sum, value, i) => sum + (value - Number(data.labels.data[i])) ** 2, 0);
  return total / outputs.length;
}
