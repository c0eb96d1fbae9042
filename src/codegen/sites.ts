/**
 * Every kernel of a staged program, those of the trips of its loops included: what it computes, and where what it reads and
 * writes lies. A trip finds its inputs and outputs where they lie outside: see src/passes/loops.ts.
 */
import { HeddleError } from '../base/errors.js';
import { DEVICE_ELEMENT_BYTES } from '../base/dtype.js';
import { deviceBytes, elementCount } from '../base/tensor.js';
import type { Graph, Node, ValueId } from '../ir/graph.js';
import { paramsOf } from '../ir/graph.js';
import { loopOperands } from '../ir/subgraphs.js';
import { sizeOf, staticShape } from '../ir/types.js';
import type { Group } from '../passes/fusion/group.js';
import { carriedAlong, type PartMemory } from '../passes/loops.js';
import { storedAs } from '../passes/memory/residents.js';
import type { BufferView } from '../passes/memory/aliases.js';
import type { Staged, StagedLoop } from '../passes/pipeline.js';
import type { PlanLoop, Region } from '../plan/plan.js';
import type { Gate } from './gates.js';
import type { View } from './lower/access.js';
import { specify, type KernelSpec, type Location, type AddressSpace, type TripsSpec } from './lower/spec.js';

/** A kernel to be: one that computes, or a gate. */
export interface Site {
  readonly graph: Graph;
  readonly group: Group;
  readonly work: KernelSpec | GateWork;
  readonly regions: readonly Region[];
  /** Where its results lie, in their order. */
  readonly results: readonly Place[];
  /** The gate of the branch that it belongs to, if any, by its number. */
  readonly gate: number | undefined;
}

/** The gate of a branch. Its second region, where it writes, is known when all kernels are. */
export interface GateWork extends Gate {
  readonly kind: 'gate';
  /** Gates are numbered in their order. */
  readonly number: number;
  readonly branch: number;
  readonly branches: number;
}

export const isGate = (work: Site['work']): work is GateWork => 'kind' in work;

/** Where a value lies: in `region`, as `view` says. */
export interface Place {
  readonly region: Region;
  readonly view: View;
}

/** Where a part of the value of a loop or a cond lies when that is over, after the command at `command`. */
export interface LoopResult extends Place {
  readonly value: ValueId;
  readonly command: number;
}

export interface Sites {
  readonly sites: readonly Site[];
  readonly loops: readonly PlanLoop[];
  readonly loopResults: readonly LoopResult[];
  /** How many gates there are. */
  readonly gates: number;
  /** Where a value of the program lies. */
  readonly placeOf: (id: ValueId) => Place;
}

/** A buffer of a program that lies outside of its own arena. */
export interface Home {
  readonly region: Region;
  readonly space: AddressSpace;
  /** Where in the region it begins, in words. */
  readonly offset: number;
  /** How far it moves on per trip of the loops outside, in words. */
  readonly moving: readonly number[];
  /** Buffers of one key lie in one region, and share a binding. */
  readonly key: ValueId;
}

/** Where the buffers of a program lie: those outside by `homes`, all others in its arena, which begins at `arena`. */
interface Frame {
  readonly staged: Staged;
  readonly homes: ReadonlyMap<ValueId, Home>;
  readonly arena: number;
  readonly gate: number | undefined;
  /** Set where the one kernel of the program is to make all trips of a loop. */
  readonly inside?: Inside;
}

/** A loop inside of a kernel, with what it carries: params of a trip, and the values that they are in the next. */
interface Inside {
  readonly level: number;
  readonly trips: number;
  readonly carries: readonly (readonly [param: ValueId, result: ValueId])[];
}

/** The sites of a program in which `homes` lie outside of the arena. */
export function sitesOf(staged: Staged, homes: ReadonlyMap<ValueId, Home>): Sites {
  const found: Found = { sites: [], loops: [], loopResults: [], gates: 0 };
  const frame = { staged, homes, arena: 0, gate: undefined };
  visit(frame, found, true);
  return { ...found, placeOf: (id) => placeIn(frame, id) };
}

