/** Rounding by exact integer arithmetic: the slow and obvious definition of what an f32 operation returns. */
import { f32Bits, MAX_FINITE, MIN_NORMAL } from '../../src/numerics/bits.js';
import type { SubnormalMode } from '../../src/numerics/subnormals.js';

/** The value n / d * 2^-149, with d > 0. */
export interface Rational {
  readonly n: bigint;
  readonly d: bigint;
}

/** The finite f32 x as an integer in units of 2^-149. */
export function units(x: number): bigint {
  const pattern = f32Bits(x);
  const field = (pattern >>> 23) & 0xff;
  const fraction = BigInt(pattern & 0x7fffff);
  const magnitude = field === 0 ? fraction : (fraction | 0x800000n) << BigInt(field - 1);
  return pattern < 0 ? -magnitude : magnitude;
}

/** The f32 that a device of the given mode returns for a nonzero exact result. */
export function roundExactly(exact: Rational, mode: SubnormalMode): number {
  const sign = exact.n < 0n ? -1 : 1;
  if (mode === 'preserve') return sign * roundMagnitude(exact, 0);
  const unbounded = roundMagnitude(exact, -1000);
  return sign * (unbounded < MIN_NORMAL ? 0 : unbounded);
}

/** Rounds |exact| to 24 bits, ties to even, but no finer than to multiples of 2^(least - 149). */
function roundMagnitude(exact: Rational, least: number): number {
  const n = exact.n < 0n ? -exact.n : exact.n;
  const bitLength = (v: bigint): number => v.toString(2).length;
  let shift = Math.max(least, bitLength(n) - bitLength(exact.d) - 25);
  while (roundedQuotient(n, exact.d, shift) > 0x1000000n) shift++;
  const rounded = Number(roundedQuotient(n, exact.d, shift)) * 2 ** (shift - 149);
  return rounded > MAX_FINITE ? Infinity : rounded;
}

/** n / (d * 2^shift) to the nearest integer, ties to even. */
function roundedQuotient(n: bigint, d: bigint, shift: number): bigint {
  const [a, b] = shift >= 0 ? [n, d << BigInt(shift)] : [n << BigInt(-shift), d];
  const floor = a / b;
  const twiceRest = 2n * (a - floor * b);
  const up = twiceRest > b || (twiceRest === b && (floor & 1n) === 1n);
  return up ? floor + 1n : floor;
}

const FRACTION_SHIFT = 200n;

/** sqrt(x) for finite x > 0 with its first 200 bits or so, and a last bit that tells whether more follow. */
export function exactSqrt(x: number): Rational {
  // sqrt(u * 2^-149) = sqrt(2u << 200) * 2^(-75 - 100)
  const radicand = (2n * units(x)) << FRACTION_SHIFT;
  let root = 1n << BigInt(Math.ceil(radicand.toString(2).length / 2));
  for (let better = (root + radicand / root) / 2n; better < root; better = (root + radicand / root) / 2n)
    root = better;
  const sticky = root * root === radicand ? 0n : 1n;
  return { n: 2n * root + sticky, d: 1n << 27n };
}
