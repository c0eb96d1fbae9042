/**
 * Groups the nodes of a graph into kernels.
 *
 * Values are visited from the last to the first, consumers before producers. Each is either computed inside of the groups that
 * use it, or stored by a group of its own, or stored by a group that computes it anyway. Legality (can the kernel form express it,
 * does the index fit, do the bindings suffice, does no cycle arise) is asked apart from profit (is it faster); both give reasons.
 */
import { fault } from '../../base/errors.js';
import { usersOf, type Graph, type ValueId } from '../../ir/graph.js';
import { isView, type Policy } from '../../ir/ops.js';
import { holdsGraphs } from '../../ir/subgraphs.js';
import type { Index } from '../../ir/index-expr.js';
import { staticShape } from '../../ir/types.js';
import { elementCount } from '../../base/tensor.js';
import type { InPlace } from '../memory/in-place.js';
import { DEFAULT_TARGET, type Target } from '../target.js';
import { bindingsOf, bufferBytes, type Bindings } from './bindings.js';
import { FusionState, type OpenGroup } from './state.js';
import { PanelOperands } from './operands.js';
import { Recompute } from './recompute.js';
import { resultIndex, rowSpace, spaceSize } from './group.js';
import type { Fusion, LoopNote, Placement, Space } from './group.js';
import {
  allows,
  isAlone,
  isContraction,
  isFree,
  isGiven,
  isLoop,
  liesIn,
  neededPolicy,
  operandPolicy,
  stricter,
} from './traits.js';
import { areColumnsOfUnits, leadsToProduct } from './units.js';
import { usedOnlyAt, type IndexOf } from './walk.js';

/**
 * Partitions `graph`, which must be static, into groups. Dead nodes get none. `loops`: what is known of its loops. `bindings`: what
 * the buffers of values take.
 */
export function fuse(
  graph: Graph,
  target: Target = DEFAULT_TARGET,
  inPlace: InPlace = new Map(),
  loops: ReadonlyMap<ValueId, LoopNote> = new Map(),
  bindings: Bindings = bindingsOf(bufferBytes(graph), target),
): Fusion {
  const fuser = new Fuser(graph, target, inPlace, loops, bindings);
  for (let id = graph.nodes.length - 1; id >= 0; id--) fuser.visit(id);
  return fuser.state.finish();
}

const OWN_KERNELS = {
  loop: 'its trips have kernels of their own',
  cond: 'its branches have kernels of their own, which run where theirs is taken: to compute all of them costs more',
} as const;

class Fuser {
  readonly state: FusionState;
  private readonly users: readonly (readonly ValueId[])[];
  private readonly placements = new Map<ValueId, Placement>();
  private readonly mustStore = new Set<ValueId>();
  /** The parts of each loop that something needs. */
  private readonly parts = new Map<ValueId, readonly ValueId[]>();
  private readonly indices = new Map<string, readonly Index[]>();
  private readonly counts: (number | undefined)[] = [];
  private readonly recompute: Recompute;
  private readonly operands: PanelOperands;

  constructor(
    private readonly graph: Graph,
    private readonly target: Target,
    private readonly inPlace: InPlace,
    private readonly loops: ReadonlyMap<ValueId, LoopNote>,
    private readonly bindings: Bindings,
  ) {
    this.state = new FusionState(graph, this.placements, this.indexOf);
    this.users = usersOf(graph);
    this.recompute = new Recompute(graph, this.users, this.mustStore, target);
    this.operands = new PanelOperands(graph, this.users, target);
    for (const { value } of graph.outputs) this.store(value);
  }

  /** Notes that `id` must lie in memory; a reshape lies where its operand lies. */
  private store(id: ValueId): void {
    const under = liesIn(this.graph, id);
    if (under === undefined) return void this.mustStore.add(id);
    this.state.aliases.set(id, under);
    this.store(under);
  }

  private shape(id: ValueId): readonly number[] {
    return staticShape(this.graph.nodes[id].type.shape);
  }

  private count(id: ValueId): number {
    return (this.counts[id] ??= elementCount(this.shape(id)));
  }

