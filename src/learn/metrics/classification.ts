/** Classes that a model names, against those that are right. */
import { checkArguments } from '../../base/arguments.js';
import { ensure } from '../../base/errors.js';
import { kind, required } from '../../base/kinds.js';
import { checkPair, numbersKind, type Numbers } from './arguments.js';

const positive = required(
  kind('an integer from 1', (value) => Number.isSafeInteger(value) && Number(value) >= 1),
);

/**
 * The place of the greatest score of each row of `[rows, classes]`: the first of equal ones. NaN is never the greatest, and
 * a row of nothing else gives 0. Throws USAGE, and SHAPE_MISMATCH where rows are not whole.
 */
export function argmaxRows(scores: Numbers, classes: number): Uint32Array {
  checkArguments('metrics.argmaxRows', { scores, classes }, { scores: numbersKind, classes: positive });
  ensure(scores.length % classes === 0, 'SHAPE_MISMATCH', 'the rows are not whole', () => ({
    where: 'metrics.argmaxRows',
    found: `${scores.length} scores`,
    expected: `a multiple of ${classes}, the number of classes`,
  }));
  return Uint32Array.from({ length: scores.length / classes }, (_, row) => {
    let best = 0;
    let greatest = -Infinity;
    for (let c = 0; c < classes; c++) {
      const score = scores[row * classes + c];
      if (score > greatest) [best, greatest] = [c, score];
    }
    return best;
  });
}

/** The part of the samples whose class is right, from 0 to 1. Throws USAGE, SHAPE_MISMATCH. */
export function accuracy(predicted: Numbers, expected: Numbers): number {
  checkPair('metrics.accuracy', { predicted, expected });
  let right = 0;
  for (let i = 0; i < predicted.length; i++) if (predicted[i] === expected[i]) right++;
  return right / predicted.length;
}

export interface ClassReport {
  /** Samples of this class. */
  readonly support: number;
  /** Of the samples named so, those that are; NaN where none is named so. */
  readonly precision: number;
  /** Of the samples that are, those named so; NaN where there are none. */
  readonly recall: number;
  /** The harmonic mean of both; 0 where one is 0, NaN where the class is neither named nor there. */
  readonly f1: number;
}

export interface ConfusionReport {
  /** `matrix[expected][predicted]`: how many samples. */
  readonly matrix: readonly (readonly number[])[];
  readonly classes: readonly ClassReport[];
  readonly accuracy: number;
}

/**
 * How often each class is taken for each other, among `classes` of them. Throws USAGE, SHAPE_MISMATCH, and DATASET_INVALID
 * for a class that is not an integer from 0 below `classes`.
 */
export function confusion(predicted: Numbers, expected: Numbers, classes: number): ConfusionReport {
  checkPair('metrics.confusion', { predicted, expected });
  checkArguments('metrics.confusion', { classes }, { classes: positive });
  const matrix = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let i = 0; i < predicted.length; i++)
    matrix[classAt(expected, i, classes, 'expected')][classAt(predicted, i, classes, 'predicted')]++;
  const reports = matrix.map((row, c): ClassReport => {
    const support = total(row);
    const named = total(matrix.map((each) => each[c]));
    return {
      support,
      precision: row[c] / named,
      recall: row[c] / support,
      f1: (2 * row[c]) / (support + named),
    };
  });
  const right = total(matrix.map((row, c) => row[c]));
  return { matrix, classes: reports, accuracy: right / predicted.length };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function classAt(values: Numbers, i: number, classes: number, name: string): number {
  const value = values[i];
  ensure(
    Number.isInteger(value) && value >= 0 && value < classes,
    'DATASET_INVALID',
    'a class is out of range',
    () => ({
      where: `metrics.confusion, ${name}[${i}]`,
      found: String(value),
      expected: `an integer from 0 to ${classes - 1}`,
    }),
  );
  return value;
}
