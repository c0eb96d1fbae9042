/** What the rewrite rules did, for `heddle inspect --explain`. */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import { printAttrs } from '../../ir/print.js';
import { printType } from '../../ir/types.js';

/** One application of a rule. The texts are made when they are asked for. */
export interface Rewrite {
  readonly rule: string;
  /** Where the node comes from in the user's program. */
  readonly origin: string | undefined;
  /** The node that was replaced, as an expression, e.g. `neg(neg(%3 : f32[4]) : f32[4]) : f32[4]`. */
  readonly before: () => string;
  readonly after: () => string;
}

/** How many levels of operands an expression shows. */
const DEPTH = 2;

/** A value as an expression of the values that it is made from. */
export function describeValue(b: GraphBuilder, value: GraphValue, depth = DEPTH): string {
  const node = b.node(value);
  const type = printType(node.type);
  if (depth < 0) return `%${value.id} : ${type}`;
  const operands = node.inputs.map((id) => describeValue(b, b.value(id), depth - 1));
  const list = operands.length === 0 ? '' : `(${operands.join(', ')})`;
  return `${node.op}${printAttrs(node)}${list} : ${type}`;
}
