/** Tensors in a few numbers. */
import { elementCount } from '../../base/tensor.js';
import { printable } from '../../base/printable.js';
import type { TextTensor } from '../../frontends/onnx/text/tensor.js';
import { preserveLang } from '../../numerics/js-lang.js';
import { fromHalf } from '../../numerics/math/half.js';
import { element } from '../terminal/format.js';

export interface TensorSummary {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Of the elements that are not NaN; absent where there is none. */
  readonly min?: number;
  readonly max?: number;
  readonly mean?: number;
  /** How many elements are NaN. */
  readonly nan: number;
  /** The first elements in row-major order. */
  readonly first: readonly number[];
  /** Index of the largest element, of vectors and of matrices with a single row. */
  readonly argmax?: number;
}

/** The same of a tensor of strings. */
export interface TextSummary {
  readonly name: string;
  readonly dtype: 'string';
  readonly shape: readonly number[];
  readonly first: readonly string[];
}

const SHOWN = 6;

/** A tensor of the IR, or 64-bit elements as the nearest numbers. */
export interface Summarized {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

export function summarize(name: string, tensor: Summarized): TensorSummary {
  const { dtype, shape } = tensor;
  // Element by element: a list of all of them may be too long.
  const { data } = tensor;
  const at = (i: number): number => (dtype === 'f16' ? fromHalf(preserveLang, data[i]) : data[i]);
  let [min, max, sum, nan, argmax] = [Infinity, -Infinity, 0, 0, -1];
  for (let i = 0; i < data.length; i++) {
    const value = at(i);
    if (Number.isNaN(value)) nan++;
    else {
      sum += value;
      if (value < min) min = value;
      if (argmax < 0 || value > max) [max, argmax] = [value, i];
    }
  }
  const counted = data.length - nan;
  const isVector = shape.length > 0 && shape[shape.length - 1] === elementCount(shape) && shape.length <= 2;
  return {
    name,
    dtype,
    shape,
    ...(counted === 0 ? {} : { min, max, mean: sum / counted }),
    nan,
    first: Array.from({ length: Math.min(SHOWN, data.length) }, (_, i) => at(i)),
    ...(isVector && argmax >= 0 && data.length > 1 ? { argmax } : {}),
  };
}

export const summarizeText = (name: string, { shape, data }: TextTensor): TextSummary => ({
  name,
  dtype: 'string',
  shape,
  first: data.slice(0, SHOWN),
});

const isOfText = (summary: TensorSummary | TextSummary): summary is TextSummary => summary.dtype === 'string'; // prettier-ignore

/** A summary in two lines. */
export function describeSummary(summary: TensorSummary | TextSummary): string {
  if (isOfText(summary)) {
    const { name, shape, first } = summary;
    const more = elementCount(shape) > first.length ? ', ...' : '';
    return `${printable(name)}: string[${shape.join(',')}]\n  [${first.map((word) => printable(JSON.stringify(word))).join(', ')}${more}]`;
  }
  const { name, dtype, shape, min, max, mean, nan, first, argmax } = summary;
  const numbers = Object.entries({ min, max, mean, argmax }).flatMap(([what, value]) =>
    value === undefined ? [] : [`${what} ${element(value)}`],
  );
  if (nan > 0) numbers.push(`NaN ${nan}`);
  const more = elementCount(shape) > first.length ? ', ...' : '';
  return `${printable(name)}: ${dtype}[${shape.join(',')}]   ${numbers.join('  ')}\n  [${first.map(element).join(', ')}${more}]`;
}