  visit(id: ValueId): void {
    const { op } = this.graph.nodes[id];
    if (holdsGraphs(op)) return this.openLoop(id, op);
    let groups = this.state.groupsUsing(this.users[id]);
    if (this.state.aliases.has(id)) {
      // A loop reads a reshape where its operand lies.
      const loops = groups.filter(({ space }) => space.kind === 'loop');
      if (loops.length > 0) {
        this.state.inline(id, loops, 'any', 'it lies where its operand does');
        groups = groups.filter((group) => !loops.includes(group));
        if (groups.length === 0) return;
      }
    }
    const stored = this.mustStore.has(id);
    if (groups.length === 0 && !stored) return;
    if (op === 'result') return this.partOfLoop(id, groups);
    if (isGiven(op)) return this.state.read(id, groups);
    if (isFree(op) && !stored) return this.state.inline(id, groups, 'any', 'generated where it is used');
    if (op === 'concat' && this.placeConcat(id, groups)) return;
    if (isAlone(op)) return this.root(id, groups, `${op} has a kernel of its own`);
    if (stored) {
      if (!this.tryResult(id, groups)) this.root(id, groups, 'it is a result that must be stored');
      return;
    }
    const refusal = this.refusal(id, groups);
    if (refusal === undefined) return this.absorb(id, groups);
    if (isView(op)) return this.root(id, groups, refusal);
    if (!this.tryResult(id, groups)) this.root(id, groups, refusal);
  }

  /** A part of a loop's value lies in memory; the loop writes it. */
  private partOfLoop(id: ValueId, groups: readonly OpenGroup[]): void {
    const [loop] = this.graph.nodes[id].inputs;
    this.parts.set(loop, [...(this.parts.get(loop) ?? []), id]);
    this.state.read(id, groups);
  }

  /**
   * A loop is a group, and a cond is, with what its trips or branches work with in the memory of its own value; what it reads lies in
   * memory as a whole.
   */
  private openLoop(id: ValueId, op: 'loop' | 'cond'): void {
    const parts = this.parts.get(id);
    if (parts === undefined) return;
    const { inPlace, reason } = this.loops.get(id) ?? { inPlace: [], reason: OWN_KERNELS[op] };
    const group = this.state.open(id, { kind: 'loop', inPlace }, reason);
    group.anchor = id;
    group.hasLoop = true;
    for (const part of parts) {
      this.state.addResult(part, group);
      this.state.inline(part, [group], 'any', `the ${op} writes it`);
    }
    for (const input of this.graph.nodes[id].inputs) this.store(input);
  }

  /** The policy under which `group` needs `id`. */
  private policyIn(group: OpenGroup, id: ValueId): Policy {
    let policy: Policy = 'any';
    for (const user of this.users[id]) {
      const own = group.members.get(user);
      if (own === undefined) continue;
      const { inputs } = this.graph.nodes[user];
      for (let place = 0; place < inputs.length; place++)
        if (inputs[place] === id) policy = stricter(policy, this.policyAt(user, place, own));
    }
    return policy;
  }

  /** The policy of an operand place of `user`: a product with few rows reads its right operand few times. */
  private policyAt(user: ValueId, place: number, own: Policy): Policy {
    const node = this.graph.nodes[user];
    if (this.operands.multipliesWords(user) && allows(own, 'light')) return 'light';
    if (node.op === 'dot' && place === 1 && allows(own, 'light')) {
      const { lhsBatch, lhsContract } = node.attrs;
      const shape = this.shape(node.inputs[0]);
      const rows = shape.reduce((n, extent, axis) => lhsBatch.includes(axis) || lhsContract.includes(axis) ? n : n * extent, 1); // prettier-ignore
      if (rows <= this.target.unpackedRows) return 'light';
    }
    return operandPolicy(node.op, place, own);
  }

  /** Why `id` cannot or should not be computed inside of all of `groups`; undefined where it can. */
  private refusal(id: ValueId, groups: readonly OpenGroup[]): string | undefined {
    const { op } = this.graph.nodes[id];
    const needed = neededPolicy(op);
    for (const group of groups) {
      if (!allows(this.policyIn(group, id), needed)) return `${group.name} reads it many times over`;
      if (!this.bindingsFit(group, id))
        return `${group.name} would need more than ${this.target.storageBuffers} buffers`;
      for (const { length } of group.uses.of(id))
        if (length > this.target.maxIndexLength) return `${group.name} needs it at a long index`;
    }
    const operand = this.operands.refusal(id, groups);
    if (operand !== undefined || isView(op)) return operand;
    const long = groups.find((group) => group.members.size >= this.target.maxMembers);
    if (long !== undefined) return `${long.name} is long enough`;
    const again = this.isOfUnits(id, groups) ? undefined : this.recompute.refusal(id, groups);
    if (again !== undefined) return again;
    if (groups.length > 1) {
      if (needed === 'any') return 'it is costly and several kernels use it';
      if (groups.length > this.target.maxReaders && !this.recompute.isOfIndex(id))
        return `${groups.length} kernels use it`;
      if (this.recompute.hidesCost(id)) return 'several kernels use it, and it is the epilogue of a kernel';
      return undefined;
    }
    const [group] = groups;
    if (isLoop(op)) return this.loopRefusal(id, group);
    const computed = spaceSize(group.space);
    if (needed === 'any' && this.count(id) < computed && !this.isRowLevel(id, group))
      return `${group.name} would compute it ${Math.ceil(computed / Math.max(1, this.count(id)))} times`;
    return undefined;
  }

