/** Signatures of the operators of ops/movement.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

export const movement = {
  Identity: [v(1, 'T -> T', { T: 'any' }), v(14, 'V -> V', { V: 'any' })],
  Reshape: [
    v(1, 'T -> T', { T: 'floats' }, { consumed_inputs: 'ints', shape: 'ints' }),
    v(5, 'T int64 -> T', { T: 'any' }),
    v(14, 'T int64 -> T', { T: 'any' }, { allowzero: 'int' }),
  ],
  Flatten: [v(1, 'T -> T', { T: 'floats' }, { axis: 'int' }), v(9, 'T -> T', { T: 'any' }, { axis: 'int' })],
  Squeeze: [v(1, 'T -> T', { T: 'any' }, { axes: 'ints' }), v(13, 'T int64? -> T', { T: 'any' })],
  Unsqueeze: [v(1, 'T -> T', { T: 'any' }, { axes: 'ints!' }), v(13, 'T int64 -> T', { T: 'any' })],
  Transpose: [v(1, 'T -> T', { T: 'any' }, { perm: 'ints' })],
  Concat: [
    v(1, 'T* -> T', { T: 'floats' }, { axis: 'int' }),
    v(4, 'T* -> T', { T: 'all' }, { axis: 'int!' }),
  ],
  Slice: [
    v(1, 'T -> T', { T: 'all' }, { axes: 'ints', ends: 'ints!', starts: 'ints!' }),
    v(10, 'T Tind Tind Tind? Tind? -> T', { T: 'all', Tind: 'indices' }),
  ],
  Split: [
    v(1, 'T T? -> T*', { T: 'floats' }, { axis: 'int', split: 'ints' }),
    v(2, 'T -> T*', { T: 'all' }, { axis: 'int', split: 'ints' }),
    v(13, 'T int64? -> T*', { T: 'all' }, { axis: 'int' }),
    v(18, 'T int64? -> T*', { T: 'all' }, { axis: 'int', num_outputs: 'int' }),
  ],
  Expand: [v(8, 'T int64 -> T', { T: 'all' })],
  Tile: [v(1, 'T T T -> T', { T: 'floats' }), v(6, 'T int64 -> T', { T: 'all' })],
  DepthToSpace: [
    v(1, 'T -> T', { T: 'all' }, { blocksize: 'int!' }),
    v(11, 'T -> T', { T: 'all' }, { blocksize: 'int!', mode: 'string' }),
  ],
  SpaceToDepth: [
    v(1, 'T -> T', { T: 'all' }, { blocksize: 'int!' }),
    v(28, 'T -> T', { T: 'all' }, { blocksize: 'int!', mode: 'string' }),
  ],
  Pad: [
    v(1, 'T -> T', { T: 'floats' }, { mode: 'string', paddings: 'ints!', value: 'float' }),
    v(2, 'T -> T', { T: 'floats' }, { mode: 'string', pads: 'ints!', value: 'float' }),
    v(11, 'T int64 T? -> T', { T: 'numbers' }, { mode: 'string' }),
    v(13, 'T int64 T? -> T', { T: 'all' }, { mode: 'string' }),
    v(18, 'T int64 T? Tind? -> T', { T: 'all', Tind: 'indices' }, { mode: 'string' }),
    v(21, 'T int64 T? Tind? -> T', { T: 'any', Tind: 'indices' }, { mode: 'string' }),
  ],
  Upsample: [
    v(
      1,
      'T -> T',
      { T: ['floats', 'int32', 'int64', 'bool'] },
      { height_scale: 'float!', mode: 'string', width_scale: 'float!' },
    ),
    v(7, 'T -> T', { T: 'all' }, { mode: 'string', scales: 'floats!' }),
    v(9, 'T float -> T', { T: 'all' }, { mode: 'string' }),
  ],
  Resize: [
    v(10, 'T float -> T', { T: 'all' }, { mode: 'string' }),
    v(
      11,
      'T1 T2 float int64? -> T1',
      { T1: 'all', T2: 'ieee' },
      {
        coordinate_transformation_mode: 'string',
        cubic_coeff_a: 'float',
        exclude_outside: 'int',
        extrapolation_value: 'float',
        mode: 'string',
        nearest_mode: 'string',
      },
    ),
    v(
      13,
      'T1 T2? float? int64? -> T1',
      { T1: 'all', T2: 'ieee' },
      {
        coordinate_transformation_mode: 'string',
        cubic_coeff_a: 'float',
        exclude_outside: 'int',
        extrapolation_value: 'float',
        mode: 'string',
        nearest_mode: 'string',
      },
    ),
    v(
      18,
      'T1 T2? float? int64? -> T1',
      { T1: 'all', T2: 'ieee' },
      {
        antialias: 'int',
        axes: 'ints',
        coordinate_transformation_mode: 'string',
        cubic_coeff_a: 'float',
        exclude_outside: 'int',
        extrapolation_value: 'float',
        keep_aspect_ratio_policy: 'string',
        mode: 'string',
        nearest_mode: 'string',
      },
    ),
  ],
} satisfies SignatureTable;
