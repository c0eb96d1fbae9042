/**
 * Values that break numerical code, as fast-check arbitraries, for all tests of the project.
 *
 * Floats are drawn as: a named edge case; a power of two or a neighbour of one; a halfway case of rounding to integers
 * or to f16; a subnormal; a uniformly random pattern; or a modest number such as real data has. Shrinking goes
 * towards the front of the list of edge cases, that is, towards plain numbers.
 */
import fc from 'fast-check';
import { f32Bits, f32FromBits, MAX_FINITE, MIN_NORMAL, MIN_SUBNORMAL } from '../../src/numerics/bits.js';

const mirrored = (values: readonly number[]): readonly number[] => values.flatMap((v) => [v, -v]);
const previous = (x: number): number => f32FromBits(f32Bits(x) - 1);
const next = (x: number): number => f32FromBits(f32Bits(x) + 1);

/** Plain numbers first, so that counterexamples shrink to them. */
export const EDGE_F32: readonly number[] = [
  ...mirrored([0, 1, 0.5, 2, 3, 1.5, 2.5]),
  ...mirrored([next(1), previous(1), previous(0.5), next(0.5), 0.49999997, 7, 1 / 3, 0.1, 10, 100]),
  ...mirrored([Infinity, MAX_FINITE, previous(MAX_FINITE)]),
  NaN,
  // Around the subnormals; 0x00ffffff * 0.5 rounds up to the least normal, or flushes.
  ...mirrored([MIN_SUBNORMAL, 2 * MIN_SUBNORMAL, previous(MIN_NORMAL), MIN_NORMAL, next(MIN_NORMAL)]),
  ...mirrored([f32FromBits(0x00ffffff), 2 * MIN_NORMAL, f32FromBits(0x00400000)]),
  // The ends of exact integers, of i32 and of u32.
  ...mirrored([2 ** 22, 2 ** 23 - 0.5, 2 ** 23, 2 ** 23 + 1, 2 ** 24 - 1, 2 ** 24, 2 ** 24 + 2]),
  ...mirrored([2 ** 31, previous(2 ** 31), 2 ** 32, previous(2 ** 32)]),
  // The ends of f16: largest, overflow threshold, least normal, half the least subnormal.
  ...mirrored([65504, 65519.996, 65520, 2 ** -14, previous(2 ** -14), 2 ** -24, 2 ** -25, next(2 ** -25)]),
  // Where exp overflows and underflows, and multiples of pi/2.
  ...mirrored([88.72283, 88.72284, 87.33654, 87.33655, 103.97, 104, Math.PI, Math.PI / 2, Math.PI / 4, 2048]),
].map(Math.fround);

export const EDGE_I32: readonly number[] = [
  ...mirrored([0, 1, 2, 3, 7, 255, 256, 65535, 65536]),
  ...mirrored([
    2 ** 24 - 1,
    2 ** 24,
    2 ** 24 + 1,
    2 ** 24 + 3,
    2 ** 30,
    2 ** 31 - 129,
    2 ** 31 - 2,
    2 ** 31 - 1,
  ]),
  -(2 ** 31),
].map((v) => v | 0);

const powerOfTwo = (): fc.Arbitrary<number> => fc.integer({ min: -149, max: 127 }).map((e) => 2 ** e);

const nearPowerOfTwo = (): fc.Arbitrary<number> =>
  fc
    .tuple(powerOfTwo(), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([p, ulps, negative]) => (negative ? -1 : 1) * f32FromBits(Math.max(0, f32Bits(p) + ulps)));

const halfwayInteger = (): fc.Arbitrary<number> =>
  fc
    .tuple(fc.integer({ min: -(2 ** 23), max: 2 ** 23 - 1 }), fc.integer({ min: -1, max: 1 }))
    .map(([n, ulps]) => f32FromBits(f32Bits(n + 0.5) + ulps));

/** Values with the 13 low bits at, or next to, the tie of rounding to f16. */
const halfwayF16 = (): fc.Arbitrary<number> =>
  fc
    .tuple(fc.integer({ min: 0, max: 0x7ffff }), fc.integer({ min: -1, max: 1 }))
    .map(([upper, ulps]) => f32FromBits((upper << 13) + 0x1000 + ulps));

