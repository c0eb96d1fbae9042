import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { Node, ValueId } from '../../ir/graph.js';

/** `node` of another graph, on operands of this one: `values` has them by the ids that they have in the other graph. */
export function copyNode(b: GraphBuilder, node: Node, values: readonly GraphValue[]): GraphValue {
  if (node.op === 'param') {
    const { name, dtype, shape } = node.attrs;
    return b.within(node.name, () => b.param(name, dtype, shape));
  }
  const operands = node.inputs.map((input: ValueId) => values[input]);
  return b.emit(node.op, operands, node.attrs, node.name);
}
