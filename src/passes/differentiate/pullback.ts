/** The backward walk: from cotangents of some values of a graph to those of the values that they were made from. */
import { HeddleError } from '../../base/errors.js';
import { canonicalOp } from '../../ir/graph.js';
import { isFloat } from '../../base/dtype.js';
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { Node, ValueId } from '../../ir/graph.js';
import type { Op } from '../../ir/ops.js';
import { add } from './expressions.js';
import { recomputation } from './recompute.js';
import type { VjpRule } from './rule.js';
import { VJP_RULES } from './rules.js';

/** A value and its cotangent. */
export interface Seed {
  readonly value: GraphValue;
  readonly ct: GraphValue;
}

/**
 * For each of `wrt` the sum over all seeds of ct * d(value)/d(wrt), of its type; undefined where nothing flows. Everything
 * is emitted into `b`, which holds all of these values.
 *
 * Nodes are visited from the last to the first. The cotangent of a value is the sum, in this order, of what the seeds
 * give it, in the order of the seeds, and of what its users give it, the last user first, and by one user operand by
 * operand.
 */
export function pullback(
  b: GraphBuilder,
  seeds: readonly Seed[],
  wrt: readonly GraphValue[],
): readonly (GraphValue | undefined)[] {
  const last = seeds.reduce((most, { value }) => Math.max(most, value.id), -1);
  const first = wrt.reduce((least, { id }) => Math.min(least, id), last + 1);
  const varies = variesWith(b, wrt, last);
  const again = recomputation(b, last);
  const cotangents = new Map<ValueId, GraphValue>();
  const accumulate = (id: ValueId, ct: GraphValue): void => {
    const known = cotangents.get(id);
    cotangents.set(id, known === undefined ? ct : add(b, known, ct));
  };

  for (const { value, ct } of seeds) if (varies.has(value.id)) accumulate(value.id, ct);
  for (let id = last; id >= first; id--) {
    const ct = cotangents.get(id);
    if (ct === undefined) continue;
    const node = b.node(b.value(id));
    const wanted = node.inputs.map((input) => varies.has(input));
    if (!wanted.includes(true)) continue;
    b.within(node.name, () =>
      apply(b, node, id, ct, wanted, again).forEach((part, i) => {
        if (part !== undefined && wanted[i]) accumulate(node.inputs[i], part);
      }),
    );
  }
  return wrt.map(({ id }) => cotangents.get(id));
}

/** The values up to `last` through which a small change of one of `wrt` is seen. Without elements there is none. */
function variesWith(b: GraphBuilder, wrt: readonly GraphValue[], last: ValueId): ReadonlySet<ValueId> {
  const varies = new Set(wrt.map(({ id }) => id));
  const first = wrt.reduce((least, { id }) => Math.min(least, id), last + 1);
  for (let id = first; id <= last; id++) {
    const { op, inputs, type } = b.node(b.value(id));
    if (type.parts !== undefined && inputs.some((input) => varies.has(input)))
      throw new HeddleError('USAGE', `${op} has no derivative yet`, { hint: 'spell it out' });
    if (isFloat(type.dtype) && !type.shape.includes(0) && inputs.some((input) => varies.has(input)))
      varies.add(id);
  }
  return varies;
}

function apply<K extends Op>(
  b: GraphBuilder,
  node: Node<K>,
  id: ValueId,
  ct: GraphValue,
  wanted: readonly boolean[],
  again: (id: ValueId) => GraphValue,
): readonly (GraphValue | undefined)[] {
  const { op } = node;
  const rule = VJP_RULES[canonicalOp(op)] as VjpRule<K>;
  return rule({
    b,
    node,
    inputs: node.inputs.map(again),
    result: again(id),
    ct,
    wanted,
    pullback: (y, ctOfY, x) => pullback(b, [{ value: y, ct: ctOfY }], [x])[0],
  });
}
