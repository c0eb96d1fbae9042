/** Parts of subgraphs that nothing needs go away: unused carried values, stacked values, captures. */
import { paramsOf, withInputs, type Graph, type Node, type ValueId } from '../../ir/graph.js';
import type { OpAttrs } from '../../ir/ops.js';
import { graphIn, graphsOf, holdsGraphs, loopOperands, loopOutputs, type LoopParts } from '../../ir/subgraphs.js'; // prettier-ignore
import { tupleType } from '../../ir/types.js';
import { eliminateDeadCode, liveValues } from '../dce.js';

/** A loop or cond, and where the parts of its value went; undefined for those that went away. */
interface Pruned {
  readonly node: Node;
  readonly parts: readonly (number | undefined)[];
}

/** The graph without what nothing needs, in its loops and conds as well; the same object where that is so already. */
export function pruneSubgraphs(graph: Graph): Graph {
  for (let before = graph; ; before = graph) {
    graph = pruneOnce(before);
    if (graph === before) return graph;
  }
}

/**
 * The same from the inside out: what an outer graph needs of an inner one is known only when that is done, so that each time
 * another level may lose something. (Going into the inner ones again at once would take twice as long for each level.)
 */
function pruneOnce(graph: Graph): Graph {
  const { nodes } = graph;
  if (!nodes.some(({ op }) => holdsGraphs(op))) return eliminateDeadCode(graph);
  const live = nodes.map(() => false);
  for (const { value } of graph.outputs) live[value] = true;
  const read = new Map<ValueId, Set<number>>();
  const smaller = new Map<ValueId, Pruned>();
  for (let id = nodes.length - 1; id >= 0; id--) {
    const node = nodes[id];
    if (!live[id]) continue;
    const parts = read.get(id);
    if (node.op === 'result') {
      const [tuple] = node.inputs;
      read.set(tuple, (read.get(tuple) ?? new Set()).add(node.attrs.index));
    } else if (parts !== undefined && node.op === 'loop') smaller.set(id, pruneLoop(node, parts));
    else if (parts !== undefined && node.op === 'cond') smaller.set(id, pruneCond(node, parts));
    for (const input of (smaller.get(id)?.node ?? node).inputs) live[input] = true;
  }
  if ([...smaller].every(([id, { node }]) => node === nodes[id])) return eliminateDeadCode(graph);
  const changed = nodes.map((node, id): Node => {
    if (node.op !== 'result') return smaller.get(id)?.node ?? node;
    const index = smaller.get(node.inputs[0])?.parts[node.attrs.index];
    return index === undefined ? node : { ...node, attrs: { index } };
  });
  return eliminateDeadCode({ ...graph, nodes: changed });
}

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const pick = <T>(list: readonly T[], at: readonly number[]): T[] => at.map((i) => list[i]);
const optional = <T>(value: T | undefined): T[] => (value === undefined ? [] : [value]);

/** Which params of a graph `outputs` of it depend on. */
function paramsBehind(body: Graph, outputs: readonly ValueId[]): (param: ValueId) => boolean {
  const needed = body.nodes.map(() => false);
  for (const value of outputs) needed[value] = true;
  for (let id = body.nodes.length - 1; id >= 0; id--)
    if (needed[id]) for (const input of body.nodes[id].inputs) needed[input] = true;
  return (param) => needed[param];
}

