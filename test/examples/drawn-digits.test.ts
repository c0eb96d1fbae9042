import { describe, expect, test } from 'vitest';
import { sha256 } from '../../src/plan/container.js';
import { allExamples } from 'heddle/data';
import { RandomStream } from '../../src/data/random.js';
import { GLYPHS } from '../../examples/drawn-digits/glyphs.js';
import { bell, drawDigit, drawnDigits } from '../../examples/drawn-digits/index.js';
import { errorOf } from '../data/support.js';

const SHADES = ' .:-=+*#%@';

/** The image as text: two rows of pixels a line would lose too much, so it is one. */
function ascii(pixels: Uint8Array): string {
  const rows = Array.from({ length: 28 }, (_, row) =>
    Array.from(pixels.subarray(28 * row, 28 * row + 28), (grey) => SHADES[Math.floor((grey * 10) / 256)])
      .join('')
      .trimEnd(),
  );
  return rows.join('\n');
}

describe('drawn digits', () => {
  test('golden bytes: the same on every machine, for ever', async () => {
    const pixels = new Uint8Array(500 * 784);
    for (let i = 0; i < 500; i++) pixels.set(drawDigit(1, i).pixels, i * 784);
    expect(await sha256(pixels)).toMatchInlineSnapshot(
      `"336383c7630c3ecda3a90f24bed4ac114bcb6e2417ff701689ff4b46014b539c"`,
    );
  });

  test('one of each, to look at', async () => {
    const pictures = Array.from({ length: 10 }, (_, i) => {
      const { label, glyph, pixels } = drawDigit(1, i);
      return `${label}, ${glyph}\n${ascii(pixels)}\n`;
    });
    await expect(pictures.join('\n')).toMatchFileSnapshot('golden/drawn-digits.txt');
  });

  test('a data set: labels go round, a larger set begins with the smaller one', () => {
    const dataset = drawnDigits({ count: 25, seed: 4 });
    expect(dataset.features).toEqual({ name: 'image', dtype: 'f32', shape: [1, 28, 28] });
    const { x, y } = allExamples(dataset);
    expect([...y.data]).toEqual(Array.from({ length: 25 }, (_, i) => i % 10));
    expect(x.data.subarray(24 * 784)).toEqual(
      Float32Array.from(drawDigit(4, 24).pixels, (grey) => grey / 255),
    );
    const more = allExamples(drawnDigits({ count: 30, seed: 4 }));
    expect(more.x.data.subarray(0, 25 * 784)).toEqual(x.data);
    expect(allExamples(drawnDigits({ count: 25, seed: 5 })).x.data).not.toEqual(x.data);
    errorOf('USAGE', () => drawnDigits({ count: -1 }));
    errorOf('USAGE', () => drawnDigits({ count: 1, seed: 0.5 }));
  });

  test('every way of writing comes up, and every digit is on the paper', () => {
    const met = Array.from({ length: 10 }, () => new Set<string>());
    for (let i = 0; i < 2000; i++) {
      const { label, glyph, pixels } = drawDigit(2, i);
      met[label].add(glyph);
      const ink = pixels.reduce((sum, grey) => sum + grey, 0) / 255;
      expect(ink, `digit ${i}`).toBeGreaterThan(15);
      expect(ink, `digit ${i}`).toBeLessThan(300);
    }
    expect(met.map((glyphs) => glyphs.size)).toEqual(GLYPHS.map((glyphs) => glyphs.length));
  });

  test('hands differ as a bell does: mean 0, deviation 1', () => {
    const stream = new RandomStream(3, 'split', 0);
    const bells = Array.from({ length: 20_000 }, () => bell(stream));
    const mean = bells.reduce((a, b) => a + b) / bells.length;
    const variance = bells.reduce((sum, x) => sum + x * x, 0) / bells.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.03);
  });
});
