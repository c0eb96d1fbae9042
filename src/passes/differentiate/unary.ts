/** Derivatives of the functions of one number, from the result where it says it all. */
import type { GraphBuilder, GraphValue } from '../../ir/builder.js';
import type { UnaryOp } from '../../ir/ops.js';
import { div, mul, neg, add, scale } from './expressions.js';
import { noGradient, unaryRule, type VjpRule } from './rule.js';

const TWO_OVER_ROOT_PI = 2 / Math.sqrt(Math.PI);

/** sqrt(1 - x^2) as sqrt((1 - x) (1 + x)), which does not cancel near 1. */
function legOf(b: GraphBuilder, x: GraphValue): GraphValue {
  const one = b.full(x, 1);
  return b.unary('sqrt', mul(b, b.binary('sub', one, x), add(b, one, x)));
}

export const unaryRules: { readonly [K in UnaryOp]: VjpRule<K> } = {
  neg: unaryRule(({ b, ct }) => neg(b, ct)),
  abs: unaryRule(({ b, ct }, x) => mul(b, ct, b.unary('sign', x))),
  // 1 / (2y), infinite at 0 as the derivative is.
  sqrt: unaryRule(({ b, ct, result: y }) => div(b, ct, add(b, y, y))),
  exp: unaryRule(({ b, ct, result: y }) => mul(b, ct, y)),
  log: unaryRule(({ b, ct }, x) => div(b, ct, x)),
  sin: unaryRule(({ b, ct }, x) => mul(b, ct, b.unary('cos', x))),
  cos: unaryRule(({ b, ct }, x) => neg(b, mul(b, ct, b.unary('sin', x)))),
  // 1 - y^2
  tanh: unaryRule(({ b, ct, result: y }) => mul(b, ct, b.binary('sub', b.full(y, 1), mul(b, y, y)))),
  // 2 / sqrt(pi) * exp(-x^2)
  erf: unaryRule(({ b, ct }, x) =>
    mul(b, ct, scale(b, b.unary('exp', neg(b, mul(b, x, x))), TWO_OVER_ROOT_PI)),
  ),
  // y (1 - y)
  sigmoid: unaryRule(({ b, ct, result: y }) => mul(b, ct, mul(b, y, b.binary('sub', b.full(y, 1), y)))),
  asin: unaryRule(({ b, ct }, x) => div(b, ct, legOf(b, x))),
  acos: unaryRule(({ b, ct }, x) => neg(b, div(b, ct, legOf(b, x)))),
  // 1 / (1 + x^2)
  atan: unaryRule(({ b, ct }, x) => div(b, ct, add(b, b.full(x, 1), mul(b, x, x)))),
  sign: noGradient,
  floor: noGradient,
  ceil: noGradient,
  round: noGradient,
  trunc: noGradient,
  not: noGradient,
};
