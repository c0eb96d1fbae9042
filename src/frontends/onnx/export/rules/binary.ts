/** Functions of two operands, comparisons and choice. */
import type { BinaryOp, CompareOp } from '../../../../ir/ops.js';
import type { OnnxBuilder, Ref } from '../builder.js';
import type { ExportRule, Operand } from '../rule.js';
import { where } from '../scalar.js';
import { safeDivisor, shiftLeft, shiftRight } from './integers.js';

/** `right` is the second operand as it stands in the graph, for what is known about it. */
type BinaryEmit = (g: OnnxBuilder, a: Ref, b: Ref, right: Operand) => Ref;

const operator =
  (op: string): BinaryEmit =>
  (g, a, b) =>
    g.like(op, [a, b]);

/** One operator for bools, another one for numbers. */
const onBools =
  (bools: string, numbers: string): BinaryEmit =>
  (g, a, b) =>
    g.like(a.dtype === 'bool' ? bools : numbers, [a, b]);

const isInteger = ({ dtype }: Ref): boolean => dtype === 'int32' || dtype === 'uint32';

const BINARY: Readonly<Record<BinaryOp, BinaryEmit>> = {
  add: operator('Add'),
  sub: operator('Sub'),
  mul: operator('Mul'),
  div: (g, a, b, right) => g.like('Div', [a, isInteger(a) ? safeDivisor(g, a, b, right.constant) : b]),
  rem: (g, a, b, right) => {
    const divisor = isInteger(a) ? safeDivisor(g, a, b, right.constant) : b;
    // Without fmod the result has the sign of the divisor.
    return g.like('Mod', [a, divisor], a.dtype === 'uint32' ? {} : { fmod: 1 });
  },
  pow: operator('Pow'),
  min: onBools('And', 'Min'),
  max: onBools('Or', 'Max'),
  and: onBools('And', 'BitwiseAnd'),
  or: onBools('Or', 'BitwiseOr'),
  xor: onBools('Xor', 'BitwiseXor'),
  shl: (g, a, b, right) => shiftLeft(g, a, b, right.constant),
  shr: (g, a, b, right) => shiftRight(g, a, b, right.constant),
};

const compared =
  (op: string): BinaryEmit =>
  (g, a, b) =>
    g.node(op, [a, b], 'bool');

/** ONNX does not order bools: false < true is "not a, and b". */
const ordered =
  (op: string, join: string): BinaryEmit =>
  (g, a, b) =>
    a.dtype === 'bool' ? g.like(join, [g.like('Not', [a]), b]) : g.node(op, [a, b], 'bool');

const COMPARE: Readonly<Record<CompareOp, BinaryEmit>> = {
  eq: compared('Equal'),
  lt: ordered('Less', 'And'),
  le: ordered('LessOrEqual', 'Or'),
};

function twoOperands<K extends BinaryOp | CompareOp>(emit: BinaryEmit): ExportRule<K> {
  return ({ g, inputs, aligned }) => {
    const [a, b] = aligned();
    return emit(g, a, b, inputs[1]);
  };
}

export const binaryRule = (op: BinaryOp): ExportRule<BinaryOp> => twoOperands(BINARY[op]);
export const compareRule = (op: CompareOp): ExportRule<CompareOp> => twoOperands(COMPARE[op]);

export const select: ExportRule<'select'> = ({ g, aligned }) => {
  const [condition, whenTrue, whenFalse] = aligned();
  return where(g, condition, whenTrue, whenFalse);
};
