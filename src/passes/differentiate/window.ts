/** Reductions over sliding windows. */
import type { GraphValue } from '../../ir/builder.js';
import { IDENTITIES } from '../../interpreter/fold.js';
import { staticShape } from '../../ir/types.js';
import { keepWhere, padOrCrop, spreadOver } from './expressions.js';
import { areDisjoint, patches, windowAxes } from './patches.js';
import { unaryRule, type VjpCall, type VjpRule } from './rule.js';

export const reduceWindow: VjpRule<'reduceWindow'> = unaryRule((call, x) => {
  const { b, ct, node } = call;
  const { kind } = node.attrs;
  const counts = staticShape(node.type.shape);
  if (kind === 'sum' && !areDisjoint(windowAxes(node.attrs, counts))) return ofSums(call, x);
  const elements = patches(b, x, node.attrs, counts, IDENTITIES[x.type.dtype][kind]);
  if (kind === 'max' || kind === 'min') return call.pullback(elements, ofExtremes(call, elements, kind), x);
  return call.pullback(b.reduce(kind, elements, [counts.length]), ct, x);
});

/** The first extreme of each window, in row-major order, gets everything. */
function ofExtremes(
  { b, ct }: VjpCall<'reduceWindow'>,
  elements: GraphValue,
  kind: 'max' | 'min',
): GraphValue {
  const { shape } = elements.type;
  const axis = shape.length - 1;
  const first = b.emit('argreduce', [elements], { kind, axis });
  const place = b.emit('iota', [], { dtype: 'i32', shape, axis });
  const chosen = b.binary('eq', place, spreadOver(b, first, shape, [axis]));
  return keepWhere(b, chosen, spreadOver(b, ct, shape, [axis]));
}

/** An element gets the sum of the cotangents of its windows: windows over the cotangents, set `stride` apart. */
function ofSums({ b, ct, node }: VjpCall<'reduceWindow'>, x: GraphValue): GraphValue {
  const { window, strides, dilations, padLow } = node.attrs;
  const [extents, counts] = [staticShape(x.type.shape), staticShape(ct.type.shape)];
  const ones = extents.map(() => 1);
  const none = extents.map(() => 0);
  const low = window.map((size, axis) => (size - 1) * dilations[axis] - padLow[axis]);
  const high = extents.map((extent, axis) => extent + padLow[axis] - (counts[axis] - 1) * strides[axis] - 1);
  const attrs = { kind: 'sum', window, strides: ones, dilations } as const;
  const own = strides.every((stride) => stride === 1) && [...low, ...high].every((amount) => amount >= 0);
  if (own) return b.emit('reduceWindow', [ct], { ...attrs, padLow: low, padHigh: high });
  const apart = padOrCrop(b, ct, { low, high, interior: strides.map((stride) => stride - 1) });
  return b.emit('reduceWindow', [apart], { ...attrs, padLow: none, padHigh: none });
}
