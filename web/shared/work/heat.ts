/** Where two tensors differ, as a picture. */
import type { DType, TensorData } from 'heddle';
import type { HeatMap } from '../measured.js';

/** Cells along either side, at most. */
const MOST = 48;

/** A matrix of the last axis against all others; a tensor of one axis is folded. */
export function heatMap(expected: TensorData, found: TensorData): HeatMap {
  const { dtype, shape, data } = expected;
  const isSame = SAME[dtype];
  const last = shape.at(-1) ?? 1;
  const width = data.length > last ? last : Math.max(1, Math.ceil(Math.sqrt(data.length)));
  const height = Math.ceil(data.length / width);
  const [rows, columns] = [Math.min(MOST, height), Math.min(MOST, width)];
  const [differing, counts] = [new Float32Array(rows * columns), new Float32Array(rows * columns)];
  for (let i = 0; i < data.length; i++) {
    const row = Math.floor((Math.floor(i / width) * rows) / height);
    const cell = row * columns + Math.floor(((i % width) * columns) / width);
    counts[cell]++;
    if (!isSame(data[i], found.data[i])) differing[cell]++;
  }
  return { rows, columns, cells: differing.map((count, i) => count / Math.max(1, counts[i])) };
}

const isHalfNaN = (word: number): boolean => (word & 0x7fff) > 0x7c00;

/** Equal bits, or both no number, as `verify` has it. A f16 is given as its word. */
const SAME: Readonly<Record<DType, (a: number, b: number) => boolean>> = {
  f32: Object.is,
  f16: (a, b) => a === b || (isHalfNaN(a) && isHalfNaN(b)),
  i32: Object.is,
  u32: Object.is,
  bool: Object.is,
};
