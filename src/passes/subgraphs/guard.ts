/**
 * Graphs that run although nobody needs what they compute, because a device does not choose what it runs. Nothing of that shows, but
 * for a while without a bound, which might never end: it makes no trips then.
 */
import { fault } from '../../base/errors.js';
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import { paramsOf, type Graph, type Node } from '../../ir/graph.js';
import { graphIn, graphsOf } from '../../ir/subgraphs.js';

/** Whether there is a while without a bound in a graph, however deep. */
export const hasUnbounded = ({ nodes }: Graph): boolean => nodes.some(isUnbounded);

const isUnbounded = (node: Node): boolean =>
  (node.op === 'loop' && node.attrs.trips === Infinity) || graphsOf(node).some(hasUnbounded);

/** As `inlineGraph`; where `flag` is false, whiles without a bound make no trips. */
export function inlineGuarded(
  b: GraphBuilder,
  graph: Graph,
  given: readonly GraphValue[],
  flag: GraphValue,
): readonly GraphValue[] {
  const values: GraphValue[] = [];
  let params = 0;
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((input) => values[input]);
    values.push(node.op === 'param' ? given[params++] : guarded(b, node, inputs, flag));
  }
  return graph.outputs.map(({ value }) => values[value]);
}

function guarded(b: GraphBuilder, node: Node, inputs: readonly GraphValue[], flag: GraphValue): GraphValue {
  const { op, attrs, name } = node;
  if (!isUnbounded(node)) return b.emit(op, inputs, attrs, name);
  if (op === 'cond') {
    const branches = attrs.branches.map((branch) => withFlag(graphIn(branch), false));
    return b.emit(op, [...inputs, flag], { branches }, name);
  }
  if (op !== 'loop') fault('an op that is not a loop has no bound', op);
  if (!attrs.conditional) {
    const body = withFlag(graphIn(attrs.body), true);
    return b.emit(op, [flag, ...inputs, flag], { ...attrs, conditional: true, body }, name);
  }
  const [condition, ...rest] = inputs;
  return b.emit(op, [b.binary('and', condition, flag), ...rest], attrs, name);
}

/** `graph` with a flag as its last param, which guards its whiles; `gives`: and as its first output. */
function withFlag(graph: Graph, gives: boolean): Graph {
  const b = new GraphBuilder(graph.name);
  const params = copyParams(b, graph);
  const flag = b.param(freeName(graph, 'going'), 'bool', []);
  const made = inlineGuarded(b, graph, params, flag);
  [...(gives ? [flag] : []), ...made].forEach((value, i) => b.output(`r${i}`, value));
  return b.build();
}

/** Params like those of `graph`, from `start` up to `end`. */
export const copyParams = (b: GraphBuilder, graph: Graph, start = 0, end?: number): readonly GraphValue[] =>
  paramsOf(graph)
    .slice(start, end)
    .map(({ id, node }) => b.param(node.attrs.name, graph.nodes[id].type.dtype, graph.nodes[id].type.shape));

/** `name`, or one like it, which no param of `graph` has. */
export function freeName(graph: Graph, name: string): string {
  const taken = new Set(paramsOf(graph).map(({ node }) => node.attrs.name));
  while (taken.has(name)) name += '_';
  return name;
}
