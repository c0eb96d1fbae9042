/** What is said of every op, in one place: one file for each family. */
import type { TensorType } from '../types.js';

export type Ints = readonly number[];
export type NoAttrs = Readonly<Record<never, never>>;

/** `numbers`: a list, which may be empty. A list of words: one of them. */
export type AttrKind =
  | 'dtype'
  | 'shape'
  | 'dim'
  | 'number'
  | 'numbers'
  | 'string'
  | 'boolean'
  | 'graph'
  | 'graphs'
  | readonly string[];

export type OpClass =
  'source' | 'scalar' | 'movement' | 'reduction' | 'contraction' | 'indexing' | 'subgraph';

/** What may stand in an operand place inside of a kernel: only views of stored values, also cheap scalar code, or anything. */
export type Policy = 'view' | 'light' | 'any';

/** What passes know of an op without its attributes. */
export interface Traits {
  readonly class: OpClass;
  /**
   * Which kernel computes it. `none`: it lies in memory before anything runs. `any`: each that reads it, so that it is never
   * stored. `own`: one that is its own. `fused`: its own, or that of others.
   */
  readonly kernel: 'none' | 'any' | 'own' | 'fused';
  /** What computing one element again costs: nothing, a few operations, tens of them, or a loop over other elements. */
  readonly cost: 'view' | 'light' | 'heavy' | 'loop';
  /** The strictest policy of its operands; `first`: only that of the first of them. */
  readonly reuse: Policy | { readonly first: Policy };
  /**
   * Which elements of its operands an element is made from. `same`: those at its index. `view`: the one that an index map
   * says. `selected`: one, from here or there. `chosen`: those that data or a loop choose.
   */
  readonly reads: 'same' | 'view' | 'selected' | 'chosen';
  /**
   * Whether its f32 elements are free of subnormals on a device that flushes. `always`: they are rounded there. `integral`: they are
   * whole numbers, infinite or NaN.
   * `operands`: where those of the operands are, whose elements they are but for the sign. `depends`: on the
   * attributes, or on the operand's dtype.
   */
  readonly flushed: 'always' | 'integral' | 'operands' | 'depends' | 'unknown';
}

/** Result type of an op. Throws a HeddleError that names the op, what was found and what was expected. */
export type TypeRule<A> = (inputs: readonly TensorType[], attrs: A) => TensorType;

export interface OpFacts<A> {
  /** The kind of each attribute. */
  readonly attrs: { readonly [K in keyof A]-?: AttrKind };
  readonly traits: Traits;
  readonly type: TypeRule<A>;
}

/** The facts of a family, given the attributes of its ops. */
export type Family<Attrs> = { readonly [K in keyof Attrs]: OpFacts<Attrs[K]> };

/** A table with one row for each of `ops`. */
export const tableOf = <K extends string, R>(ops: readonly K[], row: (op: K) => R): Record<K, R> =>
  Object.fromEntries(ops.map((op) => [op, row(op)])) as Record<K, R>;
