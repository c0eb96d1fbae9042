/** Ops that work element by element: scalar functions, comparisons, choice and conversions. */
import type { DType } from '../base/dtype.js';
import { isFloat } from '../base/dtype.js';
import type { BinaryOp, CompareOp, UnaryOp } from '../ir/ops.js';
import { preserveLang as js } from '../numerics/js-lang.js';
import { f32ToI32, f32ToU32 } from '../numerics/math/index.js';
import { reinterpretLanes, type Lanes } from './lanes.js';
import { allocateResult, type EvalRule } from './rule.js';
import {
  binaryFunction,
  COMPARE_FUNCTIONS,
  unaryFunction,
  type BinaryFunction,
  type UnaryFunction,
} from './scalars.js';
import { touchesSubnormals } from '../numerics/normal.js';

function map(f: UnaryFunction, x: Lanes, out: Lanes): Lanes {
  for (let i = 0; i < out.length; i++) out[i] = f(x[i]);
  return out;
}

function zip(f: BinaryFunction, a: Lanes, b: Lanes, out: Lanes): Lanes {
  for (let i = 0; i < out.length; i++) out[i] = f(a[i], b[i]);
  return out;
}

/** Whether f32 arithmetic with these operands and results has to be done with care. Nothing in f16 is that small. */
const needCare = (dtype: DType, ...tensors: readonly Lanes[]): boolean =>
  dtype === 'f32' && tensors.some((lanes) => lanes instanceof Float32Array && touchesSubnormals(lanes));

export function unaryRule(op: UnaryOp): EvalRule<UnaryOp> {
  return (call) => {
    const x = call.inputs[0].lanes;
    const out = map(unaryFunction(op, call.dtype), x, allocateResult(call));
    // A square root is never subnormal, so its operand decides.
    if (op === 'sqrt' && needCare(call.dtype, x)) map((v) => call.f32.sqrt(v), x, out);
    return out;
  };
}

const isRounded = (op: BinaryOp): op is 'add' | 'sub' | 'mul' | 'div' =>
  op === 'add' || op === 'sub' || op === 'mul' || op === 'div';

export function binaryRule(op: BinaryOp): EvalRule<BinaryOp> {
  return (call) => {
    const [a, b] = [call.inputs[0].lanes, call.inputs[1].lanes];
    const out = zip(binaryFunction(op, call.dtype), a, b, allocateResult(call));
    if (isRounded(op) && needCare(call.dtype, a, b, out)) zip((u, v) => call.f32[op](u, v), a, b, out);
    return out;
  };
}

export function compareRule(op: CompareOp): EvalRule<CompareOp> {
  return (call) =>
    zip(COMPARE_FUNCTIONS[op], call.inputs[0].lanes, call.inputs[1].lanes, allocateResult(call));
}

export const select: EvalRule<'select'> = (call) => {
  const [condition, whenTrue, whenFalse] = call.inputs.map((input) => input.lanes);
  const out = allocateResult(call);
  for (let i = 0; i < out.length; i++) out[i] = condition[i] !== 0 ? whenTrue[i] : whenFalse[i];
  return out;
};

/** Conversion between any two dtypes, by the target. To f16 it rounds to f32 here and the caller rounds on. */
const CASTS: Readonly<Record<DType, (from: DType) => UnaryFunction>> = {
  f32: () => Math.fround,
  f16: () => Math.fround,
  i32: (from) => (isFloat(from) ? (x) => f32ToI32(js, x) : (x) => x | 0),
  u32: (from) => (isFloat(from) ? (x) => f32ToU32(js, x) >>> 0 : (x) => x >>> 0),
  // NaN is not 0 and so true.
  bool: () => (x) => (x !== 0 ? 1 : 0),
};

export const cast: EvalRule<'cast'> = (call) =>
  map(CASTS[call.dtype](call.inputs[0].dtype), call.inputs[0].lanes, allocateResult(call));

export const bitcast: EvalRule<'bitcast'> = ({ dtype, inputs }) => reinterpretLanes(dtype, inputs[0].lanes);
