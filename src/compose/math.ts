/** Elementary functions that are short compositions of the op set's own. Operands are floats unless said otherwise. */
import type { Emitter, Value } from '../ir/emitter.js';
import { scalarWith, withScalar } from './broadcast.js';

type Unary = (b: Emitter, x: Value) => Value;

export const reciprocal: Unary = (b, x) => scalarWith(b, 'div', 1, x);
export const tan: Unary = (b, x) => b.binary('div', b.unary('sin', x), b.unary('cos', x));

/** (exp(x) + exp(-x)) / 2 */
export const cosh: Unary = (b, x) =>
  half(b, b.binary('add', b.unary('exp', x), b.unary('exp', b.unary('neg', x))));

/**
 * (exp(x) - exp(-x)) / 2 away from 0. Nearer than 1 the difference cancels, and 2t / (1 - t^2) with t = tanh(x / 2), the
 * same function, does not.
 */
export const sinh: Unary = (b, x) => {
  const far = half(b, b.binary('sub', b.unary('exp', x), b.unary('exp', b.unary('neg', x))));
  const t = b.unary('tanh', half(b, x));
  const near = b.binary('div', b.binary('add', t, t), scalarWith(b, 'sub', 1, b.binary('mul', t, t)));
  return b.select(withScalar(b, 'lt', b.unary('abs', x), 1), near, far);
};

/** sign(x) * log(|x| + sqrt(x^2 + 1)) */
export const asinh: Unary = (b, x) => {
  const magnitude = b.unary('abs', x);
  const root = b.unary('sqrt', withScalar(b, 'add', b.binary('mul', x, x), 1));
  return b.binary('mul', b.unary('sign', x), b.unary('log', b.binary('add', magnitude, root)));
};

/** log(x + sqrt(x^2 - 1)) */
export const acosh: Unary = (b, x) => {
  const root = b.unary('sqrt', withScalar(b, 'sub', b.binary('mul', x, x), 1));
  return b.unary('log', b.binary('add', x, root));
};

/** log((1 + x) / (1 - x)) / 2 */
export const atanh: Unary = (b, x) =>
  half(b, b.unary('log', b.binary('div', scalarWith(b, 'add', 1, x), scalarWith(b, 'sub', 1, x))));

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

const half: Unary = (b, x) => withScalar(b, 'mul', x, 0.5);
