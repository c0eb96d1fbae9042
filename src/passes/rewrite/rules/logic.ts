/** Choice, and logic on bools. */
import type { GraphValue } from '../../../ir/builder.js';
import type { Node } from '../../../ir/graph.js';
import { BINARY_OPS, COMPARE_OPS, UNARY_OPS } from '../../../ir/ops.js';
import { shapesEqual, type Shape } from '../../../ir/types.js';
import { rule, type RewriteContext } from '../rule.js';

/** The shape that all operands have before they are broadcast, constants of one number aside; undefined if none. */
function shapeBeforeBroadcast(b: RewriteContext, node: Node): Shape | undefined {
  let shape: Shape | undefined;
  for (const value of b.operands(node)) {
    if (b.splat(value) !== undefined) continue;
    const made = b.node(value);
    if (made.op !== 'broadcast') return undefined;
    const own = b.operand(made).type.shape;
    if (shape !== undefined && !shapesEqual(shape, own)) return undefined;
    shape = own;
  }
  return shape;
}

export const logicRules = {
  'select with a known condition': rule(['select'], 'It is one of the operands.', (b, node) => {
    const condition = b.splat(b.operand(node));
    return condition === undefined ? undefined : b.operand(node, condition !== 0 ? 1 : 2);
  }),

  'select of equal values': rule(['select'], 'Both choices are one value.', (b, node) => {
    const [, whenTrue, whenFalse] = b.operands(node);
    return whenTrue.id === whenFalse.id ? whenTrue : undefined;
  }),

  'select by a not': rule(['select'], 'The choices change places.', (b, node) => {
    const inner = b.producer(node, 'not');
    return inner && b.select(b.operand(inner), b.operand(node, 2), b.operand(node, 1));
  }),

  'select of true and false': rule(['select'], 'It is the condition, or its opposite.', (b, node) => {
    const [condition, whenTrue, whenFalse] = b.operands(node);
    if (node.type.dtype !== 'bool') return undefined;
    const [one, other] = [b.splat(whenTrue), b.splat(whenFalse)];
    if (one === 1 && other === 0) return condition;
    return one === 0 && other === 1 ? b.unary('not', condition) : undefined;
  }),

  'comparison with true or false': rule(['eq', 'xor'], 'It is the operand, or its opposite.', (b, node) => {
    const [x, y] = b.operands(node);
    const value = x.type.dtype === 'bool' ? b.splat(y) : undefined;
    if (value === undefined) return undefined;
    return (value === 1) === (node.op === 'eq') ? x : b.unary('not', x);
  }),

  'scalar op of broadcasts': rule(
    [...UNARY_OPS, ...BINARY_OPS, ...COMPARE_OPS, 'cast', 'bitcast', 'select'],
    'What is the same for many elements is computed once, and the result broadcast.',
    (b, node): GraphValue | undefined => {
      const shape = shapeBeforeBroadcast(b, node);
      if (shape === undefined) return undefined;
      const operands = b.operands(node).map((value) => {
        const number = b.splat(value);
        return number === undefined ? b.operand(b.node(value)) : b.constant(value.type.dtype, shape, number);
      });
      return b.broadcast(b.emit(node.op, operands, node.attrs), node.type.shape);
    },
  ),
};
