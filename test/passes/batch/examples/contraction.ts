import type { OpAttrs } from '../../../../src/ir/ops.js';
import { example, f16, f32, i32, type Example, type Examples } from './example.js';

const dot = (attrs: Partial<OpAttrs['dot']>, ...operands: Parameters<typeof example>[2][]): Example =>
  example('dot', { lhsBatch: [], rhsBatch: [], lhsContract: [], rhsContract: [], ...attrs }, ...operands);

const PLAIN: OpAttrs['conv'] = {
  strides: [1, 1],
  padLow: [1, 0],
  padHigh: [0, 1],
  lhsDilation: [1, 1],
  rhsDilation: [1, 1],
  groups: 1,
};
const line = (attrs: Partial<OpAttrs['conv']>): OpAttrs['conv'] => ({
  strides: [1],
  padLow: [1],
  padHigh: [1],
  lhsDilation: [1],
  rhsDilation: [1],
  groups: 1,
  ...attrs,
});

export const contractionExamples: Examples<'dot' | 'conv'> = {
  dot: [
    dot({ lhsContract: [1], rhsContract: [0] }, f32(2, 3), f32(3, 4)),
    // More terms than a block of the accumulation.
    dot({ lhsContract: [1], rhsContract: [1] }, f32(2, 300), f32(3, 300)),
    dot(
      { lhsBatch: [1], rhsBatch: [2], lhsContract: [2, 0], rhsContract: [0, 1] },
      f32(13, 2, 11, 3),
      f32(11, 13, 2, 4),
    ),
    // Batch axes in another order than that of the operands, and several free axes on both sides.
    dot(
      { lhsBatch: [2, 0], rhsBatch: [0, 3], lhsContract: [3], rhsContract: [2] },
      f32(2, 3, 4, 5),
      f32(4, 3, 5, 2, 2),
    ),
    dot({ lhsBatch: [0], rhsBatch: [0] }, f32(3, 2), f32(3)),
    dot({ lhsContract: [0], rhsContract: [0] }, f32(4), f32(4)),
    dot({}, f32(), f32(3)),
    dot({ lhsContract: [1], rhsContract: [0] }, f32(2, 0), f32(0, 3)),
    dot({ lhsContract: [1], rhsContract: [0] }, f16(2, 140), f16(140, 3)),
    dot({ lhsContract: [0], rhsContract: [0] }, i32(5, 2), i32(5)),
  ],
  conv: [
    example('conv', PLAIN, f32(2, 3, 5, 4), f32(4, 3, 2, 3)),
    // More terms than a block of the accumulation.
    example('conv', PLAIN, f32(1, 17, 4, 4), f32(2, 17, 3, 3)),
    example('conv', { ...PLAIN, groups: 2, strides: [2, 1] }, f32(2, 4, 5, 4), f32(6, 2, 2, 2)),
    // Depthwise.
    example('conv', line({ groups: 3 }), f32(2, 3, 7), f32(6, 1, 3)),
    // Holes in x, which are no terms, with blocks of terms that begin at different taps.
    example('conv', line({ lhsDilation: [3], rhsDilation: [2], padLow: [4] }), f32(2, 50, 4), f32(2, 50, 5)),
    example('conv', line({ lhsDilation: [2], groups: 2 }), f32(1, 4, 3), f32(4, 2, 3)),
    example('conv', line({ groups: 2 }), f16(3, 2, 5), f16(4, 1, 2)),
    example('conv', line({}), f32(0, 2, 5), f32(3, 2, 2)),
    example('conv', line({}), f32(2, 0, 5), f32(3, 0, 2)),
    example('conv', line({ padLow: [0], padHigh: [0] }), f32(2, 1, 2), f32(3, 1, 5)),
    example(
      'conv',
      {
        strides: [1, 2, 1],
        padLow: [0, 1, 0],
        padHigh: [1, 0, 0],
        lhsDilation: [1, 1, 2],
        rhsDilation: [1, 1, 1],
        groups: 1,
      },
      f32(1, 2, 3, 3, 2),
      f32(2, 2, 2, 2, 2),
    ),
  ],
};