  private isRowLevel(id: ValueId, group: OpenGroup): boolean {
    return group.space.kind === 'rows' && this.count(id) <= group.space.rows;
  }

  /** Whether the buffers suffice once `id` is a member of `group`; `stored`: and one of its results. */
  private bindingsFit(group: OpenGroup, id: ValueId, stored = false): boolean {
    const { frontier } = group;
    const { inputs } = this.graph.nodes[id];
    const isRead = (value: ValueId): boolean =>
      value !== id && (frontier.has(value) || inputs.includes(value));
    let buffers = 0;
    for (const value of frontier) if (value !== id) buffers += this.bindingsRead(value);
    for (let i = 0; i < inputs.length; i++)
      if (!frontier.has(inputs[i]) && inputs.indexOf(inputs[i]) === i) buffers += this.bindingsRead(inputs[i]); // prettier-ignore
    for (const result of stored ? [...group.results, id] : group.results) {
      const under = this.inPlace.get(result);
      if (under === undefined || !isRead(under)) buffers += this.bindings(result);
    }
    return buffers <= this.target.storageBuffers;
  }

  /** Bindings of a value that a kernel reads. */
  private bindingsRead(value: ValueId): number {
    return isFree(this.graph.nodes[value].op) ? 0 : this.bindings(value);
  }

  private loopRefusal(id: ValueId, group: OpenGroup): string | undefined {
    const node = this.graph.nodes[id];
    if (node.op === 'reduce') return this.reduceRefusal(id, group);
    if (group.space.kind === 'rows') return `${group.name} works on rows`;
    if (group.anchor !== undefined)
      return `${group.name} already has ${this.graph.nodes[group.anchor].op} at its heart`;
    const isAtHand = this.usedInPlace(group, group.space, id) || this.isOfUnits(id, [group]);
    return isAtHand ? undefined : `${group.name} uses it at another index`;
  }

  /** Whether `id` is, or comes of, a product that can stand in the one kernel of `groups`, whose elements each need columns of it: see units.ts. */
  private isOfUnits(id: ValueId, [{ space, anchor, uses }, ...others]: readonly OpenGroup[]): boolean {
    if (this.target.lanesInStep > 1 || others.length > 0 || anchor !== undefined) return false;
    return (
      areColumnsOfUnits(space, this.shape(id), uses.of(id), this.target) &&
      leadsToProduct(this.graph, this.users, id, this.target.epilogueDepth)
    );
  }

  /** Whether a group over `space` uses `id` exactly where it computes the element of that position. */
  private usedInPlace(group: OpenGroup, space: Space, id: ValueId): boolean {
    if (space.kind === 'flat' && this.count(id) !== space.count) return false;
    return usedOnlyAt(this.state.usesIn(group, space), id, this.indexOf(space, this.shape(id)));
  }

  /** {@link resultIndex}, from a table for flat spaces: a network has few shapes. */
  private readonly indexOf: IndexOf = (space, shape) => {
    if (space.kind !== 'flat') return resultIndex(space, shape);
    const key = `${String(space.count)}: ${shape.join()}`;
    const index = this.indices.get(key) ?? resultIndex(space, shape);
    this.indices.set(key, index);
    return index;
  };

  private reduceRefusal(id: ValueId, group: OpenGroup): string | undefined {
    const space = this.reduceSpace(id);
    if (
      group.anchor !== undefined &&
      isLoop(this.graph.nodes[group.anchor].op) &&
      group.space.kind === 'flat'
    )
      return `${group.name} already has ${this.graph.nodes[group.anchor].op} at its heart`;
    if (space.cols <= this.target.shortRow)
      return group.space.kind === 'flat' ? undefined : 'its rows are shorter';
    if (group.space.kind === 'rows') {
      if (group.space.rows !== space.rows || group.space.cols !== space.cols)
        return 'its rows differ from the rows of the kernel';
      const reductions = [...group.members.keys()].filter(
        (member) => this.graph.nodes[member].op === 'reduce',
      );
      if (reductions.length >= this.target.maxReductions)
        return `${group.name} has ${reductions.length} reductions`;
      return this.usedInPlace(group, group.space, id) ? undefined : 'it is not used row by row';
    }
    if (group.space.kind !== 'flat') return `${group.name} is a loop`;
    if (group.hasLoop) return `${group.name} has a loop inside`;
    if (group.space.count !== space.rows && group.space.count !== space.rows * space.cols)
      return 'the kernel is not over its rows';
    return this.usedInPlace(group, space, id) ? undefined : 'it is not used row by row';
  }

