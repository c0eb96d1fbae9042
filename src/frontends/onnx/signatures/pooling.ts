/** Signatures of the operators of ops/pooling.ts, from the specification. */
import { bfloat16From22, v, type SignatureTable } from './signature.js';

export const pooling = {
  MaxPool: [
    v(
      1,
      'T -> T',
      { T: 'floats' },
      { auto_pad: 'string', kernel_shape: 'ints!', pads: 'ints', strides: 'ints' },
    ),
    v(
      8,
      'T -> T int64?',
      { T: 'floats' },
      { auto_pad: 'string', kernel_shape: 'ints!', pads: 'ints', storage_order: 'int', strides: 'ints' },
    ),
    v(
      10,
      'T -> T int64?',
      { T: 'floats' },
      {
        auto_pad: 'string',
        ceil_mode: 'int',
        dilations: 'ints',
        kernel_shape: 'ints!',
        pads: 'ints',
        storage_order: 'int',
        strides: 'ints',
      },
    ),
    v(
      12,
      'T -> T int64?',
      { T: ['floats', 'int8', 'uint8'] },
      {
        auto_pad: 'string',
        ceil_mode: 'int',
        dilations: 'ints',
        kernel_shape: 'ints!',
        pads: 'ints',
        storage_order: 'int',
        strides: 'ints',
      },
    ),
  ],
  AveragePool: bfloat16From22(
    v(
      1,
      'T -> T',
      { T: 'floats' },
      { auto_pad: 'string', kernel_shape: 'ints!', pads: 'ints', strides: 'ints' },
    ),
    v(
      7,
      'T -> T',
      { T: 'floats' },
      { auto_pad: 'string', count_include_pad: 'int', kernel_shape: 'ints!', pads: 'ints', strides: 'ints' },
    ),
    v(
      10,
      'T -> T',
      { T: 'floats' },
      {
        auto_pad: 'string',
        ceil_mode: 'int',
        count_include_pad: 'int',
        kernel_shape: 'ints!',
        pads: 'ints',
        strides: 'ints',
      },
    ),
    v(
      19,
      'T -> T',
      { T: 'floats' },
      {
        auto_pad: 'string',
        ceil_mode: 'int',
        count_include_pad: 'int',
        dilations: 'ints',
        kernel_shape: 'ints!',
        pads: 'ints',
        strides: 'ints',
      },
    ),
  ),
  LpPool: bfloat16From22(
    v(
      1,
      'T -> T',
      { T: 'floats' },
      { auto_pad: 'string', kernel_shape: 'ints', p: 'float', pads: 'ints', strides: 'ints' },
    ),
    v(
      2,
      'T -> T',
      { T: 'floats' },
      { auto_pad: 'string', kernel_shape: 'ints!', p: 'int', pads: 'ints', strides: 'ints' },
    ),
    v(
      18,
      'T -> T',
      { T: 'floats' },
      {
        auto_pad: 'string',
        ceil_mode: 'int',
        dilations: 'ints',
        kernel_shape: 'ints!',
        p: 'int',
        pads: 'ints',
        strides: 'ints',
      },
    ),
  ),
  MaxUnpool: [
    v(9, 'T int64 int64? -> T', { T: 'floats' }, { kernel_shape: 'ints!', pads: 'ints', strides: 'ints' }),
  ],
  GlobalAveragePool: [v(1, 'T -> T', { T: 'floats' })],
  GlobalMaxPool: [v(1, 'T -> T', { T: 'floats' })],
  GlobalLpPool: [
    v(1, 'T -> T', { T: 'floats' }, { p: 'float' }),
    v(2, 'T -> T', { T: 'floats' }, { p: 'int' }),
  ],
} satisfies SignatureTable;
