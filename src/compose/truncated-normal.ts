/** Normal numbers without tails. */
import type { Emitter, Value } from '../ir/emitter.js';
import { scalarWith, withScalar } from './broadcast.js';

/** erf(sqrt(2)): the part of a normal distribution that lies within two standard deviations. */
const WITHIN_TWO = 0.9544997361036416;

/**
 * sqrt(2) * erfinv(x) for |x| <= 0.99, with an error of some units in the last place. The polynomial is that of Giles,
 * "Approximating the erfinv function" (2010), for single precision, in w = -log(1 - x^2).
 */
const COEFFICIENTS = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941,
];

/**
 * f32 of a normal distribution with mean 0 and deviation 1 that was cut at -2 and 2 (the deviation of what is left is
 * 0.88), from random u32 `bits`: by the inverse of its distribution function.
 */
export function truncatedNormal(b: Emitter, bits: Value): Value {
  const high = b.cast(b.binary('shr', bits, b.full(bits, 8)), 'f32');
  const unit = withScalar(b, 'sub', withScalar(b, 'mul', high, 2 ** -23), 1);
  const x = withScalar(b, 'mul', unit, WITHIN_TWO);
  const rest = b.binary('mul', scalarWith(b, 'sub', 1, x), scalarWith(b, 'add', 1, x));
  const w = scalarWith(b, 'sub', -2.5, b.unary('log', rest));
  const [first, ...others] = COEFFICIENTS;
  const polynomial = others.reduce<Value>(
    (sum, coefficient) => withScalar(b, 'add', b.binary('mul', sum, w), coefficient),
    b.full(w, first),
  );
  return withScalar(b, 'mul', b.binary('mul', polynomial, x), Math.SQRT2);
}
