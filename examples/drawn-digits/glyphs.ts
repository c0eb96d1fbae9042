/**
 * How people write the ten digits: strokes through a few points, several ways for each digit. Points lie in a box from
 * (0, 0) at the top left to (1, 1) at the bottom right. A stroke is smooth but for its corners.
 */

/** A point that a stroke goes through. */
export interface Knot {
  readonly x: number;
  readonly y: number;
  /** The stroke may turn sharply here. */
  readonly corner: boolean;
}

export type Stroke = readonly Knot[];

/** One way to write a digit. */
export interface Glyph {
  readonly name: string;
  /** How many people write it that way, compared with the other ways. */
  readonly weight: number;
  /** Width over height. */
  readonly aspect: number;
  readonly strokes: readonly Stroke[];
}

const knot = (x: number, y: number): Knot => ({ x, y, corner: false });
const corner = (x: number, y: number): Knot => ({ x, y, corner: true });

/** Cosine of 45 degrees. */
const DIAGONAL = 0.7071067811865476;
/** Points of the unit circle in eighths of a turn, clockwise on the screen from the right. */
const CIRCLE = [
  [1, 0],
  [DIAGONAL, DIAGONAL],
  [0, 1],
  [-DIAGONAL, DIAGONAL],
  [-1, 0],
  [-DIAGONAL, -DIAGONAL],
  [0, -1],
  [DIAGONAL, -DIAGONAL],
] as const;

/** Knots on an ellipse from one eighth of a turn to another, clockwise where `to` is the larger. */
function arc(cx: number, cy: number, rx: number, ry: number, from: number, to: number): Knot[] {
  const step = to > from ? 1 : -1;
  return Array.from({ length: Math.abs(to - from) + 1 }, (_, i) => {
    const [x, y] = CIRCLE[(((from + step * i) % 8) + 8) % 8];
    return knot(cx + rx * x, cy + ry * y);
  });
}

const glyph = (name: string, weight: number, aspect: number, ...strokes: Stroke[]): Glyph => ({
  name,
  weight,
  aspect,
  strokes,
});

