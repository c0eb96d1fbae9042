import { IDENTITY_OPS, tableOf, type IdentityOp } from '../../../../src/ir/ops.js';
import { bool, example, f16, f32, i32, u32, type Examples } from './example.js';

type MovementOp = 'reshape' | 'permute' | 'broadcast' | 'slice' | 'pad' | 'concat' | 'reverse' | IdentityOp;

export const movementExamples: Examples<MovementOp> = {
  reshape: [
    example('reshape', { shape: [3, 4] }, f32(2, 6)),
    example('reshape', { shape: [] }, f16(1, 1)),
    example('reshape', { shape: [1] }, u32()),
    example('reshape', { shape: [0, 5] }, i32(3, 0)),
  ],
  permute: [
    example('permute', { permutation: [2, 0, 1] }, f32(2, 3, 4)),
    example('permute', { permutation: [1, 0] }, bool(2, 3)),
    example('permute', { permutation: [] }, f32()),
  ],
  broadcast: [
    example('broadcast', { shape: [2, 3, 4] }, f32(2, 1, 4)),
    example('broadcast', { shape: [0, 2] }, i32(1, 2)),
    example('broadcast', { shape: [] }, f32()),
  ],
  slice: [
    example('slice', { starts: [1, 0], sizes: [2, 2], strides: [2, 3] }, f32(5, 4)),
    example('slice', { starts: [3], sizes: [0], strides: [1] }, f16(3)),
    example('slice', { starts: [], sizes: [], strides: [] }, u32()),
  ],
  pad: [
    example('pad', { low: [1, 0], high: [0, 2], interior: [0, 1], value: -0 }, f32(2, 3)),
    example('pad', { low: [2], high: [1], interior: [3], value: NaN }, f16(3)),
    example('pad', { low: [1], high: [1], interior: [2], value: 1 }, bool(0)),
  ],
  concat: [
    example('concat', { axis: 1 }, f32(2, 1), f32(2, 3), f32(2, 2)),
    example('concat', { axis: 0 }, i32(2), i32(0), i32(1)),
    example('concat', { axis: 0 }, u32(2, 2)),
  ],
  reverse: [
    example('reverse', { axes: [0, 2] }, f32(2, 3, 4)),
    example('reverse', { axes: [] }, f16(2)),
    example('reverse', { axes: [0] }, bool(5)),
  ],
  ...tableOf(IDENTITY_OPS, (op) => [example(op, {}, f32(2, 3)), example(op, {}, i32())]),
};
