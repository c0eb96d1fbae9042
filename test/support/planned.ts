/** Plans of graphs as they stand, with any fusion. */
import { makePlan, type PlannedProgram } from '../../src/codegen/plan.js';
import type { Graph, Program } from '../../src/ir/graph.js';
import { bindingsOf, bufferBytes } from '../../src/passes/fusion/bindings.js';
import { fuse } from '../../src/passes/fusion/fuse.js';
import type { Fusion } from '../../src/passes/fusion/group.js';
import { donatedValues, type Donation } from '../../src/passes/memory/donations.js';
import { DEFAULT_TARGET, type Target } from '../../src/passes/target.js';
import { settle, type Staged } from '../../src/passes/pipeline.js';

/** The stages after the legal form, checked. `donate`: set where inputs and outputs lie in buffers of their own. */
export function staged(
  program: Program,
  fusion: Fusion,
  donate?: readonly Donation[],
  target: Target = DEFAULT_TARGET,
): Staged {
  const { graph } = program;
  const donations = donate && donatedValues(graph, donate);
  const bindings = bindingsOf(bufferBytes(graph), target);
  const settled = settle(graph, () => fusion, { target, check: true, donations, bindings, before: graph });
  const donated = donate?.map(({ input }) => input);
  return { program, donated, ...settled, loops: new Map(), conds: new Map() };
}

/** The plan of `graph`, whose inputs and outputs lie in the arena. */
export const planned = (graph: Graph, fusion = fuse(graph)): PlannedProgram =>
  makePlan(staged({ graph, weights: new Map() }, fusion), DEFAULT_TARGET);
