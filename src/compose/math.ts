/** Elementary functions that are short compositions of the op set's own. Operands are floats unless said otherwise. */
import type { Emitter, Value } from '../ir/emitter.js';
import { scalarWith, withScalar } from './broadcast.js';

type Unary = (b: Emitter, x: Value) => Value;

export const reciprocal: Unary = (b, x) => scalarWith(b, 'div', 1, x);
export const tan: Unary = (b, x) => b.binary('div', b.unary('sin', x), b.unary('cos', x));

/** (exp(x) + exp(-x)) / 2 */
export const cosh: Unary = (b, x) =>
  hyperbolic(b, b.select(withScalar(b, 'lt', x, 0), b.unary('neg', x), x), 'add');

/**
 * (exp(x) +- exp(-x)) / 2 for x >= 0. Where exp overflows before its half does, that is exp(x / 2) ^ 2 / 2, with the
 * derivatives of exp(x - c) exp(c) / 2: those of the square are doubled before they are halved. c is
 * x / 2, but finite. Neither form sees the
 * operands of the other, whose derivative is infinite.
 */
function hyperbolic(b: Emitter, x: Value, op: 'add' | 'sub'): Value {
  const isFar = scalarWith(b, 'lt', x.type.dtype === 'f16' ? 11 : 88, x);
  const zero = b.full(x, 0);
  const near = b.select(isFar, zero, x);
  const usual = half(b, b.binary(op, b.unary('exp', near), b.unary('exp', b.unary('neg', near))));
  const far = b.select(isFar, x, zero);
  const root = b.unary('exp', b.binary('sub', far, constantOf(b, half(b, withScalar(b, 'min', far, 200)))));
  return b.select(isFar, b.binary('mul', half(b, root), constantOf(b, root)), usual);
}

/**
 * f(x) for an f that is 0 at 0, with the slope 0 there, for roots of sums of powers: of the subgradients of a norm, 0 is the one
 * that does not prefer a side.
 */
export function flatAtZero(b: Emitter, x: Value, f: (x: Value) => Value): Value {
  const isZero = withScalar(b, 'eq', x, 0);
  return b.select(isZero, b.full(x, 0), f(b.select(isZero, b.full(x, 1), x)));
}

/** The square root, with the slope 0 at 0. */
export const rootOfSquares: Unary = (b, x) => flatAtZero(b, x, (y) => b.unary('sqrt', y));

/**
 * exp(x) - 1. Nearer to 0 than 1/2 the difference cancels, and 2t / (1 - t) with t = tanh(x / 2), the same function, does
 * not.
 */
export const expm1: Unary = (b, x) => {
  const t = b.unary('tanh', half(b, x));
  const near = b.binary('div', b.binary('add', t, t), scalarWith(b, 'sub', 1, t));
  return corrected(b, withScalar(b, 'sub', b.unary('exp', x), 1), near, isBelow(b, x, 0.5));
};

/**
 * log(1 + x). With u = 1 + x as it is rounded, that is log(u) + log(1 + (x - (u - 1)) / u): what the rounding took, and what
 * is computed exactly where |x| <= 1, is added again. The division by u, which would change that by less than half a unit in
 * the last place, is left out; beyond 1 the logarithm is so large that nothing was lost. After FDLIBM's s_log1p.c.
 */
export const log1p: Unary = (b, x) => {
  const u = withScalar(b, 'add', x, 1);
  const lost = b.binary('sub', x, withScalar(b, 'sub', u, 1));
  const kept = b.select(withScalar(b, 'le', b.unary('abs', x), 1), lost, b.full(x, 0));
  return b.binary('add', b.unary('log', u), constantOf(b, kept));
};

/**
 * (exp(x) - exp(-x)) / 2 away from 0, with the sign of x. Nearer than 1 the difference cancels, and 2t / (1 - t^2) with t = tanh(x / 2), the
 * same function, does not.
 */
export const sinh: Unary = (b, x) =>
  odd(b, x, (a) => {
    const t = b.unary('tanh', half(b, a));
    const near = b.binary('div', b.binary('add', t, t), scalarWith(b, 'sub', 1, b.binary('mul', t, t)));
    return corrected(b, hyperbolic(b, a, 'sub'), near, isBelow(b, a, 1));
  });

/**
 * log(a + sqrt(a^2 + 1)) with the sign of x, for a = |x|, as log1p(a + a^2 / (1 + sqrt(a^2 + 1))), whose argument is small
 * where a is; log(2a) for an a whose square is so large that the 1 is nothing.
 */
export const asinh: Unary = (b, x) =>
  odd(b, x, (magnitude) => {
    const isLarge = scalarWith(b, 'le', largeOf(x), magnitude);
    const a = b.select(isLarge, b.full(x, 0), magnitude);
    const square = b.binary('mul', a, a);
    const divisor = withScalar(b, 'add', b.unary('sqrt', withScalar(b, 'add', square, 1)), 1);
    const near = log1p(b, b.binary('add', a, b.binary('div', square, divisor)));
    return b.select(isLarge, logOfTwice(b, magnitude, isLarge), near);
  });

/** log(x + sqrt(x^2 - 1)), as log1p(d + sqrt(d) sqrt(x + 1)) with d = x - 1; log(2x) as in {@link asinh}. NaN below 1. */
export const acosh: Unary = (b, x) => {
  const isLarge = scalarWith(b, 'le', largeOf(x), x);
  const within = b.select(isLarge, b.full(x, 2), x);
  const d = withScalar(b, 'sub', within, 1);
  const root = b.binary('mul', b.unary('sqrt', d), b.unary('sqrt', withScalar(b, 'add', within, 1)));
  return b.select(isLarge, logOfTwice(b, x, isLarge), log1p(b, b.binary('add', d, root)));
};

