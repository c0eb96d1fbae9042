/** Ops that work element by element, on operands of one shape. */
import { arity, fail, requireDType, sameTypes } from '../infer-checks.js';
import { HOST_BYTES, isFloat, isInt, type DType } from '../../base/dtype.js';
import { printType, shapesEqual, tensorType } from '../types.js';
import { tableOf, type Family, type NoAttrs, type OpFacts, type Traits } from './family.js';

/** f -> f, except neg/abs/sign (any number) and not (bool, or bitwise on integers). */
export const UNARY_OPS = [
  'neg',
  'abs',
  'sign',
  'floor',
  'ceil',
  'round',
  'trunc',
  'sqrt',
  'exp',
  'log',
  'sin',
  'cos',
  'tanh',
  'erf',
  'sigmoid',
  'asin',
  'acos',
  'atan',
  'not',
] as const;

/** Two operands of one dtype, result of that dtype. and/or/xor: bool or integers; shl/shr: integers. */
export const BINARY_OPS = [
  'add',
  'sub',
  'mul',
  'div',
  'rem',
  'pow',
  'min',
  'max',
  'and',
  'or',
  'xor',
  'shl',
  'shr',
] as const;

/** Two operands of one dtype, result bool. As IEEE says, a comparison with NaN is false. */
export const COMPARE_OPS = ['eq', 'lt', 'le'] as const;

export type UnaryOp = (typeof UNARY_OPS)[number];
export type BinaryOp = (typeof BINARY_OPS)[number];
export type CompareOp = (typeof COMPARE_OPS)[number];

interface StructuralScalarAttrs {
  /** Numeric conversion. float->int truncates and saturates, NaN -> 0; to bool is `!= 0`. */
  cast: { readonly dtype: DType };
  /** Same bits, other 32-bit dtype. */
  bitcast: { readonly dtype: DType };
  /** (condition bool, whenTrue, whenFalse), all of one shape. */
  select: NoAttrs;
}

export type ScalarAttrs = StructuralScalarAttrs & { [K in UnaryOp | BinaryOp | CompareOp]: NoAttrs };

const isNumber = (dtype: DType): boolean => dtype !== 'bool';
const isBits = (dtype: DType): boolean => !isFloat(dtype);

/** The dtypes of an op in code and words, what it costs, and whether its elements are flushed. */
type Domain = readonly [
  allowed: (dtype: DType) => boolean,
  what: string,
  cost: Traits['cost'],
  flushed: Traits['flushed'],
];

const UNARY_DOMAIN: Record<UnaryOp, Domain> = {
  neg: [isNumber, 'number', 'light', 'operands'],
  abs: [isNumber, 'number', 'light', 'operands'],
  sign: [isNumber, 'number', 'light', 'integral'],
  not: [isBits, 'bool or integer', 'light', 'unknown'],
  floor: [isFloat, 'float', 'light', 'integral'],
  ceil: [isFloat, 'float', 'light', 'integral'],
  round: [isFloat, 'float', 'light', 'integral'],
  trunc: [isFloat, 'float', 'light', 'integral'],
  sqrt: [isFloat, 'float', 'light', 'always'],
  exp: [isFloat, 'float', 'heavy', 'unknown'],
  log: [isFloat, 'float', 'heavy', 'unknown'],
  sin: [isFloat, 'float', 'heavy', 'unknown'],
  cos: [isFloat, 'float', 'heavy', 'unknown'],
  tanh: [isFloat, 'float', 'heavy', 'unknown'],
  erf: [isFloat, 'float', 'heavy', 'unknown'],
  sigmoid: [isFloat, 'float', 'heavy', 'unknown'],
  asin: [isFloat, 'float', 'heavy', 'unknown'],
  acos: [isFloat, 'float', 'heavy', 'unknown'],
  atan: [isFloat, 'float', 'heavy', 'unknown'],
};

const BINARY_DOMAIN: Record<BinaryOp, Domain> = {
  add: [isNumber, 'number', 'light', 'always'],
  sub: [isNumber, 'number', 'light', 'always'],
  mul: [isNumber, 'number', 'light', 'always'],
  div: [isNumber, 'number', 'light', 'always'],
  rem: [isNumber, 'number', 'heavy', 'unknown'],
  pow: [isFloat, 'float', 'heavy', 'unknown'],
  min: [() => true, 'any', 'light', 'operands'],
  max: [() => true, 'any', 'light', 'operands'],
  and: [isBits, 'bool or integer', 'light', 'unknown'],
  or: [isBits, 'bool or integer', 'light', 'unknown'],
  xor: [isBits, 'bool or integer', 'light', 'unknown'],
  shl: [isInt, 'integer', 'light', 'unknown'],
  shr: [isInt, 'integer', 'light', 'unknown'],
};

const elementwise = (cost: Traits['cost'], flushed: Traits['flushed']): Traits => ({
  class: 'scalar',
  kernel: 'fused',
  cost,
  reuse: 'any',
  reads: 'same',
  flushed,
});

const unary = (op: UnaryOp): OpFacts<NoAttrs> => {
  const [allowed, what, cost, flushed] = UNARY_DOMAIN[op];
  return {
    attrs: {},
    traits: elementwise(cost, flushed),
    type: (inputs) => {
      arity(op, inputs, 1);
      requireDType(op, inputs[0], allowed, what);
      return inputs[0];
    },
  };
};

const binary = (op: BinaryOp): OpFacts<NoAttrs> => {
  const [allowed, what, cost, flushed] = BINARY_DOMAIN[op];
  return {
    attrs: {},
    traits: elementwise(cost, flushed),
    type: (inputs) => {
      arity(op, inputs, 2);
      const type = sameTypes(op, inputs);
      requireDType(op, type, allowed, what);
      return type;
    },
  };
};

const compare = (op: CompareOp): OpFacts<NoAttrs> => ({
  attrs: {},
  traits: elementwise('light', 'unknown'),
  type: (inputs) => {
    arity(op, inputs, 2);
    return tensorType('bool', sameTypes(op, inputs).shape);
  },
});

export const SCALAR: Family<ScalarAttrs> = {
  ...tableOf(UNARY_OPS, unary),
  ...tableOf(BINARY_OPS, binary),
  ...tableOf(COMPARE_OPS, compare),
  cast: {
    attrs: { dtype: 'dtype' },
    traits: elementwise('light', 'depends'),
    type: (inputs, { dtype }) => {
      arity('cast', inputs, 1);
      return tensorType(dtype, inputs[0].shape);
    },
  },
  bitcast: {
    attrs: { dtype: 'dtype' },
    traits: elementwise('light', 'unknown'),
    type: (inputs, { dtype }) => {
      arity('bitcast', inputs, 1);
      const from = inputs[0];
      if (HOST_BYTES[from.dtype] !== 4 || HOST_BYTES[dtype] !== 4)
        fail('DTYPE_MISMATCH', 'bitcast', `${from.dtype} to ${dtype}`, '32-bit dtypes on both sides');
      return tensorType(dtype, from.shape);
    },
  },
  select: {
    attrs: {},
    traits: elementwise('light', 'operands'),
    type: (inputs) => {
      arity('select', inputs, 3);
      requireDType('select', inputs[0], (dtype) => dtype === 'bool', 'bool');
      const type = sameTypes('select', inputs.slice(1));
      if (!shapesEqual(inputs[0].shape, type.shape))
        fail('SHAPE_MISMATCH', 'select', inputs.map(printType).join(', '), 'operands of one shape');
      return type;
    },
  },
};
