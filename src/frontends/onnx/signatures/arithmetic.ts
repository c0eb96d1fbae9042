/** Signatures of the operators of ops/arithmetic.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

export const arithmetic = {
  Add: [
    v(1, 'T T -> T', { T: 'floats' }, { axis: 'int', broadcast: 'int', consumed_inputs: 'ints' }),
    v(6, 'T T -> T', { T: 'wide' }, { axis: 'int', broadcast: 'int' }),
    v(7, 'T T -> T', { T: 'wide' }),
    v(14, 'T T -> T', { T: 'numbers' }),
  ],
  Sub: [
    v(1, 'T T -> T', { T: 'floats' }, { axis: 'int', broadcast: 'int', consumed_inputs: 'ints' }),
    v(6, 'T T -> T', { T: 'wide' }, { axis: 'int', broadcast: 'int' }),
    v(7, 'T T -> T', { T: 'wide' }),
    v(14, 'T T -> T', { T: 'numbers' }),
  ],
  Mul: [
    v(1, 'T T -> T', { T: 'floats' }, { axis: 'int', broadcast: 'int', consumed_inputs: 'ints' }),
    v(6, 'T T -> T', { T: 'wide' }, { axis: 'int', broadcast: 'int' }),
    v(7, 'T T -> T', { T: 'wide' }),
    v(14, 'T T -> T', { T: 'numbers' }),
  ],
  Div: [
    v(1, 'T T -> T', { T: 'floats' }, { axis: 'int', broadcast: 'int', consumed_inputs: 'ints' }),
    v(6, 'T T -> T', { T: 'wide' }, { axis: 'int', broadcast: 'int' }),
    v(7, 'T T -> T', { T: 'wide' }),
    v(14, 'T T -> T', { T: 'numbers' }),
  ],
  Pow: [
    v(1, 'T T -> T', { T: 'floats' }, { axis: 'int', broadcast: 'int' }),
    v(7, 'T T -> T', { T: 'floats' }),
    v(12, 'T T1 -> T', { T: ['floats', 'int32', 'int64'], T1: ['ieee', 'integers'] }),
    v(15, 'T T1 -> T', { T: ['floats', 'int32', 'int64'], T1: 'numbers' }),
  ],
  Mod: [v(10, 'T T -> T', { T: 'numbers' }, { fmod: 'int' })],
  BitShift: [
    v(11, 'T T -> T', { T: 'unsigned' }, { direction: 'string!' }),
    v(28, 'T T -> T', { T: 'integers' }, { direction: 'string!' }),
  ],
  Sum: [v(1, 'T* -> T', { T: 'floats' }, { consumed_inputs: 'ints' }), v(6, 'T* -> T', { T: 'floats' })],
  Max: [
    v(1, 'T* -> T', { T: 'floats' }, { consumed_inputs: 'ints' }),
    v(6, 'T* -> T', { T: 'floats' }),
    v(12, 'T* -> T', { T: 'numbers' }),
  ],
  Min: [
    v(1, 'T* -> T', { T: 'floats' }, { consumed_inputs: 'ints' }),
    v(6, 'T* -> T', { T: 'floats' }),
    v(12, 'T* -> T', { T: 'numbers' }),
  ],
  Mean: [v(1, 'T* -> T', { T: 'floats' }, { consumed_inputs: 'ints' }), v(6, 'T* -> T', { T: 'floats' })],
  Equal: [
    v(1, 'T T -> bool', { T: ['int32', 'int64', 'bool'] }, { axis: 'int', broadcast: 'int' }),
    v(7, 'T T -> bool', { T: ['int32', 'int64', 'bool'] }),
    v(11, 'T T -> bool', { T: 'all' }),
  ],
  Less: [
    v(1, 'T T -> bool', { T: 'floats' }, { axis: 'int', broadcast: 'int' }),
    v(7, 'T T -> bool', { T: 'floats' }),
    v(9, 'T T -> bool', { T: 'numbers' }),
  ],
  LessOrEqual: [v(12, 'T T -> bool', { T: 'numbers' })],
  Greater: [
    v(1, 'T T -> bool', { T: 'floats' }, { axis: 'int', broadcast: 'int' }),
    v(7, 'T T -> bool', { T: 'floats' }),
    v(9, 'T T -> bool', { T: 'numbers' }),
  ],
  GreaterOrEqual: [v(12, 'T T -> bool', { T: 'numbers' })],
  And: [v(1, 'bool bool -> bool', {}, { axis: 'int', broadcast: 'int' }), v(7, 'bool bool -> bool', {})],
  Or: [v(1, 'bool bool -> bool', {}, { axis: 'int', broadcast: 'int' }), v(7, 'bool bool -> bool', {})],
  Xor: [v(1, 'bool bool -> bool', {}, { axis: 'int', broadcast: 'int' }), v(7, 'bool bool -> bool', {})],
  BitwiseAnd: [v(18, 'T T -> T', { T: 'integers' })],
  BitwiseOr: [v(18, 'T T -> T', { T: 'integers' })],
  BitwiseXor: [v(18, 'T T -> T', { T: 'integers' })],
  Not: [v(1, 'bool -> bool', {})],
  BitwiseNot: [v(18, 'T -> T', { T: 'integers' })],
  Where: [v(9, 'bool T T -> T', { T: 'all' })],
} satisfies SignatureTable;
