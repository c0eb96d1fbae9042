/**
 * Loops that a workgroup makes all trips of, for a row of what is carried, which lies in its memory: cells of recurrent networks, in
 * which an element needs the whole row of the trip before. A trip is computed in steps with barriers between them: what others need
 * at other places than their own is kept, and all else is computed where it is used.
 */
import { elementCount, rowMajorStrides } from '../../base/tensor.js';
import { usersOf, type Graph, type ValueId } from '../../ir/graph.js';
import { indexDiv, linearize } from '../../ir/index-expr.js';
import { isView, type Op, type Policy } from '../../ir/ops.js';
import { staticShape } from '../../ir/types.js';
import type { Target } from '../target.js';
import { cellRow, resultIndex, type CellSpace } from './group.js';
import { allows, isAlone, isFree, isGiven, isLoop, neededPolicy, operandPolicy, stricter } from './traits.js';
import { findUses, usedOnlyAt, UseTable, type Use, type Uses } from './walk.js';

/** Values of one length that the lanes compute element by element, each its own. */
export interface Phase {
  /** Elements in a row. */
  readonly length: number;
  /** What is kept or stored, in topological order. */
  readonly values: readonly ValueId[];
  /** All that is computed, those among them. */
  readonly members: readonly ValueId[];
}

export interface Cell {
  /** Phases that need nothing of each other; a barrier stands behind each step. */
  readonly steps: readonly (readonly Phase[])[];
  /** Values that later steps read from the memory of the workgroup. */
  readonly shared: ReadonlySet<ValueId>;
  /** In topological order. */
  readonly members: readonly ValueId[];
  readonly kept: ReadonlySet<ValueId>;
  /** What is read from buffers. */
  readonly sources: readonly ValueId[];
}

type CellLimits = Pick<Target, 'maxMembers' | 'maxUnitColumns'>;

/** The trip `graph` as a cell over `space` that stores `results`; or why it is none. `carried`: the params of what is carried. */
export function cellOf(
  graph: Graph,
  space: CellSpace,
  carried: ReadonlySet<ValueId>,
  results: readonly ValueId[],
  target: CellLimits,
): Cell | string {
  const work: CellWork = { graph, space, carried, results: new Set(results), target };
  const more = new Set<ValueId>();
  for (;;) {
    const found = keep(work, more);
    if (typeof found === 'string') return found;
    const cell = inSteps(work, found);
    const twice = computedTwice(work, cell);
    if (twice === undefined) return cell;
    more.add(twice);
  }
}

/** The trip of a loop, and the rows in which it is made. */
interface TripInRows {
  readonly graph: Graph;
  readonly space: CellSpace;
}

interface CellWork extends TripInRows {
  readonly carried: ReadonlySet<ValueId>;
  readonly results: ReadonlySet<ValueId>;
  readonly target: CellLimits;
}

interface Kept {
  readonly kept: ReadonlySet<ValueId>;
  readonly members: readonly ValueId[];
  readonly sources: readonly ValueId[];
}

export const shapeIn = ({ graph }: Pick<TripInRows, 'graph'>, id: ValueId): readonly number[] =>
  staticShape(graph.nodes[id].type.shape);

/** Elements of a value in a row; no whole number where it is not made row by row. */
export const lengthIn = (trip: TripInRows, id: ValueId): number =>
  elementCount(shapeIn(trip, id)) / trip.space.rows;

/** Which values are kept, `more` among them. */
function keep(work: CellWork, more: ReadonlySet<ValueId>): Kept | string {
  const { graph, space, carried, results, target } = work;
  const table = new UseTable(graph, resultIndex);
  const users = usersOf(graph);
  const kept = new Set<ValueId>();
  const members: ValueId[] = [];
  const sources: ValueId[] = [];
  const policies = new Map<ValueId, Policy>();
  /** The lengths of the phases that need a value. */
  const lengths = new Map<ValueId, ReadonlySet<number>>();
  for (let id = graph.nodes.length - 1; id >= 0; id--) {
    const { op, inputs } = graph.nodes[id];
    const uses = table.of(id);
    if (uses.length === 0 && !results.has(id)) continue;
    if (isGiven(op)) {
      if (carried.has(id) && !isOfRow(work, id, uses)) return 'a row needs what is carried for another one';
      sources.push(id);
      continue;
    }
    if (isAlone(op) || (isLoop(op) && !LOOPS.has(op))) return `a trip has a ${op}`;
    const policy = policyOf(work, users[id], policies, id);
    const own = lengthIn(work, id);
    const needing = lengths.get(id) ?? new Set<number>();
    const isKept = results.has(id) || more.has(id) || !mayInline(op, policy, uses, own, needing, target);
    if (isKept) {
      if (!Number.isInteger(own)) return `${op} is no row by row`;
      if (own === 0) return 'its results are empty';
      if (!isOfRow(work, id, uses)) return 'a row needs what is made for another one';
      table.keep(id, space);
      kept.add(id);
    }
    policies.set(id, isKept ? 'any' : policy);
    const needed = isKept ? new Set([own]) : needing;
    for (const input of inputs) lengths.set(input, new Set([...(lengths.get(input) ?? []), ...needed]));
    table.addOperands(id, space);
    members.push(id);
    if (members.length > target.maxMembers) return 'a trip is too long for one kernel';
  }
  return { kept, members: members.reverse(), sources: sources.reverse() };
}

