/**
 * How a plane of a matrix lies on devices: in bands of rows of the file. Within a band, the elements that neighbour are of neighbouring rows,
 * so that results that are computed side by side read what lies side by side; and what a band needs is one piece of memory, which is
 * read from its beginning to its end.
 */
import type { Emitter, Value } from '../../ir/emitter.js';

/**
 * Rows of a band, where that divides them: words of so many fill a line of the cache, and a panel of WebAssembly. What a panel reads
 * is then one line after the other, which processors fetch ahead; of wider bands it reads a line of several, and waits for each.
 */
const BAND = 16;

const bandOf = (rows: number): number => (rows % BAND === 0 ? BAND : rows);

/** The shape of a plane with so many elements a row: [bands, elements of a row, rows of a band]. */
export const bandedShape = (rows: number, length: number): readonly [number, number, number] => {
  const band = bandOf(rows);
  return [rows / Math.max(band, 1), length, band];
};

/** A plane in bands as [elements of a row, rows]. */
export function uprightView(b: Emitter, plane: Value): Value {
  const [bands, length, band] = plane.type.shape as readonly number[];
  return b.reshape(b.permute(plane, [1, 0, 2]), [length, bands * band]);
}
