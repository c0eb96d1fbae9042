/** Kernels as the inspector has them. */
import { DEVICE_ELEMENT_BYTES } from '../../../base/dtype.js';
import { elementCount } from '../../../base/tensor.js';
import type { Prepared } from '../../../compile.js';
import type { Graph, ValueId } from '../../../ir/graph.js';
import type { Plan, PlanCommand, Region } from '../../../plan/plan.js';
import { kernelsOf } from '../kernels.js';
import type { GraphList } from './graphs.js';
import type { KernelFacts } from './types.js';

/** What a plan says of a kernel by itself. */
function commandFacts({ pipelines }: Plan, command: PlanCommand): KernelFacts {
  const { label, pipeline, workgroups, cost, regions } = command;
  const { bindings } = pipelines[pipeline];
  return {
    label,
    pipeline,
    over: '',
    workgroups,
    operations: cost,
    bindings: regions.map((region, i) => `${placeOf(region)}, ${bindings.at(i)?.access ?? 'read_write'}`),
    members: [],
    reads: [],
    writes: [],
  };
}

/** `arena 0..4096`; of two regions in turn, both. */
const placeOf = (region: Region): string =>
  region.space === 'turn'
    ? `${placeOf(region.even)} and ${placeOf(region.odd)} in turn`
    : `${region.space === 'port' ? `port ${region.port}` : region.space} ${region.offset}..${region.offset + region.size}`;

export const kernelsOfPlan = (plan: Plan): KernelFacts[] =>
  plan.commands.map((command) => commandFacts(plan, command));

/** Kernels with what they compute, of graphs that are then in `graphs`. */
export function kernelsOfProgram(prepared: Prepared, graphs: GraphList): KernelFacts[] {
  const { planned, program } = prepared;
  const { plan, groups, bodies } = planned;
  const reports = kernelsOf(prepared);
  return plan.commands.map((command, kernel) => {
    const { members, sources, results } = groups[kernel];
    const graph = bodies.get(kernel) ?? program.graph;
    return {
      ...commandFacts(plan, command),
      over: reports[kernel].over,
      bytesRead: bytesOf(graph, sources),
      bytesWritten: bytesOf(graph, results),
      graph: graphs.add(graph, `inside of a loop, from kernel ${kernel} on`),
      members,
      reads: sources,
      writes: results,
    };
  });
}

const bytesOf = ({ nodes }: Graph, values: readonly ValueId[]): number =>
  values.reduce((sum, id) => {
    const { type } = nodes[id];
    const shapes = (type.parts ?? [type]).map(({ shape }) => shape.map(Number));
    return sum + shapes.reduce((all, shape) => all + elementCount(shape) * DEVICE_ELEMENT_BYTES, 0);
  }, 0);
