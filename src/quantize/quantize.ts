/** Tensors in numeric types of few bits, with scales: f32 to codes and back. This is the definition; kernels give the same bits. */
import { checkArguments, hostTensor, shape as shapeKind } from '../base/arguments.js';
import { kind, map, record, required, text } from '../base/kinds.js';
import { HeddleError } from '../base/errors.js';
import { elementCount, type TensorData } from '../base/tensor.js';
import { decode, encode, largestOf } from '../numerics/float-format.js';
import { codeReader, codeWriter, integerAt } from './codes.js';
import {
  GRANULARITIES,
  groupsOf,
  isBlockSize,
  schemeOf,
  type Granularity,
  type Groups,
  type QuantizeOptions,
  type Scheme,
} from './scheme.js';
import {
  bytesOfCodes,
  isNumericType,
  numericType,
  rangeOf,
  type FloatType,
  type IntegerType,
  type NumericTypeName,
} from './types.js';

/** A tensor in a numeric type: each element is (code - zero point) * scale, those of its group. */
export interface QuantizedTensor {
  readonly type: NumericTypeName;
  readonly shape: readonly number[];
  readonly granularity: Granularity;
  /** The axis of channels. */
  readonly axis: number;
  /** Elements of a block, where scales are those of blocks. */
  readonly blockSize: number;
  /** Row-major, little-endian; those of 4 bits two in a byte, the first in the lower half. */
  readonly codes: Uint8Array;
  /** Of the groups: one, one for each channel, or one for each block of each channel. Normal f32 above 0. */
  readonly scales: Float32Array;
  /** Of integers that are not symmetric around the code 0: of the groups. */
  readonly zeroPoints?: readonly bigint[];
}

/** Scales are normal numbers, so that they are the same on devices that flush subnormals. */
export const LEAST_SCALE = 2 ** -126;

/** Of weights that are quantised, so that what rounding adds to one is finite, too. */
const GREATEST = 2 ** 127;

