/** Reductions of whole axes. */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import { dimProduct } from '../../ir/dim.js';
import { div, keepWhere, mul, spreadOver } from './expressions.js';
import { unaryRule, type VjpCall, type VjpRule } from './rule.js';

export const reduce: VjpRule<'reduce'> = unaryRule((call, x) => {
  const { b, ct, node } = call;
  switch (node.attrs.kind) {
    case 'sum':
      return spreadOver(b, ct, x.type.shape, node.attrs.axes);
    case 'prod':
      return ofProduct(call, x);
    case 'max':
    case 'min':
      return ofExtreme(call, x);
  }
});

/** ct / count, the count being in f32, which holds more of them than f16 does. */
export const shareAmong = (b: GraphBuilder, ct: GraphValue, count: GraphValue): GraphValue =>
  b.cast(div(b, b.cast(ct, 'f32'), count), ct.type.dtype);

/** Every element that equals the extreme gets an equal share. */
function ofExtreme({ b, ct, node, result }: VjpCall<'reduce'>, x: GraphValue): GraphValue {
  const { axes } = node.attrs;
  const { shape } = x.type;
  const extreme = b.binary('eq', x, spreadOver(b, result, shape, axes));
  const count = b.reduce('sum', b.cast(extreme, 'f32'), axes);
  return keepWhere(b, extreme, spreadOver(b, shareAmong(b, ct, count), shape, axes));
}

/** The product of all other elements: that of those before times that of those behind. No division, so zeros are fine. */
function ofProduct({ b, ct, node }: VjpCall<'reduce'>, x: GraphValue): GraphValue {
  const { axes } = node.attrs;
  const { shape } = x.type;
  if (axes.length === 1) return mul(b, spreadOver(b, ct, shape, axes), productOfOthers(b, x, axes[0]));
  const all = shape.map((_, axis) => axis);
  const order = [...all.filter((axis) => !axes.includes(axis)), ...axes];
  const kept = all.length - axes.length;
  const rows = b.permute(x, order);
  const flat = [...rows.type.shape.slice(0, kept), dimProduct(axes.map((axis) => shape[axis]))];
  const others = productOfOthers(b, b.reshape(rows, flat), kept);
  const gradient = b.reshape(mul(b, spreadOver(b, ct, flat, [kept]), others), rows.type.shape);
  return b.permute(gradient, all.map((axis) => order.indexOf(axis))); // prettier-ignore
}

function productOfOthers(b: GraphBuilder, x: GraphValue, axis: number): GraphValue {
  const running = (reverse: boolean): GraphValue =>
    b.emit('scan', [x], { kind: 'prod', axis, exclusive: true, reverse });
  return mul(b, running(false), running(true));
}
