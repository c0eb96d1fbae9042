import type { Dim } from '../../ir/dim.js';
import type { Node, ValueId } from '../../ir/graph.js';
import type { Op } from '../../ir/ops.js';
import type { TensorType } from '../../ir/types.js';
import type { Index } from '../../ir/index-expr.js';
import type { Target } from '../../passes/target.js';
import type { SsaBuilder } from '../ssa/builder.js';
import type { Ref } from '../ssa/instr.js';
import type { IndexEmitter } from './access.js';

/** What the rule of an op may use to emit one element of its result. */
export interface ElementContext {
  readonly s: SsaBuilder;
  readonly target: Target;
  readonly indices: IndexEmitter;
  /** The element of a value at an index, one expression for each axis. */
  at(id: ValueId, index: readonly Index[]): Ref;
  type(id: ValueId): TensorType;
  shape(id: ValueId): readonly Dim[];
  /** The same as numbers. Throws DIM_UNBOUND where a symbol is in it. */
  sizes(id: ValueId): readonly number[];
  /** Whether an element of it takes a library function or a loop to compute. */
  costly(id: ValueId): boolean;
  /**
   * Whether `index` may leave axis `axis` of `id` in lanes whose elements are not used: it moves with the lanes, and what is read
   * by it lies so near that it is memory.
   */
  mayOverhang(id: ValueId, axis: number, index: Index): boolean;
  /** Makes `ref`, which lies in [0, extent), usable in index expressions. */
  indexOf(ref: Ref, extent: Dim): Index;
}

/** Emits the element of a node at an index. */
export type ElementRule<K extends Op> = (e: ElementContext, node: Node<K>, index: readonly Index[]) => Ref;