/** To the nearest integer, halves to the even one. */
function nearestEven(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

const scaleFrom = (span: number, steps: number): number =>
  span === 0 ? 1 : Math.max(Math.fround(span / steps), LEAST_SCALE);

/** The ends of the weights of each group: at most 0, and at least 0. */
interface Ends {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

function endsOf(x: Float32Array, { rows, columns, count, group, place }: Groups): Ends {
  const [low, high] = [new Float64Array(count), new Float64Array(count)];
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const [g, value] = [group(row, column), x[place(row, column)]];
      if (value < low[g]) low[g] = value;
      if (value > high[g]) high[g] = value;
    }
  return { low, high };
}

/** Scale and zero point of a group, and the code of a number in it. */
interface Coder {
  readonly scales: Float32Array;
  readonly zeroPoints?: readonly bigint[];
  /** Of types of up to 32 bits: the code, of which the lowest bits count. */
  code(value: number, group: number): number;
  /** Of types of 64 bits. */
  wide(value: number, group: number): bigint;
}

function integerCoder(type: IntegerType, zeroPoint: boolean, { low, high }: Ends): Coder {
  const [least, most] = rangeOf(type);
  const half = Number(1n << BigInt(type.bits - 1)) - 1;
  const middle = type.signed ? 0n : 1n << BigInt(type.bits - 1);
  const scales = Float32Array.from(low, (_, g) =>
    zeroPoint
      ? scaleFrom(high[g] - low[g], Number(most - least))
      : scaleFrom(Math.max(high[g], -low[g]), half),
  );
  const clamp = (value: bigint): bigint => (value < least ? least : value > most ? most : value);
  const zeroPoints = Array.from(scales, (scale, g) =>
    zeroPoint ? clamp(least + BigInt(nearestEven(-low[g] / scale))) : middle,
  );
  const offsets = zeroPoints.map(Number);
  const [from, to] = [Number(zeroPoint ? least : middle - BigInt(half)), Number(most)];
  return {
    scales,
    ...(zeroPoint || !type.signed ? { zeroPoints } : {}),
    code: (value, g) => Math.min(to, Math.max(from, nearestEven(value / scales[g]) + offsets[g])),
    wide: (value, g) => clamp(BigInt(nearestEven(value / scales[g])) + zeroPoints[g]),
  };
}

function floatCoder({ format, bits }: FloatType, { low, high }: Ends): Coder {
  const largest = largestOf(format);
  // Types of 16 bits have room enough for what weights are: they are scaled only where they have not.
  const scales = Float32Array.from(low, (_, g) => {
    const peak = Math.max(high[g], -low[g]);
    return bits === 16 && peak <= largest ? 1 : scaleFrom(peak, largest);
  });
  return {
    scales,
    code: (value, g) => encode(format, Math.min(largest, Math.max(-largest, value / scales[g]))),
    wide: () => 0n,
  };
}

/**
 * `tensor` in a numeric type, each element rounded to nearest even. `where` names it in errors.
 *
 * @param tensor f32, of any shape
 * @throws USAGE for options that are none; DTYPE_MISMATCH for another dtype; WEIGHT_INVALID for an element that is not finite, or beyond 2^127;
 *   ATTRIBUTE_INVALID for an axis that the tensor does not have.
 */
export function quantizeTensor(
  tensor: TensorData,
  options: QuantizeOptions,
  where = 'quantizeTensor',
): QuantizedTensor {
  checkArguments('quantizeTensor', { tensor }, { tensor: hostTensor });
  return quantizedBy(tensor, schemeOf(options, 'quantizeTensor'), where);
}

/** The same by a scheme that is checked. */
export function quantizedBy(
  { dtype, shape, data }: TensorData,
  scheme: Scheme,
  where: string,
): QuantizedTensor {
  const { type, granularity, blockSize, zeroPoint, axis: given = 0 } = scheme;
  if (dtype !== 'f32' || !(data instanceof Float32Array))
    throw new HeddleError('DTYPE_MISMATCH', 'only f32 is quantised', {
      where,
      found: dtype,
      expected: 'f32',
    });
  const axis = given < 0 ? given + shape.length : given;
  if (axis < 0 || (axis >= shape.length && axis !== 0))
    throw new HeddleError('ATTRIBUTE_INVALID', 'the axis is out of range', {
      where,
      found: `axis ${given}`,
      expected: `an axis of [${shape.join(',')}]`,
    });
  const wrong = data.findIndex((value) => !(Math.abs(value) <= GREATEST));
  if (wrong >= 0)
    throw new HeddleError('WEIGHT_INVALID', 'there is no scale for a weight', {
      where: `${where}, element ${wrong}`,
      found: String(data[wrong]),
      expected: 'a finite number of at most 2^127',
    });
  const facts = numericType(type);
  const groups = groupsOf(shape, { granularity, axis, blockSize });
  const ends = endsOf(data, groups);
  const coder = facts.kind === 'integer' ? integerCoder(facts, zeroPoint, ends) : floatCoder(facts, ends);
  const codes = encoded(data, facts.bits, groups, coder);
  const { scales, zeroPoints } = coder;
  return { type, shape, granularity, axis, blockSize, codes, scales, ...(zeroPoints && { zeroPoints }) };
}

function encoded(
  x: Float32Array,
  bits: number,
  { rows, columns, group, place }: Groups,
  coder: Coder,
): Uint8Array {
  const codes = new Uint8Array(bytesOfCodes(bits, x.length));
  const put = codeWriter(bits, codes);
  const view = new DataView(codes.buffer);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const [i, g] = [place(row, column), group(row, column)];
      if (bits === 64) view.setBigUint64(8 * i, BigInt.asUintN(64, coder.wide(x[i], g)), true);
      else put(i, coder.code(x[i], g));
    }
  return codes;
}

/** The f32 nearest to an integer of up to 65 bits: once rounded. */
function single(x: bigint): number {
  const magnitude = x < 0n ? -x : x;
  if (magnitude < 1n << 53n) return Math.fround(Number(x));
  // Bits that f32 does not have stay as one, so that rounding to double changes nothing.
  const rest = magnitude & 0xffffn;
  const kept = (magnitude >> 16n) | (rest === 0n ? 0n : 1n);
  return Math.fround(Number(x < 0n ? -kept : kept)) * 2 ** 16;
}

