/** Smooth strokes as chains of points. */
import type { Stroke } from './glyphs.js';

/** Straight pieces between two knots. */
const PIECES = 8;

/**
 * Points along a stroke as x, y pairs: a Catmull-Rom spline through the knots. A corner ends a spline, and the next one
 * begins there.
 */
export function flatten(stroke: Stroke): number[] {
  const points = [stroke[0].x, stroke[0].y];
  for (let i = 0; i + 1 < stroke.length; i++) {
    const [from, to] = [stroke[i], stroke[i + 1]];
    const before = i === 0 || from.corner ? from : stroke[i - 1];
    const after = i + 2 === stroke.length || to.corner ? to : stroke[i + 2];
    for (let piece = 1; piece <= PIECES; piece++) {
      const t = piece / PIECES;
      points.push(spline(before.x, from.x, to.x, after.x, t), spline(before.y, from.y, to.y, after.y, t));
    }
  }
  return points;
}

/** From b at t = 0 to c at t = 1, with the slopes (c - a) / 2 and (d - b) / 2 there. */
function spline(a: number, b: number, c: number, d: number, t: number): number {
  const cubic = 3 * (b - c) + d - a;
  const square = 2 * a - 5 * b + 4 * c - d;
  return b + 0.5 * t * (c - a + t * (square + t * cubic));
}
