import { describe, expect, test } from 'vitest';
import * as compose from '../../src/compose/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import { symbol } from '../../src/ir/dim.js';
import { counting, evaluate, f32, noise, expectClose, numbers } from './support.js';

describe('broadcasting', () => {
  test('follows NumPy', () => {
    expect(compose.broadcastShapes([[3, 1], [4], [1, 1, 1]])).toEqual([1, 3, 4]);
    expect(compose.broadcastShapes([[], [0], [1]])).toEqual([0]);
    expect(() => compose.broadcastShapes([[2], [3]])).toThrow('SHAPE_MISMATCH');
    expect(() => compose.broadcastShapes([[0], [3]])).toThrow('SHAPE_MISMATCH');
  });
  test('keeps symbols', () => {
    const n = symbol('N');
    expect(
      compose
        .broadcastShapes([
          [n, 1],
          [1, 5],
        ])
        .map(String),
    ).toEqual(['N', '5']);
    expect(() => compose.broadcastShapes([[n], [symbol('M')]])).toThrow('SHAPE_MISMATCH');
  });
  test('repeats elements', () => {
    const found = evaluate((b, x, y) => compose.binaryBroadcast(b, 'add', x, y), counting(2, 1), counting(3));
    expect(numbers(found)).toEqual([0, 1, 2, 1, 2, 3]);
  });
});

/** Shapes of the operands and the result of NumPy's matmul. */
const MATMULS = [
  [[3], [3], []],
  [[3], [3, 4], [4]],
  [[2, 3], [3], [2]],
  [
    [2, 3],
    [3, 4],
    [2, 4],
  ],
  [
    [5, 2, 3],
    [3, 4],
    [5, 2, 4],
  ],
  [
    [2, 3],
    [5, 3, 4],
    [5, 2, 4],
  ],
  [[3], [5, 3, 4], [5, 4]],
  [[5, 2, 3], [3], [5, 2]],
  [
    [6, 1, 2, 3],
    [5, 3, 4],
    [6, 5, 2, 4],
  ],
] as const;

test.each(MATMULS)('matmul %o x %o', (left, right, shape) => {
  const [x, y] = [noise(1, ...left), noise(2, ...right)];
  const [m, n] = [left.length === 1 ? 1 : left.at(-2)!, right.length === 1 ? 1 : right.at(-1)!];
  const batch = compose.broadcastShapes([left.slice(0, -2), right.slice(0, -2)]) as number[];
  const offset = (index: number, dims: readonly number[], size: number): number => {
    let [rest, at, step] = [index, 0, size];
    for (let axis = batch.length - 1; axis >= 0; axis--) {
      const extent = dims[axis - batch.length + dims.length] ?? 1;
      if (extent !== 1) at += (rest % batch[axis]) * step;
      step *= extent;
      rest = Math.floor(rest / batch[axis]);
    }
    return at;
  };
  const total = batch.reduce((p, e) => p * e, 1);
  const expected = Array.from({ length: total * m * n }, (_, k) => {
    const [i, row, column] = [Math.floor(k / (m * n)), Math.floor(k / n) % m, k % n];
    const a = offset(i, left.slice(0, -2), m * 3) + row * 3;
    const c = offset(i, right.slice(0, -2), 3 * n) + column;
    return [0, 1, 2].reduce((sum, t) => sum + x.data[a + t] * y.data[c + t * n], 0);
  });
  expectClose(evaluate(compose.matmul, x, y), shape, expected);
});

test('gemm scales and transposes', () => {
  const [x, y, z] = [counting(3, 2), counting(4, 3), counting(4)];
  const found = evaluate(
    (b, u, v, w) => compose.gemm(b, u, v, w, { alpha: 0.5, beta: 2, transA: true, transB: true }),
    ...[x, y, z],
  );
  const expected = Array.from({ length: 8 }, (_, k) => {
    const [i, j] = [Math.floor(k / 4), k % 4];
    return 0.5 * [0, 1, 2].reduce((sum, t) => sum + (t * 2 + i) * (j * 3 + t), 0) + 2 * j;
  });
  expectClose(found, [2, 4], expected);
});

