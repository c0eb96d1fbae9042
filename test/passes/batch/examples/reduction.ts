import type { OpAttrs } from '../../../../src/ir/ops.js';
import { bool, example, f16, f32, i32, large, u32, type Example, type Examples } from './example.js';

const WINDOW: OpAttrs['reduceWindow'] = {
  kind: 'sum',
  window: [2, 3],
  strides: [1, 2],
  dilations: [1, 2],
  padLow: [1, 2],
  padHigh: [0, 3],
};

const scan = (attrs: Partial<OpAttrs['scan']>, ...operands: Parameters<typeof example>[2][]): Example =>
  example('scan', { kind: 'sum', axis: 0, exclusive: false, reverse: false, ...attrs }, ...operands);

export const reductionExamples: Examples<'reduce' | 'argreduce' | 'reduceWindow' | 'scan' | 'argsort'> = {
  reduce: [
    example('reduce', { kind: 'sum', axes: [1] }, f32(3, 5)),
    // More elements than lanes, and reduced axes around a kept one: the order of the sequence shows.
    example('reduce', { kind: 'sum', axes: [0, 2] }, f32(9, 2, 17)),
    example('reduce', { kind: 'prod', axes: [0] }, f32(70)),
    example('reduce', { kind: 'sum', axes: [0] }, f16(200)),
    example('reduce', { kind: 'max', axes: [0, 1] }, f32(3, 4)),
    example('reduce', { kind: 'min', axes: [1] }, f32(2, 5)),
    example('reduce', { kind: 'sum', axes: [1] }, f32(2, 0)),
    example('reduce', { kind: 'sum', axes: [] }, f32(3)),
    example('reduce', { kind: 'sum', axes: [] }, f32()),
    example('reduce', { kind: 'prod', axes: [0] }, i32(5)),
    example('reduce', { kind: 'max', axes: [0] }, bool(4, 2)),
    large(example('reduce', { kind: 'sum', axes: [0, 1] }, f32(350, 200))),
  ],
  argreduce: [
    example('argreduce', { kind: 'max', axis: 0 }, f32(4, 3)),
    example('argreduce', { kind: 'min', axis: 1 }, f16(2, 9)),
    example('argreduce', { kind: 'min', axis: 0 }, u32(6)),
  ],
  reduceWindow: [
    example('reduceWindow', WINDOW, f32(4, 9)),
    example('reduceWindow', { ...WINDOW, kind: 'prod' }, f16(4, 9)),
    example('reduceWindow', { ...WINDOW, kind: 'max' }, f32(4, 9)),
    example('reduceWindow', { ...WINDOW, kind: 'min' }, i32(4, 9)),
    // A window that is wider than the padded axis: no results.
    example('reduceWindow', { ...WINDOW, window: [1, 30] }, f32(4, 9)),
    example(
      'reduceWindow',
      { kind: 'sum', window: [], strides: [], dilations: [], padLow: [], padHigh: [] },
      f32(),
    ),
  ],
  scan: [
    scan({}, f32(20)),
    scan({ axis: 1, exclusive: true }, f32(2, 9)),
    scan({ axis: 0, reverse: true }, f32(9, 2)),
    scan({ kind: 'prod', exclusive: true, reverse: true }, f16(6)),
    scan({ kind: 'max' }, f32(6)),
    scan({ kind: 'min' }, bool(6)),
    scan({}, i32(0)),
    large(scan({ axis: 1 }, f32(2, 600))),
  ],
  argsort: [
    example('argsort', { axis: 0, descending: false }, f32(11)),
    example('argsort', { axis: 1, descending: true }, f32(2, 11)),
    example('argsort', { axis: 0, descending: true }, i32(7, 2)),
    example('argsort', { axis: 0, descending: false }, f16(0)),
  ],
};
