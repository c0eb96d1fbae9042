/** Parts of a graph under construction as graphs of their own. */
import type { GraphBuilder, GraphValue } from '../../../ir/builder.js';
import type { ValueId } from '../../../ir/graph.js';
import { isRematMark } from '../../../ir/ops.js';

/** What `outputs` are made from, down to values that `stop` holds for, which are not entered: all of these, in order. */
export function ancestors(
  b: GraphBuilder,
  outputs: readonly ValueId[],
  stop: (id: ValueId) => boolean,
): readonly ValueId[] {
  const found = new Set<ValueId>();
  const open = [...outputs];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    if (!stop(id)) for (const input of b.node(b.value(id)).inputs) open.push(input);
  }
  return [...found].sort((x, y) => x - y);
}

/**
 * Emits `outputs` of `from` into `to`, made from the values that `given` has, by their ids in `from`. What stands in
 * `given` is not made again; marks of rematerialised spans, of which no longer all may be there, are left out.
 */
export function copyInto(
  to: GraphBuilder,
  from: GraphBuilder,
  outputs: readonly ValueId[],
  given: ReadonlyMap<ValueId, GraphValue>,
): readonly GraphValue[] {
  const values = new Map(given);
  for (const id of ancestors(from, outputs, (at) => given.has(at))) {
    if (values.has(id)) continue;
    const { op, inputs, attrs, name } = from.node(from.value(id));
    const operands = inputs.map((input) => values.get(input)!);
    values.set(id, isRematMark(op) ? operands[0] : to.emit(op, operands, attrs, name));
  }
  return outputs.map((id) => values.get(id)!);
}