const subnormal = (): fc.Arbitrary<number> =>
  fc
    .tuple(fc.integer({ min: 0, max: 0x7fffff }), fc.boolean())
    .map(([fraction, negative]) => f32FromBits(negative ? fraction | 0x80000000 : fraction));

/** Any f32, NaN and infinities included, with the difficult ones frequent. */
export function hostileF32(): fc.Arbitrary<number> {
  return fc.oneof(
    { arbitrary: fc.constantFrom(...EDGE_F32), weight: 6 },
    { arbitrary: ordinaryF32(), weight: 4 },
    { arbitrary: nearPowerOfTwo(), weight: 2 },
    { arbitrary: halfwayInteger(), weight: 1 },
    { arbitrary: halfwayF16(), weight: 1 },
    { arbitrary: subnormal(), weight: 2 },
    { arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }).map(f32FromBits), weight: 4 },
  );
}

/** Hostile, but neither NaN nor infinite. */
export function hostileFiniteF32(): fc.Arbitrary<number> {
  return hostileF32().filter(Number.isFinite);
}

/** A number such as real data has: magnitudes of 2^-10 to 16. */
export function ordinaryF32(): fc.Arbitrary<number> {
  return fc.integer({ min: -(2 ** 14), max: 2 ** 14 }).map((n) => n / 2 ** 10);
}

/** Two floats that are often equal, opposite, or neighbours, as is needed to reach ties and cancellation. */
export function hostilePairF32(): fc.Arbitrary<[number, number]> {
  const related = fc
    .tuple(hostileF32(), fc.integer({ min: -2, max: 2 }), fc.boolean())
    .map(([a, ulps, negate]): [number, number] => {
      const b = f32FromBits(f32Bits(a) + ulps);
      return [a, negate ? -b : b];
    });
  return fc.oneof(
    { arbitrary: fc.tuple(hostileF32(), hostileF32()), weight: 3 },
    { arbitrary: related, weight: 1 },
  );
}

/** Any int32, with the ends of the range and of the integers that f32 represents exactly frequent. */
export function hostileI32(): fc.Arbitrary<number> {
  return fc.oneof(
    { arbitrary: fc.constantFrom(...EDGE_I32), weight: 2 },
    { arbitrary: fc.integer({ min: -16, max: 16 }), weight: 1 },
    { arbitrary: nearIntegerPower(), weight: 1 },
    { arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), weight: 2 },
  );
}

/** Any uint32, likewise. */
export function hostileU32(): fc.Arbitrary<number> {
  return hostileI32().map((v) => v >>> 0);
}

const nearIntegerPower = (): fc.Arbitrary<number> =>
  fc
    .tuple(fc.integer({ min: 0, max: 31 }), fc.integer({ min: -2, max: 2 }))
    .map(([e, d]) => ((1 << e) + d) | 0);

/** Any f16 pattern (0 .. 65535), with zeros, subnormals, infinities and NaNs frequent. */
export function hostileF16Bits(): fc.Arbitrary<number> {
  const edges = [
    0x0000, 0x3c00, 0x0001, 0x03ff, 0x0400, 0x3bff, 0x3c01, 0x7bff, 0x7c00, 0x7c01, 0x7e00, 0x7fff,
  ];
  return fc.oneof(
    fc.constantFrom(...edges.flatMap((h) => [h, h | 0x8000])),
    fc.integer({ min: 0, max: 0xffff }),
  );
}

/** `length` hostile floats, as tensor data. */
export function hostileF32Array(length: number): fc.Arbitrary<Float32Array> {
  return fc
    .array(hostileF32(), { minLength: length, maxLength: length })
    .map((values) => Float32Array.from(values));
}

/** `length` hostile int32s, as tensor data. */
export function hostileI32Array(length: number): fc.Arbitrary<Int32Array> {
  return fc
    .array(hostileI32(), { minLength: length, maxLength: length })
    .map((values) => Int32Array.from(values));
}
