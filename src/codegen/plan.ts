/** From groups in an order, with places, to a plan: every group is lowered, every place becomes a region. */
import { inspectedAs } from '../base/inspect.js';
import { describePlan, inspectedPlan } from '../plan/summary.js';
import { DEVICE_ELEMENT_BYTES } from '../base/dtype.js';
import { alignUp, deviceBytes } from '../base/tensor.js';
import { HeddleError } from '../base/errors.js';
import type {
  KernelCode,
  Plan,
  PlanCommand,
  PlanLoop,
  PlanPipeline,
  PlanPort,
  PlanPorts,
  PlanWeight,
  Region,
} from '../plan/plan.js';
import { paramsOf, type Graph, type ValueId } from '../ir/graph.js';
import type { SubnormalMode } from '../numerics/subnormals.js';
import { printType, staticShape } from '../ir/types.js';
import type { Fusion, Group } from '../passes/fusion/group.js';
import { largestLiveSet, type ArenaLayout } from '../passes/memory/arena.js';
import type { Allocation, BufferAssignment } from '../passes/memory/buffer-assignment.js';
import { gridOf, type Kernel, type KernelBody } from './kernel/body.js';
import { inWindows, windowsOf } from './kernel/windows.js';
import type { Staged } from '../passes/pipeline.js';
import type { Target } from '../passes/target.js';
import { lowerKernels } from './kernels.js';
import type { AddressSpace } from './lower/spec.js';
import { layoutGrids, lowerGate, type GridLayout } from './gates.js';
import { isGate, sitesOf, type Home, type Place, type Sites } from './sites.js';
import { shareWithin, type KernelSharing } from './kernel/share.js';
import { printerFor } from './printer.js';
import type { KernelModule } from './wasm/module.js';

/** Where a command leaves a value of the graph: what verify compares. */
export interface TracedResult {
  readonly command: number;
  readonly value: ValueId;
  readonly region: Region;
  readonly shape: readonly number[];
  /** In words, relative to the region. */
  readonly strides: readonly number[];
  readonly offset: number;
}

/** A plan with what only tools need. */
export interface PlannedProgram {
  readonly plan: Plan;
  /** Where kernels are WebAssembly: the module whose exports the pipelines name. */
  readonly module: KernelModule | undefined;
  readonly fusion: Fusion;
  readonly layout: ArenaLayout;
  /** What lies in the arena. */
  readonly allocations: readonly Allocation[];
  readonly results: readonly TracedResult[];
  /** The group behind each command. */
  readonly groups: readonly Group[];
  /** For commands inside of loops, the body of whose values their groups speak. */
  readonly bodies: ReadonlyMap<number, Graph>;
}

export interface PlanOptions {
  /** What becomes of subnormals, where kernels are WebAssembly. Default: preserve. */
  readonly subnormals?: SubnormalMode | undefined;
  /** Default: each plan by itself. */
  readonly sharing?: Sharing | undefined;
}

/** How kernels become the bodies that are compiled, and these become code. */
export interface Sharing {
  readonly share: KernelSharing;
  /** The code of a body, which `print` makes where it is not known. */
  code(body: KernelBody, print: (body: KernelBody) => KernelCode): KernelCode;
}

/** Each plan by itself. */
const ALONE: Sharing = { share: shareWithin, code: (body, print) => print(body) };

/** The kernels of a program that went through the stages of the pipeline. */
export const kernelsOf = (staged: Staged, target: Target): readonly Kernel[] => lower(staged, target).kernels;

interface Lowered extends Sites {
  readonly weights: WeightLayout;
  readonly kernels: readonly Kernel[];
  readonly grids: GridLayout;
  /** What each kernel binds of each region. */
  readonly windows: readonly (readonly (readonly Region[])[])[];
}

function lower(staged: Staged, target: Target): Lowered {
  const { donated, program, arrangement } = staged;
  const { graph } = program;
  const { assignment } = arrangement;
  const weights = layoutWeights(graph);
  const ports = donated === undefined ? new Map<ValueId, number>() : numberPorts(graph, assignment);
  const found = sitesOf(staged, homesOf(graph, weights.offsets, ports));
  const { sites, gates } = found;
  const lowered = lowerKernels(
    sites.flatMap(({ work }) => (isGate(work) ? [] : [work])),
    target,
  );
  let next = 0;
  const computing = sites.map(({ work }) => (isGate(work) ? undefined : lowered[next++]));
  const grids = layoutGrids(
    gates,
    sites.map(({ gate }, i) => ({ gate, grid: computing[i]?.grid ?? gridOf(1) })),
  );
  const written: Region = { space: 'grids', offset: 0, size: grids.bytes };
  const whole = sites.map(({ work }, i) => (isGate(work) ? lowerGate(work, work.number, grids) : computing[i]!)); // prettier-ignore
  const windows = sites.map(({ work, regions }) =>
    [...regions, ...(isGate(work) ? [written] : [])].map((region) => windowsOf(region, target.bindingBytes)),
  );
  const kernels = windowed(whole, windows, target.bindingBytes, (site) =>
    labelOf(sites[site].graph, sites[site].group),
  );
  return { ...found, weights, kernels, grids, windows };
}

