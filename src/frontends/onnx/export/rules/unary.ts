/** Functions of one operand. */
import type { UnaryOp } from '../../../../ir/ops.js';
import type { OnnxBuilder, Ref } from '../builder.js';
import type { ExportRule } from '../rule.js';
import { where } from '../scalar.js';

type UnaryEmit = (g: OnnxBuilder, x: Ref) => Ref;

const operator =
  (op: string): UnaryEmit =>
  (g, x) =>
    g.like(op, [x]);

const UNARY: Readonly<Record<UnaryOp, UnaryEmit>> = {
  // Neg is not defined on unsigned integers.
  neg: (g, x) => (x.dtype === 'uint32' ? g.like('Sub', [g.scalar('uint32', 0), x]) : g.like('Neg', [x])),
  abs: (g, x) => (x.dtype === 'uint32' ? x : g.like('Abs', [x])),
  sign: operator('Sign'),
  floor: operator('Floor'),
  ceil: operator('Ceil'),
  round: operator('Round'),
  // There is no such operator. -0 is not less than 0 and keeps its sign in Floor.
  trunc: (g, x) =>
    where(g, g.node('Less', [x, g.scalar(x.dtype, 0)], 'bool'), g.like('Ceil', [x]), g.like('Floor', [x])),
  sqrt: operator('Sqrt'),
  exp: operator('Exp'),
  log: operator('Log'),
  sin: operator('Sin'),
  cos: operator('Cos'),
  tanh: operator('Tanh'),
  erf: operator('Erf'),
  asin: operator('Asin'),
  acos: operator('Acos'),
  atan: operator('Atan'),
  sigmoid: operator('Sigmoid'),
  not: (g, x) => g.like(x.dtype === 'bool' ? 'Not' : 'BitwiseNot', [x]),
};

export const unaryRule =
  (op: UnaryOp): ExportRule<UnaryOp> =>
  ({ g, inputs }) =>
    UNARY[op](g, inputs[0].full());