describe('slices', () => {
  const slice = (start: number, end: number, step: number): number[] =>
    numbers(evaluate((b, x) => compose.pythonSlice(b, x, [{ axis: -1, start, end, step }]), counting(6)));
  test.each([
    [1, 4, 1, [1, 2, 3]],
    [-2, 2 ** 63, 1, [4, 5]],
    [0, 6, 4, [0, 4]],
    [4, 1, -2, [4, 2]],
    [-1, -(2 ** 63), -1, [5, 4, 3, 2, 1, 0]],
    [3, 3, 1, []],
    [5, 9, 3, [5]],
  ])('[%d:%d:%d]', (start, end, step, expected) => {
    expect(slice(start, end, step)).toEqual(expected);
  });
  test('a step of 0 is refused', () => {
    expect(() => slice(0, 1, 0)).toThrow('ATTRIBUTE_INVALID');
  });
});

describe('padding [0, 1, 2, 3]', () => {
  const pad = (mode: Exclude<compose.PadMode, 'constant'>, low: number, high: number): number[] =>
    numbers(evaluate((b, x) => compose.padMirrored(b, x, { low: [low], high: [high] }, mode), counting(4)));
  test('mirrors, repeats and wraps', () => {
    expect(pad('reflect', 3, 2)).toEqual([3, 2, 1, 0, 1, 2, 3, 2, 1]);
    expect(pad('edge', 2, 1)).toEqual([0, 0, 0, 1, 2, 3, 3]);
    expect(pad('wrap', 1, 2)).toEqual([3, 0, 1, 2, 3, 0, 1]);
    expect(pad('edge', -1, 2)).toEqual([1, 2, 3, 3, 3]);
  });
  test('goes on as NumPy does beyond the end', () => {
    const at = (places: number[], from: number, to: number): number[] =>
      Array.from(
        { length: 4 + from + to },
        (_, i) => places[(((i - from) % places.length) + places.length) % places.length],
      );
    for (const [low, high] of [
      [4, 0],
      [0, 5],
      [9, 14],
      [3, 7],
    ] as const) {
      expect(pad('reflect', low, high)).toEqual(at([0, 1, 2, 3, 2, 1], low, high));
      expect(pad('wrap', low, high)).toEqual(at([0, 1, 2, 3], low, high));
    }
  });
  test('constants, and cutting off', () => {
    const found = evaluate((b, x) => compose.padConstant(b, x, { low: [-1], high: [2] }, 9), counting(4));
    expect(numbers(found)).toEqual([1, 2, 3, 9, 9]);
  });
});

test('tile, repeatEach, depthToSpace and back', () => {
  expect(numbers(evaluate((b, x) => compose.tile(b, x, [2, 2]), counting(1, 2)))).toEqual([
    0, 1, 0, 1, 0, 1, 0, 1,
  ]);
  expect(numbers(evaluate((b, x) => compose.repeatEach(b, x, [1, 2]), counting(1, 2)))).toEqual([0, 0, 1, 1]);
  const x = counting(1, 8, 2, 3);
  const there = evaluate((b, v) => compose.depthToSpace(b, v, 2, 'DCR'), x);
  expect(there.shape).toEqual([1, 2, 4, 6]);
  expect(evaluate((b, v) => compose.spaceToDepth(b, v, 2), there).data).toEqual(x.data);
});

test('triangles', () => {
  const x = f32([2, 3], [1, 2, 3, 4, 5, 6]);
  const part = (which: 'upper' | 'lower', k: number): number[] =>
    numbers(evaluate((b, v) => compose.triangle(b, v, which, k), x));
  expect(part('upper', 0)).toEqual([1, 2, 3, 0, 5, 6]);
  expect(part('upper', 2)).toEqual([0, 0, 3, 0, 0, 0]);
  expect(part('lower', 0)).toEqual([1, 0, 0, 4, 5, 0]);
  expect(part('lower', -1)).toEqual([0, 0, 0, 4, 0, 0]);
});

test('squeeze and unsqueeze with symbols', () => {
  const b = new GraphBuilder('symbols');
  const x = b.param('x', 'f32', [symbol('N'), 1, 3]);
  expect(compose.squeeze(b, x).type.shape.map(String)).toEqual(['N', '3']);
  expect(compose.unsqueeze(b, x, [0, -1]).type.shape.map(String)).toEqual(['1', 'N', '1', '3', '1']);
  expect(() => compose.squeeze(b, x, [0])).toThrow('SHAPE_MISMATCH');
});
