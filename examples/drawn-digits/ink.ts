/** Lines on paper: coverage of pixels by strokes of some thickness, anti-aliased. */

/** The sheet: side x side pixels, row-major, 0 (paper) to 1 (ink). */
export interface Sheet {
  readonly side: number;
  readonly ink: Float64Array;
}

export const emptySheet = (side: number): Sheet => ({ side, ink: new Float64Array(side * side) });

/**
 * Draws a chain of points (x, y pairs, in pixels; the middle of the first pixel is (0.5, 0.5)). The radius of the pen goes
 * from `radiusStart` to `radiusEnd`, in pixels. Ink on ink is no darker.
 */
export function drawChain(
  { side, ink }: Sheet,
  points: readonly number[],
  radiusStart: number,
  radiusEnd: number,
): void {
  const segments = points.length / 2 - 1;
  for (let i = 0; i < segments; i++) {
    const [x0, y0, x1, y1] = points.slice(2 * i, 2 * i + 4);
    const radius = radiusStart + ((radiusEnd - radiusStart) * (i + 0.5)) / segments;
    const [dx, dy] = [x1 - x0, y1 - y0];
    const lengthSquared = dx * dx + dy * dy;
    const reach = radius + 1;
    const left = Math.max(0, Math.floor(Math.min(x0, x1) - reach));
    const right = Math.min(side - 1, Math.floor(Math.max(x0, x1) + reach));
    const top = Math.max(0, Math.floor(Math.min(y0, y1) - reach));
    const bottom = Math.min(side - 1, Math.floor(Math.max(y0, y1) + reach));
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const [px, py] = [column + 0.5 - x0, row + 0.5 - y0];
        const along = lengthSquared === 0 ? 0 : (px * dx + py * dy) / lengthSquared;
        const t = along < 0 ? 0 : along > 1 ? 1 : along;
        const [ex, ey] = [px - t * dx, py - t * dy];
        // Half a pixel on either side of the edge is partly covered.
        const coverage = radius + 0.5 - Math.sqrt(ex * ex + ey * ey);
        const at = row * side + column;
        if (coverage > ink[at]) ink[at] = coverage < 1 ? coverage : 1;
      }
    }
  }
}
