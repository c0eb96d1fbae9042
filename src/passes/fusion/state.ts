/** The groups while they are being formed. */
import { HeddleError } from '../../base/errors.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { withForms } from './form.js';
import type { Decision, Fusion, Group, Placement, Space } from './group.js';
import { isFree } from './traits.js';
import { isView, type Policy } from '../../ir/ops.js';
import { findUses, UseTable, type IndexOf, type Uses } from './walk.js';

/** A group under construction. */
export interface OpenGroup {
  readonly id: number;
  readonly name: string;
  space: Space;
  /** Where its members, and what they read, are needed. */
  uses: UseTable;
  anchor: ValueId | undefined;
  hasLoop: boolean;
  /** Values computed inside, with the policy under which each was accepted. */
  readonly members: Map<ValueId, Policy>;
  readonly results: Set<ValueId>;
  /** Operands of members that are not members: read from memory, or not decided yet. */
  readonly frontier: Set<ValueId>;
  /** Set for a kernel that only copies a value into a concat's buffer. */
  readonly copy: Placement | undefined;
}

export class FusionState {
  readonly aliases = new Map<ValueId, ValueId>();
  private readonly drafts: OpenGroup[] = [];
  /** By value: the groups in which it is computed. */
  private readonly inside: (OpenGroup[] | undefined)[] = [];
  private readonly producers = new Map<ValueId, OpenGroup>();
  /** By value: the groups in whose frontier it is, and others in whose frontier it was. */
  private readonly readers: (OpenGroup[] | undefined)[] = [];
  private readonly parts = new Map<ValueId, { values: ValueId[]; copies: OpenGroup[] }>();
  private readonly decisions: Decision[] = [];

  constructor(
    private readonly graph: Graph,
    private readonly placements: ReadonlyMap<ValueId, Placement>,
    private readonly indexOf: IndexOf,
  ) {}

  private decide(value: ValueId, fused: boolean, reason: string): void {
    this.decisions.push({ value, fused, reason });
  }

  /** The groups in which any of `users` is computed, each once. */
  groupsUsing(users: readonly ValueId[]): readonly OpenGroup[] {
    if (users.length === 1) return this.inside[users[0]] ?? [];
    const found = new Set<OpenGroup>();
    for (const user of users) for (const draft of this.inside[user] ?? []) found.add(draft);
    return [...found];
  }

  private draft(name: string, space: Space, copy?: Placement): OpenGroup {
    const id = this.drafts.length;
    const draft: OpenGroup = {
      id,
      name,
      space,
      uses: new UseTable(this.graph, this.indexOf),
      anchor: undefined,
      hasLoop: false,
      members: new Map(),
      results: new Set(),
      frontier: new Set(),
      copy,
    };
    this.drafts.push(draft);
    return draft;
  }

  /** A new group that computes and stores `id`. */
  open(id: ValueId, space: Space, reason: string): OpenGroup {
    const draft = this.draft(`the kernel of %${id}`, space);
    this.addResult(id, draft);
    this.join(id, draft, 'any');
    this.decide(id, false, reason);
    return draft;
  }

  private join(id: ValueId, draft: OpenGroup, policy: Policy): void {
    draft.members.set(id, policy);
    draft.frontier.delete(id);
    draft.uses.addOperands(id, draft.space);
    for (const input of this.graph.nodes[id].inputs) if (!draft.members.has(input)) this.need(input, draft);
    (this.inside[id] ??= []).push(draft);
  }

  private need(id: ValueId, draft: OpenGroup): void {
    if (draft.frontier.has(id)) return;
    draft.frontier.add(id);
    (this.readers[id] ??= []).push(draft);
  }

  inline(id: ValueId, groups: readonly OpenGroup[], policy: Policy, reason: string): void {
    for (const group of groups) this.join(id, group, policy);
    this.decide(id, true, reason);
  }

  /** `id` is one of what `draft` stores. Noted before its operands are. */
  addResult(id: ValueId, draft: OpenGroup): void {
    this.stores(id, draft);
    this.producers.set(id, draft);
  }

  private stores(id: ValueId, draft: OpenGroup): void {
    draft.results.add(id);
    draft.uses.addResult(id, draft.space);
  }

  /** The uses of `draft` if it worked on `space`. */
  usesIn(draft: OpenGroup, space: Space): Uses {
    if (draft.space === space) return draft.uses.uses;
    return findUses(this.graph, space, draft.results, draft.members.keys(), this.indexOf).uses;
  }

  /** Makes `draft` work on `space`. */
  moveTo(draft: OpenGroup, space: Space): void {
    draft.space = space;
    draft.uses = findUses(this.graph, space, draft.results, draft.members.keys(), this.indexOf);
  }