/** The ways to write digit d are GLYPHS[d]. */
export const GLYPHS: readonly (readonly Glyph[])[] = [
  [
    glyph('round', 5, 0.75, arc(0.5, 0.5, 0.5, 0.5, 6, -3)),
    glyph('overlapping', 3, 0.7, arc(0.5, 0.5, 0.5, 0.5, 7, -3)),
    glyph('clockwise', 1, 0.75, arc(0.5, 0.5, 0.5, 0.5, -2, 7)),
  ],
  [
    glyph('plain', 5, 0.1, [knot(0.5, 0), knot(0.5, 0.5), knot(0.5, 1)]),
    glyph('with a flag', 3, 0.35, [corner(0, 0.28), corner(0.75, 0), knot(0.72, 0.5), corner(0.7, 1)]),
    glyph(
      'with flag and foot',
      2,
      0.5,
      [corner(0.15, 0.25), corner(0.52, 0), knot(0.5, 0.5), corner(0.5, 1)],
      [corner(0, 1), corner(1, 1)],
    ),
  ],
  [
    glyph('with a corner', 4, 0.75, [
      ...arc(0.48, 0.27, 0.42, 0.27, 4, 8),
      knot(0.74, 0.52),
      corner(0, 1),
      corner(1, 0.97),
    ]),
    glyph('with a wave', 3, 0.8, [
      ...arc(0.48, 0.27, 0.42, 0.27, 4, 8),
      knot(0.68, 0.6),
      corner(0.05, 0.96),
      knot(0.4, 0.9),
      knot(0.7, 0.99),
      corner(1, 0.9),
    ]),
    glyph('with a loop', 3, 0.85, [
      ...arc(0.5, 0.26, 0.38, 0.26, 4, 8),
      knot(0.68, 0.6),
      knot(0.35, 0.9),
      knot(0.1, 1),
      knot(0.03, 0.84),
      knot(0.2, 0.76),
      knot(0.5, 0.9),
      knot(0.78, 1),
      knot(1, 0.92),
    ]),
  ],
  [
    glyph('round', 5, 0.65, [
      knot(0.02, 0.14),
      knot(0.45, 0),
      knot(0.88, 0.2),
      knot(0.7, 0.42),
      corner(0.3, 0.48),
      knot(0.75, 0.52),
      knot(1, 0.75),
      knot(0.6, 1),
      knot(0, 0.9),
    ]),
    glyph('with a nook', 3, 0.65, [
      knot(0.05, 0.08),
      knot(0.5, 0),
      knot(0.9, 0.2),
      knot(0.72, 0.4),
      knot(0.42, 0.47),
      knot(0.44, 0.53),
      knot(0.8, 0.53),
      knot(1, 0.77),
      knot(0.6, 1),
      knot(0, 0.86),
    ]),
    glyph('with a flat top', 2, 0.65, [
      corner(0.05, 0.02),
      corner(0.9, 0),
      corner(0.4, 0.4),
      knot(0.85, 0.5),
      knot(1, 0.75),
      knot(0.6, 1),
      knot(0, 0.9),
    ]),
  ],
  [
    glyph(
      'open',
      4,
      0.7,
      [corner(0.12, 0), knot(0.08, 0.3), corner(0.02, 0.55), knot(0.4, 0.58), corner(1, 0.53)],
      [corner(0.82, 0.05), knot(0.78, 0.5), corner(0.74, 1)],
    ),
    glyph(
      'closed',
      3,
      0.75,
      [corner(0.7, 0), knot(0.4, 0.33), corner(0, 0.66), corner(1, 0.66)],
      [corner(0.7, 0), knot(0.7, 0.5), corner(0.7, 1)],
    ),
    glyph('in one go', 3, 0.65, [
      corner(0.05, 0),
      knot(0.02, 0.32),
      knot(0.2, 0.5),
      knot(0.6, 0.46),
      corner(0.92, 0.05),
      knot(0.88, 0.5),
      corner(0.84, 1),
    ]),
  ],
  [
    glyph(
      'with a bar on top',
      4,
      0.68,
      [
        corner(0.2, 0),
        corner(0.13, 0.43),
        knot(0.6, 0.38),
        knot(0.97, 0.66),
        knot(0.65, 0.98),
        knot(0, 0.92),
      ],
      [corner(0.2, 0), corner(1, 0)],
    ),
    glyph('in one go', 4, 0.7, [
      corner(1, 0),
      corner(0.25, 0.02),
      corner(0.12, 0.45),
      knot(0.6, 0.4),
      knot(0.95, 0.68),
      knot(0.6, 1),
      knot(0, 0.9),
    ]),
    glyph('like an S', 2, 0.7, [
      corner(1, 0.02),
      knot(0.6, 0),
      knot(0.25, 0.1),
      knot(0.22, 0.36),
      knot(0.6, 0.47),
      knot(0.88, 0.7),
      knot(0.55, 1),
      knot(0, 0.93),
    ]),
  ],
  [
    glyph('curved', 5, 0.62, [
      knot(0.78, 0),
      knot(0.38, 0.2),
      knot(0.06, 0.58),
      knot(0.18, 0.92),
      knot(0.55, 1),
      knot(0.94, 0.78),
      knot(0.72, 0.53),
      knot(0.35, 0.58),
      knot(0.1, 0.78),
    ]),
    glyph('straight', 3, 0.6, [
      corner(0.4, 0),
      knot(0.15, 0.4),
      knot(0.04, 0.78),
      knot(0.4, 1),
      knot(0.88, 0.85),
      knot(0.8, 0.6),
      knot(0.42, 0.6),
      knot(0.1, 0.84),
    ]),
    glyph('with a hook', 2, 0.65, [
      knot(0.95, 0.1),
      knot(0.65, 0),
      knot(0.22, 0.22),
      knot(0.02, 0.62),
      knot(0.25, 0.97),
      knot(0.7, 0.96),
      knot(0.95, 0.72),
      knot(0.6, 0.5),
      knot(0.12, 0.66),
    ]),
  ],
  [
    glyph('plain', 4, 0.68, [
      corner(0, 0.06),
      knot(0.5, 0.03),
      corner(1, 0),
      knot(0.68, 0.45),
      corner(0.4, 1),
    ]),
    glyph(
      'with a bar',
      3,
      0.7,
      [corner(0, 0.04), corner(1, 0), knot(0.66, 0.48), corner(0.35, 1)],
      [corner(0.22, 0.53), corner(0.95, 0.47)],
    ),
    glyph('with a serif', 3, 0.68, [
      corner(0.04, 0.26),
      corner(0.06, 0.03),
      knot(0.5, 0.05),
      corner(1, 0),
      knot(0.75, 0.4),
      corner(0.6, 1),
    ]),
  ],
  [
    glyph('in one go', 6, 0.62, [
      knot(0.9, 0.12),
      knot(0.5, 0),
      knot(0.12, 0.2),
      knot(0.4, 0.45),
      knot(0.88, 0.7),
      knot(0.55, 1),
      knot(0.08, 0.78),
      knot(0.5, 0.48),
      knot(0.88, 0.22),
      knot(0.88, 0.1),
    ]),
    glyph('of two rings', 2, 0.6, arc(0.5, 0.24, 0.38, 0.24, 6, -3), arc(0.5, 0.74, 0.48, 0.26, 6, -3)),
    glyph('from the middle', 2, 0.62, [
      knot(0.55, 0.47),
      knot(0.15, 0.25),
      knot(0.5, 0),
      knot(0.88, 0.22),
      knot(0.5, 0.48),
      knot(0.1, 0.78),
      knot(0.5, 1),
      knot(0.92, 0.76),
      knot(0.5, 0.47),
    ]),
  ],
  [
    glyph('with a straight tail', 4, 0.6, [
      knot(0.86, 0.1),
      knot(0.45, 0),
      knot(0.06, 0.26),
      knot(0.38, 0.5),
      knot(0.82, 0.32),
      corner(0.9, 0.06),
      knot(0.86, 0.5),
      corner(0.8, 1),
    ]),
    glyph('with a curved tail', 4, 0.62, [
      knot(0.9, 0.14),
      knot(0.48, 0),
      knot(0.06, 0.26),
      knot(0.4, 0.5),
      knot(0.84, 0.34),
      corner(0.92, 0.1),
      knot(0.92, 0.5),
      knot(0.7, 0.93),
      knot(0.1, 0.95),
    ]),
    glyph('with a slanted tail', 2, 0.58, [
      knot(0.88, 0.16),
      knot(0.5, 0),
      knot(0.1, 0.22),
      knot(0.35, 0.46),
      knot(0.85, 0.24),
      knot(0.7, 0.6),
      corner(0.4, 1),
    ]),
  ],
];
