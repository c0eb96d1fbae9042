import { describe, expect, test } from 'vitest';
import type { TensorData } from '../../src/base/tensor.js';
import * as compose from '../../src/compose/index.js';
import { counting, evaluate, expectClose, noise, numbers } from './support.js';

describe('window geometry', () => {
  test('SAME puts the odd element where it says', () => {
    const geometry = (autoPad: compose.AutoPad): compose.WindowGeometry =>
      compose.windowGeometry([5], [4], { strides: [2], autoPad });
    expect(geometry('SAME_UPPER')).toMatchObject({ padLow: [1], padHigh: [2] });
    expect(geometry('SAME_LOWER')).toMatchObject({ padLow: [2], padHigh: [1] });
    expect(geometry('VALID')).toMatchObject({ padLow: [0], padHigh: [0] });
  });

  test('rounding up drops a window that begins in the padding', () => {
    const window = compose.windowGeometry([4], [1], { strides: [2], padHigh: [1] });
    expect(compose.ceilExtension([4], window)).toEqual([0]);
    expect(compose.ceilExtension([6], compose.windowGeometry([6], [3], { strides: [2] }))).toEqual([1]);
  });

  test('lists of the wrong length are refused', () => {
    expect(() => compose.windowGeometry([4, 4], [1, 1], { strides: [1] })).toThrow('ATTRIBUTE_INVALID');
  });
});

describe('pooling of [1, 1, 4]', () => {
  const x = counting(1, 1, 4);
  const pool = (options: Parameters<typeof compose.averagePool>[2]): number[] =>
    numbers(evaluate((b, v) => compose.averagePool(b, v, options), x));

  test('average without padding', () => {
    expect(pool({ kernel: [2], strides: [2] })).toEqual([0.5, 2.5]);
  });
  test('padding counts only where asked', () => {
    const padded = { kernel: [2], strides: [2], padLow: [1], padHigh: [1] };
    expect(pool(padded)).toEqual([0, 1.5, 3]);
    expect(pool({ ...padded, countIncludePad: true })).toEqual([0, 1.5, 1.5]);
  });
  test('what ceil mode adds never counts', () => {
    const ceil = { kernel: [3], strides: [2], ceilMode: true };
    expect(pool(ceil)).toEqual([1, 2.5]);
    expect(pool({ ...ceil, countIncludePad: true })).toEqual([1, 2.5]);
  });
  test('max ignores the padding', () => {
    const negative = { ...x, data: x.data.map((v) => v - 10) };
    const found = evaluate(
      (b, v) => compose.maxPool(b, v, { kernel: [2], strides: [2], padLow: [1], padHigh: [1] }),
      negative,
    );
    expect(numbers(found)).toEqual([-10, -8, -7]);
  });
  test('2-norm', () => {
    const found = evaluate((b, v) => compose.lpPool(b, v, { kernel: [2], strides: [2], p: 2 }), x);
    expectClose(found, [1, 1, 2], [1, Math.sqrt(13)]);
  });
});

/** y[o, i * stride - pad + k * dilation] += x[c, i] * w[c, o, k], in f64. */
function transposedByHand(
  x: TensorData,
  w: TensorData,
  {
    groups,
    stride,
    dilation,
    pad,
    extra,
  }: Record<'groups' | 'stride' | 'dilation' | 'pad' | 'extra', number>,
): { shape: number[]; data: number[] } {
  const [, channels, length] = x.shape;
  const [, perGroup, kernel] = w.shape;
  const size = (length - 1) * stride + (kernel - 1) * dilation + 1 - 2 * pad + extra;
  const data = new Array<number>(groups * perGroup * size).fill(0);
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < length; i++)
      for (let o = 0; o < perGroup; o++)
        for (let k = 0; k < kernel; k++) {
          const at = i * stride - pad + k * dilation;
          const out = Math.floor(c / (channels / groups)) * perGroup + o;
          if (at >= 0 && at < size)
            data[out * size + at] += x.data[c * length + i] * w.data[(c * perGroup + o) * kernel + k];
        }
  return { shape: [1, groups * perGroup, size], data };
}

test.each([
  { groups: 1, stride: 1, dilation: 1, pad: 0, extra: 0 },
  { groups: 2, stride: 2, dilation: 1, pad: 1, extra: 1 },
  { groups: 2, stride: 3, dilation: 2, pad: 2, extra: 0 },
  { groups: 1, stride: 1, dilation: 1, pad: 4, extra: 0 },
])('transposed convolution, %o', (options) => {
  const { groups, stride, dilation, pad, extra } = options;
  const [x, w] = [noise(1, 1, 4, 9), noise(2, 4, 3, 3)];
  const found = evaluate(
    (b, v, kernel) =>
      compose.convTranspose(b, v, kernel, undefined, {
        groups,
        strides: [stride],
        dilations: [dilation],
        padLow: [pad],
        padHigh: [pad],
        outputPadding: [extra],
      }),
    x,
    w,
  );
  const { shape, data } = transposedByHand(x, w, options);
  expectClose(found, shape, data);
});

test('convolution adds its bias per channel', () => {
  const [x, w, bias] = [counting(1, 1, 3, 3), counting(2, 1, 2, 2), counting(2)];
  const found = evaluate((b, v, kernel, t) => compose.conv(b, v, kernel, t, { padHigh: [1, 1] }), x, w, bias);
  const at = (i: number, j: number): number => (i > 2 || j > 2 ? 0 : i * 3 + j);
  const expected = [0, 1].flatMap((o) =>
    Array.from({ length: 9 }, (_, k) => {
      const [i, j] = [Math.floor(k / 3), k % 3];
      const window = [at(i, j), at(i, j + 1), at(i + 1, j), at(i + 1, j + 1)];
      return window.reduce((sum, value, n) => sum + value * (o * 4 + n), o);
    }),
  );
  expectClose(found, [1, 2, 3, 3], expected);
});
