/** What part of a drawing is seen, and how large. Pure functions: the canvas holds one, pointers and keys make others. */
import type { Point, Size } from './layout/layered.js';

export interface Viewport {
  /** Pixels for a unit of the drawing. */
  readonly scale: number;
  /** The pixel at which the drawing's origin is. */
  readonly x: number;
  readonly y: number;
}

const LIMITS = { least: 0.02, most: 3 } as const;

/** The whole drawing, in the middle; small ones are not made larger. */
export function fitted(drawing: Size, canvas: Size): Viewport {
  const margin = 24;
  const scale = Math.min(
    1,
    Math.max(
      LIMITS.least,
      Math.min((canvas.width - margin) / drawing.width, (canvas.height - margin) / drawing.height),
    ),
  );
  return { scale, x: (canvas.width - drawing.width * scale) / 2, y: Math.max(margin / 2, (canvas.height - drawing.height * scale) / 2) }; // prettier-ignore
}

/** As wide as the drawing, from its top: what a long drawing is first seen as. */
export function opened(drawing: Size, canvas: Size): Viewport {
  const whole = fitted(drawing, canvas);
  if (whole.scale >= 0.4) return whole;
  const scale = Math.min(1, Math.max(0.4, (canvas.width - 24) / drawing.width));
  return { scale, x: (canvas.width - drawing.width * scale) / 2, y: 12 };
}

export const moved = (view: Viewport, dx: number, dy: number): Viewport => ({
  ...view,
  x: view.x + dx,
  y: view.y + dy,
});

/** Larger by `factor`, with the pixel `at` where it is. */
export function zoomed(view: Viewport, factor: number, at: Point): Viewport {
  const scale = Math.min(LIMITS.most, Math.max(LIMITS.least, view.scale * factor));
  const by = scale / view.scale;
  return { scale, x: at.x - (at.x - view.x) * by, y: at.y - (at.y - view.y) * by };
}

/** With a point of the drawing in the middle, large enough to read. */
export function centred(view: Viewport, point: Point, canvas: Size): Viewport {
  const scale = Math.max(view.scale, 0.7);
  return { scale, x: canvas.width / 2 - point.x * scale, y: canvas.height / 2 - point.y * scale };
}

export const toDrawing = ({ scale, x, y }: Viewport, pixel: Point): Point => ({
  x: (pixel.x - x) / scale,
  y: (pixel.y - y) / scale,
});
