/** What the operators on quantised tensors share: scales, zero points, and the types of results. */
import type { Value } from '../../../../ir/emitter.js';
import { dequantized, saturatingRound, spread, type Granularity } from '../../../../compose/quantize.js';
import { binaryBroadcast } from '../../../../compose/broadcast.js';
import { typed, type NodeContext, type TypedValue } from '../../context.js';
import { ONNX_DTYPES, type OnnxDType } from '../../dtype.js';
import { toNumbers } from '../../host.js';
import type { OnnxValue } from '../../value.js';
import { convertWide } from '../../wide/convert.js';

/** One scale for the tensor, or one for each slice along axis 1. */
const PER_TENSOR: Granularity = { axis: 1, blockSize: 0 };

/** A zero point; undefined where it is left out, or known to be 0. */
export const zeroPointOf = (input: OnnxValue | undefined): Value | undefined =>
  input?.known !== undefined && toNumbers(input.known).every((value) => value === 0)
    ? undefined
    : input?.value;

/** That at input `i`. */
export const zeroPoint = ({ inputs }: NodeContext, i: number): Value | undefined => zeroPointOf(inputs[i]);

/** The tensor at input `x` as f32, by the scale and the zero point at the inputs given. */
export function dequantize(
  ctx: NodeContext,
  x: number,
  scale: number,
  zero: number,
  granularity: Granularity = PER_TENSOR,
): Value {
  const value = ctx.value(x);
  const point = zeroPoint(ctx, zero);
  return dequantized(
    ctx.b,
    value,
    spread(ctx.b, ctx.value(scale), value, granularity),
    point && spread(ctx.b, point, value, granularity),
  );
}

/** The least and the greatest number of an integer type. */
export function rangeOf(dtype: OnnxDType): { least: number; most: number } | undefined {
  const { integer } = ONNX_DTYPES[dtype];
  if (integer === undefined) return undefined;
  const { bits, signed } = integer;
  return signed
    ? { least: -(2 ** (bits - 1)), most: 2 ** (bits - 1) - 1 }
    : { least: 0, most: 2 ** bits - 1 };
}

/**
 * y, which has been divided by its scale, as an integer or small float of type `dtype`.
 *
 * @param point broadcasts to y
 */
export function quantizedAs(
  ctx: NodeContext,
  y: Value,
  point: Value | undefined,
  dtype: OnnxDType,
  saturate = true,
): TypedValue {
  const { b } = ctx;
  const range = rangeOf(dtype);
  if (range !== undefined)
    return typed(convertWide(b, saturatingRound(b, y, point, range), 'int32', dtype), dtype);
  const moved = point === undefined ? y : binaryBroadcast(b, 'add', b.cast(y, 'f32'), point);
  return typed(convertWide(b, b.cast(moved, 'f32'), 'float', dtype, { saturate, mode: 'nearest' }), dtype);
}

/** f32 y as the result of an operator with an output scale and zero point at the inputs given; they are single numbers. */
export function quantize(
  ctx: NodeContext,
  y: Value,
  scale: number,
  zero: number,
  dtype: OnnxDType,
): TypedValue {
  const { b } = ctx;
  return rescaled(ctx, binaryBroadcast(b, 'div', y, single(ctx, scale)), zero, dtype);
}

/** y in units of the output scale, as the result. */
export function rescaled(ctx: NodeContext, y: Value, zero: number, dtype: OnnxDType): TypedValue {
  const point = zeroPoint(ctx, zero);
  return quantizedAs(ctx, y, point && spread(ctx.b, point, y, PER_TENSOR), dtype);
}

/** The scale at input `i` as f32[]. Throws SHAPE_MISMATCH where it is several numbers. */
export function single(ctx: NodeContext, i: number): Value {
  const { b } = ctx;
  const scale = b.cast(ctx.value(i), 'f32');
  return scale.type.shape.length === 0 ? scale : spread(b, scale, b.constant('f32', [], 0), PER_TENSOR);
}
