/**
 * The type rule of every op: result type from operand types and attributes, with every precondition checked. This
 * table is the definition of "well-typed"; the builder and the verifier both apply it.
 */
import {
  arity,
  axesOf,
  axisOf,
  fail,
  integers,
  limitedSize,
  perAxis,
  requireDType,
  sameTypes,
  validShape,
  without,
} from './infer-checks.js';
import { DTYPE_INFO, isFloat, isInt, type DType } from '../base/dtype.js';
import { dimAdd, dimEquals, dimProduct, dimSum, isStatic } from './dim.js';
import {
  BINARY_OPS,
  COMPARE_OPS,
  IDENTITY_OPS,
  UNARY_OPS,
  tableOf,
  type BinaryOp,
  type CompareOp,
  type IdentityOp,
  type Op,
  type OpAttrs,
  type UnaryOp,
} from './ops.js';
import { inferConv, inferDot } from './infer-contractions.js';
import { dilated, windowed } from './extents.js';
import { printShape, printType, shapesEqual, tensorType, type Shape, type TensorType } from './types.js';

/** Result type of an op. Throws a HeddleError that names the op, what was found and what was expected. */
export type TypeRule<K extends Op> = (inputs: readonly TensorType[], attrs: OpAttrs[K]) => TensorType;

const isNumber = (dtype: DType): boolean => DTYPE_INFO[dtype].kind !== 'bool';
const isBits = (dtype: DType): boolean => !isFloat(dtype);

const UNARY_DOMAIN: Record<UnaryOp, readonly [(dtype: DType) => boolean, string]> = {
  neg: [isNumber, 'number'],
  abs: [isNumber, 'number'],
  sign: [isNumber, 'number'],
  not: [isBits, 'bool or integer'],
  floor: [isFloat, 'float'],
  ceil: [isFloat, 'float'],
  round: [isFloat, 'float'],
  trunc: [isFloat, 'float'],
  sqrt: [isFloat, 'float'],
  exp: [isFloat, 'float'],
  log: [isFloat, 'float'],
  sin: [isFloat, 'float'],
  cos: [isFloat, 'float'],
  tanh: [isFloat, 'float'],
  erf: [isFloat, 'float'],
  sigmoid: [isFloat, 'float'],
};

const BINARY_DOMAIN: Record<BinaryOp, readonly [(dtype: DType) => boolean, string]> = {
  add: [isNumber, 'number'],
  sub: [isNumber, 'number'],
  mul: [isNumber, 'number'],
  div: [isNumber, 'number'],
  rem: [isNumber, 'number'],
  pow: [isFloat, 'float'],
  min: [() => true, 'any'],
  max: [() => true, 'any'],
  and: [isBits, 'bool or integer'],
  or: [isBits, 'bool or integer'],
  xor: [isBits, 'bool or integer'],
  shl: [isInt, 'integer'],
  shr: [isInt, 'integer'],
};

const unaryRule =
  (op: UnaryOp): TypeRule<UnaryOp> =>
  (inputs) => {
    arity(op, inputs, 1);
    const [allowed, what] = UNARY_DOMAIN[op];
    requireDType(op, inputs[0], allowed, what);
    return inputs[0];
  };

const binaryRule =
  (op: BinaryOp): TypeRule<BinaryOp> =>
  (inputs) => {
    arity(op, inputs, 2);
    const type = sameTypes(op, inputs);
    const [allowed, what] = BINARY_DOMAIN[op];
    requireDType(op, type, allowed, what);
    return type;
  };

const compareRule =
  (op: CompareOp): TypeRule<CompareOp> =>
  (inputs) => {
    arity(op, inputs, 2);
    return tensorType('bool', sameTypes(op, inputs).shape);
  };

const identityRule =
  (op: IdentityOp): TypeRule<IdentityOp> =>
  (inputs) => {
    arity(op, inputs, 1);
    return inputs[0];
  };

function source(op: string, inputs: readonly TensorType[], dtype: DType, shape: Shape): TensorType {
  arity(op, inputs, 0);
  validShape(op, shape);
  return tensorType(dtype, shape);
}

function inferPad(inputs: readonly TensorType[], attrs: OpAttrs['pad']): TensorType {
  arity('pad', inputs, 1);
  const { dtype, shape } = inputs[0];
  for (const what of ['low', 'high', 'interior'] as const) {
    perAxis('pad', what, attrs[what], shape.length);
    integers('pad', what, attrs[what], 0);
  }
  const grown = shape.map((extent, i) =>
    dimAdd(dilated(extent, attrs.interior[i] + 1), attrs.low[i] + attrs.high[i]),
  );
  return tensorType(dtype, grown);
}