/** Lowers every group of a program that went through the stages of the pipeline. */
export function makePlan(
  staged: Staged,
  target: Target,
  { subnormals = 'preserve', sharing: { share, code } = ALONE }: PlanOptions = {},
): PlannedProgram {
  const { program, donated, arrangement, layout } = staged;
  const { graph } = program;
  const { fusion, assignment } = arrangement;
  const lowered = lower(staged, target);
  const { sites, loops, loopResults, gates, placeOf, weights, kernels, grids, windows } = lowered;
  const shared = share(kernels, target);

  const pipelines: PlanPipeline[] = [];
  const known = new Map<KernelBody, number>();
  const printer = printerFor(target, subnormals);
  const results: TracedResult[] = [];
  const commands = sites.map((site, command): PlanCommand => {
    const { graph: around, group, work, results: places } = site;
    const kernel = kernels[command];
    const { body, params } = shared[command];
    const printed = (): KernelCode => code(body, (each) => printer.print(each));
    const pipeline =
      known.get(body) ?? pipelines.push({ ...printed(), bindings: body.bindings, params: body.params }) - 1;
    known.set(body, pipeline);
    if (around === graph)
      group.results.forEach((value, i) => results.push(traced(command, value, places[i])));
    const { grid: workgroups, cost } = kernel;
    const regions = windows[command].flat();
    const grid = grids.offsets[command];
    const label = isGate(work)
      ? `branch ${work.branch} of ${work.branches}, where it is taken`
      : labelOf(around, group);
    return { label, pipeline, regions, params, workgroups, ...(grid === undefined ? {} : { grid }), cost };
  });
  for (const result of loopResults) results.push(traced(result.command, result.value, result));
  const port = (name: string, id: ValueId): PlanPort => {
    const { dtype, shape } = graph.nodes[id].type;
    return { name, dtype, shape: staticShape(shape), region: placeOf(id).region };
  };
  const inputs = graph.nodes.flatMap((node, id) => (node.op === 'param' ? [port(node.attrs.name, id)] : []));
  const outputs = graph.outputs.map(({ name, value }) => port(name, value));
  const plan: Plan = {
    name: graph.name,
    ...(donated === undefined
      ? { inputs, outputs }
      : {
          inputs: inputs.map((input, i) => (donated.includes(i) ? { ...input, donated: true } : input)),
          outputs,
          ports: measurePorts(graph, fusion, assignment, donated),
        }),
    weights: weights.list,
    weightBytes: weights.bytes,
    arenaBytes: layout.bytes,
    ...(gates === 0 ? {} : { gridBytes: grids.bytes }),
    arenaLowerBound: layout.lowerBound,
    pipelines,
    commands,
    ...(loops.length === 0 ? {} : { loops: loops.map((loop) => whileOf(loop, commands, target)) }),
  };
  const planned = {
    plan: inspectedPlan(plan),
    module: printer.finish(),
    fusion,
    layout,
    allocations: assignment.allocations,
    results,
    groups: sites.map(({ group }) => group),
    bodies: new Map(sites.flatMap(({ graph: around }, i) => (around === graph ? [] : [[i, around]]))),
  };
  return inspectedAs(planned, () => describePlan('PlannedProgram', plan));
}

/** Bindings of a kernel, at most: more than any device has. */
const MAX_BINDINGS = 64;

/** The kernels with their buffers in windows; equal ones stay one object. */
function windowed(
  kernels: readonly Kernel[],
  windows: readonly (readonly (readonly Region[])[])[],
  bytes: number,
  labels: (site: number) => string,
): readonly Kernel[] {
  const known = new Map<Kernel, Map<string, Kernel>>();
  return kernels.map((kernel, i) => {
    const counts = windows[i].map(({ length }) => length);
    if (counts.every((count) => count === 1)) return kernel;
    const bindings = windows[i].flat().length;
    if (bindings > MAX_BINDINGS)
      throw new HeddleError('DEVICE_LIMIT', 'a kernel needs more bindings than devices have', {
        where: labels(i),
        found: `${bindings} bindings of at most ${bytes} bytes`,
        expected: `at most ${MAX_BINDINGS}`,
      });
    const ofKernel = known.get(kernel) ?? new Map<string, Kernel>();
    known.set(kernel, ofKernel);
    const made = ofKernel.get(`${counts}`) ?? inWindows(kernel, counts, bytes);
    ofKernel.set(`${counts}`, made);
    return made;
  });
}

