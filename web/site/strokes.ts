/** What is drawn on the pad, as an image of the kind that the network learns from: the same pen, size and place. */
import { drawChain, emptySheet } from '../../examples/drawn-digits/ink.js';

/** x, y pairs, in any unit. */
export type Stroke = readonly number[];

/** Width and height of the image, in pixels. */
export const SIDE = 28;
/** Of the digit's longer side, and the pen's radius: those of the training data, in the middle. */
const [LONGER_SIDE, PEN] = [18.5, 1.2];

/** f32 of `SIDE * SIDE`, row-major, 0 for paper and 1 for ink; undefined where nothing is drawn. */
export function imageOf(strokes: readonly Stroke[]): Float32Array | undefined {
  const [left, right] = reach(strokes, 0);
  const [top, bottom] = reach(strokes, 1);
  if (left > right) return undefined;
  // A dot has no size.
  const scale = LONGER_SIDE / Math.max(right - left, bottom - top, 1e-6);
  const middle = [(left + right) / 2, (top + bottom) / 2];
  const sheet = emptySheet(SIDE);
  for (const stroke of strokes) {
    const placed = stroke.map((at, i) => SIDE / 2 + scale * (at - middle[i % 2]));
    // One point is a chain from itself to itself.
    drawChain(sheet, placed.length === 2 ? [...placed, ...placed] : placed, PEN, PEN);
  }
  return Float32Array.from(sheet.ink);
}

/** Least and greatest x (axis 0) or y (axis 1). */
const reach = (strokes: readonly Stroke[], axis: 0 | 1): [number, number] =>
  strokes
    .flatMap((stroke) => stroke.filter((_, i) => i % 2 === axis))
    .reduce(([low, high], at): [number, number] => [Math.min(low, at), Math.max(high, at)], [Infinity, -Infinity]); // prettier-ignore
