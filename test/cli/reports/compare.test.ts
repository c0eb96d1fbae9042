/** The comparison that decides whether outputs are right, held against a slow one. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tensorData, type TensorData } from '../../../src/base/tensor.js';
import { compareWithFile, distances, type Comparison } from '../../../src/cli/reports/compare.js';
import type { HostTensor } from '../../../src/frontends/onnx/host.js';
import { fuzz } from '../../support/fuzz.js';

const ONNX = { rtol: 1e-3, atol: 1e-7 };

const f32 = (...values: number[]): TensorData =>
  tensorData('f32', [values.length], Float32Array.from(values));
const i32 = (...values: number[]): TensorData => tensorData('i32', [values.length], Int32Array.from(values));
const host = <D extends HostTensor['dtype']>(dtype: D, data: HostTensor<D>['data']): HostTensor<D> => ({
  dtype,
  shape: [data.length],
  data,
});
const float = (...values: number[]): HostTensor => host('float', Float32Array.from(values));
const double = (...values: number[]): HostTensor => host('double', Float64Array.from(values));
const int64 = (...values: bigint[]): HostTensor => host('int64', BigInt64Array.from(values));

const compare = (
  tensor: TensorData,
  expected: HostTensor,
  tolerance = ONNX,
  format: 'pb' | 'npy' = 'npy',
): Comparison =>
  compareWithFile(
    { name: 'y', declared: expected.dtype, tensor },
    { file: 'y.npy', host: expected, format },
    tolerance,
  );

describe('an infinity is near itself only', () => {
  const { NaN: nan, POSITIVE_INFINITY: inf } = Number;
  test.each([
    [inf, inf, true],
    [-inf, -inf, true],
    [inf, -inf, false],
    [3.4e38, inf, false],
    [0, -inf, false],
    [inf, 3.4e38, false],
    [nan, inf, false],
    [inf, nan, false],
    [nan, nan, true],
    [nan, 0, false],
    [0, nan, false],
    [-0, 0, true],
  ])('%d where %d is expected: %s', (found, expected, ok) => {
    expect(compare(f32(found), float(expected)).ok).toBe(ok);
    expect(compare(f32(1, found), double(1, expected)).ok).toBe(ok);
  });

  test('of halves', () => {
    const half = (...bits: number[]): TensorData => tensorData('f16', [bits.length], Uint16Array.from(bits));
    const [inf, minusInf, nan, largest] = [0x7c00, 0xfc00, 0x7e00, 0x7bff];
    const expected = host('float16', Uint16Array.of(inf, inf, inf, nan, minusInf, 0));
    const found = half(inf, largest, minusInf, 0x7f00, minusInf, 0x8000);
    expect(compare(found, expected)).toMatchObject({ wrong: 2, maxError: Infinity });
    expect(compare(found, expected).problem).toContain('element [1] is 65504, not Infinity');
  });
});

test('what rounding may explain is near', () => {
  const tight = { rtol: 1e-6, atol: 0 };
  expect(compare(f32(1, 100), float(1, 100.5), tight)).toMatchObject({
    ok: false,
    isNear: true,
    maxError: 0.5,
  });
  expect(compare(f32(1, 100), double(1, 100.5), tight).maxRelative).toBe(0.5 / 100.5);
  // Nothing beside the largest element, whatever it is beside its own.
  expect(compare(f32(1e-6, 1), float(0, 1), tight)).toMatchObject({ isNear: true, maxRelative: 0 });
  expect(compare(f32(1e-3, 1), float(0, 1), tight).isNear).toBe(false);
  expect(compare(f32(1.5, 1), float(1, 1), tight).isNear).toBe(false);
  expect(compare(f32(1, 1), float(1, 1), tight).isNear).toBe(false);
  for (const far of [NaN, Infinity])
    for (const [x, y] of [
      [far, 1],
      [1, far],
    ])
      expect(compare(f32(x, 1), float(y, 1), tight)).toMatchObject({
        isNear: false,
        maxError: far,
        maxRelative: far,
      });
});

describe('the type of the file decides', () => {
  test('doubles are not rounded', () => {
    const exact = { rtol: 0, atol: 0 };
    expect(compare(f32(0), double(1e-300), exact)).toMatchObject({ ok: false, maxError: 1e-300 });
    expect(compare(f32(Infinity), double(1e200)).ok).toBe(false);
    expect(compare(f32(0), double(0.5)).problem).toBe('1 of 1 elements differ; element [0] is 0, not 0.5');
    // Where seven digits are not enough to see it, there are more.
    expect(compare(f32(0.1), double(0.1), exact).problem).toContain('is 0.10000000149011612, not 0.1');
  });

  test('64-bit integers are exact, whatever their size', () => {
    expect(compare(i32(-1, 7), int64(-1n, 7n)).ok).toBe(true);
    // Low words that are equal.
    expect(compare(i32(0), int64(2n ** 32n)).ok).toBe(false);
    expect(compare(i32(-294967296), int64(4000000000n)).problem).toContain('is -294967296, not 4000000000');
    expect(compare(i32(2 ** 31 - 1), int64(2n ** 63n - 1n), { rtol: 0, atol: 0 }).wrong).toBe(1);
  });

  test('types and shapes are equal, of ONNX tensors as the model declares them', () => {
    const output = { name: 'y', declared: 'float' as const, tensor: f32(1) };
    const file = { file: 'y', host: double(1) };
    expect(compareWithFile(output, { ...file, format: 'pb' }, ONNX).problem).toBe(
      'the output is float[1], the file has double[1]',
    );
    expect(compareWithFile(output, { ...file, format: 'npy' }, ONNX).ok).toBe(true);
    expect(compare(f32(1, 2), float(1)).problem).toBe('the output is f32[2], the file has f32[1]');
    expect(compare(f32(1), int64(1n)).ok).toBe(false);
    expect(compare(i32(1), host('uint8', Uint8Array.of(1))).ok).toBe(false);
    expect(compare(tensorData('bool', [1], Uint8Array.of(1)), host('bool', Uint8Array.of(7))).ok).toBe(true);
  });

  test('the place is an index, the distance the largest', () => {
    const found = tensorData('f32', [2, 3], Float32Array.of(0, 1, 2, 3, 4, 5));
    const expected: HostTensor = { dtype: 'float', shape: [2, 3], data: Float32Array.of(0, 1, 2, 3, 5, 9) };
    expect(compare(found, expected)).toMatchObject({ wrong: 2, maxError: 4, elements: 6 });
    expect(compare(found, expected).problem).toBe('2 of 6 elements differ; element [1, 1] is 4, not 5');
  });
});

/** The rule again, an element at a time and in other words. */
function isNear(x: number | bigint, y: number | bigint, rtol: number, atol: number): boolean {
  if (typeof y === 'bigint') {
    const [a, b] = [BigInt(x), y];
    if (a === b) return true;
    const bound = atol + rtol * Number(b < 0n ? -b : b);
    return Number(a > b ? a - b : b - a) <= bound;
  }
  const a = Number(x);
  if (Number.isNaN(a) || Number.isNaN(y)) return Number.isNaN(a) && Number.isNaN(y);
  if (!Number.isFinite(a) || !Number.isFinite(y)) return `${a}` === `${y}`;
  return Math.abs(a - y) <= atol + rtol * Math.abs(y);
}

