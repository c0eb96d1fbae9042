/** Ops on the sign bit and on integral numbers. In floats they are bit operations, exact for every pattern. */
import { isFloat } from '../../../base/dtype.js';
import type { GraphValue } from '../../../ir/builder.js';
import type { Node } from '../../../ir/graph.js';
import { traitsOf } from '../../../ir/ops.js';
import { rule, type RewriteContext } from '../rule.js';

/** The operand of `value`, where `value` is a negation. */
function negated(b: RewriteContext, value: GraphValue): GraphValue | undefined {
  const node = b.node(value);
  return node.op === 'neg' ? b.operand(node) : undefined;
}

/** Whether every element of a float value is an integral number, infinite or NaN. */
function isIntegral(b: RewriteContext, node: Node): boolean {
  if (node.op === 'cast') return !isFloat(b.operand(node).type.dtype);
  return traitsOf(node.op).flushed === 'integral';
}

export const signRules = {
  'neg of a neg': rule(['neg'], 'Flipping the sign twice; on integers -(-x) is x modulo 2^32.', (b, node) =>
    negated(b, b.operand(node)),
  ),

  'not of a not': rule(['not'], 'Flipping all bits twice.', (b, node) => {
    const inner = b.producer(node, 'not');
    return inner && b.operand(inner);
  }),

  'abs of a neg or abs': rule(
    ['abs'],
    'The sign is lost anyway. Not for u32, where a negation does not change the sign.',
    (b, node) => {
      const inner = b.producer(node, 'neg') ?? b.producer(node, 'abs');
      return inner && node.type.dtype !== 'u32' ? b.unary('abs', b.operand(inner)) : undefined;
    },
  ),

  'abs of u32': rule(['abs'], 'Unsigned numbers have no sign.', (b, node) =>
    node.type.dtype === 'u32' ? b.operand(node) : undefined,
  ),

  'rounding of integral numbers': rule(
    ['floor', 'ceil', 'round', 'trunc'],
    'They are rounded already, -0 included.',
    (b, node) => (isIntegral(b, b.node(b.operand(node))) ? b.operand(node) : undefined),
  ),

  'add of a neg': rule(['add'], 'a + (-b) is a - b in every bit, in IEEE 754 and modulo 2^32.', (b, node) => {
    const [x, y] = b.operands(node);
    const [minusX, minusY] = [negated(b, x), negated(b, y)];
    if (minusY !== undefined) return b.binary('sub', x, minusY);
    return minusX && b.binary('sub', y, minusX);
  }),

  'sub of a neg': rule(['sub'], 'a - (-b) is a + b in every bit, in IEEE 754 and modulo 2^32.', (b, node) => {
    const minus = negated(b, b.operand(node, 1));
    return minus && b.binary('add', b.operand(node), minus);
  }),

  'mul of two negs': rule(['mul'], 'The signs cancel, and only the sign depends on them.', (b, node) => {
    const [x, y] = b.operands(node).map((value) => negated(b, value));
    return x && y && b.binary('mul', x, y);
  }),
};