interface Found {
  readonly sites: Site[];
  readonly loops: PlanLoop[];
  readonly loopResults: LoopResult[];
  gates: number;
}

function visit(frame: Frame, found: Found, isOutermost: boolean): void {
  const { graph } = frame.staged.program;
  const { fusion, assignment } = frame.staged.arrangement;
  const isEmpty = (id: ValueId): boolean => sizeOf(graph.nodes[id].type) === 0;
  for (const group of fusion.groups) {
    if (group.results.every(isEmpty)) continue;
    if (group.space.kind === 'loop') {
      const first = found.sites.length;
      if (graph.nodes[group.anchor!].op === 'cond') visitCond(frame, group, found);
      else visitLoop(frame, group, found);
      const end = found.sites.length;
      if (isOutermost && end > first) traceParts(frame, group, found, end - 1);
      continue;
    }
    const { form, sources, results, copy } = group;
    const locate = (id: ValueId): Location => locationOf(frame, id);
    const destinations = results.map((id) =>
      copy === undefined ? locate(id) : locationOf(frame, id, assignment.placedView(id, copy)),
    );
    const { spec, roots } = specify(form, sources.map(locate), destinations);
    found.sites.push({
      graph,
      group,
      work: frame.inside === undefined ? spec : { ...spec, trips: tripsOf(frame.inside, group) },
      gate: frame.gate,
      regions: roots.map((root) => regionOf(frame, root)),
      results: destinations.map(({ root, view }) => ({ region: regionOf(frame, root), view })),
    });
  }
}

const tripsOf = ({ level, trips, carries }: Inside, { sources, results }: Group): TripsSpec => ({
  level,
  trips,
  carries: carries.map(([param, result]) => ({
    source: sources.includes(param) ? sources.indexOf(param) : undefined,
    result: results.indexOf(result),
  })),
});

function locationOf(frame: Frame, id: ValueId, at?: BufferView): Location {
  const { program, arrangement } = frame.staged;
  const { buffer, shape, strides, offset } = at ?? arrangement.assignment.view(id);
  const { dtype } = program.graph.nodes[id].type;
  const home = frame.homes.get(buffer);
  if (home === undefined) return { root: buffer, space: 'arena', view: { dtype, shape, strides, offset } };
  const view = { dtype, shape, strides, offset: offset + home.offset };
  const { key, space, moving } = home;
  return { root: key, space, view: moving.length === 0 ? view : { ...view, moving } };
}

/** Where a value of the program of `frame` lies. */
function placeIn(frame: Frame, id: ValueId): Place {
  const { root, view } = locationOf(frame, id);
  return { region: regionOf(frame, root), view };
}

function regionOf({ staged, homes, arena }: Frame, root: ValueId): Region {
  const home = homes.get(root);
  if (home !== undefined) return home.region;
  const offset = staged.layout.offsets.get(root);
  if (offset === undefined) throw new HeddleError('IR_INVALID', `%${root} has no place in the arena`);
  return { space: 'arena', offset: arena + offset, size: sizeIn(staged, root) };
}

const sizeIn = (staged: Staged, root: ValueId): number =>
  deviceBytes(staticShape(staged.program.graph.nodes[root].type.shape));

/** Notes where the parts of a loop's or cond's value lie when its last command, at `command`, is done. */
function traceParts(frame: Frame, group: Group, found: Found, command: number): void {
  const { nodes } = frame.staged.program.graph;
  for (const value of group.results) {
    if (nodes[value].op !== 'result' || sizeOf(nodes[value].type) === 0) continue;
    found.loopResults.push({ value, command, ...placeIn(frame, value) });
  }
}

function visitLoop(frame: Frame, group: Group, found: Found): void {
  const { graph } = frame.staged.program;
  const id = group.anchor!;
  const loop = graph.nodes[id] as Node<'loop'>;
  const staged = frame.staged.loops.get(id)!;
  const own = frame.arena + frame.staged.layout.offsets.get(id)!;
  const { homes, carries } = homesOfTrip(frame, loop, group, staged, own);
  const arena = own + staged.memory.arena;
  if (staged.refusal === undefined) {
    const inside = { level: staged.level, trips: staged.trips, carries };
    visit({ staged: staged.trip, homes, arena, gate: frame.gate, inside }, found, false);
    return;
  }
  const first = found.sites.length;
  // Outer loops come before inner ones.
  const at = found.loops.push({ first, end: first, trips: staged.trips, ...endOf(loop, staged, homes) }) - 1;
  visit({ staged: staged.trip, homes, arena, gate: frame.gate }, found, false);
  const end = found.sites.length;
  if (end === first) found.loops.splice(at);
  else found.loops[at] = { ...found.loops[at], end };
}

