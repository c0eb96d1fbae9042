import { bool, example, f16, f32, i32, u32, type Examples } from './example.js';

export const indexingExamples: Examples<'gather' | 'scatter' | 'updateSlice' | 'random'> = {
  gather: [
    example('gather', { axis: 0 }, f32(5, 3), i32(4)),
    example('gather', { axis: 1 }, f32(2, 5, 3), i32(2, 3)),
    example('gather', { axis: 2 }, f16(2, 3, 7), i32(2, 2)),
    example('gather', { axis: 1 }, u32(3, 4), i32()),
    example('gather', { axis: 0 }, bool(1), i32(3)),
    example('gather', { axis: 0 }, f32(5, 0), i32(4)),
    example('gather', { axis: 1 }, f32(2, 5), i32(0)),
  ],
  scatter: [
    ...(['set', 'add', 'mul', 'min', 'max'] as const).map((kind) =>
      example('scatter', { kind }, f32(4, 3), i32(9), f32(9, 3)),
    ),
    example('scatter', { kind: 'add' }, f16(3), i32(20), f16(20)),
    example('scatter', { kind: 'set' }, bool(5), i32(7), bool(7)),
    example('scatter', { kind: 'mul' }, i32(2, 2, 2), i32(3), i32(3, 2, 2)),
    example('scatter', { kind: 'add' }, f32(0, 2), i32(3), f32(3, 2)),
    example('scatter', { kind: 'add' }, f32(3, 2), i32(0), f32(0, 2)),
  ],
  updateSlice: [
    example('updateSlice', { axis: 0 }, f32(5, 3), f32(2, 3), i32()),
    example('updateSlice', { axis: 1 }, f32(2, 5, 3), f32(2, 7, 3), i32()),
    example('updateSlice', { axis: 2 }, f16(2, 3, 4), f16(2, 3, 1), i32()),
    example('updateSlice', { axis: 0 }, bool(4), bool(2), i32()),
    example('updateSlice', { axis: 1 }, i32(2, 0), i32(2, 3), i32()),
    example('updateSlice', { axis: 1 }, u32(2, 3), u32(2, 0), i32()),
  ],
  random: [
    example('random', { shape: [5, 3] }, u32(2)),
    example('random', { shape: [] }, u32(2)),
    example('random', { shape: [2, 0] }, u32(2)),
    example('random', { shape: [300] }, u32(2)),
  ],
};
