/**
 * Operators of ONNX that are several ops in the IR: biases, averages, axes that are kept, Relu. They are exported as what
 * they are, so that files can be read and runtimes know them; imported, they become the same ops again, and so the same
 * bits. What the single ops would have been is left out later, as nothing needs it.
 */
import { isFloat } from '../../../base/dtype.js';
import { elementCount } from '../../../base/tensor.js';
import { dimEquals, isStatic } from '../../../ir/dim.js';
import type { Op, OpAttrs } from '../../../ir/ops.js';
import { shapesEqual, type TensorType } from '../../../ir/types.js';
import type { Ref } from './builder.js';
import type { ExportCall, Operand } from './rule.js';
import { convolution } from './rules/conv.js';
import { matrices } from './rules/dot.js';
import { reduced } from './rules/reduction.js';
import { averaged } from './rules/window.js';

/** The value as a single operator, where it is one. */
type Idiom = (call: ExportCall<Op>) => Ref | undefined;

const IDIOMS: { readonly [K in Op]?: readonly Idiom[] } = {
  select: [relu],
  add: [biased],
  div: [averagePool, mean],
  reshape: [keptAxes],
};

export function idiomOf(op: Op, call: ExportCall<Op>): Ref | undefined {
  for (const idiom of IDIOMS[op] ?? []) {
    const found = idiom(call);
    if (found !== undefined) return found;
  }
  return undefined;
}

const isNumber = ({ constant }: Operand, value: number): boolean =>
  constant?.length === 1 && Object.is(constant[0], value);

/** x <= 0 ? 0 : x */
function relu({ g, inputs: [condition, whenTrue, x], type }: ExportCall<Op>): Ref | undefined {
  const { node, inputs } = condition;
  if (node.op !== 'le' || !isFloat(type.dtype) || !isNumber(whenTrue, 0)) return undefined;
  const isSame = inputs[0].node === x.node && isNumber(inputs[1], 0);
  return isSame ? g.like('Relu', [x.full()]) : undefined;
}

/** A product with a vector added along the axis of its channels or columns; the product has no other use. */
function biased({ g, inputs: [product, addend] }: ExportCall<Op>): Ref | undefined {
  const { node, inputs, shared, type } = product;
  if (shared || (node.op !== 'conv' && node.op !== 'dot')) return undefined;
  // Without terms there is nothing to convolve or to multiply.
  if ([...inputs, product].some((operand) => operand.type.shape.includes(0))) return undefined;
  const axis = node.op === 'conv' ? 1 : type.shape.length - 1;
  const bias = vectorAlong(addend, axis, type.shape.length);
  if (bias === undefined || !dimEquals(bias.type.shape[0], type.shape[axis])) return undefined;
  return node.op === 'conv'
    ? convolution({ g, attrs: node.attrs, type, inputs }, bias)
    : matrices({ g, attrs: node.attrs, type, inputs }, bias);
}

/** The vector that `x` repeats along all axes but one. */
function vectorAlong(x: Operand, axis: number, rank: number): Operand | undefined {
  const column = x.node.op === 'broadcast' ? x.inputs[0] : x;
  const { shape } = column.type;
  const isColumn = shape.length === rank && shape.every((dim, i) => i === axis || dim === 1);
  if (!isColumn || column.node.op !== 'reshape') return undefined;
  const [vector] = column.inputs;
  return vector.type.shape.length === 1 ? vector : undefined;
}

/** The sum over a window, divided by its size. */
function averagePool({ g, inputs: [sum, count] }: ExportCall<Op>): Ref | undefined {
  const { node, inputs, type } = sum;
  if (node.op !== 'reduceWindow' || !isFloat(type.dtype)) return undefined;
  if ([sum, ...inputs].some((operand) => operand.type.shape.includes(0))) return undefined;
  return node.attrs.kind === 'sum' && isNumber(count, elementCount(node.attrs.window))
    ? averaged({ g, attrs: node.attrs, type, inputs })
    : undefined;
}

/** The sum over axes, divided by the number of elements. */
function mean({ g, inputs: [sum, count], type }: ExportCall<Op>): Ref | undefined {
  const found = reductionBehind(sum);
  if (found === undefined || found.attrs.kind !== 'sum' || !isFloat(type.dtype)) return undefined;
  const { x, attrs: { axes }, keeps } = found; // prettier-ignore
  const extents = axes.map((axis) => x.type.shape[axis]);
  if (!extents.every(isStatic) || !isNumber(count, elementCount(extents))) return undefined;
  return g.like('ReduceMean', [x.full(), g.ints(axes)], keeps ? {} : { keepdims: 0 });
}

/** A reduction whose axes are put back. */
function keptAxes({ g, inputs: [operand], type }: ExportCall<Op>): Ref | undefined {
  const found = operand.shared ? undefined : reductionBehind(operand, type);
  return found === undefined ? undefined : reduced({ g, attrs: found.attrs, type, inputs: [found.x] }, true);
}

interface Reduction {
  readonly x: Operand;
  readonly attrs: OpAttrs['reduce'];
  /** Whether its axes are put back with an extent of 1. */
  readonly keeps: boolean;
}

/** The reduction of some elements that `value` is, as it is or reshaped; or its result, reshaped to `type`. */
function reductionBehind(value: Operand, type?: TensorType): Reduction | undefined {
  const isReshaped = type === undefined && value.node.op === 'reshape';
  const { node, inputs } = isReshaped ? value.inputs[0] : value;
  if (node.op !== 'reduce' || node.attrs.axes.length === 0) return undefined;
  const [x] = inputs;
  const { attrs } = node;
  const keeps = isReshaped || type !== undefined;
  const kept = x.type.shape.map((dim, axis) => (attrs.axes.includes(axis) ? 1 : dim));
  if (x.type.shape.includes(0) || (keeps && !shapesEqual(kept, (type ?? value.type).shape))) return undefined;
  return { x, attrs, keeps };
}