/** log((1 + a) / (1 - a)) / 2 with the sign of x, for a = |x|, as log1p(2a / (1 - a)) / 2. */
export const atanh: Unary = (b, x) =>
  odd(b, x, (a) => half(b, log1p(b, b.binary('div', b.binary('add', a, a), scalarWith(b, 'sub', 1, a)))));

/** bool: x is a NaN. The only values that do not equal themselves. */
export const isNaN: Unary = (b, x) => b.unary('not', b.binary('eq', x, x));

/** bool: x is an infinity of one of the asked signs. */
export function isInfinite(b: Emitter, x: Value, positive = true, negative = true): Value {
  if (positive && negative) return withScalar(b, 'eq', b.unary('abs', x), Infinity);
  if (positive) return withScalar(b, 'eq', x, Infinity);
  if (negative) return withScalar(b, 'eq', x, -Infinity);
  return b.constant('bool', x.type.shape, 0);
}

/** Remainder with the sign of the divisor, as Python's %; `rem` has the sign of the dividend. Operands of one shape. */
export function floorMod(b: Emitter, x: Value, y: Value): Value {
  const remainder = b.binary('rem', x, y);
  const zero = b.full(x, 0);
  const signsDiffer = b.binary('xor', b.binary('lt', remainder, zero), b.binary('lt', y, zero));
  const adjust = b.binary('and', signsDiffer, b.unary('not', b.binary('eq', remainder, zero)));
  return b.select(adjust, b.binary('add', remainder, y), remainder);
}

/** The same of floats, as NumPy's: 0 has the sign of the divisor, too. That of a finite number by infinity is one of the two. */
export function floorModOfFloats(b: Emitter, x: Value, y: Value): Value {
  const remainder = floorMod(b, x, y);
  const zero = b.full(x, 0);
  const signedZero = b.select(b.binary('lt', y, zero), b.full(x, -0), zero);
  return b.select(b.binary('eq', remainder, zero), signedZero, remainder);
}

/** Bits of an exponent that is not negative. */
const EXPONENT_BITS = 31;

/**
 * x^y of i32 (or u32 below 2^31 as exponents), which wraps, by squaring. The powers with negative exponents are those of reals,
 * truncated: 1 and -1 have some, others give 0, and so does 0.
 */
export function integerPower(b: Emitter, x: Value, y: Value): Value {
  const one = b.full(x, 1);
  let [power, square] = [one, x];
  for (let bit = 0; bit < EXPONENT_BITS; bit++) {
    const isSet = withScalar(b, 'eq', withScalar(b, 'and', withScalar(b, 'shr', y, bit), 1), 1);
    power = b.select(isSet, b.binary('mul', power, square), power);
    if (bit + 1 < EXPONENT_BITS) square = b.binary('mul', square, square);
  }
  if (x.type.dtype === 'u32') return power;
  const isUnit = withScalar(b, 'eq', b.unary('abs', x), 1);
  const isOdd = withScalar(b, 'eq', withScalar(b, 'and', y, 1), 1);
  const reciprocal = b.select(isUnit, b.select(isOdd, x, one), b.full(x, 0));
  return b.select(withScalar(b, 'lt', y, 0), reciprocal, power);
}

const half: Unary = (b, x) => withScalar(b, 'mul', x, 0.5);
const isBelow = (b: Emitter, x: Value, bound: number): Value => withScalar(b, 'lt', b.unary('abs', x), bound);

const constantOf: Unary = (b, x) => b.emit('stopGradient', [x], {});

/**
 * `rough`, but `fine` where `isFine`: two forms of one function. Derivatives are those of `rough`, which has none of the
 * cancellation that its value has; so that they never see the other form where it is infinite or no number. Where `rough`
 * is `fine` with an absolute rounding, as a difference of numbers near 1 is, the sum is `fine` to the last bits.
 */
function corrected(b: Emitter, rough: Value, fine: Value, isFine: Value): Value {
  const correction = b.select(isFine, b.binary('sub', fine, rough), b.full(rough, 0));
  return b.binary('add', rough, constantOf(b, correction));
}

/**
 * f(|x|) with the sign of x, for an f that is +0 at either zero: so what is added to -f(-x), a -0 there, is the operand.
 * Unlike |x| and sign(x), whose derivatives are 0 at 0, this has the derivatives of f there.
 */
function odd(b: Emitter, x: Value, f: (magnitude: Value) => Value): Value {
  const isNegative = withScalar(b, 'le', x, 0);
  const y = f(b.select(isNegative, b.unary('neg', x), x));
  const zero = b.select(withScalar(b, 'eq', x, 0), x, b.full(x, 0));
  return b.binary('add', b.select(isNegative, b.unary('neg', y), y), constantOf(b, zero));
}

/** The square is far below the greatest number, and 1 is less than half a unit in its last place. */
const largeOf = ({ type }: Value): number => (type.dtype === 'f16' ? 64 : 4096);

/** log(2x) where `isLarge`; elsewhere any number with a derivative. */
const logOfTwice = (b: Emitter, x: Value, isLarge: Value): Value =>
  withScalar(b, 'add', b.unary('log', b.select(isLarge, x, b.full(x, 1))), Math.LN2);
