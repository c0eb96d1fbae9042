/** What a rule of the differentiation pass is given, and what it gives back. */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { Node } from '../../ir/graph.js';
import type { Op } from '../../ir/ops.js';

/** One node y = op(x0, x1, ...) and the cotangent of y: d(loss)/dy, of the type of y. */
export interface VjpCall<K extends Op> {
  readonly b: GraphBuilder;
  readonly node: Node<K>;
  readonly inputs: readonly GraphValue[];
  readonly result: GraphValue;
  readonly ct: GraphValue;
  /** Which operands need a cotangent; work for the others would be wasted. */
  readonly wanted: readonly boolean[];
  /**
   * The cotangent of `x`, given that of `y`, which was made from `x` in this graph: for rules that are those of an
   * equivalent composition.
   */
  pullback(y: GraphValue, ct: GraphValue, x: GraphValue): GraphValue | undefined;
}

/**
 * The cotangents of the operands, each of its operand's type; undefined is zero. What a rule emits has derivatives in
 * turn, and it is linear in `ct` for all values of it: no choice may depend on `ct`, for derivatives along directions
 * are taken as derivatives of this linear map.
 */
export type VjpRule<K extends Op> = (call: VjpCall<K>) => readonly (GraphValue | undefined)[];

/** For ops whose results do not change where their operands move a little, or are not floats. */
export const noGradient = (): readonly undefined[] => [];

/** For ops of one operand. */
export const unaryRule =
  <K extends Op>(gradient: (call: VjpCall<K>, x: GraphValue) => GraphValue | undefined): VjpRule<K> =>
  (call) => [gradient(call, call.inputs[0])];

/** Ops with graphs inside, whose values are tuples. */
export type SubgraphOp = 'loop' | 'cond';

/** A value and its cotangent. */
export interface Seed {
  readonly value: GraphValue;
  readonly ct: GraphValue;
}

/** A node with several results, and the cotangents of these. */
export interface SubgraphCall<K extends SubgraphOp> {
  readonly b: GraphBuilder;
  readonly node: Node<K>;
  /** The value of the node, a tuple. */
  readonly value: GraphValue;
  readonly inputs: readonly GraphValue[];
  /** The cotangent of each part; undefined where nothing flows. */
  readonly cts: readonly (GraphValue | undefined)[];
  /** Which operands need a cotangent. */
  readonly wanted: readonly boolean[];
  /** What is known of the cotangents of the operands: what later users gave them. */
  readonly known: readonly (GraphValue | undefined)[];
  /** The walk itself, for the graphs inside: see `pullback`. */
  pullback(b: GraphBuilder, seeds: readonly Seed[], wrt: readonly GraphValue[]): readonly (GraphValue | undefined)[]; // prettier-ignore
}

/**
 * The cotangents of the operands with what is known of them: in a loop, each trip adds to what the trips after it gave.
 * Undefined where nothing comes to what is known.
 */
export type SubgraphRule<K extends SubgraphOp> = (
  call: SubgraphCall<K>,
) => readonly (GraphValue | undefined)[];
