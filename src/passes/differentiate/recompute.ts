/**
 * Values that the backward pass rematerialises. Between `rematBegin` and `rematEnd` a rule is not given the values
 * of the forward pass but copies, made from the operands of the span behind a fence, so that the originals die when the
 * span is done (Griewank and Walther, 2000; Chen et al., "Training deep nets with sublinear memory cost", 2016).
 */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { ValueId } from '../../ir/graph.js';

/** For a value up to `last` the one that rules are to use: itself outside of all spans, a copy inside. */
export function recomputation(b: GraphBuilder, last: ValueId): (id: ValueId) => GraphValue {
  const depths = depthsUpTo(b, last);
  const copies = new Map<ValueId, ValueId>();
  const isOutside = (id: ValueId): boolean => (depths[id] ?? 0) === 0;
  const known = (id: ValueId): GraphValue | undefined => {
    const copy = isOutside(id) ? id : copies.get(id);
    return copy === undefined ? undefined : b.value(copy);
  };
  const copy = (id: ValueId): GraphValue => {
    const node = b.node(b.value(id));
    const isOutermost = node.inputs.length === 1 && isOutside(node.inputs[0]);
    if (node.op === 'rematBegin' && isOutermost) return b.emit('fence', [b.value(node.inputs[0])], {});
    return b.emit(node.op, node.inputs.map((input) => known(input)!), node.attrs, node.name); // prettier-ignore
  };
  return (id) => {
    // A stack of its own: spans may be thousands of operations deep.
    const open = [id];
    for (let at = open.at(-1); at !== undefined; at = open.at(-1)) {
      const missing = isOutside(at) || copies.has(at) ? [] : inputsOf(b, at).filter((input) => known(input) === undefined); // prettier-ignore
      if (missing.length > 0) {
        for (const input of missing.reverse()) open.push(input);
        continue;
      }
      open.pop();
      if (known(at) === undefined) copies.set(at, copy(at).id);
    }
    return known(id)!;
  };
}

const inputsOf = (b: GraphBuilder, id: ValueId): readonly ValueId[] => b.node(b.value(id)).inputs;

/** In how many spans each value lies. */
function depthsUpTo(b: GraphBuilder, last: ValueId): readonly number[] {
  const depths: number[] = [];
  for (let id = 0; id <= last; id++) {
    const node = b.node(b.value(id));
    const depth = node.inputs.reduce((most, input) => Math.max(most, depths[input]), 0);
    const step = node.op === 'rematBegin' ? 1 : node.op === 'rematEnd' ? -1 : 0;
    depths.push(Math.max(0, depth + step));
  }
  return depths;
}
