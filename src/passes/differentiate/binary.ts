/** Derivatives of the functions of two numbers. */
import type { GraphValue } from '../../ir/builder.js';
import type { BinaryOp } from '../../ir/ops.js';
import { div, keepWhere, mul, neg, scale, splatOf } from './expressions.js';
import { noGradient, type VjpCall, type VjpRule } from './rule.js';

export const binaryRules: { readonly [K in BinaryOp]: VjpRule<K> } = {
  add: ({ ct }) => [ct, ct],
  sub: ({ b, ct, wanted }) => [ct, wanted[1] ? neg(b, ct) : undefined],
  mul: ({ b, ct, inputs: [x, y], wanted }) => [
    wanted[0] ? mul(b, ct, y) : undefined,
    wanted[1] ? mul(b, ct, x) : undefined,
  ],
  // d(x/y)/dy = -(x/y)/y
  div: ({ b, ct, inputs: [, y], result, wanted }) => {
    const quotient = div(b, ct, y);
    return [quotient, wanted[1] ? neg(b, mul(b, quotient, result)) : undefined];
  },
  // x rem y = x - q y with an integer q, which (x - x rem y) / y is but for a rounding.
  rem: ({ b, ct, inputs: [x, y], result, wanted }) => {
    if (!wanted[1]) return [ct];
    const q = b.unary('round', div(b, b.binary('sub', x, result), y));
    return [ct, neg(b, mul(b, ct, q))];
  },
  pow: (call) => [
    call.wanted[0] ? powerByBase(call) : undefined,
    call.wanted[1] ? powerByExponent(call) : undefined,
  ],
  min: extremeRule((call, x, other) => call.b.binary('lt', x, other)),
  max: extremeRule((call, x, other) => call.b.binary('lt', other, x)),
  and: noGradient,
  or: noGradient,
  xor: noGradient,
  shl: noGradient,
  shr: noGradient,
};

/** Everything to the operand that is the result; half to each where both are. */
function extremeRule(
  wins: (call: VjpCall<'min' | 'max'>, x: GraphValue, other: GraphValue) => GraphValue,
): VjpRule<'min' | 'max'> {
  return (call) => {
    const { b, ct, inputs, wanted } = call;
    const tie = b.binary('eq', inputs[0], inputs[1]);
    const shared = keepWhere(b, tie, scale(b, ct, 0.5));
    return inputs.map((x, i) => (wanted[i] ? b.select(wins(call, x, inputs[1 - i]), ct, shared) : undefined));
  };
}

/** Numbers of at most this magnitude have an infinite reciprocal. */
const RECIPROCAL_OVERFLOWS = { f32: 2 ** -128, f16: 2 ** -16 } as const;

/**
 * y x^(y-1). Where y is 0 that is 0, but 0 * x^-1 is a NaN at x = 0 (and next to it); 1 stands for such an x. A graph
 * that says what y is needs no such care.
 */
function powerByBase({ b, ct, inputs: [x, y] }: VjpCall<'pow'>): GraphValue | undefined {
  const exponent = splatOf(b, y);
  if (exponent === 0) return undefined;
  if (exponent === 1) return ct;
  if (exponent === 2) return mul(b, ct, b.binary('add', x, x));
  if (exponent !== undefined)
    return mul(b, ct, scale(b, b.binary('pow', x, b.full(x, exponent - 1)), exponent));
  const tiny = RECIPROCAL_OVERFLOWS[x.type.dtype === 'f16' ? 'f16' : 'f32'];
  const small = b.binary('le', b.unary('abs', x), b.full(x, tiny));
  const corner = b.binary('and', small, b.binary('eq', y, b.full(y, 0)));
  const base = b.select(corner, b.full(x, 1), x);
  return mul(b, ct, mul(b, y, b.binary('pow', base, b.binary('sub', y, b.full(y, 1)))));
}

/** x^y log x. Where x is 0, and y is not negative, that is 0: 1 stands for x in the logarithm. */
function powerByExponent({ b, ct, inputs: [x], result }: VjpCall<'pow'>): GraphValue {
  const positive = b.select(b.binary('eq', x, b.full(x, 0)), b.full(x, 1), x);
  return mul(b, ct, mul(b, result, b.unary('log', positive)));
}