const HOSTILE = [
  0,
  -0,
  1,
  -1,
  NaN,
  Infinity,
  -Infinity,
  1e-45,
  3.4028234663852886e38,
  2 ** 24 + 1,
  1.0005,
  0.999,
];
const real = fc.oneof(fc.constantFrom(...HOSTILE), fc.double());
const single = real.map(Math.fround);
const near = (exact: fc.Arbitrary<number>): fc.Arbitrary<readonly [number, number]> =>
  fc.oneof(
    fc.tuple(single, exact),
    fc.tuple(exact, fc.double({ min: -2e-3, max: 2e-3, noNaN: true })).map(([y, d]) => [Math.fround(y * (1 + d)), y] as const), // prettier-ignore
  );
const tolerances = fc.record({ rtol: fc.constantFrom(0, 1e-3, 0.5), atol: fc.constantFrom(0, 1e-7, 1) });

describe('agrees with a slow comparison', () => {
  const check = (
    pairs: readonly (readonly [number, number | bigint])[],
    found: TensorData,
    expected: HostTensor,
    { rtol, atol }: typeof ONNX,
  ): void => {
    const near = pairs.map(([x, y]) => isNear(x, y, rtol, atol));
    const { wrong, first } = distances(found, expected, { rtol, atol });
    expect(wrong).toBe(near.filter((ok) => !ok).length);
    expect(first?.index[0] ?? -1).toBe(near.indexOf(false));
  };

  test('for floats and doubles', () => {
    fc.assert(
      fc.property(fc.array(near(real)), fc.array(near(single)), tolerances, (doubles, floats, tolerance) => {
        check(doubles, f32(...doubles.map(([x]) => x)), double(...doubles.map(([, y]) => y)), tolerance);
        check(floats, f32(...floats.map(([x]) => x)), float(...floats.map(([, y]) => y)), tolerance);
      }),
      fuzz(300),
    );
  });

  test('for integers', () => {
    const word = fc.integer();
    const pair = fc.oneof(
      fc.tuple(word, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      fc
        .tuple(word, fc.constantFrom(0n, 1n, 2n ** 32n, -(2n ** 32n)))
        .map(([x, d]) => [x, BigInt(x) + d] as const),
    );
    fc.assert(
      fc.property(fc.array(pair), tolerances, (pairs, tolerance) => {
        check(pairs, i32(...pairs.map(([x]) => x)), int64(...pairs.map(([, y]) => y)), tolerance);
      }),
      fuzz(300),
    );
  });
});
