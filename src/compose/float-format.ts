/** Rounding to the formats of numerics/float-format.ts: an f32 becomes the f32 that its code stands for. */
import type { Emitter, Value } from '../ir/emitter.js';
import {
  DEFAULT_ROUNDING,
  largestOf,
  smallestExponent,
  type FloatFormat,
  type Rounding,
} from '../numerics/float-format.js';
import { withScalar } from './broadcast.js';

const FRACTION = 23;
const INFINITY_BITS = 0x7f800000;
const NAN_BITS = 0x7fc00000;
const SIGN = 0x80000000;
const BIAS = 127;

const bitsOf = (x: number): number => new Uint32Array(new Float32Array([x]).buffer)[0];

/**
 * The number of `format` next to x, as f32.
 *
 * @param x f32, of any shape. Where it is no number of the format for lack of range, `rounding` and the format decide.
 */
export function roundToFormat(
  b: Emitter,
  x: Value,
  format: FloatFormat,
  rounding: Rounding = DEFAULT_ROUNDING,
): Value {
  const bits = b.emit('bitcast', [x], { dtype: 'u32' });
  const magnitude = withScalar(b, 'and', bits, SIGN - 1);
  if (format.specials === 'powers') return roundToPower(b, magnitude, format, rounding);
  const nearest = nearestMagnitude(b, magnitude, format);
  const sign = withScalar(b, 'and', bits, SIGN);
  const limited = withinRange(b, nearest, format, rounding.saturate);
  const signed = b.binary('or', limited, signOf(b, sign, limited, format));
  const nan = b.full(bits, format.specials === 'none' ? SIGN : NAN_BITS);
  const isNaN = b.binary('lt', b.full(magnitude, INFINITY_BITS), magnitude);
  return b.emit('bitcast', [b.select(isNaN, nan, signed)], { dtype: 'f32' });
}

/** There is one zero in some formats. */
const signOf = (b: Emitter, sign: Value, magnitude: Value, { specials }: FloatFormat): Value =>
  specials === 'unsignedZero' ? b.select(withScalar(b, 'eq', magnitude, 0), b.full(sign, 0), sign) : sign;

/** Bits of an f32 without sign, rounded to nearest even; the exponent may become too large. */
function nearestMagnitude(b: Emitter, magnitude: Value, format: FloatFormat): Value {
  const dropped = FRACTION - format.fractionBits;
  const lowest = withScalar(b, 'and', withScalar(b, 'shr', magnitude, dropped), 1);
  const carried = b.binary('add', magnitude, withScalar(b, 'add', lowest, 2 ** (dropped - 1) - 1));
  const normal = withScalar(b, 'and', carried, 2 ** 32 - 2 ** dropped);
  const smallest = smallestExponent(format);
  if (smallest <= 1 - BIAS) return normal;
  // Below the smallest normal number all steps are the same: those of the sum with a large number.
  const step = b.constant('f32', magnitude.type.shape, 2 ** (FRACTION + smallest - format.fractionBits));
  const value = b.emit('bitcast', [magnitude], { dtype: 'f32' });
  const small = b.binary('sub', b.binary('add', value, step), step);
  const isSmall = withScalar(b, 'lt', magnitude, (smallest + BIAS) * 2 ** FRACTION);
  return b.select(isSmall, b.emit('bitcast', [small], { dtype: 'u32' }), normal);
}

/** What a magnitude beyond the largest number becomes. */
function withinRange(b: Emitter, magnitude: Value, format: FloatFormat, saturate: boolean): Value {
  const largest = bitsOf(largestOf(format));
  if (format.exponentBits === 8) return magnitude;
  const beyond = b.binary('lt', b.full(magnitude, largest), magnitude);
  const limit =
    format.specials === 'none' || saturate ? largest : format.specials === 'ieee' ? INFINITY_BITS : NAN_BITS;
  return b.select(beyond, b.full(magnitude, limit), magnitude);
}

/** Of E8M0, whose numbers are the powers of two from 2^-127, which is subnormal as f32, to 2^127. */
function roundToPower(
  b: Emitter,
  magnitude: Value,
  format: FloatFormat,
  { saturate, mode }: Rounding,
): Value {
  const lowest = 2 ** (FRACTION - 1);
  const added = mode === 'up' ? 2 ** FRACTION - 1 : mode === 'nearest' ? lowest : 0;
  const carried = withScalar(b, 'and', withScalar(b, 'add', magnitude, added), 2 ** 32 - 2 ** FRACTION);
  const limit = b.full(magnitude, saturate ? bitsOf(largestOf(format)) : NAN_BITS);
  const beyond = b.binary('lt', b.full(magnitude, bitsOf(largestOf(format))), carried);
  const normal = b.select(beyond, limit, carried);
  // Between 0 and 2^-126 there is 2^-127 alone.
  const middle = mode === 'up' ? lowest + 1 : mode === 'nearest' ? lowest + lowest / 2 : 2 ** FRACTION;
  const isLowest = withScalar(b, 'lt', magnitude, middle);
  const finite = b.select(isLowest, b.full(magnitude, lowest), normal);
  const isFinite = withScalar(b, 'lt', magnitude, INFINITY_BITS);
  const bits = b.select(isFinite, finite, b.full(magnitude, NAN_BITS));
  return b.emit('bitcast', [bits], { dtype: 'f32' });
}
