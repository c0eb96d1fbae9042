/** Tensors compared with those of other programs, within a tolerance. */
import { elementCount, type TensorData } from '../../base/tensor.js';
import { irDType, isOnnxDType, ONNX_DTYPES, type OnnxDType } from '../../frontends/onnx/dtype.js';
import { hostTensor } from '../../frontends/onnx/wide/storage.js';
import { decode } from '../../numerics/float-format.js';
import { preserveLang } from '../../numerics/js-lang.js';
import { fromHalf } from '../../numerics/math/half.js';
import type { FileTensor } from '../files/data-folder.js';
import { element } from '../terminal/format.js';

export interface Tolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** What a program gives for an output. */
export interface GivenOutput {
  readonly name: string;
  /** The element type that the model declares, where it does. */
  readonly declared?: OnnxDType | undefined;
  readonly tensor: TensorData;
  /** Whether an element is two words of the tensor: see OnnxPort. */
  readonly paired?: boolean | undefined;
}

/** How an output compares with what a file says. */
export interface Comparison {
  readonly output: string;
  readonly file: string;
  readonly ok: boolean;
  readonly elements: number;
  /** How many elements are further away than the tolerance allows. */
  readonly wrong: number;
  /** The largest distance; infinite where only one of two elements is, NaN where only one is NaN. */
  readonly maxError: number;
  /** The largest distance in proportion to what the file says, of elements where that is not 0. */
  readonly maxRelative: number;
  /** Whether elements are wrong, and all by so little that rounding may explain it. */
  readonly isNear: boolean;
  /** What is wrong, for people. */
  readonly problem?: string;
}

/**
 * The rule of ONNX's own test runner: type and shape are equal, and |found - expected| <= atol + rtol * |expected|. NaN is
 * near NaN, and an infinity near itself only. The file's elements are compared in their own type: doubles are not rounded,
 * and 64-bit integers are exact.
 */
export function compareWithFile(
  { name, declared, tensor: given, paired = false }: GivenOutput,
  { file, host, format }: FileTensor,
  tolerance: Tolerance,
): Comparison {
  const tensor = paired && declared !== undefined ? hostTensor(given, declared, paired) : given;
  const elements = elementCount(tensor.shape);
  const exactType = format === 'pb' && declared !== undefined;
  const type = (dtype: string, shape: readonly number[]): string => `${dtype}[${shape.join(',')}]`;
  const held = paired && declared !== undefined ? irDType(declared) : given.dtype;
  const have = type(exactType ? declared : held, tensor.shape);
  const want = type(exactType ? host.dtype : irDType(host.dtype), host.shape);
  if (have !== want) {
    const problem = `the output is ${have}, the file has ${want}`;
    return {
      output: name,
      file,
      ok: false,
      elements,
      wrong: elements,
      maxError: NaN,
      maxRelative: NaN,
      isNear: false,
      problem,
    };
  }
  const { first, wrong, ...sizes } = distances(tensor, host, tolerance);
  const facts = { output: name, file, ok: wrong === 0, elements, wrong, ...sizes };
  if (first === undefined) return facts;
  const [found, expected] = first.elements;
  const texts = [found, expected].map((value) =>
    typeof value === 'bigint' ? String(value) : element(value),
  );
  const [x, y] = texts[0] === texts[1] ? [String(found), String(expected)] : texts;
  const problem = `${wrong} of ${elements} elements differ; element [${first.index.join(', ')}] is ${x}, not ${y}`;
  return { ...facts, problem };
}

type Element = number | bigint;

/** A tensor of the IR, or of ONNX. */
interface Elements {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: ArrayLike<Element>;
}

interface Distances extends Pick<Comparison, 'wrong' | 'maxError' | 'maxRelative' | 'isNear'> {
  readonly first?: { readonly index: readonly number[]; readonly elements: readonly [Element, Element] };
}

/** Differences that rounding may explain: in proportion to an element, or to the largest one of its tensor. */
const NEAR = { ofElement: 1e-2, ofLargest: 1e-5 } as const;

/** How far two tensors of one shape are from each other, and the first place where it is too far. */
export function distances(found: Elements, expected: Elements, { rtol, atol }: Tolerance): Distances {
  const [left, right] = [elementsOf(found), elementsOf(expected)];
  const exact = typeof right(0) === 'bigint';
  let [wrong, maxError, maxRelative, first] = [0, 0, 0, -1];
  // The largest element, and the largest difference that is great beside its own element.
  let [largest, far] = [0, 0];
  for (let i = 0; i < expected.data.length; i++) {
    const y = right(i);
    const error = exact ? bigDistance(BigInt(left(i)), BigInt(y)) : distance(Number(left(i)), Number(y));
    maxError = greater(maxError, error);
    const size = Math.abs(Number(y));
    if (size > largest && size < Infinity) largest = size;
    if (error === 0) continue;
    if (size !== 0) maxRelative = greater(maxRelative, size < Infinity ? error / size : error);
    if (!(error < NEAR.ofElement * size)) far = greater(far, error);
    if (error < Infinity && error <= atol + rtol * size) continue;
    if (first < 0) first = i;
    wrong++;
  }
  const sizes = { wrong, maxError, maxRelative, isNear: wrong > 0 && far <= NEAR.ofLargest * largest };
  if (first < 0) return sizes;
  return {
    ...sizes,
    first: { index: unravel(first, found.shape), elements: [left(first), right(first)] },
  };
}

/** The greater of two numbers; NaN is greater than all. */
const greater = (x: number, y: number): number => (!Number.isNaN(x) && !(y <= x) ? y : x);

/** 0 for equal infinities and for two NaNs. */
const distance = (x: number, y: number): number => (Object.is(x, y) || x === y ? 0 : Math.abs(x - y));

const bigDistance = (x: bigint, y: bigint): number => Number(x < y ? y - x : x - y);

/** Element i as the number that it stands for. */
function elementsOf({ dtype, data }: Elements): (i: number) => Element {
  if (dtype === 'f16' || dtype === 'float16') return (i) => fromHalf(preserveLang, Number(data[i]));
  const format = isOnnxDType(dtype) ? ONNX_DTYPES[dtype].format : undefined;
  if (format !== undefined) return (i) => decode(format, Number(data[i]));
  if (dtype === 'bool') return (i) => (data[i] === 0 ? 0 : 1);
  return (i) => data[i];
}

function unravel(position: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  for (const extent of shape.toReversed()) {
    index.unshift(position % extent);
    position = Math.floor(position / extent);
  }
  return index;
}
