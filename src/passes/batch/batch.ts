/** Batching ("vmap"): a graph for one element becomes a graph for many, with the same bits for each of them. */
import { canonicalOp } from '../../ir/graph.js';
import { ensure, HeddleError } from '../../base/errors.js';
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import { paramsOf, type Graph, type Node, type ValueId } from '../../ir/graph.js';
import type { Op } from '../../ir/ops.js';
import { printType, tensorType, typesEqual, type TensorType } from '../../ir/types.js';
import { spread, type BatchRule, type Operand } from './rule.js';
import { BATCH_RULES } from './rules.js';

/**
 * `graph` applied to each element of a batch: the params in `batched` get a new leading axis of `size`; so do all outputs
 * (a value that does not depend on a batched param is broadcast). Params and outputs keep their names and order.
 *
 * Element i of the result has the bits that `graph` gives for element i of the batched params, in every order of
 * accumulation and for every treatment of subnormals. Weights stay as they are. Symbolic dimensions are kept; only
 * gather from a batch at batched indices, scatter at batched indices, and conv with batched kernels in several groups
 * have to know their extents.
 *
 * Throws INPUT_UNKNOWN for a value that is not a param, ATTRIBUTE_INVALID where `size` is not an integer >= 0,
 * DIM_UNBOUND where an extent that has to be known is symbolic, and LIMIT_EXCEEDED where a value of the
 * batch is too large.
 */
export function batchGraph(graph: Graph, batched: ReadonlySet<ValueId>, size: number): Graph {
  checkArguments(graph, batched, size);
  const b = new GraphBuilder(graph.name);
  const values: Operand[] = [];
  graph.nodes.forEach((node, id) => {
    const operands = node.inputs.map((input) => values[input]);
    values.push(b.within(node.name, () => batchNode(b, node, operands, batched.has(id), size)));
  });
  for (const { name, value } of graph.outputs) b.output(name, spread({ b, size }, values[value]));
  return b.build();
}

function batchNode(
  b: GraphBuilder,
  node: Node,
  operands: readonly Operand[],
  batched: boolean,
  size: number,
): Operand {
  if (node.op === 'param') {
    const { name, dtype, shape } = node.attrs;
    return { value: b.param(name, dtype, batched ? [size, ...shape] : shape), batched };
  }
  if (!operands.some((operand) => operand.batched))
    return { value: copyNode(b, node, operands), batched: false };
  const type = tensorType(node.type.dtype, [size, ...node.type.shape]);
  // Of no elements there is nothing to compute (and a convolution cannot have 0 groups).
  if (size === 0) return { value: b.constant(type.dtype, type.shape, 0), batched: true };
  const value = applyRule(b, node, operands, size);
  checkType(node, value.type, type);
  return { value, batched: true };
}

const copyNode = (b: GraphBuilder, node: Node, operands: readonly Operand[]): GraphValue =>
  b.emit(
    node.op,
    operands.map(({ value }) => value),
    node.attrs,
  );

function applyRule<K extends Op>(
  b: GraphBuilder,
  node: Node<K>,
  operands: readonly Operand[],
  size: number,
): Operand['value'] {
  const { op } = node;
  const rule = BATCH_RULES[canonicalOp(op)] as BatchRule<K>;
  return rule({ b, node, operands, size });
}

function checkArguments(graph: Graph, batched: ReadonlySet<ValueId>, size: number): void {
  ensure(Number.isSafeInteger(size) && size >= 0, 'ATTRIBUTE_INVALID', 'a batch cannot have that size', {
    found: String(size),
    expected: 'an integer >= 0',
  });
  for (const id of batched)
    ensure(graph.nodes[id]?.op === 'param', 'INPUT_UNKNOWN', 'a batched value is not a param', {
      found: `%${id}`,
      expected: paramsOf(graph).map(({ id, node }) => `%${id} (${node.attrs.name})`).join(', ') || 'none: the graph has no params', // prettier-ignore
    });
}

function checkType(node: Node, found: TensorType, expected: TensorType): void {
  if (typesEqual(found, expected)) return;
  throw new HeddleError('IR_INVALID', `the batching rule of ${node.op} gives the wrong type`, {
    found: printType(found),
    expected: printType(expected),
  });
}
