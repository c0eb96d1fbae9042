/** What depends on weights and constants only is computed before the program runs, where that pays. */
import { elementCount } from '../../../base/tensor.js';
import type { TensorData } from '../../../base/tensor.js';
import type { GraphValue } from '../../../ir/builder.js';
import { isConv, isDot, termsOf } from '../../../ir/contraction.js';
import { isStatic } from '../../../ir/dim.js';
import type { Node } from '../../../ir/graph.js';
import { traitsOf, OPS } from '../../../ir/ops.js';
import { sizeOf, staticShape } from '../../../ir/types.js';
import { evaluateOnAnyDevice, numbersOf, uniformValue } from '../evaluate.js';
import { rule, type RewriteContext } from '../rule.js';

/** Ops of the values that take a kernel's time, which folding saves. */
const COMPUTED = OPS.filter((op) => {
  const { class: kind, kernel } = traitsOf(op);
  return kind !== 'subgraph' && (kernel === 'fused' || kernel === 'own');
});

/** How many elements of memory a known value takes; undefined for a value that is not known. */
function storedElements(b: RewriteContext, node: Node): number | undefined {
  switch (node.op) {
    case 'weight':
      return sizeOf(node.type);
    case 'constant':
      return node.attrs.values.length === 1 ? 0 : sizeOf(node.type);
    case 'iota':
      return 0;
    case 'reshape':
    case 'broadcast':
      return storedElements(b, b.node(b.operand(node)));
    default:
      return undefined;
  }
}

/** The elements of a known value; undefined for a weight that is missing. */
function tensorOf(b: RewriteContext, value: GraphValue): TensorData | undefined {
  const node = b.node(value);
  if (node.op !== 'weight') {
    const operands = operandsOf(b, node);
    return operands && evaluateOnAnyDevice(node, operands);
  }
  const found = b.store.get(node.attrs.id);
  return found && { ...found, shape: staticShape(node.type.shape) };
}

function operandsOf(b: RewriteContext, node: Node): TensorData[] | undefined {
  const operands: TensorData[] = [];
  for (const value of b.operands(node)) {
    const tensor = tensorOf(b, value);
    if (tensor === undefined) return undefined;
    operands.push(tensor);
  }
  return operands;
}

/** Terms of one element of a loop's result; about 1 for everything else. */
function termsOfElement(b: RewriteContext, node: Node): number {
  if (isDot(node) || isConv(node)) {
    const [lhs, rhs] = b.operands(node).map(({ type }) => staticShape(type.shape));
    return termsOf(node, lhs, rhs);
  }
  return node.op === 'reduceWindow' ? elementCount(node.attrs.window) : 1;
}

function costOf(b: RewriteContext, node: Node): number {
  const perElement = traitsOf(node.op).class === 'movement' ? 1 : b.target.foldScalarCost;
  const read = b.operands(node).reduce((sum, { type }) => sum + sizeOf(type), 0);
  return read + sizeOf(node.type) * termsOfElement(b, node) * perElement;
}

/** Whether the result is worth its memory. */
function pays({ target }: RewriteContext, node: Node, stored: number): boolean {
  const size = sizeOf(node.type);
  const kind = traitsOf(node.op).class;
  if (size > Math.max(target.foldSmall, stored) || size > target.foldLargest) return false;
  if (kind === 'movement' && node.op !== 'concat' && node.op !== 'pad' && size > target.foldLargestMoved)
    return false;
  // A part of what is repeated is read from what is repeated, such as scales that blocks of elements have in common.
  if (node.op === 'slice' && stored > 0 && size > stored) return false;
  // What a kernel makes from nothing would become memory to read.
  return stored > 0 || size <= target.maxConstant || (kind !== 'scalar' && kind !== 'movement');
}

/** A tensor as a node: one number, a few numbers, or a weight. */
function literalOf(b: RewriteContext, tensor: TensorData): GraphValue {
  const uniform = uniformValue(tensor);
  if (uniform !== undefined) return b.constant(tensor.dtype, tensor.shape, uniform);
  if (tensor.data.length <= b.target.maxConstant)
    return b.constant(tensor.dtype, tensor.shape, numbersOf(tensor));
  return b.weight(b.store.intern(tensor), tensor.dtype, tensor.shape);
}

export const foldRules = {
  'reshape of a weight': rule(['reshape'], 'The same weight, read with another shape.', (b, node) => {
    const inner = b.producer(node, 'weight');
    return inner && b.weight(inner.attrs.id, node.type.dtype, node.type.shape);
  }),

  'constant of many numbers': rule(['constant'], 'It becomes a weight, named by its content.', (b, node) => {
    const { values } = node.attrs;
    if (values.length <= b.target.maxConstant) return undefined;
    const tensor = evaluateOnAnyDevice(node, []);
    return tensor && b.weight(b.store.intern(tensor), node.type.dtype, node.type.shape);
  }),

  'known operands': rule(
    COMPUTED,
    'Computed by the interpreter, if all devices agree on the result, it is not larger, and it is not too much work.',
    (b, node) => {
      // Every kernel sees through what is known as it is.
      if (storedElements(b, node) !== undefined) return undefined;
      let stored = 0;
      for (const value of b.operands(node)) {
        const elements = storedElements(b, b.node(value));
        if (elements === undefined) return undefined;
        stored += elements;
      }
      if (!node.type.shape.every(isStatic) || !pays(b, node, stored)) return undefined;
      const cost = costOf(b, node);
      if (cost > b.store.budget) return undefined;
      b.store.budget -= cost;
      const operands = operandsOf(b, node);
      const result = operands && evaluateOnAnyDevice(node, operands);
      return result && literalOf(b, result);
    },
  ),
};
