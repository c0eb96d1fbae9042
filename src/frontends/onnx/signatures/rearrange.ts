/** Signatures of the operators of ops/rearrange.ts, from the specification. */
import { v, type SignatureTable } from './signature.js';

export const rearrangement = {
  CenterCropPad: [v(18, 'T Tind -> T', { T: 'all', Tind: 'indices' }, { axes: 'ints' })],
  Col2Im: [v(18, 'T int64 int64 -> T', { T: 'all' }, { dilations: 'ints', pads: 'ints', strides: 'ints' })],
  ReverseSequence: [v(10, 'T int64 -> T', { T: 'all' }, { batch_axis: 'int', time_axis: 'int' })],
} satisfies SignatureTable;