/** A quantised tensor by its form: its codes and scales are as many as its shape and granularity say. */
const quantizedKind = required(
  kind('a quantised tensor, such as quantizeTensor(tensor, { type })', (value) => {
    const {
      type,
      shape: own,
      granularity,
      axis,
      blockSize,
      codes,
      scales,
      zeroPoints,
    } = (record.accepts(value) ? value : {}) as Partial<QuantizedTensor>;
    if (!isNumericType(type) || !shapeKind.accepts(own) || own === undefined || granularity === undefined)
      return false;
    if (!GRANULARITIES.includes(granularity) || !isBlockSize(blockSize) || !Number.isInteger(axis))
      return false;
    if (axis === undefined || blockSize === undefined || axis < 0 || axis >= Math.max(1, own.length))
      return false;
    const { count } = groupsOf(own, { granularity, axis, blockSize });
    return (
      codes instanceof Uint8Array &&
      codes.length === bytesOfCodes(numericType(type).bits, elementCount(own)) &&
      scales instanceof Float32Array &&
      scales.length === count &&
      (zeroPoints === undefined ||
        (Array.isArray(zeroPoints) &&
          zeroPoints.length === count &&
          zeroPoints.every((zero) => typeof zero === 'bigint')))
    );
  }),
);

/** Throws USAGE unless all of `given` are quantised tensors. */
function checkQuantized(call: string, given: Readonly<Record<string, QuantizedTensor>>): void {
  checkArguments(call, given, Object.fromEntries(Object.keys(given).map((name) => [name, quantizedKind])));
}

/** The same of a Map of them, by names. */
export function checkQuantizedMap(call: string, tensors: ReadonlyMap<string, QuantizedTensor>): void {
  checkArguments(call, { tensors }, { tensors: required(map) });
  for (const [name, tensor] of tensors) {
    checkArguments(call, { name }, { name: required(text) });
    checkQuantized(call, { [name]: tensor });
  }
}

/**
 * The elements as f32: (code - zero point), exactly for up to 24 bits and else rounded to nearest even, times the scale, rounded
 * again. Throws USAGE.
 */
export function dequantizeTensor(tensor: QuantizedTensor): TensorData {
  checkQuantized('dequantizeTensor', { tensor });
  const { type, shape, codes, scales, zeroPoints } = tensor;
  const groups = groupsOf(shape, tensor);
  const facts = numericType(type);
  const number = facts.kind === 'float' ? floatsOf(facts, codes) : integersOf(type, facts, codes, zeroPoints);
  const data = new Float32Array(elementCount(shape));
  for (let row = 0; row < groups.rows; row++)
    for (let column = 0; column < groups.columns; column++) {
      const [i, g] = [groups.place(row, column), groups.group(row, column)];
      data[i] = number(i, g) * scales[g];
    }
  return { dtype: 'f32', shape, data };
}

type NumberAt = (i: number, group: number) => number;

function floatsOf({ format, bits }: FloatType, codes: Uint8Array): NumberAt {
  const read = codeReader(bits, codes);
  // Codes of 16 bits are many, and few of them are met.
  if (bits === 16) return (i) => decode(format, read(i));
  const table = Float32Array.from({ length: 2 ** bits }, (_, code) => decode(format, code));
  return (i) => table[read(i)];
}

function integersOf(
  type: NumericTypeName,
  { bits, signed }: IntegerType,
  codes: Uint8Array,
  zeroPoints: readonly bigint[] | undefined,
): NumberAt {
  if (bits === 64)
    return (i, g) => single(integerAt(type, codes, i) - (zeroPoints === undefined ? 0n : zeroPoints[g]));
  const read = codeReader(bits, codes);
  const offsets = zeroPoints?.map(Number);
  const [half, span] = [2 ** (bits - 1), 2 ** bits];
  return (i, g) => {
    const code = read(i);
    const value = signed && code >= half ? code - span : code;
    return Math.fround(offsets === undefined ? value : value - offsets[g]);
  };
}
