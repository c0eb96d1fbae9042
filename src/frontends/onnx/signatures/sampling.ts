/** Signatures of the operators of ops/sampling.ts, from the specification. */
import { bfloat16From22, v, type SignatureTable } from './signature.js';

const REGIONS = {
  mode: 'string',
  output_height: 'int',
  output_width: 'int',
  sampling_ratio: 'int',
  spatial_scale: 'float',
} as const;

export const sampling = {
  GridSample: bfloat16From22(
    v(
      16,
      'T1 T2 -> T1',
      { T1: 'all', T2: 'floats' },
      { align_corners: 'int', mode: 'string', padding_mode: 'string' },
    ),
  ),
  AffineGrid: [v(20, 'T1 int64 -> T1', { T1: 'floats' }, { align_corners: 'int' })],
  RoiAlign: bfloat16From22(
    v(10, 'T1 T1 int64 -> T1', { T1: 'floats' }, REGIONS),
    v(16, 'T1 T1 int64 -> T1', { T1: 'floats' }, { ...REGIONS, coordinate_transformation_mode: 'string' }),
  ),
  MaxRoiPool: [v(1, 'T T -> T', { T: 'floats' }, { pooled_shape: 'ints!', spatial_scale: 'float' })],
  DeformConv: bfloat16From22(
    v(
      19,
      'T T T T? T? -> T',
      { T: 'floats' },
      {
        dilations: 'ints',
        group: 'int',
        kernel_shape: 'ints',
        offset_group: 'int',
        pads: 'ints',
        strides: 'ints',
      },
    ),
  ),
} satisfies SignatureTable;
