/**
 * Activations, element by element. Constants are rounded to the dtype of the operand; the order of operations written
 * here is what both interpreter and device compute.
 */
import type { Emitter, Value } from '../ir/emitter.js';
import { binaryBroadcast, broadcastTo, scalarWith, withScalar } from './broadcast.js';
import { expm1, log1p } from './math.js';

/** x <= 0 ? 0 : x, which is max(x, 0) with the slope 0 at 0, as everywhere else in the field. */
export const relu = (b: Emitter, x: Value): Value => b.select(withScalar(b, 'le', x, 0), b.full(x, 0), x);

/** min(max(x, low), high); either bound may be missing. Bounds are scalars or broadcast to `x`. */
export function clip(b: Emitter, x: Value, low?: Value | number, high?: Value | number): Value {
  const bound = (limit: Value | number): Value =>
    typeof limit === 'number' ? b.full(x, limit) : broadcastTo(b, limit, x.type.shape);
  const raised = low === undefined ? x : b.binary('max', x, bound(low));
  return high === undefined ? raised : b.binary('min', raised, bound(high));
}

/** x < 0 ? negative : x */
const belowZero = (b: Emitter, x: Value, negative: Value): Value =>
  b.select(withScalar(b, 'lt', x, 0), negative, x);

/** x < 0 ? alpha * x : x */
export const leakyRelu = (b: Emitter, x: Value, alpha = 0.01): Value =>
  belowZero(b, x, withScalar(b, 'mul', x, alpha));

/** x < 0 ? slope * x : x, with a slope that broadcasts to `x`. */
export const prelu = (b: Emitter, x: Value, slope: Value): Value =>
  belowZero(b, x, binaryBroadcast(b, 'mul', x, slope));

/** x > alpha ? x : 0 */
export const thresholdedRelu = (b: Emitter, x: Value, alpha = 1): Value =>
  b.select(scalarWith(b, 'lt', alpha, x), x, b.full(x, 0));

/** x < 0 ? alpha * (exp(x) - 1) : x */
export const elu = (b: Emitter, x: Value, alpha = 1): Value => {
  // What is not chosen stays finite: 0 times an infinite derivative would be a NaN.
  const negative = b.select(withScalar(b, 'lt', x, 0), x, b.full(x, 0));
  return belowZero(b, x, scalarWith(b, 'mul', alpha, expm1(b, negative)));
};

/** gamma * elu(x, alpha); the defaults are those of "Self-Normalizing Neural Networks" (2017). */
export const selu = (b: Emitter, x: Value, alpha = 1.6732632423543772, gamma = 1.0507009873554805): Value =>
  scalarWith(b, 'mul', gamma, elu(b, x, alpha));

/** x < 0 ? alpha * (exp(x / alpha) - 1) : x. Barron, "Continuously differentiable exponential linear units" (2017). */
export const celu = (b: Emitter, x: Value, alpha = 1): Value => {
  const negative = b.select(withScalar(b, 'lt', x, 0), x, b.full(x, 0));
  return belowZero(b, x, scalarWith(b, 'mul', alpha, expm1(b, withScalar(b, 'div', negative, alpha))));
};

/** x * sigmoid(alpha * x) */
export const swish = (b: Emitter, x: Value, alpha = 1): Value => {
  const z = alpha === 1 ? x : withScalar(b, 'mul', x, alpha);
  return timesTail(b, x, z, alpha, (y) => b.unary('sigmoid', y));
};

/**
 * x * f(z) for z = alpha * x and an f that is exp far below 0. In f32 exp(z) is too small for a normal number before the
 * product is: from z = -80 down to that, f(z) is f(z / 2)^2. Below, the result is a zero.
 */
function timesTail(b: Emitter, x: Value, z: Value, alpha: number, f: (z: Value) => Value): Value {
  if (x.type.dtype !== 'f32' || !(Math.abs(alpha) < MOST_WITH_TAIL)) return b.binary('mul', x, f(z));
  const isTail = b.binary('and', withScalar(b, 'lt', z, -80), scalarWith(b, 'le', tailEnd(alpha), z));
  const root = f(b.select(isTail, withScalar(b, 'mul', z, 0.5), z));
  return b.binary('mul', b.binary('mul', x, root), b.select(isTail, root, b.full(x, 1)));
}

