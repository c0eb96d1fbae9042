/** What each stage of the pipeline did, in words and numbers, for people and tools. */
import type { Graph, Program } from '../ir/graph.js';
import { graphsOf } from '../ir/subgraphs.js';
import type { Arrangement } from './memory/arrange.js';
import type { ArenaLayout } from './memory/arena.js';
import type { Rewrite } from './rewrite/log.js';

export type Stage = 'canonical' | 'legal' | 'fused' | 'scheduled' | 'planned';

export interface StageReport {
  readonly stage: Stage;
  /** One line, such as `412 nodes -> 57 kernels`. */
  readonly did: string;
  /** The rewrite rules that were applied, each with how often; the most frequent first. */
  readonly rules: readonly (readonly [rule: string, times: number])[];
}

export function rewriting(
  stage: Stage,
  before: Program,
  after: Program,
  log: readonly Rewrite[],
): StageReport {
  const times = new Map<string, number>();
  for (const { rule } of log) times.set(rule, (times.get(rule) ?? 0) + 1);
  const [from, to] = [before, after].map(({ graph }) => graph.nodes.length);
  return {
    stage,
    did: `${from} nodes -> ${to}, by ${log.length} rewrites${describeInside(before.graph, after.graph)}`,
    rules: [...times].sort(([, a], [, b]) => b - a),
  };
}

/** What became of the nodes in loops and conds: those that nothing needs go, and what every trip has in common leaves. */
function describeInside(before: Graph, after: Graph): string {
  const [from, to] = [before, after].map(nodesInside);
  return from === 0 ? '' : `; in loops and conds ${from} -> ${to}`;
}

const nodesInside = ({ nodes }: Graph): number =>
  nodes.flatMap(graphsOf).reduce((sum, held) => sum + held.nodes.length + nodesInside(held), 0);

/** Outputs that are named. */
const NAMED = 4;

/** The outputs that are copies, by name, and how many copies are of something else. */
function describeCopies({ nodes, outputs }: Graph, first: number): string {
  const copied = outputs.filter(({ value }) => value >= first && nodes[value].op === 'copy');
  const names = copied.slice(0, NAMED).map(({ name }) => name);
  const others = nodes.length - first - new Set(copied.map(({ value }) => value)).size;
  const parts = [
    ...(copied.length > 0 ? [`${copied.length === 1 ? 'output' : 'outputs'} ${names.join(', ')}${copied.length > NAMED ? ', ...' : ''}`] : []),
    ...(others > 0 ? [`${others} for what loops carry`] : []),
  ]; // prettier-ignore
  return parts.join('; ');
}

/** `before`: the graph before its carried values and outputs got places of their own. */
export function grouping(before: Graph, graph: Graph, { fusion }: Arrangement): StageReport {
  const first = before.nodes.length;
  const added = graph.nodes.length - first;
  const copies =
    added === 0 ? '' : ` and ${added} ${added === 1 ? 'copy' : 'copies'} (${describeCopies(graph, first)})`;
  const did = `${before.nodes.length} nodes${copies} -> ${fusion.groups.length} kernels`;
  return { stage: 'fused', did, rules: [] };
}

export function scheduling({ assignment: { allocations, ports }, inPlace }: Arrangement): StageReport {
  const given = new Set(ports.map(({ root }) => root));
  const taken = [...inPlace.values()].filter((read) => given.has(read)).length;
  const outputs = taken === 0 ? '' : `; ${taken} outputs lie where an input was`;
  const did = `${allocations.length} places in the arena, after ${inPlace.size - taken} values went where another was${outputs}`;
  return { stage: 'scheduled', did, rules: [] };
}

export function planning({ bytes, lowerBound }: ArenaLayout): StageReport {
  return {
    stage: 'planned',
    did: `${bytes} bytes of arena; no layout needs less than ${lowerBound}`,
    rules: [],
  };
}