  private reduceSpace(id: ValueId): Space & { kind: 'rows' } {
    const node = this.graph.nodes[id];
    if (node.op !== 'reduce') fault('the op is not a reduction', `%${id} (${node.op})`);
    return rowSpace(this.shape(node.inputs[0]), node.attrs.axes);
  }

  private absorb(id: ValueId, groups: readonly OpenGroup[]): void {
    const { op } = this.graph.nodes[id];
    for (const group of groups) {
      const policy = this.policyIn(group, id);
      if (op === 'reduce') {
        const space = this.reduceSpace(id);
        if (space.cols > this.target.shortRow && group.space.kind === 'flat') this.state.moveTo(group, space);
      }
      if (isLoop(op)) group.hasLoop = true;
      if (isContraction(op) && group.anchor === undefined) group.anchor = id;
      this.state.inline(
        id,
        [group],
        policy,
        groups.length > 1 ? 'cheap to compute again' : 'saves a store and a load',
      );
    }
  }

  private root(id: ValueId, readers: readonly OpenGroup[], reason: string): void {
    const { op } = this.graph.nodes[id];
    const long = op === 'reduce' && this.reduceSpace(id).cols > this.target.shortRow;
    const space: Space = long ? this.reduceSpace(id) : { kind: 'flat', count: this.count(id) };
    const group = this.state.open(id, space, reason);
    if (isLoop(op) || isAlone(op)) group.hasLoop = true;
    if (isContraction(op) || isAlone(op)) group.anchor = id;
    this.state.read(id, readers);
  }

  /** Stores `id` from a group that computes it anyway: one kernel with several results. */
  private tryResult(id: ValueId, groups: readonly OpenGroup[]): boolean {
    const { op } = this.graph.nodes[id];
    for (const group of groups) {
      if (!allows(this.policyIn(group, id), neededPolicy(op))) continue;
      if (isLoop(op) && this.loopRefusal(id, group) !== undefined) continue;
      if (group.anchor !== undefined && isAlone(this.graph.nodes[group.anchor].op)) continue;
      if (group.copy !== undefined) continue; // all that it stores goes into the concat
      if (group.space.kind === 'loop') continue; // its results are the parts of its value
      const level = spaceSize(group.space);
      const fits =
        this.count(id) === level || (group.space.kind === 'rows' && this.count(id) === group.space.rows);
      if (!fits || !this.bindingsFit(group, id, true)) continue;
      const others = groups.filter((other) => other !== group);
      if (!this.state.mayStore(group, id)) continue;
      const long = op === 'reduce' && this.reduceSpace(id).cols > this.target.shortRow;
      const space = long ? this.reduceSpace(id) : group.space;
      if (!this.usedInPlace(group, space, id)) continue;
      if (space !== group.space) this.state.moveTo(group, space);
      this.state.addResult(id, group);
      this.absorb(id, [group]);
      this.state.read(id, others);
      return true;
    }
    return false;
  }

  /** Makes the operands of a concat be written where they belong. */
  private placeConcat(id: ValueId, groups: readonly OpenGroup[]): boolean {
    const node = this.graph.nodes[id];
    if (node.op !== 'concat') return false;
    const { axis } = node.attrs;
    const eligible = (value: ValueId): boolean => {
      const { op } = this.graph.nodes[value];
      // A loop's carried values take turns: they lie where it needs them.
      return op !== 'result' && !isGiven(op) && !isFree(op) && !isView(op) && !this.mustStore.has(value);
    };
    const placed = new Set<ValueId>();
    const parts = new Set(node.inputs.filter((value) => !isFree(this.graph.nodes[value].op)));
    const buffers = [id, ...parts].reduce((sum, value) => sum + this.bindings(value), 0);
    const tooMany = buffers > this.target.storageBuffers;
    if (!tooMany && !node.inputs.some(eligible)) return false;
    this.state.materialise(id, groups, tooMany ? 'it has too many operands for one kernel' : 'its operands are written in place'); // prettier-ignore
    let start = 0;
    for (const value of node.inputs) {
      const extent = this.shape(value)[axis];
      const placement: Placement = { into: id, axis, start };
      start += extent;
      if (extent === 0) continue;
      if (eligible(value) && !placed.has(value)) {
        placed.add(value);
        this.placements.set(value, placement);
        this.mustStore.add(value);
        this.state.feeds(id, value);
      } else this.state.copyInto(value, placement, { kind: 'flat', count: this.count(value) });
    }
    return true;
  }
}
