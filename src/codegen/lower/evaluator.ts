/**
 * Computes one element of any value of a fused group: `at(value, index)` is the scalar expression of
 * value[index], by the rule of the op applied to its operands at indices of their own, down to the values that lie in
 * buffers. Movement ops only rewrite the index.
 */
import { HeddleError } from '../../base/errors.js';
import type { Dim } from '../../ir/dim.js';
import type { Graph, Node, ValueId } from '../../ir/graph.js';
import { isBinary, isCompare, isIdentity, isUnary, traitsOf } from '../../ir/ops.js';
import { staticShape, type TensorType } from '../../ir/types.js';
import { neededPolicy } from '../../passes/fusion/traits.js';
import type { Target } from '../../passes/target.js';
import { GUARD_BYTES } from '../../plan/wasm.js';
import type { Index } from '../../ir/index-expr.js';
import type { SsaBuilder } from '../ssa/builder.js';
import type { Ref } from '../ssa/instr.js';
import { IndexEmitter, loadElement, moved, viewIndex, type Access } from './access.js';
import type { ElementContext, ElementRule } from './element.js';
import { ELEMENT_RULES } from './element-rules.js';
import { lowerBinary, lowerCompare, lowerUnary } from './scalar-rules.js';

export class Evaluator implements ElementContext {
  readonly indices: IndexEmitter;
  private readonly laneKeys = new Set<string>();
  private readonly kept = new Map<ValueId, (index: readonly Index[]) => Ref>();
  private readonly pinned = new Map<ValueId, ReadonlyMap<string, Ref>>();

  /** `sources` are the values that lie in buffers when the kernel starts. */
  constructor(
    readonly s: SsaBuilder,
    readonly target: Target,
    readonly graph: Graph,
    readonly sources: ReadonlyMap<ValueId, Access>,
  ) {
    this.indices = new IndexEmitter(s);
  }

  node(id: ValueId): Node {
    return this.graph.nodes[id];
  }

  type(id: ValueId): TensorType {
    return this.graph.nodes[id].type;
  }

  shape(id: ValueId): readonly Dim[] {
    return this.type(id).shape;
  }

  sizes(id: ValueId): readonly number[] {
    return staticShape(this.type(id).shape);
  }

  costly(id: ValueId, seen = new Set<ValueId>()): boolean {
    if (seen.has(id) || this.sources.has(id) || this.kept.has(id) || this.pinned.has(id)) return false;
    seen.add(id);
    const { op, inputs } = this.node(id);
    return neededPolicy(op) === 'any' || inputs.some((input) => this.costly(input, seen));
  }

  /** The same for a number that is another one in each lane of those that run in step. */
  laneIndex(ref: Ref, extent: Dim): Index {
    const index = this.indexOf(ref, extent, 'x');
    for (const { atom } of index.terms) this.laneKeys.add(atom.key);
    return index;
  }

  mayOverhang(id: ValueId, axis: number, index: Index): boolean {
    if (!index.terms.some(({ atom }) => this.laneKeys.has(atom.key))) return false;
    const [min, max] = staticShape([index.min, index.max]);
    return this.readsNear(id, axis, Math.max(-min, max - this.sizes(id)[axis] + 1));
  }

  /** Whether all that an element of `id` is made from lies in memory, and `over` elements further along the axis is memory, too. */
  private readsNear(id: ValueId, axis: number, over: number): boolean {
    const source = this.sources.get(id);
    if (source !== undefined) return 4 * over * staticShape(source.view.strides)[axis] <= GUARD_BYTES / 2;
    const { op, inputs } = this.node(id);
    if (op === 'constant' || (op === 'broadcast' && this.shape(inputs[0])[axis] === 1)) return true;
    const isPlain = traitsOf(op).class === 'scalar' || isIdentity(op) || op === 'broadcast';
    return isPlain && inputs.every((input) => this.readsNear(input, axis, over));
  }

  /** Makes `ref`, which lies in [0, extent), usable in index expressions. */
  indexOf(ref: Ref, extent: Dim, name?: string): Index {
    return this.indices.variable(ref, extent, name);
  }

  /** The element of `id` at `index`, one expression for each axis. */
  at(id: ValueId, index: readonly Index[]): Ref {
    const key = elementKey(id, index);
    const pinned = this.pinned.get(id);
    if (pinned === undefined) return this.s.recall(key) ?? this.s.remember(key, this.compute(id, index));
    const value = pinned.get(key);
    if (value !== undefined) return value;
    throw new HeddleError('IR_INVALID', `a kernel needs %${id} where it does not have it`, {
      found: key,
      expected: [...pinned.keys()].join(' or '),
    });
  }

  /**
   * Gives elements of `id`, each at its index: a template's results for the element in hand, until it is pinned again.
   * Fusion has made sure that no other element of it is used; one that is would be a wrong result, so it is an error.
   */
  pin(id: ValueId, ...elements: readonly (readonly [index: readonly Index[], value: Ref])[]): void {
    this.pinned.set(id, new Map(elements.map(([index, value]) => [elementKey(id, index), value])));
  }

  /** Says how elements of `id` are read from here on: it lies in an array of the kernel. */
  keep(id: ValueId, read: (index: readonly Index[]) => Ref): void {
    this.kept.set(id, read);
  }

  /** Declares that `value` is the element of `id` at `index` from here on (a result that a template has at hand). */
  provide(id: ValueId, index: readonly Index[], value: Ref): void {
    this.s.remember(elementKey(id, index), value);
  }

  private compute(id: ValueId, index: readonly Index[]): Ref {
    const kept = this.kept.get(id);
    if (kept !== undefined) return kept(index);
    const source = this.sources.get(id);
    if (source !== undefined)
      return loadElement(
        this.s,
        source,
        moved(this.s, source.view, this.indices.emit(viewIndex(source.view, index))),
      );
    const node = this.node(id);
    const { op, inputs } = node;
    if (isUnary(op)) return lowerUnary(this.s, op, node.type.dtype, this.at(inputs[0], index));
    if (isBinary(op))
      return lowerBinary(this.s, op, node.type.dtype, this.at(inputs[0], index), this.at(inputs[1], index));
    if (isCompare(op)) {
      const [a, b] = [this.at(inputs[0], index), this.at(inputs[1], index)];
      return lowerCompare(this.s, op, this.type(inputs[0]).dtype, a, b);
    }
    return this.apply(op, node, index);
  }

  private apply<K extends keyof typeof ELEMENT_RULES>(op: K, node: Node, index: readonly Index[]): Ref {
    const rule: ElementRule<K> = ELEMENT_RULES[op];
    return rule(this, node as Node<K>, index);
  }
}

const elementKey = (id: ValueId, index: readonly Index[]): string =>
  `@${id}[${index.map((i) => i.key).join(',')}]`;