/** Each branch behind a gate; all of them write where the parts of the value lie. */
function visitCond(frame: Frame, group: Group, found: Found): void {
  const { graph } = frame.staged.program;
  const id = group.anchor!;
  const cond = graph.nodes[id] as Node<'cond'>;
  const { branches, memory } = frame.staged.conds.get(id)!;
  const own = frame.arena + frame.staged.layout.offsets.get(id)!;
  const [predicate, ...captures] = cond.inputs;
  const { root, view, space } = locationOf(frame, predicate);
  const parts = new Map(group.results.flatMap((result) => partOf(graph, result)));
  branches.forEach((branch, at) => {
    const first = found.sites.length;
    const work: GateWork = {
      kind: 'gate',
      number: found.gates++,
      branch: at,
      branches: branches.length,
      predicate: { buffer: 0, view },
      access: space === 'arena' ? 'read_write' : 'read',
      least: at === 0 ? undefined : at,
      most: at === branches.length - 1 ? undefined : at,
      outer: frame.gate,
    };
    const none = { ...group, members: [], sources: [], results: [] };
    found.sites.push({
      graph,
      group: none,
      work,
      regions: [regionOf(frame, root)],
      results: [],
      gate: undefined,
    });
    const homes = homesIn(frame, own, cond, memory);
    paramsOf(branch.program.graph).forEach((param, i) => homes.put(param.id, homes.outside(captures[i])));
    branch.program.graph.outputs.forEach(({ value }, part) => {
      const whole = parts.has(part) ? homes.outside(parts.get(part)!) : homes.spare(part);
      homes.put(branch.arrangement.assignment.view(value).buffer, whole);
    });
    const inner = { staged: branch, homes: homes.all, arena: own + memory.arena, gate: work.number };
    visit(inner, found, false);
    if (found.sites.length > first + 1) return;
    found.sites.pop();
    found.gates--;
  });
}

/** How a while ends: where its trips carry its condition. That of one with stacked outputs fills what trips do not, so all are made. */
function endOf(
  { attrs: { carries, conditional, trips, stackAxes } }: Node<'loop'>,
  { trip }: StagedLoop,
  homes: ReadonlyMap<ValueId, Home>,
): Pick<PlanLoop, 'going'> {
  if (!conditional || stackAxes.length > 0) return {};
  const { id } = paramsOf(trip.program.graph)[carries];
  return { going: { flag: homes.get(id)!.region, mustEnd: trips === Infinity } };
}

