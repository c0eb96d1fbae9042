/** Signatures of the operators of ops/contraction.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

export const contraction = {
  MatMul: [v(1, 'T T -> T', { T: 'floats' }), v(9, 'T T -> T', { T: 'wide' })],
  Gemm: [
    v(
      1,
      'T T T -> T',
      { T: 'floats' },
      { alpha: 'float', beta: 'float', broadcast: 'int', transA: 'int', transB: 'int' },
    ),
    v(7, 'T T T -> T', { T: 'floats' }, { alpha: 'float', beta: 'float', transA: 'int', transB: 'int' }),
    v(9, 'T T T -> T', { T: 'wide' }, { alpha: 'float', beta: 'float', transA: 'int', transB: 'int' }),
    v(11, 'T T T? -> T', { T: 'wide' }, { alpha: 'float', beta: 'float', transA: 'int', transB: 'int' }),
  ],
  Conv: [
    v(
      1,
      'T T T? -> T',
      { T: 'floats' },
      {
        auto_pad: 'string',
        dilations: 'ints',
        group: 'int',
        kernel_shape: 'ints',
        pads: 'ints',
        strides: 'ints',
      },
    ),
  ],
  ConvTranspose: [
    v(
      1,
      'T T T? -> T',
      { T: 'floats' },
      {
        auto_pad: 'string',
        dilations: 'ints',
        group: 'int',
        kernel_shape: 'ints',
        output_padding: 'ints',
        output_shape: 'ints',
        pads: 'ints',
        strides: 'ints',
      },
    ),
  ],
  Einsum: [v(12, 'T* -> T', { T: 'numbers' }, { equation: 'string!' })],
} satisfies SignatureTable;
