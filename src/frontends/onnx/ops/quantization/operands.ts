/** Operands that DequantizeLinear has made of 8-bit integers: products of them are sums of integers, scaled once. */
import { isStatic } from '../../../../ir/dim.js';
import type { Value } from '../../../../ir/emitter.js';
import { normalizeAxis } from '../../../../compose/axes.js';
import { binaryBroadcast } from '../../../../compose/broadcast.js';
import { centered, spread } from '../../../../compose/quantize.js';
import type { NodeContext } from '../../context.js';
import { ONNX_DTYPES } from '../../dtype.js';
import type { Dequantized, OnnxValue } from '../../value.js';
import { zeroPointOf } from './scales.js';

export interface IntegerOperands {
  /** i32, without their zero points. */
  readonly x: Value;
  readonly w: Value;
  /** The product of the scales: f32[], or f32[n] of the n slices of w. */
  readonly scale: Value;
}

/** Products that an i32 holds the sum of, of integers of 8 bits less a zero point. */
const MOST_TERMS = Math.floor((2 ** 31 - 1) / 255 ** 2);

/**
 * Inputs 0 and 1 as integers. Undefined unless both are dequantised from 8 bits or less to float32, input 0 is computed and has one
 * scale, input 1 has one or one for each slice along `axis`, and no sum of products can wrap.
 *
 * @param terms products that are added for an element of the result
 */
export function integerOperands(
  { b, inputs }: NodeContext,
  axis: number,
  terms: number,
): IntegerOperands | undefined {
  const [x, w] = [inputs[0]?.dequantized, inputs[1]?.dequantized];
  if (x === undefined || w === undefined || inputs[0]!.known !== undefined) return undefined;
  if (!(terms <= MOST_TERMS) || !isShort(x) || !isShort(w)) return undefined;
  if (!isSingle(x.scale) || !(isSingle(w.scale) || isAlong(w, axis))) return undefined;
  return {
    x: integers(b, x),
    w: integers(b, w),
    scale: binaryBroadcast(b, 'mul', single(b, x.scale), single(b, w.scale)),
  };
}

/** Terms of a sum over these extents; infinite where one is not known. */
export const termsIn = (extents: OnnxValue['shape']): number =>
  extents.reduce<number>((count, dim) => count * (isStatic(dim) ? dim : Infinity), 1);

const isShort = ({ x, scale, blockSize }: Dequantized): boolean =>
  (ONNX_DTYPES[x.dtype].integer?.bits ?? Infinity) <= 8 && scale.dtype === 'float' && blockSize === 0;

const isSingle = ({ shape }: OnnxValue): boolean => shape.every((dim) => dim === 1) && shape.length <= 1;

const isAlong = ({ x, scale, axis }: Dequantized, wanted: number): boolean =>
  scale.shape.length === 1 && normalizeAxis(axis, x.shape.length) === wanted;

/** A scale as f32[] where it is one number. */
const single = (b: NodeContext['b'], scale: OnnxValue): Value =>
  isSingle(scale) ? b.reshape(scale.value, []) : scale.value;

function integers(b: NodeContext['b'], { x, zero, axis }: Dequantized): Value {
  const point = zeroPointOf(zero);
  return centered(b, x.value, point && spread(b, point, x.value, { axis, blockSize: 0 }));
}