/** `loop` without a way to end early, where all of its trips cost less than to ask. */
function whileOf(
  loop: PlanLoop,
  commands: readonly PlanCommand[],
  { code, launchCost, launchesPerQuestion }: Target,
): PlanLoop {
  const { first, end, trips, going } = loop;
  if (going === undefined || going.mustEnd || code === 'wasm') return loop;
  const trip = commands.slice(first, end).reduce((sum, { cost }) => sum + cost + launchCost, 0);
  return trips * trip < launchesPerQuestion * launchCost ? { first, end, trips } : loop;
}

/** The number of the port in which each value lies that has one: see {@link PortRegion}. */
function numberPorts(graph: Graph, assignment: BufferAssignment): Map<ValueId, number> {
  const ports = new Map<ValueId, number>();
  for (const { id } of paramsOf(graph)) ports.set(id, ports.size);
  const taken = new Set<ValueId>();
  for (const { name, value } of graph.outputs) {
    const { buffer: root } = assignment.view(value);
    if (taken.has(root) || graph.nodes[root].op === 'weight')
      throw new HeddleError('IR_INVALID', 'a resident output has no memory of its own', { where: name });
    taken.add(root);
    if (!ports.has(root)) ports.set(root, ports.size);
  }
  return ports;
}

function measurePorts(
  graph: Graph,
  { groups }: Fusion,
  { ports, allocations }: BufferAssignment,
  donated: readonly number[],
): PlanPorts {
  // What the caller keeps lives until the end.
  const kept = new Set(paramsOf(graph).flatMap(({ id }, i) => (donated.includes(i) ? [] : [id])));
  const held = ports.map((port) => (kept.has(port.root) ? { ...port, last: groups.length } : port));
  return {
    count: ports.length,
    bytes: ports.reduce((sum, port) => sum + Math.max(DEVICE_ELEMENT_BYTES, port.bytes), 0),
    lowerBound: largestLiveSet([...allocations, ...held]).lowerBound,
  };
}

/** What does not lie in the arena: weights, and ports. */
function homesOf(
  { nodes }: Graph,
  weights: ReadonlyMap<ValueId, number>,
  ports: ReadonlyMap<ValueId, number>,
): ReadonlyMap<ValueId, Home> {
  const home = (
    key: ValueId,
    space: AddressSpace,
    region: (size: number) => Region,
  ): readonly [ValueId, Home] => [
    key,
    { key, space, offset: 0, moving: [], region: region(deviceBytes(staticShape(nodes[key].type.shape))) },
  ];
  return new Map([
    ...[...weights].map(([id, offset]) =>
      home(id, 'weights', (size) => ({ space: 'weights', offset, size })),
    ),
    ...[...ports].map(([id, port]) => home(id, 'port', (size) => ({ space: 'port', port, offset: 0, size }))),
  ]);
}

const traced = (command: number, value: ValueId, { region, view }: Place): TracedResult => ({
  command,
  value,
  region,
  shape: view.shape,
  strides: view.strides,
  offset: view.offset,
});

interface WeightLayout {
  readonly list: readonly PlanWeight[];
  readonly offsets: ReadonlyMap<ValueId, number>;
  readonly bytes: number;
}

/** Weights that the graph uses, in order of use, each at an aligned offset; one copy of each id. */
export function layoutWeights(graph: Graph): WeightLayout {
  const list = new Map<string, PlanWeight>();
  const offsets = new Map<ValueId, number>();
  let bytes = 0;
  graph.nodes.forEach((node, id) => {
    if (node.op !== 'weight') return;
    const shape = staticShape(node.type.shape);
    const known = list.get(node.attrs.id);
    offsets.set(id, known?.offset ?? bytes);
    if (known !== undefined) return;
    list.set(node.attrs.id, { id: node.attrs.id, dtype: node.type.dtype, shape, offset: bytes });
    bytes = alignUp(bytes + deviceBytes(shape));
  });
  return { list: [...list.values()], offsets, bytes };
}

/** A name that says what the kernel does, e.g. `conv+add+max`. */
export function labelOf(graph: Graph, group: Group): string {
  if (group.copy !== undefined) return `copy %${group.results[0]} into %${group.copy.into}`;
  const ops = group.members
    .map((id) => graph.nodes[id])
    .filter(({ op }) => op !== 'reshape' && op !== 'broadcast' && op !== 'constant')
    .map(({ op }) => op);
  const shown = ops.length > 6 ? [...ops.slice(0, 3), '...', ...ops.slice(-2)] : ops;
  return `${shown.length === 0 ? 'copy' : shown.join('+')} -> ${group.results.map((id) => printType(graph.nodes[id].type)).join(', ')}`;
}
