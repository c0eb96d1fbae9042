/** f16 to f32, for the many scales of a file. */

/** 2^(e - 25) for an exponent field e: what the integer 1024 + fraction counts. */
const UNITS: readonly number[] = Array.from({ length: 31 }, (_, exponent) => 2 ** (exponent - 25));

/** What `fromHalf` defines, by the bits of an f16, several times as fast as it runs on JS numbers; a NaN is JavaScript's. */
export function halfOf(bits: number): number {
  const [exponent, fraction] = [(bits >>> 10) & 31, bits & 1023];
  const size =
    exponent === 0
      ? fraction * 2 ** -24
      : exponent === 31
        ? fraction === 0
          ? Infinity
          : Number.NaN
        : (1024 + fraction) * UNITS[exponent];
  return (bits & 0x8000) === 0 ? size : -size;
}
