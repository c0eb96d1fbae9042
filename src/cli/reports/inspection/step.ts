/** The graphs around one rewrite: the passes are run again, up to it. */
import type { Program } from '../../../ir/graph.js';
import { legalise } from '../../../passes/pipeline.js';
import { TARGETS, type TargetName } from '../../terminal/targets.js';
import { GraphList } from './graphs.js';
import type { GraphReport, NodeFacts, RewriteStep } from './types.js';

/** Rewrite number `at` of the report of `program`. Others on which it depends, or that it makes, may come with it. */
export function rewriteStep(program: Program, target: TargetName, at: number): RewriteStep {
  const [before, after] = [at, at + 1].map((rewrites) => {
    const list = new GraphList();
    const { graph } = legalise(program, { target: TARGETS[target], rewrites }).program;
    list.add(graph, `after ${rewrites} rewrites`);
    return list.reports;
  });
  const number = numberer();
  const [old, young] = [before, after].map((graphs) => graphs.map(({ nodes }) => number(nodes)));
  // A rewrite inside of a loop leaves the nodes around it as they are.
  const place = before.findIndex((_, i) => i < after.length && differs(old[i], young[i]));
  const shown = Math.max(0, place);
  return {
    before: marked(before[shown], old[shown], young[shown]),
    after: marked(after[shown], young[shown], old[shown]),
  };
}

/** Numbers for nodes: the same for those that compute the same, wherever they stand. */
function numberer(): (nodes: readonly NodeFacts[]) => readonly number[] {
  const known = new Map<string, number>();
  return (nodes) => {
    const own: number[] = [];
    for (const { op, inputs, type, attrs = '' } of nodes) {
      const text = `${op}(${inputs.map((input) => own[input]).join()}) ${attrs} ${type}`;
      own.push(known.get(text) ?? known.size);
      known.set(text, own[own.length - 1]);
    }
    return own;
  };
}

const differs = (a: readonly number[], b: readonly number[]): boolean =>
  a.length !== b.length || a.some((number, i) => number !== b[i]);

/** With the first node that the other graph does not have. */
function marked(graph: GraphReport, own: readonly number[], other: readonly number[]): RewriteStep['before'] {
  const has = new Set(other);
  const changed = own.findIndex((number) => !has.has(number));
  return { graph, ...(changed < 0 ? {} : { changed }) };
}
