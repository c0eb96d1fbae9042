/**
 * Linear quantisation, x = (q - zeroPoint) * scale, as ONNX defines it. Quantised values are integers held as i32 or u32;
 * sums of their products are exact in i32 (they wrap where 32 bits do not suffice, as everywhere).
 */
import { isFloat } from '../base/dtype.js';
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { printShape, staticShape } from '../ir/types.js';
import { normalizeAxis } from './axes.js';
import { binaryBroadcast, withScalar } from './broadcast.js';
import { repeatEach, sliceAxis } from './movement.js';

/** The integers of a quantised type. */
export interface QuantizedRange {
  readonly least: number;
  readonly most: number;
}

/**
 * saturate(round(y) + zeroPoint), to nearest even.
 *
 * @param y f32 or f16: what is to be quantised, divided by its scale already
 * @param zeroPoint i32 or u32, of a shape that broadcasts to that of y
 * @returns i32, within the range
 */
export function saturatingRound(
  b: Emitter,
  y: Value,
  zeroPoint: Value | undefined,
  { least, most }: QuantizedRange,
): Value {
  const rounded = b.unary('round', b.cast(y, 'f32'));
  const moved =
    zeroPoint === undefined ? rounded : binaryBroadcast(b, 'add', rounded, b.cast(zeroPoint, 'f32'));
  return b.cast(withScalar(b, 'min', withScalar(b, 'max', moved, least), most), 'i32');
}

/** q - zeroPoint: of integers as i32, exact for values of up to 31 bits; of floats that stand for small ones as f32. */
export function centered(b: Emitter, q: Value, zeroPoint: Value | undefined): Value {
  const isReal = isFloat(q.type.dtype) || (zeroPoint !== undefined && isFloat(zeroPoint.type.dtype));
  const dtype = isReal ? 'f32' : 'i32';
  const x = b.cast(q, dtype);
  return zeroPoint === undefined ? x : binaryBroadcast(b, 'sub', x, b.cast(zeroPoint, dtype));
}

/** (q - zeroPoint) * scale in f32. */
export const dequantized = (b: Emitter, q: Value, scale: Value, zeroPoint: Value | undefined): Value =>
  binaryBroadcast(b, 'mul', b.cast(centered(b, q, zeroPoint), 'f32'), b.cast(scale, 'f32'));

/** How scales and zero points belong to the elements of a tensor: to blocks of `blockSize` along an axis; 0: to its slices. */
export interface Granularity {
  readonly axis: number;
  readonly blockSize: number;
}

/**
 * A scale or zero point in a shape that broadcasts to x: one number for all, a vector along the axis, or as many along the axis
 * as there are blocks.
 *
 * @throws SHAPE_MISMATCH where it is none of these, ATTRIBUTE_INVALID for the axis or the size of the blocks.
 */
export function spread(
  b: Emitter,
  parameter: Value,
  x: Value,
  { axis: given, blockSize }: Granularity,
): Value {
  const [own, whole] = [parameter.type.shape, x.type.shape];
  if (own.length === 0) return parameter;
  if (own.length === 1 && own[0] === 1) return b.reshape(parameter, []);
  const axis = normalizeAxis(given, whole.length);
  if (blockSize === 0) {
    if (own.length !== 1 || own[0] !== whole[axis])
      fail(parameter, `[${String(whole[axis])}], as axis ${axis}`);
    return b.reshape(parameter, whole.map((_, i) => (i === axis ? own[0] : 1))); // prettier-ignore
  }
  const [extent, blocks] = staticShape([whole[axis], own[axis] ?? 0]) as [number, number];
  const expected = whole.map((dim, i) => (i === axis ? Math.ceil(extent / blockSize) : dim));
  if (!Number.isInteger(blockSize) || blockSize < 1)
    throw new HeddleError('ATTRIBUTE_INVALID', 'not the size of a block', { found: String(blockSize) });
  if (own.length !== whole.length || expected.some((dim, i) => String(dim) !== String(own[i])))
    fail(parameter, `${printShape(expected)}, for blocks of ${blockSize} along axis ${axis}`);
  const repeated = repeatEach(b, parameter, whole.map((_, i) => (i === axis ? blockSize : 1))); // prettier-ignore
  return blocks * blockSize === extent ? repeated : sliceAxis(b, repeated, axis, 0, extent);
}

function fail({ type }: Value, expected: string): never {
  throw new HeddleError('SHAPE_MISMATCH', 'a scale or zero point does not fit the tensor', {
    found: printShape(type.shape),
    expected: `a number, or ${expected}`,
  });
}