function pruneLoop(loop: Node<'loop'>, read: ReadonlySet<number>): Pruned {
  const { attrs } = loop;
  const { carries, conditional, sliceAxes, stackAxes } = attrs;
  const body = pruneOnce(graphIn(attrs.body));
  const params = paramsOf(body).map(({ id }) => id);
  const entering = loopOperands(loop, conditional ? params : params.slice(1));
  const given = loopOperands(loop, loop.inputs);
  const made = loopOutputs(loop, body.outputs.map(({ value }) => value)); // prettier-ignore
  const stacks = range(stackAxes.length).filter((i) => read.has(carries + i));
  const always = [...optional(made.condition), ...pick(made.slices, stacks)];
  /** Carried values that something outside reads, and those that they depend on, in any number of trips. */
  let held = range(carries).filter((i) => read.has(i));
  let isNeeded = paramsBehind(body, [...always, ...pick(made.carried, held)]);
  for (let before = -1; before < held.length;) {
    before = held.length;
    held = range(carries).filter((i) => read.has(i) || isNeeded(entering.carried[i]));
    isNeeded = paramsBehind(body, [...always, ...pick(made.carried, held)]);
  }
  const slices = range(sliceAxes.length).filter((i) => isNeeded(entering.sliced[i]));
  const captures = range(given.captures.length).filter((i) => isNeeded(entering.captures[i]));
  const operands = <T>({ carried, sliced, captures: captured }: LoopParts<T>): readonly T[] =>
    [...pick(carried, held), ...pick(sliced, slices), ...pick(captured, captures)]; // prettier-ignore
  const kept = [...held, ...stacks.map((i) => carries + i)];
  const outputs = [...(conditional ? [0] : []), ...kept.map((i) => i + Number(conditional))];
  return pruned(loop, kept, [...optional(given.condition), ...operands(given)], {
    ...attrs,
    body: partOf(body, outputs, [params[0], ...operands(entering)]),
    carries: held.length,
    sliceAxes: pick(sliceAxes, slices),
    sliceSteps: pick(attrs.sliceSteps, slices),
    stackAxes: pick(stackAxes, stacks),
    stackSteps: pick(attrs.stackSteps, stacks),
  });
}

function pruneCond(cond: Node<'cond'>, read: ReadonlySet<number>): Pruned {
  const [predicate, ...given] = cond.inputs;
  const kept = range(cond.type.parts!.length).filter((i) => read.has(i));
  const branches = cond.attrs.branches.map((branch) => {
    const graph = pruneOnce(graphIn(branch));
    const params = paramsOf(graph).map(({ id }) => id);
    return { graph, params, isNeeded: paramsBehind(graph, kept.map((i) => graph.outputs[i].value)) }; // prettier-ignore
  });
  const captures = range(given.length).filter((i) =>
    branches.some(({ params, isNeeded }) => isNeeded(params[i])),
  );
  return pruned(cond, kept, [predicate, ...pick(given, captures)], {
    branches: branches.map(({ graph, params }) => partOf(graph, kept, pick(params, captures))),
  });
}

/** `node` with some parts of its value, by number, some of its operands, and graphs that make these parts of those. */
function pruned<K extends 'loop' | 'cond'>(
  node: Node<K>,
  kept: readonly number[],
  inputs: readonly ValueId[],
  attrs: OpAttrs[K],
): Pruned {
  const all = node.type.parts!;
  const parts = all.map((_, i) => (kept.includes(i) ? kept.indexOf(i) : undefined));
  const smaller = { ...node, inputs, attrs, type: tupleType(pick(all, kept)) };
  const graphs = graphsOf(smaller as Node);
  const isWhole = kept.length === all.length && inputs.length === node.inputs.length;
  if (isWhole && graphsOf(node as Node).every((graph, i) => graph === graphs[i])) return { node: node as Node, parts }; // prettier-ignore
  return { node: smaller as Node, parts };
}

/** `graph` with some of its outputs, by position, and some of its params, by id; they need no other. */
function partOf(graph: Graph, outputs: readonly number[], params: readonly ValueId[]): Graph {
  const all = paramsOf(graph);
  if (outputs.length === graph.outputs.length && params.length === all.length) return graph;
  const kept = { ...graph, outputs: pick(graph.outputs, outputs) };
  const live = liveValues(kept);
  const nodes: Node[] = [];
  const moved: ValueId[] = [];
  graph.nodes.forEach((node, id) => {
    if (node.op === 'param' ? !params.includes(id) : !live[id]) return;
    moved[id] = nodes.push(withInputs(node, node.inputs.map((input) => moved[input]))) - 1; // prettier-ignore
  });
  return { ...kept, nodes, outputs: kept.outputs.map(({ name, value }) => ({ name, value: moved[value] })) };
}