function inferSlice(inputs: readonly TensorType[], attrs: OpAttrs['slice']): TensorType {
  arity('slice', inputs, 1);
  const { dtype, shape } = inputs[0];
  for (const what of ['starts', 'sizes', 'strides'] as const)
    perAxis('slice', what, attrs[what], shape.length);
  integers('slice', 'starts', attrs.starts, 0);
  integers('slice', 'strides', attrs.strides, 1);
  validShape('slice', attrs.sizes);
  shape.forEach((extent, i) => {
    const size = attrs.sizes[i];
    if (!isStatic(extent) || !isStatic(size) || size === 0) return;
    const last = attrs.starts[i] + (size - 1) * attrs.strides[i];
    if (last >= extent)
      fail('ATTRIBUTE_INVALID', 'slice', `element ${last} of axis ${i}`, `elements below ${extent}`);
  });
  return tensorType(dtype, attrs.sizes);
}

function inferConcat(inputs: readonly TensorType[], { axis }: OpAttrs['concat']): TensorType {
  const first = inputs[0] ?? fail('IR_INVALID', 'concat', 'no operand', 'at least one operand');
  axisOf('concat', axis, first.shape.length);
  const found = inputs.map(printType).join(', ');
  for (const type of inputs) {
    if (type.dtype !== first.dtype) fail('DTYPE_MISMATCH', 'concat', found, 'operands of one dtype');
    const fits = type.shape.length === first.shape.length;
    if (!fits || type.shape.some((dim, i) => i !== axis && !dimEquals(dim, first.shape[i])))
      fail('SHAPE_MISMATCH', 'concat', found, `shapes that differ in axis ${axis} only`);
  }
  const total = dimSum(inputs.map((type) => type.shape[axis]));
  return tensorType(first.dtype, first.shape.map((dim, i) => (i === axis ? total : dim))); // prettier-ignore
}

function inferReduceWindow(inputs: readonly TensorType[], attrs: OpAttrs['reduceWindow']): TensorType {
  arity('reduceWindow', inputs, 1);
  const { dtype, shape } = inputs[0];
  for (const what of ['window', 'strides', 'dilations', 'padLow', 'padHigh'] as const) {
    perAxis('reduceWindow', what, attrs[what], shape.length);
    integers('reduceWindow', what, attrs[what], what.startsWith('pad') ? 0 : 1);
  }
  return tensorType(
    dtype,
    shape.map((extent, i) =>
      windowed(
        'reduceWindow',
        extent,
        attrs.padLow[i] + attrs.padHigh[i],
        attrs.window[i],
        attrs.dilations[i],
        attrs.strides[i],
      ),
    ),
  );
}

function requireReducible(op: string, kind: string, type: TensorType): void {
  if (kind === 'sum' || kind === 'prod') requireDType(op, type, isNumber, 'number');
}

function inferScatter(inputs: readonly TensorType[], attrs: OpAttrs['scatter']): TensorType {
  arity('scatter', inputs, 3);
  const [operand, indices, updates] = inputs as [TensorType, TensorType, TensorType];
  const found = inputs.map(printType).join(', ');
  if (indices.dtype !== 'i32') fail('DTYPE_MISMATCH', 'scatter', found, 'indices i32[K]');
  if (operand.dtype !== updates.dtype)
    fail('DTYPE_MISMATCH', 'scatter', found, 'operand and updates of one dtype');
  if (attrs.kind === 'add' || attrs.kind === 'mul') requireDType('scatter', operand, isNumber, 'number');
  const expected = [indices.shape[0] ?? 0, ...operand.shape.slice(1)];
  if (indices.shape.length !== 1 || operand.shape.length < 1 || !shapesEqual(updates.shape, expected))
    fail('SHAPE_MISMATCH', 'scatter', found, 'operand [A, ...rest], indices [K], updates [K, ...rest]');
  return operand;
}

