/** Short names for what the rules write again and again. All operands of an expression have one shape and dtype. */
import { staticShape, type Shape } from '../../ir/types.js';
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { Dim } from '../../ir/dim.js';

export const add = (b: GraphBuilder, x: GraphValue, y: GraphValue): GraphValue => b.binary('add', x, y);
export const mul = (b: GraphBuilder, x: GraphValue, y: GraphValue): GraphValue => b.binary('mul', x, y);
export const div = (b: GraphBuilder, x: GraphValue, y: GraphValue): GraphValue => b.binary('div', x, y);
export const neg = (b: GraphBuilder, x: GraphValue): GraphValue => b.unary('neg', x);

/** x * factor */
export const scale = (b: GraphBuilder, x: GraphValue, factor: number): GraphValue =>
  mul(b, x, b.full(x, factor));

/** condition ? x : 0 */
export const keepWhere = (b: GraphBuilder, condition: GraphValue, x: GraphValue): GraphValue =>
  b.select(condition, x, b.full(x, 0));

/** condition ? 0 : x */
export const dropWhere = (b: GraphBuilder, condition: GraphValue, x: GraphValue): GraphValue =>
  b.select(condition, b.full(x, 0), x);

/** `reduced`, which is of `shape` without `axes`, repeated along them. */
export const spreadOver = (
  b: GraphBuilder,
  reduced: GraphValue,
  shape: Shape,
  axes: readonly number[],
): GraphValue =>
  b.broadcast(
    b.reshape(
      reduced,
      shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)),
    ),
    shape,
  );

/** Result axis i is axis order[i] of `x`. */
export const permuted = (b: GraphBuilder, x: GraphValue, order: readonly number[]): GraphValue =>
  order.every((axis, i) => axis === i) ? x : b.permute(x, order);

/** The number that all elements of `value` are, where the graph says so. */
export function splatOf(b: GraphBuilder, value: GraphValue): number | undefined {
  const node = b.node(value);
  if (node.op === 'reshape' || node.op === 'broadcast') return splatOf(b, b.value(node.inputs[0]));
  return node.op === 'constant' && node.attrs.values.length === 1 ? node.attrs.values[0] : undefined;
}

/** `count` elements along one axis, beginning with `start`, `stride` apart. */
export function sliceAlong(
  b: GraphBuilder,
  x: GraphValue,
  axis: number,
  start: number,
  count: Dim,
  stride = 1,
): GraphValue {
  const { shape } = x.type;
  if (start === 0 && stride === 1 && String(count) === String(shape[axis])) return x;
  return b.emit('slice', [x], {
    starts: shape.map((_, i) => (i === axis ? start : 0)),
    sizes: shape.map((dim, i) => (i === axis ? count : dim)),
    strides: shape.map((_, i) => (i === axis ? stride : 1)),
  });
}

/** The amounts by which each axis grows; negative ones cut off. */
export interface Margins {
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Elements put between neighbours, before anything is cut off. Default: none. */
  readonly interior?: readonly number[];
}

/** `x` with `value` around and between its elements, or without its outer ones. Axes that are cut are static. */
export function padOrCrop(
  b: GraphBuilder,
  x: GraphValue,
  { low, high, interior = low.map(() => 0) }: Margins,
  value = 0,
): GraphValue {
  const positive = (amounts: readonly number[]): number[] => amounts.map((amount) => Math.max(0, amount));
  const crop = (operand: GraphValue): GraphValue => cropped(b, operand, positive(low.map((n) => -n)), positive(high.map((n) => -n))); // prettier-ignore
  const grow = (operand: GraphValue): GraphValue => {
    const attrs = { low: positive(low), high: positive(high), interior, value };
    const grows = [...attrs.low, ...attrs.high, ...interior].some((amount) => amount > 0);
    return grows ? b.emit('pad', [operand], attrs) : operand;
  };
  // What is cut off may be padding between elements.
  return interior.some((holes) => holes > 0) ? crop(grow(x)) : grow(crop(x));
}

function cropped(
  b: GraphBuilder,
  x: GraphValue,
  front: readonly number[],
  back: readonly number[],
): GraphValue {
  return x.type.shape.reduce<GraphValue>((value, dim, axis) => {
    if (front[axis] === 0 && back[axis] === 0) return value;
    const [extent] = staticShape([dim]);
    return sliceAlong(b, value, axis, front[axis], extent - front[axis] - back[axis]);
  }, x);
}

/** x[i - distance] along `axis`, and `value` where there is no such element; a negative distance looks ahead. */
export function shift(
  b: GraphBuilder,
  x: GraphValue,
  axis: number,
  distance: number,
  value: number,
): GraphValue {
  const along = (amount: number): number[] => x.type.shape.map((_, i) => (i === axis ? amount : 0));
  return padOrCrop(b, x, { low: along(distance), high: along(-distance) }, value);
}
