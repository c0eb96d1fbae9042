/** The backward walk: from cotangents of some values of a graph to those of the values that they were made from. */
import { canonicalOp, type Node, type ValueId } from '../../ir/graph.js';
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { CanonicalOp } from '../../ir/ops.js';
import { add } from './expressions.js';
import { recomputation } from './recompute.js';
import type { SubgraphCall, SubgraphOp, SubgraphRule, Seed, VjpRule } from './rule.js';
import { SUBGRAPH_RULES, VJP_RULES } from './rules.js';
import { doesVary, variationOf, type Variation } from './variation.js';

/**
 * For each of `wrt` the sum over all seeds of ct * d(value)/d(wrt), of its type; undefined where nothing flows. Everything
 * is emitted into `b`, which holds all of these values.
 *
 * Nodes are visited from the last to the first. The cotangent of a value is the sum, in this order, of what the seeds
 * give it, in the order of the seeds, and of what its users give it, the last user first, and by one user operand by
 * operand. A loop is a user trip by trip, from the last one to the first.
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
  /** Cotangents of the parts of tuples. */
  const partial = new Map<ValueId, (GraphValue | undefined)[]>();
  const accumulate = (id: ValueId, ct: GraphValue): void => {
    const known = cotangents.get(id);
    cotangents.set(id, known === undefined ? ct : add(b, known, ct));
  };
  const pull = (node: Node, id: ValueId, ct: GraphValue): void => {
    const wanted = node.inputs.map((input) => doesVary(varies.get(input)));
    if (!wanted.includes(true)) return;
    apply(b, node, id, ct, wanted, again).forEach((part, i) => {
      if (part !== undefined && wanted[i]) accumulate(node.inputs[i], part);
    });
  };
  const pullParts = (node: Node<SubgraphOp>, id: ValueId, cts: readonly (GraphValue | undefined)[]): void => {
    // An operand that is used twice has been given what is known of it once.
    const isFirst = node.inputs.map((input, i) => node.inputs.indexOf(input) === i);
    const totals = applySubgraph(b, node, {
      value: again(id),
      inputs: node.inputs.map(again),
      cts,
      wanted: node.inputs.map((input) => doesVary(varies.get(input))),
      known: node.inputs.map((input, i) => (isFirst[i] ? cotangents.get(input) : undefined)),
    });
    totals.forEach((total, i) => {
      if (total === undefined) return;
      if (isFirst[i]) cotangents.set(node.inputs[i], total);
      else accumulate(node.inputs[i], total);
    });
  };

  for (const { value, ct } of seeds) if (varies.has(value.id)) accumulate(value.id, ct);
  for (let id = last; id >= first; id--) {
    const [ct, cts] = [cotangents.get(id), partial.get(id)];
    if (ct === undefined && cts === undefined) continue;
    const node = b.node(b.value(id));
    b.within(node.name, () => {
      if (cts !== undefined) pullParts(node as Node<SubgraphOp>, id, cts);
      else if (node.op !== 'result') pull(node, id, ct!);
      else {
        const [tuple] = node.inputs;
        const parts = partial.get(tuple) ?? [];
        parts[node.attrs.index] = ct;
        if (doesVary(varies.get(tuple))) partial.set(tuple, parts);
      }
    });
  }
  return wrt.map(({ id }) => cotangents.get(id));
}

/** The values up to `last` through which a small change of one of `wrt` is seen. */
function variesWith(
  b: GraphBuilder,
  wrt: readonly GraphValue[],
  last: ValueId,
): ReadonlyMap<ValueId, Variation> {
  const varies = new Map<ValueId, Variation>(wrt.map(({ id }) => [id, true]));
  const first = wrt.reduce((least, { id }) => Math.min(least, id), last + 1);
  for (let id = first; id <= last; id++) {
    if (varies.has(id)) continue;
    const node = b.node(b.value(id));
    const variation = variationOf(
      node,
      node.inputs.map((input) => varies.get(input) ?? false),
    );
    if (doesVary(variation)) varies.set(id, variation);
  }
  return varies;
}

function applySubgraph<K extends SubgraphOp>(
  b: GraphBuilder,
  node: Node<K>,
  call: Omit<SubgraphCall<K>, 'b' | 'node' | 'pullback'>,
): readonly (GraphValue | undefined)[] {
  const { op } = node;
  const rule = SUBGRAPH_RULES[op] as SubgraphRule<K>;
  return rule({ b, node, ...call, pullback });
}

function apply<K extends Exclude<CanonicalOp, SubgraphOp>>(
  b: GraphBuilder,
  node: Node,
  id: ValueId,
  ct: GraphValue,
  wanted: readonly boolean[],
  again: (id: ValueId) => GraphValue,
): readonly (GraphValue | undefined)[] {
  const rule = VJP_RULES[canonicalOp(node.op) as K] as VjpRule<K>;
  return rule({
    b,
    node: node as Node<K>,
    inputs: node.inputs.map(again),
    result: again(id),
    ct,
    wanted,
    pullback: (y, ctOfY, x) => pullback(b, [{ value: y, ct: ctOfY }], [x])[0],
  });
}
