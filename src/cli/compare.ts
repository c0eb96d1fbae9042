/** Tensors compared with those of other programs, within a tolerance. */
import type { TensorData } from '../base/tensor.js';
import { irNumbers } from '../frontends/onnx/host.js';
import { printType } from '../ir/types.js';
import { element } from './format.js';

export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** How an output compares with what a file says. */
export interface Comparison {
  readonly output: string;
  readonly file: string;
  readonly ok: boolean;
  readonly elements: number;
  /** How many elements are further away than the tolerance allows. */
  readonly wrong: number;
  /** The largest distance; NaN where only one of two elements is NaN. */
  readonly maxError: number;
  /** What is wrong, for people. */
  readonly problem?: string;
}

/** The rule of ONNX's own test runner: type and shape are equal, |found - expected| <= atol + rtol * |expected|. */
export function compareWithFile(
  output: string,
  file: string,
  found: TensorData,
  expected: TensorData,
  { rtol, atol }: Tolerance,
): Comparison {
  const [have, want] = [printType(found), printType(expected)];
  if (have !== want) {
    const problem = `the output is ${have}, the file has ${want}`;
    return {
      output,
      file,
      ok: false,
      elements: found.data.length,
      wrong: found.data.length,
      maxError: NaN,
      problem,
    };
  }
  const [left, right] = [irNumbers(found), irNumbers(expected)];
  let [wrong, maxError, first] = [0, 0, -1];
  left.forEach((x, i) => {
    const y = right[i];
    if (Object.is(x, y) || x === y) return;
    const error = Math.abs(x - y);
    if (!Number.isNaN(maxError) && !(error <= maxError)) maxError = error;
    if (error <= atol + rtol * Math.abs(y)) return;
    if (first < 0) first = i;
    wrong++;
  });
  const facts = { output, file, ok: wrong === 0, elements: left.length, wrong, maxError };
  if (wrong === 0) return facts;
  const problem = `${wrong} of ${left.length} elements differ; element ${first} is ${element(left[first])}, not ${element(right[first])}`;
  return { ...facts, problem };
}
