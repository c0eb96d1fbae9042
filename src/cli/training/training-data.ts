/** Examples and labels in the form that a network and a loss take. What does not fit is said before a device is opened. */
import { isInt } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';
import { describeType, elementCount, type TensorData } from '../../base/tensor.js';
import { inputDType, type Chain } from '../../frontends/config/index.js';
import { zeros } from '../../tensor/index.js';
import { preserveLang } from '../../numerics/js-lang.js';
import { fromHalf } from '../../numerics/math/half.js';
import { integer } from '../terminal/format.js';
import type { Examples } from '../files/table.js';
import type { LossName } from './training.js';

export interface TrainingData {
  /** f32, `[count, ...input]`. */
  readonly features: TensorData;
  /** Of any dtype but f16, as the file has them. */
  readonly labels: TensorData;
  readonly loss: LossName;
  /** Why it is this loss, for people; undefined where it was asked for. */
  readonly choice: string | undefined;
}

/**
 * The examples as `network` takes them, with the loss that was asked for, or else the one that fits the labels. Throws
 * DATASET_INVALID where they do not fit, or hold a number that is not finite.
 */
export function trainingData(
  network: Chain,
  examples: Omit<Examples, 'notes'>,
  loss?: LossName,
): TrainingData {
  const { from } = examples;
  const [features, labels] = [decoded(examples.features), decoded(examples.labels)];
  const [count, ...shape] = features.shape;
  if (elementCount(shape) !== elementCount(network.input))
    throw new HeddleError('DATASET_INVALID', 'the examples do not fit the network', {
      where: from.features,
      found: `${describeType(examples.features.dtype, shape)} for each example`,
      expected: describeType(inputDType(network), network.input),
    });
  if (count === 0)
    throw new HeddleError('DATASET_INVALID', 'the data set has no examples', { where: from.features });
  if (labels.shape[0] !== count)
    throw new HeddleError('DATASET_INVALID', 'there are not as many labels as examples', {
      where: `--labels ${from.labels}`,
      found: `${integer(labels.shape[0])} labels`,
      expected: `${integer(count)}, as ${from.features} has examples`,
    });
  const outputs = elementCount(outputShape(network));
  const { loss: chosen, choice } = loss === undefined ? likelyLoss(labels, outputs) : { loss };
  checkLabels(labels, chosen, outputs, examples);
  checkFinite(features, from.features);
  checkFinite(labels, from.labels);
  const data = features.dtype === 'f32' ? features.data : Float32Array.from(features.data);
  return {
    features: { dtype: 'f32', shape: [count, ...network.input], data },
    labels,
    loss: chosen,
    choice,
  };
}

/** f16, which the host holds as its bits, as the f32 that it equals. */
function decoded(tensor: TensorData): TensorData {
  const { dtype, shape, data } = tensor;
  if (dtype !== 'f16') return tensor;
  return { dtype: 'f32', shape, data: Float32Array.from(data, (bits) => fromHalf(preserveLang, bits)) };
}

/** What the network gives for one example. Nothing is computed. */
const outputShape = (network: Chain): readonly number[] =>
  network.call(zeros([1, ...network.input], { dtype: inputDType(network) })).shape.slice(1);

/** Labels that are whole numbers, one for each example, are classes, where there can be more than one. */
function likelyLoss(labels: TensorData, outputs: number): { loss: LossName; choice: string | undefined } {
  const isList = labels.shape.length === 1;
  const areWhole = isInt(labels.dtype) || labels.data.every(Number.isInteger);
  if (outputs > 1 && isList && areWhole)
    return {
      loss: 'cross_entropy',
      choice: `The loss is cross_entropy: labels are whole numbers, one for each example. ${other('mse')}`,
    };
  const why = isOneHot(labels, outputs)
    ? 'labels have a row for each example, of a single 1 and zeros'
    : isList
      ? 'labels have one number for each example'
      : `labels have ${integer(elementCount(labels.shape.slice(1)))} numbers for each example`;
  return {
    loss: 'mse',
    choice: `The loss is mse: ${why}. ${outputs > 1 ? other('cross_entropy') : ''}`.trimEnd(),
  };
}

const other = (loss: LossName): string => `--loss ${loss} takes the other.`;

/** Whether each example has a row with a single 1. */
function isOneHot({ data, shape }: TensorData, outputs: number): boolean {
  if (outputs < 2 || data.length !== shape[0] * outputs) return false;
  let ones = 0;
  for (let i = 0; i < data.length; i++) {
    if (data[i] !== 0 && data[i] !== 1) return false;
    ones = (i % outputs === 0 ? 0 : ones) + data[i];
    if (i % outputs === outputs - 1 && ones !== 1) return false;
  }
  return true;
}

type Labelled = Pick<Examples, 'from' | 'otherLabels'>;

function checkLabels(labels: TensorData, loss: LossName, outputs: number, examples: Labelled): void {
  const where = examples.from.labels;
  const areClasses = loss === 'cross_entropy' && labels.shape.length === 1;
  if (areClasses) return checkClasses(labels, outputs, examples);
  const each = elementCount(labels.shape.slice(1));
  if (each === outputs) return;
  const needs = `${loss} needs ${integer(outputs)} ${outputs === 1 ? 'number' : 'numbers'} for each example`;
  throw new HeddleError(
    'DATASET_INVALID',
    loss === 'cross_entropy' ? `${needs}, or a class` : `${needs}; ${where} has ${integer(each)}`,
    {
      where: `--labels ${where}`,
      found: describeType(labels.dtype, labels.shape),
      expected: describeType(labels.dtype, [labels.shape[0], outputs]),
      hint:
        loss === 'mse' && each === 1
          ? ((labels.data.every(Number.isInteger) ? undefined : examples.otherLabels) ??
            '--loss cross_entropy takes classes')
          : undefined,
    },
  );
}

function checkClasses({ data }: TensorData, classes: number, { from, otherLabels }: Labelled): void {
  const wrong = data.findIndex((label) => !(Number.isInteger(label) && label >= 0 && label < classes));
  if (wrong < 0) return;
  const range = `0 to ${classes - 1}`;
  const fromOne = data.every((label) => Number.isInteger(label) && label >= 1 && label <= classes);
  const hint = fromOne ? 'classes count from 0: subtract 1 from each label' : undefined;
  throw new HeddleError('DATASET_INVALID', 'a label is not a class of the network', {
    where: `${from.labels}, example ${wrong} (from 0)`,
    found: `label ${data[wrong]}`,
    expected: Number.isInteger(data[wrong]) ? range : `a whole number, ${range}`,
    hint:
      hint ??
      (classes === 1
        ? '--loss mse learns one number'
        : Number.isInteger(data[wrong])
          ? undefined
          : otherLabels),
  });
}

function checkFinite({ shape, data }: TensorData, where: string): void {
  const wrong = data.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return;
  const size = data.length / shape[0];
  throw new HeddleError('DATASET_INVALID', 'a number is not finite, and every weight would become NaN', {
    where: `${where}, example ${Math.floor(wrong / size)} (from 0)`,
    found: `${data[wrong]}${size > 1 ? ` at number ${wrong % size} of the example` : ''}`,
    expected: 'finite numbers',
  });
}
