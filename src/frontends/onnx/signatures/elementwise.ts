/** Signatures of the operators of ops/elementwise.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

export const elementwise = {
  Abs: [v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints' }), v(6, 'T -> T', { T: 'numbers' })],
  Neg: [
    v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints' }),
    v(6, 'T -> T', { T: ['floats', 'int8', 'int16', 'int32', 'int64'] }),
  ],
  Sign: [v(9, 'T -> T', { T: 'numbers' })],
  Floor: [v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints' }), v(6, 'T -> T', { T: 'floats' })],
  Ceil: [v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints' }), v(6, 'T -> T', { T: 'floats' })],
  Round: [v(11, 'T -> T', { T: 'floats' })],
  Sqrt: [v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints' }), v(6, 'T -> T', { T: 'floats' })],
  Exp: [v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints' }), v(6, 'T -> T', { T: 'floats' })],
  Log: [v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints' }), v(6, 'T -> T', { T: 'floats' })],
  Sin: [v(7, 'T -> T', { T: 'floats' })],
  Cos: [v(7, 'T -> T', { T: 'floats' })],
  Asin: [v(7, 'T -> T', { T: 'floats' })],
  Acos: [v(7, 'T -> T', { T: 'floats' })],
  Atan: [v(7, 'T -> T', { T: 'floats' })],
  Tanh: [v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints' }), v(6, 'T -> T', { T: 'floats' })],
  Erf: [v(9, 'T -> T', { T: 'numbers' }), v(13, 'T -> T', { T: 'floats' })],
  Sigmoid: [v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints' }), v(6, 'T -> T', { T: 'floats' })],
  Reciprocal: [v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints' }), v(6, 'T -> T', { T: 'floats' })],
  Tan: [v(7, 'T -> T', { T: 'floats' })],
  Sinh: [v(9, 'T -> T', { T: 'floats' })],
  Cosh: [v(9, 'T -> T', { T: 'floats' })],
  Asinh: [v(9, 'T -> T', { T: 'floats' })],
  Acosh: [v(9, 'T -> T', { T: 'floats' })],
  Atanh: [v(9, 'T -> T', { T: 'floats' })],
  IsNaN: [v(9, 'T1 -> bool', { T1: 'floats' }), v(20, 'T1 -> bool', { T1: ['floats', 'float8'] })],
  IsInf: [
    v(10, 'T1 -> bool', { T1: ['float', 'double'] }, { detect_negative: 'int', detect_positive: 'int' }),
    v(20, 'T1 -> bool', { T1: ['floats', 'float8'] }, { detect_negative: 'int', detect_positive: 'int' }),
  ],
  BitCast: [v(26, 'T1 -> T2', { T1: 'any', T2: 'any' }, { to: 'int!' })],
  Cast: [
    v(1, 'T1 -> T2', { T1: 'any', T2: 'any' }, { to: 'string!' }),
    v(6, 'T1 -> T2', { T1: 'any', T2: 'any' }, { to: 'int!' }),
    v(19, 'T1 -> T2', { T1: 'any', T2: 'any' }, { saturate: 'int', to: 'int!' }),
    v(24, 'T1 -> T2', { T1: 'any', T2: 'any' }, { round_mode: 'string', saturate: 'int', to: 'int!' }),
  ],
  CastLike: [
    v(15, 'T1 T2 -> T2', { T1: 'any', T2: 'any' }),
    v(19, 'T1 T2 -> T2', { T1: 'any', T2: 'any' }, { saturate: 'int' }),
    v(24, 'T1 T2 -> T2', { T1: 'any', T2: 'any' }, { round_mode: 'string', saturate: 'int' }),
  ],
} satisfies SignatureTable;
