/** Batching ("vmap"): a graph for one element becomes a graph for many, with the same bits for each of them. */
import { canonicalOp } from '../../ir/graph.js';
import { ensure, HeddleError } from '../../base/errors.js';
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import { paramsOf, type Graph, type Node, type ValueId } from '../../ir/graph.js';
import type { Op } from '../../ir/ops.js';
import { printType, tensorType, typesEqual, type TensorType } from '../../ir/types.js';
import { batchCond, batchLoop } from './regions.js';
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
  const outputs = emitAll(b, graph, size, ({ attrs }, id) => {
    const isBatched = batched.has(id);
    const shape = isBatched ? [size, ...attrs.shape] : attrs.shape;
    return { value: b.param(attrs.name, attrs.dtype, shape), batched: isBatched };
  });
  graph.outputs.forEach(({ name }, i) => b.output(name, spread({ b, size }, outputs[i])));
  return b.build();
}

/** Emits the nodes of `graph`, with what `param` gives for its params: its outputs. */
function emitAll(
  b: GraphBuilder,
  graph: Graph,
  size: number,
  param: (node: Node<'param'>, id: ValueId) => Operand,
): Operand[] {
  const values: Operand[] = [];
  graph.nodes.forEach((node, id) => {
    const operands = node.inputs.map((input) => values[input]);
    values.push(b.within(node.name, () => (node.op === 'param' ? param(node, id) : batchNode(b, node, operands, size)))); // prettier-ignore
  });
  return graph.outputs.map(({ value }) => values[value]);
}

function batchNode(b: GraphBuilder, node: Node, operands: readonly Operand[], size: number): Operand {
  if (node.op === 'result' && operands[0].parts !== undefined) return operands[0].parts[node.attrs.index];
  if (!operands.some((operand) => operand.batched))
    return { value: copyNode(b, node, operands), batched: false };
  // Of no elements there is nothing to compute (and a convolution cannot have 0 groups).
  const nothing = ({ dtype, shape }: TensorType): Operand => ({
    value: b.constant(dtype, [size, ...shape], 0),
    batched: true,
  });
  if (node.op === 'loop' || node.op === 'cond') {
    const parts = size === 0 ? node.type.parts!.map(nothing) : batchRegion(b, node, operands, size);
    parts.forEach((part, i) => checkType(node, part, node.type.parts![i], size));
    return { value: operands[0].value, batched: true, parts };
  }
  if (size === 0) return nothing(node.type);
  const result = { value: applyRule(b, node, operands, size), batched: true };
  checkType(node, result, node.type, size);
  return result;
}

function batchRegion(
  b: GraphBuilder,
  node: Node<'loop'> | Node<'cond'>,
  operands: readonly Operand[],
  size: number,
): readonly Operand[] {
  const inner = (inside: GraphBuilder, graph: Graph, given: readonly Operand[]): Operand[] => {
    let params = 0;
    return emitAll(inside, graph, size, () => given[params++]);
  };
  const call = { b, operands, size, inner };
  return node.op === 'loop' ? batchLoop({ ...call, node }) : batchCond({ ...call, node });
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
  const rule = BATCH_RULES[canonicalOp(node.op) as keyof typeof BATCH_RULES] as BatchRule<K>;
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

function checkType(node: Node, { value, batched }: Operand, own: TensorType, size: number): void {
  const expected = batched ? tensorType(own.dtype, [size, ...own.shape]) : own;
  if (typesEqual(value.type, expected)) return;
  throw new HeddleError('IR_INVALID', `the batching rule of ${node.op} gives the wrong type`, {
    found: printType(value.type),
    expected: printType(expected),
  });
}
