/** Fourier transforms, windows, mel weights and determinants against references in doubles. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { fuzz } from '../../support/fuzz.js';
import { errorOf, given, known, oneNodeModel, random, runNode } from './support.js';

const runs = fuzz(60);

/** Sum of x[n] e^(+-2 pi i k n / length) over complex numbers as pairs. */
function reference(
  x: readonly (readonly [number, number])[],
  length: number,
  sign: 1 | -1,
): [number, number][] {
  return Array.from({ length }, (_, k) => {
    let [re, im] = [0, 0];
    x.slice(0, length).forEach(([a, b], n) => {
      const angle = (sign * 2 * Math.PI * ((k * n) % length)) / length;
      re += a * Math.cos(angle) - b * Math.sin(angle);
      im += a * Math.sin(angle) + b * Math.cos(angle);
    });
    return [re, im];
  });
}

const close = (found: ArrayLike<number>, expected: readonly number[], scale: number): void => {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, i) => expect(Math.abs(found[i] - value)).toBeLessThan(1e-5 * scale));
};

describe('DFT', () => {
  test('is the transform of what is cut or padded to its length', () => {
    fc.assert(
      fc.property(fc.nat(), (start) => {
        const below = random(start);
        const [count, length, rows] = [1 + below(12), 1 + below(14), 1 + below(2)];
        const isComplex = below(2) === 0;
        const [inverse, onesided] = [below(2) === 0, !isComplex && below(2) === 0];
        if (inverse && onesided) return;
        const signals = Array.from({ length: rows }, () =>
          Array.from({ length: count }, (): [number, number] => [
            (below(65) - 32) / 8,
            isComplex ? (below(65) - 32) / 8 : 0,
          ]),
        );
        const data = signals.flatMap((signal) => signal.flatMap(([re, im]) => (isComplex ? [re, im] : [re])));
        const [y] = runNode({
          op: 'DFT',
          operands: [given([rows, count, isComplex ? 2 : 1], data), known([], [length]), known([], [1])],
          attributes: { inverse: Number(inverse), onesided: Number(onesided) },
          opset: 20,
        });
        const kept = onesided ? Math.floor(length / 2) + 1 : length;
        const expected = signals.flatMap((signal) =>
          reference(signal, length, inverse ? 1 : -1)
            .slice(0, kept)
            .flatMap(([re, im]) => (inverse ? [re / length, im / length] : [re, im])),
        );
        expect(y.shape).toEqual([rows, kept, 2]);
        close(y.data, expected, 8 * count);
      }),
      runs,
    );
  });

  test.each([1, 2, 5, 8, 9])(
    'the onesided inverse of the onesided transform of %i real numbers is they',
    (length) => {
      const below = random(length);
      const data = Array.from({ length }, () => (below(65) - 32) / 8);
      const half = Math.floor(length / 2) + 1;
      const [there] = runNode({
        ...{ op: 'DFT', operands: [given([1, length, 1], data)], opset: 17 },
        attributes: { onesided: 1 },
      });
      const [back] = runNode({
        op: 'DFT',
        operands: [given([1, half, 2], Array.from(there.data)), known([], [length])],
        attributes: { onesided: 1, inverse: 1 },
        opset: 17,
      });
      expect(back.shape).toEqual([1, length, 1]);
      close(back.data, data, 4);
    },
  );

  const x = given([1, 4, 1], [1, 2, 3, 4]);
  test.each([
    ['the last axis', { operands: [x, undefined, known([], [2])] }, 'ONNX_INVALID'],
    ['three parts', { operands: [given([1, 1, 3], [1, 2, 3])] }, 'ONNX_INVALID'],
    ['no elements', { operands: [x, known([], [0])] }, 'SHAPE_MISMATCH'],
    ['half of a complex signal', { operands: [given([1, 1, 2], [1, 2])], attributes: { onesided: 1 } }, 'ONNX_INVALID'], // prettier-ignore
  ] as const)('refuses %s', (_, spec, code) => {
    errorOf(code, () => importOnnx(oneNodeModel({ op: 'DFT', opset: 20, ...spec })));
  });
});

test('STFT transforms frames that are weighed by the window', () => {
  const data = [1, 2, 3, 4, 5, 6, 7];
  const [y] = runNode({
    op: 'STFT',
    operands: [given([1, 7, 1], data), known([], [2]), given([3], [1, 0.5, 0.25])],
    opset: 17,
  });
  const expected = [0, 2, 4].flatMap((from) =>
    reference([[data[from], 0], [data[from + 1] * 0.5, 0], [data[from + 2] * 0.25, 0]], 3, -1) // prettier-ignore
      .slice(0, 2)
      .flat(),
  );
  expect(y.shape).toEqual([1, 3, 2, 2]);
  close(y.data, expected, 10);
});

test.each([
  ['HannWindow', [0, 0.5, 1, 0.5]],
  ['HammingWindow', [4 / 46, 25 / 46, 1, 25 / 46]],
  ['BlackmanWindow', [0, 0.34, 1, 0.34]],
])('%s, periodic and not', (op, expected) => {
  const output = (size: number, periodic: number): ArrayLike<number> =>
    runNode({ op, operands: [known([], [size])], attributes: { periodic }, opset: 17 })[0].data;
  close(output(4, 1), expected, 0.1);
  close(output(5, 0), [...expected, expected[0]], 0.1);
  errorOf('ONNX_INVALID', () => output(-1, 1));
});

test('MelWeightMatrix is triangles between edges that are even on the mel scale', () => {
  const [y] = runNode({
    op: 'MelWeightMatrix',
    operands: [known([], [2]), known([], [16]), known([], [8192]), known([], [0], 'float'), known([], [4096], 'float')], // prettier-ignore
    opset: 17,
  });
  expect(y.shape).toEqual([9, 2]);
  const columns = Array.from({ length: 2 }, (_, i) => Array.from(y.data).filter((_, j) => j % 2 === i));
  expect(columns.every((column) => Math.max(...column) === 1)).toBe(true);
});

test('Det is the sum over all permutations', () => {
  const permutations = (n: number): number[][] =>
    n === 0
      ? [[]]
      : permutations(n - 1).flatMap((p) => Array.from({ length: n }, (_, i) => p.toSpliced(i, 0, n - 1)));
  const parity = (p: readonly number[]): number =>
    p.reduce((sign, x, i) => p.slice(i + 1).reduce((s, y) => (y < x ? -s : s), sign), 1);
  fc.assert(
    fc.property(fc.nat(), (start) => {
      const below = random(start);
      const [size, batch] = [1 + below(4), 1 + below(2)];
      const matrices = Array.from({ length: batch }, () =>
        Array.from({ length: size * size }, () => below(9) - 4),
      );
      const [y] = runNode({ op: 'Det', operands: [given([batch, size, size], matrices.flat())], opset: 11 });
      const expected = matrices.map((m) =>
        permutations(size).reduce((sum, p) => sum + p.reduce((x, j, i) => x * m[i * size + j], parity(p)), 0),
      );
      close(y.data, expected, 64);
    }),
    runs,
  );
});
