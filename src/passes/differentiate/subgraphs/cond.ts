/**
 * The way back through a cond is a cond, with the way back through each branch as a branch, which makes what it needs of the
 * branch again: only the branch that was taken has a derivative.
 */
import { GraphBuilder, type GraphValue } from '../../../ir/builder.js';
import type { Graph, ValueId } from '../../../ir/graph.js';
import { graphIn } from '../../../ir/subgraphs.js';
import { copyNode } from '../copy.js';
import type { SubgraphCall, SubgraphRule, Seed } from '../rule.js';
import { ancestors, copyInto } from './cut.js';

export const cond: SubgraphRule<'cond'> = (call) => {
  const { b, node, inputs, cts, known } = call;
  const branches = node.attrs.branches.map((branch) => branchBack(call, graphIn(branch)));
  const [predicate, ...captures] = inputs;
  const reached = captures.flatMap((_, j) => (branches.some(({ leaves }) => leaves.has(j)) ? [j] : []));
  const flowing = cts.flatMap((ct, i) => (ct === undefined ? [] : [i]));
  const before = reached.filter((j) => known[1 + j] !== undefined);
  const used = captures.flatMap((_, j) => (branches.some((back) => uses(back, reached, j)) ? [j] : []));
  const graphs = branches.map((back) => branchGraph(back, { used, flowing, before, reached }));
  const operands = [...used.map((j) => captures[j]), ...flowing.map((i) => cts[i]!), ...before.map((j) => known[1 + j]!)]; // prettier-ignore
  if (reached.length === 0) return [];
  const tuple = b.emit('cond', [predicate, ...operands], { branches: graphs });
  const totals: (GraphValue | undefined)[] = inputs.map(() => undefined);
  reached.forEach((j, index) => (totals[1 + j] = b.emit('result', [tuple], { index })));
  return totals;
};

/** A branch and the way back through it, in one graph under construction. */
interface BranchBack {
  readonly b: GraphBuilder;
  readonly captures: readonly GraphValue[];
  /** Cotangents of results, and what is known of those of captures, as they come in. */
  readonly cts: ReadonlyMap<number, GraphValue>;
  readonly known: ReadonlyMap<number, GraphValue>;
  /** Cotangents of the captures that anything flows to, as they go out. */
  readonly leaves: ReadonlyMap<number, GraphValue>;
}

function branchBack({ cts, wanted, known, pullback }: SubgraphCall<'cond'>, branch: Graph): BranchBack {
  const b = new GraphBuilder(`${branch.name}'`);
  const values: GraphValue[] = [];
  for (const node of branch.nodes) values.push(copyNode(b, node, values));
  const captures = values.filter((_, id) => branch.nodes[id].op === 'param');
  const seeds: Seed[] = [];
  const port = (name: string, { type }: GraphValue): GraphValue =>
    b.param(`ct:${name}`, type.dtype, type.shape);
  const given = new Map<number, GraphValue>();
  cts.forEach((ct, i) => {
    if (ct === undefined) return;
    given.set(i, port(`r${i}`, ct));
    seeds.push({ value: values[branch.outputs[i].value], ct: given.get(i)! });
  });
  const before = new Map<number, GraphValue>();
  const varying = captures.flatMap((_, j) => (wanted[1 + j] ? [j] : []));
  for (const j of varying) {
    const ct = known[1 + j];
    if (ct === undefined) continue;
    before.set(j, port(`a${j}`, ct));
    seeds.push({ value: captures[j], ct: before.get(j)! });
  }
  const found = pullback(b, seeds, varying.map((j) => captures[j])); // prettier-ignore
  const leaves = new Map<number, GraphValue>();
  found.forEach((ct, n) => {
    const j = varying[n];
    if (ct !== undefined && ct.id !== before.get(j)?.id) leaves.set(j, ct);
  });
  return { b, captures, cts: given, known: before, leaves };
}

/** What a branch gives back for each of the captures that some branch gives something back for. */
const endsOf = ({ b, captures, known, leaves }: BranchBack, reached: readonly number[]): readonly ValueId[] =>
  reached.map((j) => (leaves.get(j) ?? known.get(j) ?? b.full(captures[j], 0)).id);

const uses = (back: BranchBack, reached: readonly number[], j: number): boolean =>
  ancestors(back.b, endsOf(back, reached), () => false).includes(back.captures[j].id);

interface BranchPorts {
  readonly used: readonly number[];
  readonly flowing: readonly number[];
  readonly before: readonly number[];
  readonly reached: readonly number[];
}

function branchGraph(back: BranchBack, { used, flowing, before, reached }: BranchPorts): Graph {
  const b = new GraphBuilder(back.b.name);
  const given = [
    ...used.map((j) => back.captures[j]),
    ...flowing.map((i) => back.cts.get(i)!),
    ...before.map((j) => back.known.get(j)!),
  ];
  const values = new Map(given.map(({ id, type }, i) => [id, b.param(`p${i}`, type.dtype, type.shape)]));
  copyInto(b, back.b, endsOf(back, reached), values).forEach((value, i) => b.output(`r${i}`, value));
  return b.build();
}
