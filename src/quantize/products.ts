/**
 * Products of quantised weights in integers. The other operand is quantised to int8 as the program runs: symmetrically, with a scale for
 * each row of a dot, and for each example of a convolution. Sums of products of codes are exact in i32, and one multiplication brings
 * them to f32: y = f32(sum) * (scale of the row * scale of the channel), as in ONNX Runtime's DynamicQuantizeMatMul.
 */
import { elementCount } from '../base/tensor.js';
import { broadcastTo, withScalar } from '../compose/broadcast.js';
import { saturatingRound } from '../compose/quantize.js';
import type { Emitter, Value } from '../ir/emitter.js';
import type { Node } from '../ir/graph.js';
import type { Dim } from '../ir/dim.js';
import type { Shape } from '../ir/types.js';
import { unpackedIntegers, type PlaneName } from './planes.js';
import { LEAST_SCALE, type QuantizedTensor } from './quantize.js';
import { numericType, rangeOf, type IntegerType } from './types.js';

/** In what products of quantised weights are computed. */
export const ARITHMETICS = ['f32', 'integer'] as const;
export type Arithmetic = (typeof ARITHMETICS)[number];

/** A product of a weight that can be computed in integers. */
export interface IntegerProduct {
  readonly node: Node<'dot' | 'conv'>;
  /** Which operand is the weight. */
  readonly side: 0 | 1;
  readonly tensor: QuantizedTensor;
  readonly type: IntegerType;
}

/** Codes of what is not a weight are from -127 to 127. */
const GREATEST_CODE = 127;

/** What i32 holds is less than this in magnitude. */
const SUM_LIMIT = 2 ** 31;

const isProduct = (node: Node): node is Node<'dot' | 'conv'> => node.op === 'dot' || node.op === 'conv';

/**
 * `node`, whose operand `side` is `tensor`, where integers do: codes are integers of up to 8 bits, all terms of a result share a scale,
 * and i32 holds every sum. Others stay f32.
 */
export function integerProduct(node: Node, side: 0 | 1, tensor: QuantizedTensor): IntegerProduct | undefined {
  const type = numericType(tensor.type);
  if (!isProduct(node) || node.type.dtype !== 'f32' || type.kind !== 'integer' || type.bits > 8) return undefined; // prettier-ignore
  if ((node.op === 'conv' && side === 0) || tensor.granularity === 'block') return undefined;
  const places = resultAxes(node, side, tensor.shape.length, 0);
  if (tensor.granularity === 'channel' && places[tensor.axis] === undefined) return undefined;
  const terms = elementCount(tensor.shape.filter((_, axis) => places[axis] === undefined));
  const greatest = greatestDifference(type, tensor.zeroPoints);
  return terms * GREATEST_CODE * greatest < SUM_LIMIT ? { node, side, tensor, type } : undefined;
}

/** The greatest magnitude of a code less its zero point. */
function greatestDifference(type: IntegerType, zeroPoints: readonly bigint[] = [0n]): number {
  const [least, most] = rangeOf(type).map(Number);
  return zeroPoints.reduce((found, zero) => Math.max(found, most - Number(zero), Number(zero) - least), 0);
}

/** For each axis of an operand, which axis of the result it is; undefined for those that are summed over. `others`: free axes of the other. */
function resultAxes(
  { op, attrs }: Node<'dot' | 'conv'>,
  side: 0 | 1,
  rank: number,
  others: number,
): readonly (number | undefined)[] {
  if (op === 'conv') return Array.from({ length: rank }, (_, axis) => (axis === 0 ? side : undefined));
  const [batch, summed] = side === 0 ? [attrs.lhsBatch, attrs.lhsContract] : [attrs.rhsBatch, attrs.rhsContract]; // prettier-ignore
  let free = batch.length + (side === 0 ? 0 : others);
  return Array.from({ length: rank }, (_, axis) => {
    if (summed.includes(axis)) return undefined;
    return batch.includes(axis) ? batch.indexOf(axis) : free++;
  });
}

/** The product with `x`, f32, of a weight that lies in `planes`: f32. */
export function emitIntegerProduct(
  b: Emitter,
  { node, side, tensor, type }: IntegerProduct,
  x: Value,
  planes: ReadonlyMap<PlaneName, Value>,
): Value {
  const { op, attrs } = node;
  const rank = x.type.shape.length;
  const summed = op === 'dot' ? attrs.lhsContract.length + attrs.lhsBatch.length : 0;
  const ofX = resultAxes(node, side === 0 ? 1 : 0, rank, tensor.shape.length - summed);
  const ofWeight = resultAxes(node, side, tensor.shape.length, rank - summed);
  const { codes, scales } = int8Rows(b, x, ofX.flatMap((place, axis) => (place === undefined ? [axis] : []))); // prettier-ignore
  const weight = unpackedIntegers(b, tensor, type, planes);
  const operands = side === 1 ? [codes, weight] : [weight, codes];
  const sums = op === 'dot' ? b.emit(op, operands, attrs) : b.emit(op, operands, attrs);
  const { shape } = sums.type;
  const rowScales = broadcastTo(b, placed(b, scales, ofX, shape), shape);
  const own = planes.get('scales');
  const channel = tensor.granularity === 'channel' ? ofWeight[tensor.axis] : undefined;
  const scale = own === undefined ? rowScales : b.binary('mul', rowScales, broadcastTo(b, along(b, own, channel, shape), shape)); // prettier-ignore
  return b.binary('mul', b.cast(sums, 'f32'), scale);
}

/**
 * x as round(x / scale), to nearest even, i32 from -127 to 127: the greatest magnitude over `axes` has the code 127. Scales are at least
 * 2^-126, as those of weights are; where x holds a NaN or an infinity, that is its scale, and no result of the row is a number.
 */
function int8Rows(
  b: Emitter,
  x: Value,
  axes: readonly number[],
): { readonly codes: Value; readonly scales: Value } {
  const { shape } = x.type;
  const greatest = axes.length === 0 ? b.unary('abs', x) : b.reduce('max', b.unary('abs', x), axes);
  const scales = withScalar(b, 'max', withScalar(b, 'div', greatest, GREATEST_CODE), LEAST_SCALE);
  const kept = b.reshape(scales, shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))); // prettier-ignore
  const quotient = b.binary('div', x, broadcastTo(b, kept, shape));
  const codes = saturatingRound(b, quotient, undefined, { least: -GREATEST_CODE, most: GREATEST_CODE });
  return { codes, scales };
}

/** What is left of an operand after a reduction, its axes where they are in a result of shape `like`, and 1 elsewhere. */
function placed(b: Emitter, x: Value, places: readonly (number | undefined)[], like: Shape): Value {
  const kept = places.filter((place) => place !== undefined);
  const inOrder = kept.toSorted((left, right) => left - right);
  const permutation = inOrder.map((place) => kept.indexOf(place));
  const sorted = permutation.every((from, to) => from === to) ? x : b.permute(x, permutation);
  return b.reshape(sorted, like.map((dim, axis): Dim => (kept.includes(axis) ? dim : 1))); // prettier-ignore
}

/** Scales of channels, [1, n], along an axis of a result; one scale of all, where no axis is given. */
const along = (b: Emitter, scales: Value, axis: number | undefined, like: Shape): Value =>
  b.reshape(scales, like.map((dim, i): Dim => (i === axis ? dim : 1))); // prettier-ignore
