/** What is certain of a value from the way in which it is made. */
import type { GraphValue } from '../../ir/builder.js';
import type { Node } from '../../ir/graph.js';
import { traitsOf } from '../../ir/ops.js';
import { literal } from '../../interpreter/lanes.js';
import { MIN_NORMAL } from '../../numerics/bits.js';
import { isFloat, type DType } from '../../base/dtype.js';
import type { RewriteContext } from './rule.js';

/** How many nodes the search for a fact goes up. */
export const REACH = 16;

/**
 * Whether no element of a float value is subnormal *on a device that flushes*. Then arithmetic which does not change
 * numbers (`x * 1`) changes no bit on such a device either; for other values it would flush. f16 values are held as
 * f32 numbers, which are normal.
 */
export function isFlushed(b: RewriteContext, value: GraphValue, reach = REACH): boolean {
  if (value.type.dtype !== 'f32') return true;
  if (reach === 0) return false;
  const node = b.node(value);
  const { flushed } = traitsOf(node.op);
  if (flushed === 'always' || flushed === 'integral') return true;
  const all = (inputs: readonly number[]): boolean =>
    inputs.every((input) => isFlushed(b, b.value(input), reach - 1));
  if (flushed === 'operands') return all(node.inputs);
  switch (node.op) {
    case 'constant':
      return node.attrs.values.every(isNormalNumber);
    case 'cast':
      return b.operand(node).type.dtype !== 'f32';
    case 'pad':
      return isNormalNumber(node.attrs.value) && all(node.inputs);
    case 'reduce':
    case 'reduceWindow':
    case 'scan':
      return node.attrs.kind === 'sum' || node.attrs.kind === 'prod' || all(node.inputs);
    default:
      return false;
  }
}

const isNormalNumber = (value: number): boolean => {
  const x = Math.fround(value);
  return x === 0 || !(Math.abs(x) < MIN_NORMAL);
};

/** Whether the order in which a reduction takes its elements cannot be seen in the result. */
export function isOrderFree(node: Node<'reduce' | 'reduceWindow' | 'scan'>): boolean {
  return node.attrs.kind === 'max' || node.attrs.kind === 'min' || !isFloat(node.type.dtype);
}

/** Whether combining an element with the identity leaves the element: everywhere but where a sum or product flushes. */
export const keepsElements = (b: RewriteContext, node: Node<'reduce' | 'reduceWindow'>): boolean =>
  isOrderFree(node) || isFlushed(b, b.operand(node));

/** Whether `value`, as an element of `dtype`, is `expected` with its sign. */
export const isLiteral = (dtype: DType, value: number, expected: number): boolean =>
  Object.is(literal(dtype, value), literal(dtype, expected));