/** Where the inputs and outputs of a trip lie: the buffers of its graph, by their values. */
function homesOfTrip(
  frame: Frame,
  loop: Node<'loop'>,
  group: Group,
  { trip, memory, level, writtenOver }: StagedLoop,
  own: number,
): { readonly homes: ReadonlyMap<ValueId, Home>; readonly carries: Inside['carries'] } {
  const outer = frame.staged.program.graph;
  const { sliceSteps, stackSteps } = loop.attrs;
  const trips = Number(loop.attrs.trips);
  const given = loopOperands(loop, loop.inputs);
  const parts = new Map(group.results.flatMap((id) => partOf(outer, id)));
  const { all, put, outside, spare } = homesIn(frame, own, loop, memory);
  const bufferOf = (id: ValueId): ValueId => frame.staged.arrangement.assignment.view(id).buffer;
  /** `home`, of which each trip sees the slice of its number. */
  const sliced = (home: Lodging, words: number, step: number): Lodging => ({
    ...home,
    offset: home.offset + (step < 0 ? (trips - 1) * words : 0),
    moving: Array.from({ length: level + 1 }, (_, i) => (i === level ? words * step : (home.moving[i] ?? 0))),
  });
  const turn = (even: Region, odd: Region): Lodging => ({
    region: { space: 'turn', level, even, odd, offset: 0, size: even.size },
    space: 'arena',
    offset: 0,
    moving: [],
  });

  // The number of the trip is no param any more: see bodyAt.
  const params = paramsOf(trip.program.graph).map(({ id }) => id);
  const wordsOf = (inner: ValueId): number =>
    elementCount(staticShape(trip.program.graph.nodes[inner].type.shape));
  const outputs = trip.program.graph.outputs.map(
    ({ value }) => trip.arrangement.assignment.view(value).buffer,
  );
  const along = carriedAlong(given);
  const carries = along.length;
  along.forEach((id, i) => {
    // Nothing outside reads the condition of a while.
    const part = i < given.carried.length ? i : loop.type.parts!.length;
    const start = outside(id).region;
    const end = parts.has(part) ? outside(parts.get(part)!).region : start;
    const isOne = !parts.has(part) || bufferOf(parts.get(part)!) === bufferOf(id);
    const hasSpare = memory.spares.has(part);
    if (writtenOver[i] ? !isOne || hasSpare : isOne !== hasSpare)
      throw new HeddleError('IR_INVALID', 'a carried value does not lie where its loop needs it', { where: loop.name, found: `%${id}` }); // prettier-ignore
    if (writtenOver[i]) return put(params[i], outside(id));
    const other = isOne ? spare(part).region : end;
    put(params[i], turn(start, other));
    put(outputs[i], turn(other, start));
  });
  given.sliced.forEach((id, i) => {
    const inner = params[carries + i];
    put(inner, sliced(outside(id), wordsOf(inner), sliceSteps[i]));
  });
  given.captures.forEach((id, i) => put(params[carries + given.sliced.length + i], outside(id)));
  outputs.slice(carries).forEach((inner, i) => {
    const part = given.carried.length + i;
    const whole = parts.has(part) ? outside(parts.get(part)!) : spare(part);
    put(inner, sliced(whole, wordsOf(inner), stackSteps[i]));
  });
  const graph = trip.program.graph;
  const made = graph.outputs.map(({ value }) => storedAs(graph, value));
  return { homes: all, carries: along.map((_, i) => [params[i], made[i]] as const) };
}

/** Where a buffer lies, without what it shares a binding with. */
type Lodging = Omit<Home, 'key'>;

interface Homes {
  readonly all: ReadonlyMap<ValueId, Home>;
  /** Notes where a buffer of the inner program lies. */
  readonly put: (inner: ValueId, lodging: Lodging) => void;
  /** Where a value of the program around the node lies. */
  readonly outside: (id: ValueId) => Lodging;
  /** Where a part of the value of the node lies that nothing outside reads, or another buffer for it. */
  readonly spare: (part: number) => Lodging;
}

/** The homes of a graph of `node`, whose own memory begins at `own`, to be filled. */
function homesIn(frame: Frame, own: number, node: Node, memory: PartMemory): Homes {
  const all = new Map<ValueId, Home>();
  const keys = new Map<string, ValueId>();
  const types = node.type.parts!;
  return {
    all,
    put: (inner, { region, space, offset, moving }) => {
      const text = JSON.stringify(region);
      const key = keys.get(text) ?? inner;
      keys.set(text, key);
      all.set(inner, { region, space, offset, moving, key });
    },
    outside: (id) => {
      const { root, space, view } = locationOf(frame, id);
      return { region: regionOf(frame, root), space, offset: view.offset, moving: view.moving ?? [] };
    },
    spare: (part) => {
      const size = part < types.length ? deviceBytes(staticShape(types[part].shape)) : DEVICE_ELEMENT_BYTES;
      const region: Region = { space: 'arena', offset: own + (memory.spares.get(part) ?? NaN), size };
      return { region, space: 'arena', offset: 0, moving: [] };
    },
  };
}

const partOf = ({ nodes }: Graph, id: ValueId): (readonly [number, ValueId])[] => {
  const node = nodes[id];
  return node.op === 'result' ? [[node.attrs.index, id]] : [];
};
