/**
 * A rewrite rule: where a node has a certain form, another value that is the same in every bit.
 *
 * Same in every bit means: for all operands (subnormals, -0, NaN and infinities included), on devices that keep
 * subnormals and on devices that flush them. NaNs are equal whatever their payload.
 */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { Node, ValueId } from '../../ir/graph.js';
import type { Op } from '../../ir/ops.js';
import type { Target } from '../target.js';
import type { WeightStore } from './weight-store.js';

/** The graph under construction, as rules see it. What they emit is in normal form when they get it. */
export interface RewriteContext extends GraphBuilder {
  readonly store: WeightStore;
  readonly target: Target;
  /** Operand number `at` of a node; the first by default. */
  operand(node: Node, at?: number): GraphValue;
  operands(node: Node): GraphValue[];
  /** The node that makes operand number `at` of `node`, if it is an `op`. */
  producer<K extends Op>(node: Node, op: K, at?: number): Node<K> | undefined;
  /** The number of which `value` consists, where it is a constant of one number. */
  splat(value: GraphValue): number | undefined;
  /** What `make` gives for `tuple`, made once: each of its parts is asked for by itself. */
  allParts(tuple: ValueId, make: () => readonly GraphValue[]): readonly GraphValue[];
  /** Whether `value` is computed in any case, so that a rule which goes around it saves nothing. */
  isShared(value: GraphValue): boolean;
}

export interface Rule {
  /** The ops at which the rule looks. */
  readonly ops: readonly Op[];
  /** What it does, and why that changes no bit. */
  readonly doc: string;
  /** The value that replaces `node`, of the same type; undefined where the rule does not apply. */
  apply(b: RewriteContext, node: Node): GraphValue | undefined;
}

/** Rules by name, in the order in which they are tried. */
export type RuleTable = Readonly<Record<string, Rule>>;

/** A rule for nodes of the given ops. */
export function rule<K extends Op>(
  ops: readonly K[],
  doc: string,
  apply: (b: RewriteContext, node: Node<K>) => GraphValue | undefined,
): Rule {
  // The rewriter hands a rule the nodes of its `ops` only.
  return { ops, doc, apply: (b, node) => apply(b, node as Node<K>) };
}