/** Ops that are loops over other elements, which a lane goes through alone. */
const LOOPS: ReadonlySet<Op> = new Set<Op>(['dot', 'reduce']);

/** Whether a row needs of a value only what is of that row. */
function isOfRow(work: CellWork, id: ValueId, uses: readonly Use[]): boolean {
  const { space } = work;
  if (space.rows === 1) return true;
  const length = lengthIn(work, id);
  if (!Number.isInteger(length)) return false;
  const strides = rowMajorStrides(shapeIn(work, id));
  const { key } = cellRow(space);
  return uses.every(({ index }) => indexDiv(linearize(index, strides), length).key === key);
}

/** The policy under which members need a value. */
function policyOf(
  { graph }: CellWork,
  users: readonly ValueId[],
  policies: ReadonlyMap<ValueId, Policy>,
  id: ValueId,
): Policy {
  let policy: Policy = 'any';
  for (const user of users) {
    const own = policies.get(user);
    if (own === undefined) continue;
    const { op, inputs } = graph.nodes[user];
    inputs.forEach((input, place) => {
      if (input === id) policy = stricter(policy, operandPolicy(op, place, own));
    });
  }
  return policy;
}

/** Whether a value is computed where it is used: it costs little, or no element is computed twice. */
function mayInline(
  op: Op,
  policy: Policy,
  uses: readonly Use[],
  own: number,
  lengths: ReadonlySet<number>,
  { maxUnitColumns }: CellLimits,
): boolean {
  if (isFree(op) || isView(op)) return true;
  const needed = neededPolicy(op);
  if (!allows(policy, needed)) return false;
  // What is shorter than the rows are many is the same for all of them.
  const isCheap = needed !== 'any' || (!isLoop(op) && !Number.isInteger(own));
  if (isCheap && uses.length === 1) return true;
  const [length] = lengths;
  return (
    lengths.size === 1 &&
    uses.length <= maxUnitColumns &&
    uses.length * length === own &&
    uses.every(({ exact, times }) => exact && times === 1)
  );
}

/** The members that `values` are computed from, and they: what is kept of others is read. */
function madeInside({ nodes }: Graph, { kept, members }: Kept, values: readonly ValueId[]): ValueId[] {
  const found = new Set(values);
  const inside = new Set(members);
  for (const id of [...members].reverse())
    if (found.has(id))
      for (const input of nodes[id].inputs) if (inside.has(input) && !kept.has(input)) found.add(input);
  return members.filter((id) => found.has(id));
}

const usesIn = (work: CellWork, values: readonly ValueId[], members: readonly ValueId[]): Uses =>
  findUses(work.graph, work.space, values, members).uses;

/** Each kept value in the first step in which it can be computed. */
function inSteps(work: CellWork, found: Kept): Cell {
  const { graph, space } = work;
  const stepOf = new Map<ValueId, number>();
  const shared = new Set<ValueId>();
  const steps: { length: number; values: ValueId[] }[][] = [];
  for (const id of found.members) {
    if (!found.kept.has(id)) continue;
    const length = lengthIn(work, id);
    const uses = usesIn(work, [id], madeInside(graph, found, [id]));
    const read = [...uses.keys()].filter((other) => other !== id && found.kept.has(other));
    const isAtHand = (other: ValueId): boolean =>
      lengthIn(work, other) === length && usedOnlyAt(uses, other, resultIndex(space, shapeIn(work, other)));
    const step = read.reduce(
      (most, other) => Math.max(most, stepOf.get(other)! + (isAtHand(other) ? 0 : 1)),
      0,
    );
    stepOf.set(id, step);
    for (const other of read) if (stepOf.get(other)! < step) shared.add(other);
    const phases = (steps[step] ??= []);
    const phase = phases.find((each) => each.length === length);
    if (phase === undefined) phases.push({ length, values: [id] });
    else phase.values.push(id);
  }
  return {
    ...found,
    shared,
    steps: steps.map((phases) =>
      phases.map((phase) => ({ ...phase, members: madeInside(graph, found, phase.values) })),
    ),
  };
}

/** A product or a reduction of which two phases would compute one element. */
function computedTwice(work: CellWork, { steps, kept }: Cell): ValueId | undefined {
  const known = new Set<string>();
  for (const { values, members } of steps.flat()) {
    const uses = usesIn(work, values, members);
    for (const id of members) {
      if (!isLoop(work.graph.nodes[id].op) || kept.has(id)) continue;
      for (const { key } of uses.get(id) ?? []) {
        if (known.has(`${id} ${key}`)) return id;
        known.add(`${id} ${key}`);
      }
    }
  }
  return undefined;
}
