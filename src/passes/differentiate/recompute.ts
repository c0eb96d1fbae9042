/**
 * Values that the backward pass computes anew. Between `checkpointBegin` and `checkpointEnd` a rule is not given the values
 * of the forward pass but copies, made from the operands of the region behind a fence, so that the originals die when the
 * region is done (Griewank and Walther, 2000; Chen et al., "Training deep nets with sublinear memory cost", 2016).
 */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { ValueId } from '../../ir/graph.js';

/** For a value up to `last` the one that rules are to use: itself outside of all regions, a copy inside. */
export function recomputation(b: GraphBuilder, last: ValueId): (id: ValueId) => GraphValue {
  const depths = depthsUpTo(b, last);
  const copies = new Map<ValueId, GraphValue>();
  const again = (id: ValueId): GraphValue => {
    const known = copies.get(id);
    if (known !== undefined) return known;
    const value = b.value(id);
    if ((depths[id] ?? 0) === 0) return value;
    const node = b.node(value);
    const outermost = node.inputs.length === 1 && (depths[node.inputs[0]] ?? 0) === 0;
    const copy =
      node.op === 'barrier' && node.attrs.role === 'checkpointBegin' && outermost
        ? b.emit('barrier', [b.value(node.inputs[0])], { role: 'checkpoint' })
        : b.emit(node.op, node.inputs.map(again), node.attrs, node.name);
    copies.set(id, copy);
    return copy;
  };
  return again;
}

/** In how many regions each value lies. */
function depthsUpTo(b: GraphBuilder, last: ValueId): readonly number[] {
  const depths: number[] = [];
  for (let id = 0; id <= last; id++) {
    const node = b.node(b.value(id));
    const depth = Math.max(0, ...node.inputs.map((input) => depths[input]));
    const role = node.op === 'barrier' ? node.attrs.role : undefined;
    const step = role === 'checkpointBegin' ? 1 : role === 'checkpointEnd' ? -1 : 0;
    depths.push(Math.max(0, depth + step));
  }
  return depths;
}