/** An alpha so great that x exp(alpha x) is not a normal number where alpha x is -80. */
const MOST_WITH_TAIL = 1e5;

/** The z for which |z / alpha| exp(z) is the least normal number; not below that for which exp(z / 2) is. */
function tailEnd(alpha: number): number {
  let z = -90;
  for (let i = 0; i < 16; i++) z = Math.max(Math.log((2 ** -126 * Math.abs(alpha)) / -z), -174.6);
  return z;
}

/** x * sigmoid(x) */
export const silu = (b: Emitter, x: Value): Value => swish(b, x);

/** log(1 + exp(x)) as max(x, 0) + log(1 + exp(-|x|)), which neither overflows nor loses small or large x. */
export function softplus(b: Emitter, x: Value): Value {
  const isNegative = withScalar(b, 'lt', x, 0);
  return b.binary('add', b.select(isNegative, b.full(x, 0), x), softplusTail(b, x, isNegative));
}

/**
 * log(1 + exp(-|x|)), what softplus(x) is more than max(x, 0). `isNegative` (bool): x < 0. At 0, where |x| has no
 * derivative, this has that of the side of positive numbers: so should what it is added to.
 */
export const softplusTail = (b: Emitter, x: Value, isNegative: Value): Value =>
  log1p(b, b.unary('exp', b.select(isNegative, x, b.unary('neg', x))));

/** x * tanh(softplus(x)) */
export const mish = (b: Emitter, x: Value): Value =>
  timesTail(b, x, x, 1, (y) => b.unary('tanh', softplus(b, y)));

/** x / (1 + |x|) */
export const softsign = (b: Emitter, x: Value): Value =>
  b.binary('div', x, scalarWith(b, 'add', 1, b.unary('abs', x)));

/** max(0, min(1, alpha * x + beta)) */
export const hardSigmoid = (b: Emitter, x: Value, alpha = 0.2, beta = 0.5): Value =>
  withScalar(
    b,
    'max',
    withScalar(b, 'min', withScalar(b, 'add', withScalar(b, 'mul', x, alpha), beta), 1),
    0,
  );

/** x * hardSigmoid(x, 1/6, 1/2) */
export const hardSwish = (b: Emitter, x: Value): Value => b.binary('mul', x, hardSigmoid(b, x, 1 / 6, 0.5));

/** x * (1 + erf(x / sqrt(2))) / 2, evaluated as (0.5 * x) * (1 + erf(x * sqrt(1/2))). */
export const gelu = (b: Emitter, x: Value): Value =>
  b.binary(
    'mul',
    withScalar(b, 'mul', x, 0.5),
    scalarWith(b, 'add', 1, b.unary('erf', withScalar(b, 'mul', x, Math.SQRT1_2))),
  );

/** (0.5 * x) * (1 + tanh(sqrt(2/pi) * (x + 0.044715 * x^3))) */
export function geluTanh(b: Emitter, x: Value): Value {
  const cubic = withScalar(b, 'mul', b.binary('mul', x, b.binary('mul', x, x)), 0.044715);
  const inner = withScalar(b, 'mul', b.binary('add', x, cubic), Math.sqrt(2 / Math.PI));
  return b.binary('mul', withScalar(b, 'mul', x, 0.5), scalarWith(b, 'add', 1, b.unary('tanh', inner)));
}

/** x < -lambda ? x + bias : x > lambda ? x - bias : 0 */
export function shrink(b: Emitter, x: Value, lambda: number, bias: number): Value {
  const below = withScalar(b, 'lt', x, -lambda);
  const above = scalarWith(b, 'lt', lambda, x);
  const inner = b.select(above, withScalar(b, 'sub', x, bias), b.full(x, 0));
  return b.select(below, withScalar(b, 'add', x, bias), inner);
}
