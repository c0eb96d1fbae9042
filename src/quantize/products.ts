/**
 * Products of quantised weights in integers. The other operand is quantised to int8 as the program runs: symmetrically, with a scale for
 * each row of a dot, and for each example of a convolution. Sums of products of codes are exact in i32, and one multiplication brings
 * them to f32: y = f32(sum) * (scale of the row * scale of the channel), as in ONNX Runtime's DynamicQuantizeMatMul.
 */
import { elementCount } from '../base/tensor.js';
import { broadcastTo, scalarWith, withScalar } from '../compose/broadcast.js';
import { ABS_MASK } from '../numerics/bits.js';
import type { Emitter, Value } from '../ir/emitter.js';
import type { Node } from '../ir/graph.js';
import type { Dim } from '../ir/dim.js';
import type { Shape } from '../ir/types.js';
import { sliceAxis } from '../compose/movement.js';
import { groupsOf } from './scheme.js';
import { arranged, unpackedIntegers, type PlaneName } from './planes.js';
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
  product: IntegerProduct,
  x: Value,
  planes: ReadonlyMap<PlaneName, Value>,
): Value {
  const { node, side, tensor, type } = product;
  const { op, attrs } = node;
  const rank = x.type.shape.length;
  const taken = op === 'dot' ? attrs.lhsContract.length + attrs.lhsBatch.length : 0;
  const ofX = resultAxes(node, side === 0 ? 1 : 0, rank, tensor.shape.length - taken);
  const ofWeight = resultAxes(node, side, tensor.shape.length, rank - taken);
  const { codes, scales } = int8Rows(b, x, ofX.flatMap((place, axis) => (place === undefined ? [axis] : []))); // prettier-ignore
  const weight = unpackedIntegers(b, tensor, type, planes);
  const sums = sumsOfWords(b, product, codes, weight) ?? sumsOfElements(b, product, codes, weight);
  const { shape } = sums.type;
  const rowScales = broadcastTo(b, placed(b, scales, ofX, shape), shape);
  const own = planes.get('scales');
  const channel = tensor.granularity === 'channel' ? ofWeight[tensor.axis] : undefined;
  // One after the other: a product of scales may leave the range of f32 where the result does not.
  const scaled = b.binary('mul', b.cast(sums, 'f32'), rowScales);
  return own === undefined ? scaled : b.binary('mul', scaled, broadcastTo(b, along(b, own, channel, shape), shape)); // prettier-ignore
}

/** The sums of products of codes, i32, where `weight` is [columns, channels], with the columns that fill up words. */
function sumsOfElements(
  b: Emitter,
  { node: { op, attrs }, side, tensor }: IntegerProduct,
  codes: Value,
  weight: Value,
): Value {
  const { columns } = groupsOf(tensor.shape, tensor);
  const own = weight.type.shape[0] === columns ? weight : sliceAxis(b, weight, 0, 0, columns);
  const shaped = arranged(b, own, tensor);
  const operands = side === 1 ? [codes, shaped] : [shaped, codes];
  return op === 'dot' ? b.emit(op, operands, attrs) : b.emit(op, operands, attrs);
}

/**
 * The same where the channels of the weight are its one axis that is not summed over: the codes of the other operand lie in words, too,
 * two in each, so that kernels multiply words by words.
 */
function sumsOfWords(
  b: Emitter,
  { node: { op, attrs }, side, tensor }: IntegerProduct,
  codes: Value,
  weight: Value,
): Value | undefined {
  if (op !== 'dot') return undefined;
  const [own, others] = side === 1 ? [attrs.rhsContract, attrs.lhsContract] : [attrs.lhsContract, attrs.rhsContract]; // prettier-ignore
  const rest = tensor.shape.flatMap((_, axis) => (axis === tensor.axis ? [] : [axis]));
  if (own.length !== rest.length || own.includes(tensor.axis)) return undefined;
  const summed = rest.map((axis) => others[own.indexOf(axis)]);
  const free = codes.type.shape.flatMap((_, axis) => (others.includes(axis) ? [] : [axis]));
  const { columns } = groupsOf(tensor.shape, tensor);
  const rows = b.reshape(b.permute(codes, [...free, ...summed]), [...free.map((axis) => codes.type.shape[axis]), columns]); // prettier-ignore
  const filled = throughPairs(b, rows, columns);
  const last = free.length;
  const [x, w] = weight.type.shape[0] === filled.type.shape[last] ? [filled, weight] : [sliceAxis(b, filled, last, 0, columns), sliceAxis(b, weight, 0, 0, columns)]; // prettier-ignore
  const product = b.emit('dot', [x, w], {
    lhsBatch: [],
    rhsBatch: [],
    lhsContract: [last],
    rhsContract: [0],
  });
  return side === 1 ? product : b.permute(product, [last, ...free.map((_, i) => i)]);
}

/**
 * i32 [..., length] of 16 bits in words and out of them again, filled up with 0 to a multiple of 4. Of four codes, the first and the third
 * are a word, and the second and the fourth: bytes of a word, as weights are, come out of it in such pairs.
 */
function throughPairs(b: Emitter, codes: Value, length: number): Value {
  const { shape } = codes.type;
  const last = shape.length - 1;
  const words = Math.ceil(length / 4);
  const none = shape.map(() => 0);
  const filled = length % 4 === 0 ? codes : b.emit('pad', [codes], { low: none, high: [...none.slice(1), 4 * words - length], interior: none, value: 0 }); // prettier-ignore
  const outer = shape.slice(0, last);
  const halves = withScalar(b, 'and', b.reshape(filled, [...outer, words, 2, 2]), 0xffff);
  const { shape: whole } = halves.type;
  const half = b.emit('iota', [], { dtype: 'i32', shape: whole, axis: last + 1 });
  const pairs = b.reduce('sum', b.binary('shl', halves, withScalar(b, 'mul', half, 16)), [last + 1]);
  const apart = b.broadcast(b.reshape(pairs, [...outer, words, 1, 2]), whole);
  const up = b.binary('shl', apart, withScalar(b, 'mul', scalarWith(b, 'sub', 1, half), 16));
  return b.reshape(withScalar(b, 'shr', up, 16), [...outer, 4 * words]);
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
  // Magnitudes are ordered as their bits are; a NaN is above all numbers.
  const magnitudes = withScalar(b, 'and', b.emit('bitcast', [x], { dtype: 'i32' }), ABS_MASK);
  const most = axes.length === 0 ? magnitudes : b.reduce('max', magnitudes, axes);
  const greatest = b.emit('bitcast', [most], { dtype: 'f32' });
  const scales = withScalar(b, 'max', withScalar(b, 'div', greatest, GREATEST_CODE), LEAST_SCALE);
  const kept = b.reshape(scales, shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim))); // prettier-ignore
  const quotient = b.binary('div', x, broadcastTo(b, kept, shape));
  // At most 127 and what two roundings add: no code is beyond the range.
  const codes = b.cast(b.unary('round', quotient), 'i32');
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
