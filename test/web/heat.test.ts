/** Where tensors differ, as a picture. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tensorData } from '../../src/base/tensor.js';
import { heatMap } from '../../web/shared/work/heat.js';

const shape = fc.array(fc.nat(7), { maxLength: 4 });

test('a difference lights one cell, and nothing else does', () => {
  fc.assert(
    fc.property(shape, fc.nat(), (sizes, at) => {
      const count = sizes.reduce((product, size) => product * size, 1);
      const [zeros, ones] = [0, 1].map((value) => new Float32Array(count).map((_, i) => (count > 0 && i === at % count ? value : NaN))); // prettier-ignore
      const { rows, columns, cells } = heatMap(tensorData('f32', sizes, zeros), tensorData('f32', sizes, ones)); // prettier-ignore
      expect(cells).toHaveLength(rows * columns);
      expect(cells.filter((part) => part > 0)).toHaveLength(count > 0 ? 1 : 0);
    }),
  );
});

test('the signs of zeros are bits, and NaNs are equal', () => {
  const cells = (dtype: 'f32' | 'f16', a: number[], b: number[]): number[] => {
    const of = (data: number[]) => dtype === 'f32' ? tensorData('f32', [2, 2], Float32Array.from(data)) : tensorData('f16', [2, 2], Uint16Array.from(data)); // prettier-ignore
    return Array.from(heatMap(of(a), of(b)).cells);
  };
  expect(cells('f32', [0, NaN, 1, 2], [-0, NaN, 1, 2])).toEqual([1, 0, 0, 0]);
  expect(cells('f16', [0, 0x7e00, 0x7c00, 5], [0x8000, 0xfe01, 0x7c00, 5])).toEqual([1, 0, 0, 0]);
});

test('a cell of a large tensor has the part of its block that differs', () => {
  const large = (value: number) =>
    tensorData('f32', [480, 96], new Float32Array(480 * 96).fill(value, 0, 96));
  const { rows, columns, cells } = heatMap(large(0), large(1));
  expect([rows, columns]).toEqual([48, 48]);
  expect(Array.from(cells.subarray(0, 48)).every((part) => part === Math.fround(0.1))).toBe(true);
  expect(cells.subarray(48).every((part) => part === 0)).toBe(true);
});
