/** Signatures of the operators of ops/constant.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

export const constant = {
  Constant: [
    v(1, ' -> T', { T: 'floats' }, { value: 'tensor!' }),
    v(9, ' -> T', { T: 'any' }, { value: 'tensor!' }),
    v(11, ' -> T', { T: 'any' }, { sparse_value: 'sparse', value: 'tensor' }),
    v(
      12,
      ' -> T',
      { T: 'any' },
      {
        sparse_value: 'sparse',
        value: 'tensor',
        value_float: 'float',
        value_floats: 'floats',
        value_int: 'int',
        value_ints: 'ints',
        value_string: 'string',
        value_strings: 'strings',
      },
    ),
  ],
  Shape: [v(1, 'T -> int64', { T: 'any' }), v(15, 'T -> int64', { T: 'any' }, { end: 'int', start: 'int' })],
  Size: [v(1, 'T -> int64', { T: 'any' })],
  ConstantOfShape: [v(9, 'int64 -> T2', { T2: 'any' }, { value: 'tensor' })],
  Range: [
    v(11, 'T T T -> T', { T: ['float', 'double', 'int16', 'int32', 'int64'] }),
    v(27, 'T T T -> T', { T: ['floats', 'int16', 'int32', 'int64'] }, { stash_type: 'int' }),
  ],
} satisfies SignatureTable;
