/** What each stage of the pipeline did, in words and numbers, for people and tools. */
import type { Graph, Program } from '../ir/graph.js';
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
    did: `${from} nodes -> ${to}, by ${log.length} rewrites`,
    rules: [...times].sort(([, a], [, b]) => b - a),
  };
}

/** `before`: the graph before its carried values and outputs got places of their own. */
export function grouping(before: Graph, { nodes }: Graph, { fusion }: Arrangement): StageReport {
  const added = nodes.length - before.nodes.length;
  const copies = added === 0 ? '' : ` and ${added} ${added === 1 ? 'copy' : 'copies'}`;
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
