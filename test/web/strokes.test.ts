/** Drawings as images. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { imageOf, SIDE } from '../../web/site/strokes.js';

const place = fc.double({ min: -1e3, max: 1e3, noNaN: true });
const stroke = fc.array(fc.tuple(place, place), { minLength: 1, maxLength: 8 }).map((points) => points.flat()); // prettier-ignore

test('an empty pad has no image', () => {
  expect(imageOf([])).toBeUndefined();
});

test('any drawing has ink from 0 to 1, in the middle of the image', () => {
  fc.assert(
    fc.property(fc.array(stroke, { minLength: 1, maxLength: 4 }), (strokes) => {
      const image = imageOf(strokes)!;
      expect(image).toHaveLength(SIDE * SIDE);
      expect(image.every((ink) => ink >= 0 && ink <= 1)).toBe(true);
      expect(image.some((ink) => ink > 0.5)).toBe(true);
      // 18.5 pixels and the pen leave an edge of paper.
      const isEdge = (i: number): boolean => i % SIDE < 2 || i % SIDE >= SIDE - 2 || i < 2 * SIDE || i >= (SIDE - 2) * SIDE; // prettier-ignore
      expect(image.some((ink, i) => ink > 0 && isEdge(i))).toBe(false);
    }),
  );
});

test('size and place of a drawing do not matter', () => {
  const seven = [[0, 0, 8, 0, 2, 16]];
  const larger = seven.map((points) => points.map((at, i) => 4 * at + (i % 2 === 0 ? 32 : 8)));
  expect(imageOf(larger)).toEqual(imageOf(seven));
});
