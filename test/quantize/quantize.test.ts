/** f32 to codes and back, on the host. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dequantizeTensor,
  NUMERIC_TYPES,
  quantizeTensor,
  type NumericTypeName,
} from '../../src/quantize/index.js';
import { errorOf } from '../data/support.js';
import { fuzz } from '../support/fuzz.js';
import { anyScheme, anyWeight, f32 } from './support.js';

/** The greatest error of weights from -1 to 1, as a part of the greatest weight: half a step, and the rounding of f32. */
const ERROR: Readonly<Record<NumericTypeName, number>> = {
  float16: 2 ** -12,
  bfloat16: 2 ** -9,
  float8_e4m3: 0.0625 / 1.75,
  float8_e5m2: 0.125 / 1.75,
  float4_e2m1: 1 / 6 + 1e-6,
  int4: 0.5 / 7,
  int8: 0.5 / 127,
  int16: 0.5 / 32767,
  int32: 2 ** -24,
  int64: 2 ** -24,
  uint4: 0.5 / 7,
  uint8: 0.5 / 127,
  uint16: 0.5 / 32767,
  uint32: 2 ** -24,
  uint64: 2 ** -24,
};

const weights = f32(
  [8, 32],
  Array.from({ length: 256 }, (_, i) => Math.sin(i * 1.7) * (i % 8 === 3 ? 0.1 : 1)),
);

describe.each(NUMERIC_TYPES)('%s', (type) => {
  test.each(['tensor', 'channel', 'block'] as const)('is near to the weights, by %s', (granularity) => {
    const back = dequantizeTensor(quantizeTensor(weights, { type, granularity, blockSize: 8 }));
    const worst = Math.max(...back.data.map((x, i) => Math.abs(x - weights.data[i])));
    expect(worst).toBeLessThanOrEqual(ERROR[type] * (1 + 2 ** -20));
    if (!type.endsWith('int64')) expect(worst).toBeGreaterThan(0); // they have more bits than f32
  });

  test('keeps zeros, and what is all zero', () => {
    const zeros = quantizeTensor(f32([2, 2], [0, -0, 0, 0]), { type });
    expect([...dequantizeTensor(zeros).data].every((x) => x === 0)).toBe(true);
    expect([...quantizeTensor(f32([1, 2], [0, 3]), { type }).scales].every((scale) => scale > 0)).toBe(true);
  });

  test('refuses what is not finite, and says where', () => {
    for (const wrong of [NaN, Infinity, -Infinity, 2 ** 127.5])
      expect(errorOf('WEIGHT_INVALID', () => quantizeTensor(f32([2, 2], [1, 2, wrong, 4]), { type }, 'weight "w"')).message) // prettier-ignore
        .toMatch(/weight "w", element 2/);
  });
});

test('quantising again changes nothing', () => {
  fc.assert(
    fc.property(anyWeight, anyScheme, ({ tensor, axis }, scheme) => {
      const once = quantizeTensor(tensor, { ...scheme, axis });
      const back = dequantizeTensor(once);
      expect(back.data.every(Number.isFinite)).toBe(true);
      const again = dequantizeTensor(quantizeTensor(back, { ...scheme, axis }));
      const peak = Math.max(...back.data.map(Math.abs));
      back.data.forEach((x, i) => expect(Math.abs(again.data[i] - x)).toBeLessThanOrEqual(peak * 0.34));
    }),
    fuzz(200),
  );
});

test('codes are those of the definition', () => {
  const x = f32([1, 4], [-1, 0.5, 0.25, 1]);
  expect(new Int8Array(quantizeTensor(x, { type: 'int8' }).codes.buffer)).toEqual(
    Int8Array.of(-127, 64, 32, 127),
  );
  expect([...quantizeTensor(x, { type: 'uint8' }).codes]).toEqual([1, 192, 160, 255]);
  expect(quantizeTensor(x, { type: 'uint8' }).zeroPoints).toEqual([128n]);
  // -7, 3 (a scale above 1/7 makes less than 3.5 of it), 2, 7; the first in the lower half.
  expect([...quantizeTensor(x, { type: 'int4' }).codes]).toEqual([0x39, 0x72]);
  // -6, 3, 1.5, 6 with scale 1/6: the codes of E2M1.
  expect([...quantizeTensor(x, { type: 'float4_e2m1' }).codes]).toEqual([0x5f, 0x73]);
  const affine = quantizeTensor(f32([1, 3], [-1, 0, 3]), { type: 'uint8', zeroPoint: true });
  expect([...affine.codes]).toEqual([0, 64, 255]);
  expect(affine.zeroPoints).toEqual([64n]);
});

test('64-bit integers keep what f32 has', () => {
  const x = f32([1, 3], [0.1, -0.7, 1]);
  for (const type of ['int64', 'uint64'] as const)
    dequantizeTensor(quantizeTensor(x, { type })).data.forEach((value, i) =>
      expect(Math.abs(value - x.data[i])).toBeLessThanOrEqual(2 ** -24),
    );
});

test('options that are none are refused', () => {
  const call = (options: object) => () => quantizeTensor(weights, options as never);
  expect(errorOf('USAGE', call({ type: 'int3' })).message).toMatch(/float16, .*uint64/);
  errorOf('USAGE', call({ type: 'int8', granularity: 'row' }));
  errorOf('USAGE', call({ type: 'int8', blockSize: 7 }));
  errorOf('USAGE', call({ type: 'float16', zeroPoint: true }));
  errorOf('ATTRIBUTE_INVALID', call({ type: 'int8', axis: 2 }));
  errorOf('DTYPE_MISMATCH', () => quantizeTensor({ dtype: 'i32', shape: [1], data: Int32Array.of(1) }, { type: 'int8' })); // prettier-ignore
});
