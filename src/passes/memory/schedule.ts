/** The order in which groups run, and what is written over what: so that little memory is in use at once. */
import type { Graph, ValueId } from '../../ir/graph.js';
import { paramsOf } from '../../ir/graph.js';
import type { Fusion, Group } from '../fusion/group.js';
import type { Target } from '../target.js';
import type { Aliases } from './aliases.js';
import { smallOrder } from './beam.js';
import { inPlacePairs, settleDonations, type InPlace, type InPlacePairs } from './in-place.js';
import { inPlaceAlong, type MemoryProblem, type MemoryTask } from './problem.js';

export interface ScheduleRequest {
  readonly aliases: Aliases;
  /** Output -> the param whose buffer the caller gives up for it. */
  readonly donations: InPlace;
  /** Buffers that do not lie in the arena. */
  readonly isOutside: (buffer: ValueId) => boolean;
  readonly target: Target;
  /** Bytes of a buffer. */
  readonly bytesOf: (buffer: ValueId) => number;
}

export interface Schedule {
  /** With its groups in the order in which they run. */
  readonly fusion: Fusion;
  /** A buffer comes after the one that it is written over. */
  readonly inPlace: InPlace;
}

/**
 * Donations come first: they say what has to run before what, and save memory whatever the order. The order is the program's own
 * unless another needs less of the arena, and with it stands what else is written over what.
 */
export function schedule(graph: Graph, fusion: Fusion, request: ScheduleRequest): Schedule {
  const pairs = inPlacePairs(fusion, request.aliases);
  const donated = settleDonations(graph, fusion, request.aliases, pairs, request.donations);
  const { problem, buffers } = problemOf(graph, fusion, donated.before, pairs, request);
  const { scheduleWidth, scheduleBudget, maxBounded } = request.target;
  const work = problem.tasks.length * (problem.tasks.length + problem.pieces.length);
  const width = Math.max(1, Math.min(scheduleWidth, Math.floor(scheduleBudget / Math.max(1, work))));
  const order = smallOrder(problem, programOrder(problem.tasks), width, problem.tasks.length <= maxBounded);
  const groups = order.filter((task) => task < fusion.groups.length);
  const inArena = inPlaceAlong(problem, order).map(([written, read]) => [buffers[written], buffers[read]] as const); // prettier-ignore
  return {
    fusion: { ...fusion, groups: groups.map((at, id) => ({ ...fusion.groups[at], id })) },
    inPlace: new Map([...donated.inPlace, ...inArena]),
  };
}

/** The tasks as they stand, except that what a task waits for is moved in front of it. */
function programOrder(tasks: readonly MemoryTask[]): readonly number[] {
  const order: number[] = [];
  const done = new Set<number>();
  const run = (start: number): void => {
    const stack = [start];
    for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
      const waiting = tasks[at].before.filter((other) => !done.has(other)).sort((a, b) => b - a);
      if (waiting.length > 0) for (const other of waiting) stack.push(other);
      else {
        stack.pop();
        if (!done.has(at)) order.push(at);
        done.add(at);
      }
    }
  };
  tasks.forEach((_, task) => run(task));
  return order;
}

/**
 * The groups as tasks. Where inputs and outputs lie in the arena, two more: the first writes the inputs, the last reads the
 * outputs.
 */
function problemOf(
  graph: Graph,
  fusion: Fusion,
  before: readonly ReadonlySet<number>[],
  pairs: InPlacePairs,
  { aliases, isOutside, bytesOf }: ScheduleRequest,
): { readonly problem: MemoryProblem; readonly buffers: readonly ValueId[] } {
  const numbers = new Map<ValueId, number>();
  const buffers: ValueId[] = [];
  /** The piece in which a value lies, if it lies in the arena. */
  const pieceOf = (id: ValueId): number | undefined => {
    const buffer = aliases.bufferOf(id);
    if (isOutside(buffer)) return undefined;
    const known = numbers.get(buffer);
    if (known !== undefined) return known;
    const piece = buffers.push(buffer) - 1;
    numbers.set(buffer, piece);
    return piece;
  };
  const piecesOf = (ids: Iterable<ValueId>): number[] => [
    ...new Set([...ids].flatMap((id) => pieceOf(id) ?? [])),
  ];
  const overlaysOf = (group: Group): MemoryTask['overlays'] =>
    pairs(group).flatMap(([result, source]) => {
      const [written, read] = [pieceOf(result), pieceOf(source)];
      return written === undefined || read === undefined ? [] : [[written, read] as const];
    });
  const tasks = fusion.groups.map((group, i): MemoryTask => ({
    before: [...before[i]],
    touches: piecesOf([...group.sources, ...(group.copy === undefined ? group.results : [group.copy.into])]),
    overlays: overlaysOf(group),
  })); // prettier-ignore
  const given = piecesOf(paramsOf(graph).map(({ id }) => id));
  const taken = piecesOf(graph.outputs.map(({ value }) => value));
  const first = tasks.length;
  const all = tasks.map((_, i) => i);
  const pieces = (): number[] => buffers.map(bytesOf);
  if (given.length + taken.length === 0) return { problem: { pieces: pieces(), tasks }, buffers };
  const framed = [
    ...tasks.map((task) => ({ ...task, before: [...task.before, first] })),
    { before: [], touches: given, overlays: [] },
    { before: [...all, first], touches: taken, overlays: [] },
  ];
  return { problem: { pieces: pieces(), tasks: framed }, buffers };
}
