/** Tensors as text. The texts of floats are those of numpy.array2string (NumPy 2.4), for float32 and float16. */
import { describe, expect, test } from 'vitest';
import { formatTensor } from '../../src/tensor/tensors/format.js';
import { arange, tensor, zeros, type Tensor } from '../../src/index.js';

const NUMPY: readonly (readonly ['f32' | 'f16', readonly number[], string])[] = [
  ['f32', [1e10, 1], '[1.e+10 1.e+00]'],
  ['f32', [0.001, 10], '[1.e-03 1.e+01]'],
  ['f32', [Math.PI], '[3.1415927]'],
  ['f32', [1e-5, 1], '[1.e-05 1.e+00]'],
  ['f32', [1e10, 1, NaN], '[1.e+10 1.e+00    nan]'],
  ['f32', [0.1, -Infinity, 1000.5], '[1.0000e-01       -inf 1.0005e+03]'],
  ['f32', [999999, 0], '[999999.      0.]'],
  ['f32', [1e6], '[1.e+06]'],
  ['f32', [0.001953125, 1], '[0.00195312 1.        ]'],
  ['f32', [0.00012345678], '[0.00012346]'],
  ['f32', [1234.5678, 2], '[1234.5677    2.    ]'],
  ['f32', [-0, 2.5], '[-0.   2.5]'],
  ['f32', [NaN, NaN], '[nan nan]'],
  ['f32', [0, 0.0625, -3], '[ 0.      0.0625 -3.    ]'],
  ['f32', [1e-40, 3.4e38], '[1.0e-40 3.4e+38]'],
  ['f32', [9.0535586e-6, 4.463746e-6, -5.3695326e-6], '[ 9.0535586e-06  4.4637459e-06 -5.3695326e-06]'],
  ['f32', [0.000244140625, 4], '[2.4414062e-04 4.0000000e+00]'],
  ['f32', [16777216, -1], '[ 1.6777216e+07 -1.0000000e+00]'],
  ['f16', [3.14, 1], '[3.14 1.  ]'],
  ['f16', [0.015625], '[0.01563]'],
  ['f16', [1000, 1], '[1.e+03 1.e+00]'],
];

test.each(NUMPY)('%s %j as NumPy prints it', async (dtype, values, text) => {
  const rounded = await tensor([...values], { dtype }).data();
  const type = dtype === 'f32' ? '' : `, f16[${values.length}]`;
  expect(formatTensor(dtype, [values.length], rounded)).toBe(`${text}${type}`);
});

describe('tensors of several axes, of other types, and long ones', () => {
  test.each<[Tensor, string]>([
    [tensor([[1, 2.5], [-3, 4]]), '[[ 1.   2.5]\n [-3.   4. ]]'],
    [arange(3), '[0 1 2], i32[3]'],
    [tensor([true, false]), '[ true false], bool[2]'],
    [tensor(7), '7.'],
    [zeros([0, 2]), '[], f32[0,2]'],
    [arange(2000), '[   0    1    2 ... 1997 1998 1999], i32[2000]'],
    [zeros([1, 1, 2]), '[[[0. 0.]]]'],
  ])('%#', (x, text) => {
    expect(String(x)).toBe(text);
  }); // prettier-ignore
});
