/** Running reductions. Each kind is solved for a scan that runs forward; one that runs backward is turned around. */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { OpAttrs } from '../../ir/ops.js';
import { staticShape } from '../../ir/types.js';
import { IDENTITIES } from '../../interpreter/fold.js';
import { add, keepWhere, mul, shift } from './expressions.js';
import { unaryRule, type VjpRule } from './rule.js';

export const scan: VjpRule<'scan'> = unaryRule(({ b, ct, node, result }, x) => {
  const { kind, axis, exclusive, reverse } = node.attrs;
  // What an element added to the sums behind it comes back from there.
  if (kind === 'sum') return b.emit('scan', [ct], { kind, axis, exclusive, reverse: !reverse });
  const turned = (value: GraphValue): GraphValue =>
    reverse ? b.emit('reverse', [value], { axes: [axis] }) : value;
  const forward = { b, axis, x: turned(x), y: turned(result), exclusive };
  // Result i of an exclusive scan is result i - 1 of an inclusive one, and the first depends on nothing.
  const upward = exclusive ? shift(b, turned(ct), axis, -1, 0) : turned(ct);
  return turned(kind === 'prod' ? ofProducts(forward, upward) : ofExtremes(forward, upward, kind));
});

/** A forward scan y of x along `axis`. */
interface Forward {
  readonly b: GraphBuilder;
  readonly axis: number;
  readonly x: GraphValue;
  readonly y: GraphValue;
  readonly exclusive: boolean;
}

/**
 * dx[j] = p[j] * s[j] with p[j] the product of the elements before j, and s[j] the sum over i >= j of ct[i] times the
 * elements between j and i, i included: s[j] = ct[j] + x[j+1] s[j+1]. No division, so zeros are fine.
 */
function ofProducts({ b, axis, x, y, exclusive }: Forward, ct: GraphValue): GraphValue {
  const attrs: OpAttrs['scan'] = { kind: 'prod', axis, exclusive: true, reverse: false };
  const before = exclusive ? y : b.emit('scan', [x], attrs);
  return mul(b, before, recurrence(b, shift(b, x, axis, -1, 0), ct, axis));
}

/**
 * The cotangents of all results up to the next record belong to the element that set the record, the first among equals.
 * The first element of a line always does.
 */
function ofExtremes({ b, axis, x, y, exclusive }: Forward, ct: GraphValue, kind: 'max' | 'min'): GraphValue {
  const before = exclusive ? y : shift(b, y, axis, 1, IDENTITIES[x.type.dtype][kind]);
  const better = kind === 'max' ? b.binary('lt', before, x) : b.binary('lt', x, before);
  const place = b.emit('iota', [], { dtype: 'i32', shape: x.type.shape, axis });
  const record = b.binary('or', better, b.binary('eq', place, b.full(place, 0)));
  const goesOn = b.select(record, b.full(x, 0), b.full(x, 1));
  return keepWhere(b, record, recurrence(b, shift(b, goesOn, axis, -1, 0), ct, axis));
}

/**
 * s[j] = c[j] + a[j] s[j+1] along `axis`, where a is 0 at the end: by doubling the reach of each element, log2(extent)
 * times (Hillis and Steele 1986). The extent is static.
 */
function recurrence(b: GraphBuilder, a: GraphValue, c: GraphValue, axis: number): GraphValue {
  const [extent] = staticShape([a.type.shape[axis]]);
  const position = b.emit('iota', [], { dtype: 'i32', shape: [extent], axis: 0 });
  let [factor, sum] = [a, c];
  for (let reach = 1; reach < extent; reach *= 2) {
    // A gather reads memory. Slices would be fused, step into step, and each element computed along all ways to it.
    // Beyond the end it reads the last element, which does not matter: the factor has met the 0 at the end.
    const at = b.binary('add', position, b.full(position, reach));
    const ahead = (value: GraphValue): GraphValue => b.emit('gather', [value, at], { axis });
    sum = add(b, sum, mul(b, factor, ahead(sum)));
    if (2 * reach < extent) factor = mul(b, factor, ahead(factor));
  }
  return sum;
}
