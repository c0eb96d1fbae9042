/**
 * How a plane of a matrix lies on devices: in bands of rows of the file. Within a band, the elements that neighbour are of neighbouring rows,
 * so that results that are computed side by side read what lies side by side; and what a band needs is one piece of memory, which is
 * read from its beginning to its end.
 */
import type { TensorData } from '../../base/tensor.js';
import type { Emitter, Value } from '../../ir/emitter.js';

/** Rows of a band: as many as a workgroup has lanes, where that divides them. */
const BANDS: readonly number[] = [64, 32, 16];

const bandOf = (rows: number): number => BANDS.find((band) => rows % band === 0) ?? rows;

/** The shape of a plane with so many elements a row: [bands, elements of a row, rows of a band]. */
export const bandedShape = (rows: number, length: number): readonly [number, number, number] => {
  const band = bandOf(rows);
  return [rows / Math.max(band, 1), length, band];
};

/** A plane [rows, elements of a row] in bands. */
export function banded({ dtype, shape: [rows, length], data }: TensorData): TensorData {
  const words = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const shape = bandedShape(rows, length);
  const [bands, , band] = shape;
  const turned = band === 1 || length === 1 ? words : new Uint32Array(words.length);
  if (turned !== words)
    for (let i = 0; i < bands; i++) {
      const [from, to] = [i * band * length, (i + 1) * band * length];
      exchange(words.subarray(from, to), turned.subarray(from, to), band, length);
    }
  const result = dtype === 'f32' ? new Float32Array(turned.buffer, turned.byteOffset, turned.length) : turned;
  return { dtype, shape, data: result };
}

/** Side of the squares that are exchanged at a time, so that both fit the nearest cache. */
const SQUARE = 64;

function exchange(from: Uint32Array, to: Uint32Array, rows: number, length: number): void {
  for (let top = 0; top < rows; top += SQUARE)
    for (let left = 0; left < length; left += SQUARE)
      for (let i = top; i < Math.min(rows, top + SQUARE); i++)
        for (let j = left; j < Math.min(length, left + SQUARE); j++) to[j * rows + i] = from[i * length + j];
}

/** A plane in bands as [elements of a row, rows]. */
export function uprightView(b: Emitter, plane: Value): Value {
  const [bands, length, band] = plane.type.shape as readonly number[];
  return b.reshape(b.permute(plane, [1, 0, 2]), [length, bands * band]);
}
