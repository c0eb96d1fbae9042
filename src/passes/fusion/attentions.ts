/** The groups that are attention, while fusion forms them: see attention.ts. */
import type { Graph, ValueId } from '../../ir/graph.js';
import { staticShape } from '../../ir/types.js';
import type { Target } from '../target.js';
import { attentionOf, operandsOf, type Attention } from './attention.js';
import type { Bindings } from './bindings.js';
import { resultIndex } from './group.js';
import type { FusionState, OpenGroup } from './state.js';
import { isLoop } from './traits.js';
import { usedOnlyAt } from './walk.js';

export class Attentions {
  /** Values between two products, with the group that computes them. */
  private readonly chained = new Map<ValueId, OpenGroup>();

  constructor(
    private readonly graph: Graph,
    private readonly users: readonly (readonly ValueId[])[],
    private readonly stored: ReadonlySet<ValueId>,
    private readonly state: FusionState,
    private readonly bindings: Bindings,
    private readonly target: Target,
  ) {}

  /** Puts `id` into the group that computes it between two products; false where there is none. */
  take(id: ValueId): boolean {
    const group = this.chained.get(id);
    if (group === undefined) return false;
    this.state.inline(id, [group], 'any', 'rows of products stay in the memory of a workgroup');
    return true;
  }

  /** Makes `group`, in which `id` has just become the anchor, compute both products, if `id` is the last one of attention. */
  open(id: ValueId, group: OpenGroup): void {
    const { space, uses } = group;
    const shape = staticShape(this.graph.nodes[id].type.shape);
    if (space.kind !== 'flat' || !usedOnlyAt(uses.uses, id, resultIndex(space, shape))) return;
    const isStored = (value: ValueId): boolean => this.stored.has(value);
    const found = attentionOf(this.graph, this.users, isStored, id, this.target);
    if (found === undefined) return;
    const refusal = typeof found === 'string' ? found : this.refusal(id, found, group);
    if (typeof found === 'string' || refusal !== undefined)
      return this.state.decide(id, false, `its left operand is stored: ${refusal}`);
    this.state.moveTo(group, found.space);
    for (const member of found.members) this.chained.set(member, group);
  }

  /** Why the kernel of `group` cannot compute what was found. */
  private refusal(id: ValueId, found: Attention, group: OpenGroup): string | undefined {
    const others = [...group.members.keys()].filter((member) => member !== id);
    if (others.some((member) => isLoop(this.graph.nodes[member].op)))
      return 'the kernel has a loop beside it';
    if (others.length + found.members.length >= this.target.maxMembers) return 'the kernel is too long';
    const read = new Set([...group.frontier, ...operandsOf(this.graph, id, found)]);
    read.delete(this.graph.nodes[id].inputs[0]);
    const buffers = [...read, ...group.results].reduce((sum, value) => sum + this.bindings(value), 0);
    return buffers > this.target.storageBuffers ? `it needs ${buffers} buffers` : undefined;
  }
}
