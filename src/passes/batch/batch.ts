/** Batching ("vmap"): a graph for one element becomes a graph for many, with the same bits for each of them. */
import { canonicalOp } from '../../ir/graph.js';
import { isHolder } from '../../ir/subgraphs.js';
import { ensure, HeddleError } from '../../base/errors.js';
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import { paramsOf, type Graph, type Node, type ValueId } from '../../ir/graph.js';
import { printType, tensorType, typesEqual, type TensorType } from '../../ir/types.js';
import { spread, type BatchRule, type Operand, type SubgraphOp, type SubgraphRule } from './rule.js';
import { BATCH_RULES, SUBGRAPH_RULES } from './rules.js';

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
  const outputs = batchNodes(b, graph, size, ({ attrs: { name, dtype, shape } }, id) => ({
    value: b.param(name, dtype, batched.has(id) ? [size, ...shape] : shape),
    batched: batched.has(id),
  }));
  graph.outputs.forEach(({ name }, i) => b.output(name, spread({ b, size }, outputs[i])));
  return b.build();
}

/** Emits the nodes of `graph`, given its params: its outputs. */
function batchNodes(
  b: GraphBuilder,
  graph: Graph,
  size: number,
  param: (node: Node<'param'>, id: ValueId) => Operand,
): readonly Operand[] {
  const values: Operand[] = [];
  graph.nodes.forEach((node, id) => {
    const operands = node.inputs.map((input) => values[input]);
    values.push(
      b.within(node.name, () => (node.op === 'param' ? param(node, id) : batchNode(b, node, operands, size))),
    );
  });
  return graph.outputs.map(({ value }) => values[value]);
}

function batchNode(b: GraphBuilder, node: Node, operands: readonly Operand[], size: number): Operand {
  const [first] = operands;
  if (node.op === 'result' && first.parts !== undefined) return first.parts[node.attrs.index];
  if (!operands.some((operand) => operand.batched))
    return { value: copyNode(b, node, operands), batched: false };
  if (isHolder(node)) {
    const parts = batchSubgraph(b, node, operands, size);
    return { value: first.value, batched: true, parts };
  }
  const type = batchedType(node.type, size);
  // Of no elements there is nothing to compute (and a convolution cannot have 0 groups).
  if (size === 0) return { value: b.constant(type.dtype, type.shape, 0), batched: true };
  const value = applyRule(b, node, operands, size);
  checkType(node.op, value.type, type);
  return { value, batched: true };
}

const batchedType = ({ dtype, shape }: TensorType, size: number): TensorType =>
  tensorType(dtype, [size, ...shape]);

function batchSubgraph<K extends SubgraphOp>(
  b: GraphBuilder,
  node: Node<K>,
  operands: readonly Operand[],
  size: number,
): readonly Operand[] {
  const types = node.type.parts ?? [];
  if (size === 0)
    return types.map(({ dtype, shape }) => ({ value: b.constant(dtype, [0, ...shape], 0), batched: true }));
  const { op } = node;
  const rule = SUBGRAPH_RULES[op] as SubgraphRule<K>;
  const parts = rule({
    b,
    node,
    operands,
    size,
    nested: (into, graph, given) => {
      let next = 0;
      return batchNodes(into, graph, size, () => given[next++]);
    },
  });
  parts.forEach(({ value, batched }, i) =>
    checkType(op, value.type, batched ? batchedType(types[i], size) : types[i]),
  );
  return parts;
}

const copyNode = (b: GraphBuilder, node: Node, operands: readonly Operand[]): GraphValue =>
  b.emit(
    node.op,
    operands.map(({ value }) => value),
    node.attrs,
  );

function applyRule<K extends keyof typeof BATCH_RULES>(
  b: GraphBuilder,
  node: Node,
  operands: readonly Operand[],
  size: number,
): Operand['value'] {
  const rule = BATCH_RULES[canonicalOp(node.op) as K] as BatchRule<K>;
  return rule({ b, node: node as Node<K>, operands, size });
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

function checkType(op: string, found: TensorType, expected: TensorType): void {
  if (typesEqual(found, expected)) return;
  throw new HeddleError('IR_INVALID', `the batching rule of ${op} gives the wrong type`, {
    found: printType(found),
    expected: printType(expected),
  });
}
