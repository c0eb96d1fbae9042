/** A program rewritten by a table of rules, to the fixpoint. */
import { inspectedProgram } from '../../ir/summary.js';
import type { Graph, Program, ValueId } from '../../ir/graph.js';
import { eliminateDeadCode, liveValues } from '../dce.js';
import { DEFAULT_TARGET, type Target } from '../target.js';
import { REACH } from './facts.js';
import type { Rewrite } from './log.js';
import { Rewriter } from './rewriter.js';
import type { RuleTable } from './rule.js';
import { WeightStore } from './weight-store.js';

export interface Rewritten {
  readonly program: Program;
  /** What the rules did, in the order in which they did it. */
  readonly log: readonly Rewrite[];
}

/**
 * Applies `rules` until none applies, shares equal nodes and drops dead ones. Every node keeps the name of its origin;
 * what a rule makes has the name of the node that it replaces. Of `weights`, those that are still named are kept.
 * @param settled of `rules`, those of which the program is the fixpoint already: they are tried on what the others change
 * @param limit after how many rewrites it ends, with a program that is between; one that makes others is counted after these, and is whole
 */
export function rewriteProgram(
  { graph, weights }: Program,
  rules: RuleTable,
  target: Target = DEFAULT_TARGET,
  settled: RuleTable = {},
  limit = Infinity,
): Rewritten {
  const store = new WeightStore(weights, target.foldBudget);
  const { graph: rewritten, log } = rewriteGraph(graph, rules, target, settled, store, limit);
  return { program: inspectedProgram({ graph: rewritten, weights: store.usedBy(rewritten) }), log };
}

function rewriteGraph(
  graph: Graph,
  rules: RuleTable,
  target: Target,
  settled: RuleTable,
  store: WeightStore,
  limit: number,
): { readonly graph: Graph; readonly log: readonly Rewrite[] } {
  const rewriteInner = (inner: Graph, isSettled: boolean): Graph => {
    const left = limit - b.log.length;
    const rewritten = rewriteGraph(inner, rules, target, isSettled ? settled : {}, store, left);
    for (const entry of rewritten.log) b.log.push(entry);
    return rewritten.graph;
  };
  const b: Rewriter = new Rewriter(graph.name, rules, settled, store, target, rewriteInner, limit);
  /** For each value, how many operations lie between it and the nearest that is new. */
  const distance: number[] = [];
  const isNew = Object.keys(settled).length === 0;
  const live = liveValues(graph);
  const uses = countUses(graph, live);
  const moved: ValueId[] = [];
  graph.nodes.forEach((node, id) => {
    if (!live[id]) return;
    let near = isNew ? 0 : Infinity;
    if (!isNew) for (const input of node.inputs) near = Math.min(near, distance[input]);
    const fired = b.log.length;
    const value = b.copy(id, node, moved, near > REACH);
    moved[id] = value.id;
    distance[id] = b.log.length > fired ? 0 : near + 1;
    if (uses[id] > 1) b.markShared(value);
  });
  for (const { name, value } of graph.outputs) b.output(name, b.value(moved[value]));
  return { graph: eliminateDeadCode(b.build()), log: b.log };
}

/** Uses of each value by live nodes; being an output counts as many. */
function countUses(graph: Graph, live: readonly boolean[]): number[] {
  const uses = graph.nodes.map(() => 0);
  graph.nodes.forEach((node, id) => {
    if (live[id]) for (const input of node.inputs) uses[input]++;
  });
  for (const { value } of graph.outputs) uses[value] = Infinity;
  return uses;
}