export const TYPE_RULES: { readonly [K in Op]: TypeRule<K> } = {
  ...tableOf(UNARY_OPS, unaryRule),
  ...tableOf(BINARY_OPS, binaryRule),
  ...tableOf(COMPARE_OPS, compareRule),
  ...tableOf(IDENTITY_OPS, identityRule),
  param: (inputs, { dtype, shape }) => source('param', inputs, dtype, shape),
  weight: (inputs, { dtype, shape }) => source('weight', inputs, dtype, shape),
  constant: (inputs, { dtype, shape, values }) => {
    const count = dimProduct(shape);
    if (values.length !== 1 && values.length !== count)
      fail('ATTRIBUTE_INVALID', 'constant', `${values.length} values`, `1 value or ${String(count)} values`);
    return source('constant', inputs, dtype, shape);
  },
  iota: (inputs, { dtype, shape, axis }) => {
    axisOf('iota', axis, shape.length);
    if (!isInt(dtype)) fail('DTYPE_MISMATCH', 'iota', dtype, 'an integer dtype');
    return source('iota', inputs, dtype, shape);
  },
  random: (inputs, { shape }) => {
    arity('random', inputs, 1);
    const key = inputs[0];
    if (key.dtype !== 'u32' || !shapesEqual(key.shape, [2]))
      fail('SHAPE_MISMATCH', 'random', printType(key), 'a key u32[2]');
    validShape('random', shape);
    return tensorType('u32', shape);
  },
  cast: (inputs, { dtype }) => {
    arity('cast', inputs, 1);
    return tensorType(dtype, inputs[0].shape);
  },
  bitcast: (inputs, { dtype }) => {
    arity('bitcast', inputs, 1);
    const from = inputs[0];
    if (DTYPE_INFO[from.dtype].hostBytes !== 4 || DTYPE_INFO[dtype].hostBytes !== 4)
      fail('DTYPE_MISMATCH', 'bitcast', `${from.dtype} to ${dtype}`, '32-bit dtypes on both sides');
    return tensorType(dtype, from.shape);
  },
  select: (inputs) => {
    arity('select', inputs, 3);
    requireDType('select', inputs[0], (dtype) => dtype === 'bool', 'bool');
    const type = sameTypes('select', inputs.slice(1));
    if (!shapesEqual(inputs[0].shape, type.shape))
      fail('SHAPE_MISMATCH', 'select', inputs.map(printType).join(', '), 'operands of one shape');
    return type;
  },
  reshape: (inputs, { shape }) => {
    arity('reshape', inputs, 1);
    validShape('reshape', shape);
    const from = inputs[0];
    if (!dimEquals(dimProduct(from.shape), dimProduct(shape)))
      fail(
        'SHAPE_MISMATCH',
        'reshape',
        `${printType(from)} to ${printShape(shape)}`,
        'as many elements as before',
      );
    return tensorType(from.dtype, shape);
  },
  permute: (inputs, { permutation }) => {
    arity('permute', inputs, 1);
    const { dtype, shape } = inputs[0];
    perAxis('permute', 'axes', permutation, shape.length);
    axesOf('permute', permutation, shape.length);
    return tensorType(dtype, permutation.map((axis) => shape[axis])); // prettier-ignore
  },
  broadcast: (inputs, { shape }) => {
    arity('broadcast', inputs, 1);
    validShape('broadcast', shape);
    const from = inputs[0];
    const fits = from.shape.length === shape.length;
    if (!fits || from.shape.some((dim, i) => dim !== 1 && !dimEquals(dim, shape[i])))
      fail('SHAPE_MISMATCH', 'broadcast', `${printType(from)} to ${printShape(shape)}`, 'extents equal or 1');
    return tensorType(from.dtype, shape);
  },
  slice: inferSlice,
  pad: inferPad,
  concat: inferConcat,
  reverse: (inputs, { axes }) => {
    arity('reverse', inputs, 1);
    axesOf('reverse', axes, inputs[0].shape.length);
    return inputs[0];
  },
  reduce: (inputs, { kind, axes }) => {
    arity('reduce', inputs, 1);
    const { dtype, shape } = inputs[0];
    axesOf('reduce', axes, shape.length);
    if (axes.some((axis, i) => i > 0 && axis < axes[i - 1]))
      fail('ATTRIBUTE_INVALID', 'reduce', `axes ${axes.join(', ')}`, 'axes in ascending order');
    requireReducible('reduce', kind, inputs[0]);
    return tensorType(dtype, without(shape, axes));
  },
  argreduce: (inputs, { axis }) => {
    arity('argreduce', inputs, 1);
    const { shape } = inputs[0];
    axisOf('argreduce', axis, shape.length);
    if (shape[axis] === 0) fail('SHAPE_MISMATCH', 'argreduce', printShape(shape), 'a non-empty axis');
    return tensorType('i32', without(shape, [axis]));
  },
  reduceWindow: (inputs, attrs) => {
    requireReducible('reduceWindow', attrs.kind, inputs[0]);
    return inferReduceWindow(inputs, attrs);
  },
  scan: (inputs, { kind, axis }) => {
    arity('scan', inputs, 1);
    axisOf('scan', axis, inputs[0].shape.length);
    requireReducible('scan', kind, inputs[0]);
    return inputs[0];
  },
  dot: inferDot,
  conv: inferConv,
  gather: (inputs, { axis }) => {
    arity('gather', inputs, 2);
    const [operand, indices] = inputs as [TensorType, TensorType];
    axisOf('gather', axis, operand.shape.length);
    if (indices.dtype !== 'i32') fail('DTYPE_MISMATCH', 'gather', printType(indices), 'indices of dtype i32');
    if (operand.shape[axis] === 0) fail('SHAPE_MISMATCH', 'gather', printType(operand), 'a non-empty axis');
    return tensorType(operand.dtype, [
      ...operand.shape.slice(0, axis),
      ...indices.shape,
      ...operand.shape.slice(axis + 1),
    ]);
  },
  scatter: inferScatter,
  argsort: (inputs, { axis }) => {
    arity('argsort', inputs, 1);
    axisOf('argsort', axis, inputs[0].shape.length);
    return tensorType('i32', inputs[0].shape);
  },
};

/**
 * Result type of `op`. Throws where operands or attributes break the op's rule, and LIMIT_EXCEEDED where the result is too
 * large, once its shape is static.
 */
export function inferType<K extends Op>(op: K, inputs: readonly TensorType[], attrs: OpAttrs[K]): TensorType {
  const rule: TypeRule<K> = TYPE_RULES[op];
  const type = rule(inputs, attrs);
  limitedSize(op, type);
  return type;
}
