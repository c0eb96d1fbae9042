/** What a rule of the differentiation pass is given, and what it gives back. */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { Node } from '../../ir/graph.js';
import type { Op } from '../../ir/ops.js';

/** One node y = op(x0, x1, ...) and the cotangent of y: d(loss)/dy, of the type of y. */
export interface Call<K extends Op> {
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
export type VjpRule<K extends Op> = (call: Call<K>) => readonly (GraphValue | undefined)[];

/** For ops whose results do not change where their operands move a little, or are not floats. */
export const noGradient = (): readonly undefined[] => [];

/** For ops of one operand. */
export const unaryRule =
  <K extends Op>(gradient: (call: Call<K>, x: GraphValue) => GraphValue | undefined): VjpRule<K> =>
  (call) => [gradient(call, call.inputs[0])];
