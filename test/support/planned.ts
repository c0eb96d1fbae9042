/** Plans of graphs as they stand, with any fusion. */
import { makePlan, type PlannedProgram } from '../../src/codegen/plan.js';
import type { Graph, Program } from '../../src/ir/graph.js';
import { fuse } from '../../src/passes/fusion/fuse.js';
import type { Fusion } from '../../src/passes/fusion/group.js';
import { checkFused, checkPlanned, checkScheduled } from '../../src/passes/invariants.js';
import { layoutArena } from '../../src/passes/memory/arena.js';
import { arrange } from '../../src/passes/memory/arrange.js';
import { donatedValues, type Donation } from '../../src/passes/memory/donations.js';
import { DEFAULT_TARGET, type Target } from '../../src/passes/target.js';
import type { Staged } from '../../src/passes/pipeline.js';

/** The stages after fusion, checked. `donate`: set where inputs and outputs lie in buffers of their own. */
export function staged(
  program: Program,
  fusion: Fusion,
  donate?: readonly Donation[],
  target: Target = DEFAULT_TARGET,
): Staged {
  const { graph } = program;
  const ports = donate === undefined ? undefined : { donations: donatedValues(graph, donate) };
  const arrangement = arrange(graph, fusion, target, ports);
  checkFused(graph, arrangement.fusion, target);
  checkScheduled(graph, arrangement, target);
  const layout = layoutArena(arrangement.assignment.allocations);
  checkPlanned(arrangement, layout);
  const donated = donate?.map(({ input }) => input);
  return { program, donated, arrangement, layout, loops: new Map(), conds: new Map(), log: [] };
}

/** The plan of `graph`, whose inputs and outputs lie in the arena. */
export const planned = (graph: Graph, fusion = fuse(graph)): PlannedProgram =>
  makePlan(staged({ graph, weights: new Map() }, fusion), DEFAULT_TARGET);