  /** `id` lies in memory; `readers` read it. Their frontiers hold it already. */
  read(id: ValueId, readers: readonly OpenGroup[]): void {
    for (const reader of readers) this.need(id, reader);
  }

  /** `id` lies in memory, written part by part (see `feeds`, `copyInto`). */
  materialise(id: ValueId, readers: readonly OpenGroup[], reason: string): void {
    this.parts.set(id, { values: [], copies: [] });
    this.read(id, readers);
    this.decide(id, false, reason);
  }

  feeds(concat: ValueId, part: ValueId): void {
    this.parts.get(concat)?.values.push(part);
  }

  /** A kernel that copies `value`, an operand that cannot be written in place. */
  copyInto(value: ValueId, placement: Placement, space: Space): void {
    const draft = this.draft(`the copy of %${value}`, space, placement);
    const { op } = this.graph.nodes[value];
    this.stores(value, draft);
    if (isView(op) || isFree(op)) this.join(value, draft, 'any');
    else this.need(value, draft);
    this.parts.get(placement.into)?.copies.push(draft);
  }

  private writersOf(value: ValueId): readonly OpenGroup[] {
    const parts = this.parts.get(value);
    if (parts !== undefined)
      return [...parts.copies, ...parts.values.flatMap((part) => this.writersOf(part))];
    const producer = this.producers.get(value);
    return producer === undefined ? [] : [producer];
  }

  /** The groups that read `id`, or a concat in whose buffer `id` is stored. */
  private readersOf(id: ValueId): Set<OpenGroup> {
    const found = new Set<OpenGroup>();
    for (let value: ValueId | undefined = id; value !== undefined; value = this.placements.get(value)?.into)
      for (const reader of this.readers[value] ?? []) if (reader.frontier.has(value)) found.add(reader);
    return found;
  }

  /**
   * Whether `group` may store `id`: not where it needs, directly or not, what a reader of `id` writes, nor where it reads
   * the concat of which `id` would become a part.
   */
  mayStore(group: OpenGroup, id: ValueId): boolean {
    const readers = this.readersOf(id);
    const { into } = this.placements.get(id) ?? {};
    if (into !== undefined && readers.has(group) && this.readersOf(into).has(group)) return false;
    readers.delete(group);
    return !this.needsAny(group, readers);
  }

  /** Whether `group` needs, directly or not, what one of `others` writes. */
  private needsAny(group: OpenGroup, others: ReadonlySet<OpenGroup>): boolean {
    if (others.size === 0) return false;
    const found = new Set<OpenGroup>();
    const open = [group];
    for (let draft = open.pop(); draft !== undefined; draft = open.pop())
      for (const value of draft.frontier)
        for (const writer of this.writersOf(value)) {
          if (others.has(writer)) return true;
          if (found.has(writer)) continue;
          found.add(writer);
          open.push(writer);
        }
    return false;
  }

  finish(): Fusion {
    return {
      groups: withForms(
        this.graph,
        this.inOrder().map((draft, id) => this.freeze(draft, id)),
      ),
      placements: this.placements,
      aliases: this.aliases,
      decisions: this.decisions.reverse(),
    };
  }

  /**
   * The drafts, writers before readers. Depth first, without recursion: chains may be long. Late drafts compute early
   * values; starting with them keeps the program's own order where it is free.
   */
  private inOrder(): OpenGroup[] {
    const order: OpenGroup[] = [];
    const entered = new Set<OpenGroup>();
    const done = new Set<OpenGroup>();
    for (const start of [...this.drafts].reverse()) {
      const stack = [start];
      for (let draft = stack.at(-1); draft !== undefined; draft = stack.at(-1)) {
        if (done.has(draft)) {
          stack.pop();
          continue;
        }
        const writers = [...draft.frontier].flatMap((value) => this.writersOf(value));
        const waiting = writers.filter((writer) => !done.has(writer));
        if (waiting.length === 0) {
          done.add(draft);
          order.push(draft);
        } else if (entered.has(draft)) {
          throw new HeddleError('IR_INVALID', `${draft.name} would need its own result: fusion made a cycle`);
        } else {
          entered.add(draft);
          for (const writer of waiting.reverse()) stack.push(writer);
        }
      }
    }
    return order;
  }

  private freeze(draft: OpenGroup, id: number): Omit<Group, 'form'> {
    const ascending = (ids: Iterable<ValueId>): ValueId[] => [...ids].sort((a, b) => a - b);
    return {
      id,
      space: draft.space,
      anchor: draft.anchor,
      members: ascending(draft.members.keys()),
      // A loop has no kernel that could make anything.
      sources: ascending(draft.frontier).filter(
        (value) => draft.space.kind === 'loop' || !isFree(this.graph.nodes[value].op),
      ),
      results: ascending(draft.results),
      copy: draft.copy,
    };
  }
}
