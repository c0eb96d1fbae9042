/**
 * The table of all scalar functions that Heddle defines itself, by name. Adding a function is adding a row: the code
 * generator and the tests go through this table.
 */
import type { ScalarLang } from '../scalar-lang.js';
import { acos, asin } from './arcsine.js';
import { atan } from './arctangent.js';
import { eq, le, lt, max, min } from './compare.js';
import { f32ToI32, f32ToU32, i32ToF32, u32ToF32 } from './convert.js';
import { erf } from './erf.js';
import { exp } from './exp.js';
import { fromHalf, roundF16, toHalf } from './half.js';
import { log } from './log.js';
import { pow } from './pow.js';
import { rem } from './rem.js';
import { ceil, floor, roundEven, trunc } from './rounding.js';
import { sigmoid } from './sigmoid.js';
import { abs, neg, sign } from './signs.js';
import { tanh } from './tanh.js';
import { cos, sin } from './trig.js';

/** The kind of a parameter or result: f32 value, 32-bit integer pattern, truth value. */
export type Kind = 'f' | 'i' | 'b';

/** The carrier of a kind in a language. */
export type Carrier<K extends Kind, F, I, B> = { readonly f: F; readonly i: I; readonly b: B }[K];

/** A row of the table, as seen by code that treats all functions alike. */
export interface MathDef {
  /** One entry for each parameter. */
  readonly params: readonly Kind[];
  readonly result: Kind;
  /** Applies the function; the arguments must be of the kinds that `params` lists. */
  define<F, I, B>(s: ScalarLang<F, I, B>, ...args: readonly (F | I | B)[]): F | I | B;
}

type Unary = <F, I, B>(s: ScalarLang<F, I, B>, x: F) => F;
type Binary = <F, I, B>(s: ScalarLang<F, I, B>, a: F, b: F) => F;
type Relation = <F, I, B>(s: ScalarLang<F, I, B>, a: F, b: F) => B;
type ToInt = <F, I, B>(s: ScalarLang<F, I, B>, x: F) => I;
type FromInt = <F, I, B>(s: ScalarLang<F, I, B>, v: I) => F;

const unary = (define: Unary) => ({ params: ['f'], result: 'f', define }) as const;
const binary = (define: Binary) => ({ params: ['f', 'f'], result: 'f', define }) as const;
const relation = (define: Relation) => ({ params: ['f', 'f'], result: 'b', define }) as const;
const toInt = (define: ToInt) => ({ params: ['f'], result: 'i', define }) as const;
const fromInt = (define: FromInt) => ({ params: ['i'], result: 'f', define }) as const;

export const MATH_FNS = {
  exp: unary(exp),
  log: unary(log),
  sin: unary(sin),
  cos: unary(cos),
  tanh: unary(tanh),
  sigmoid: unary(sigmoid),
  erf: unary(erf),
  asin: unary(asin),
  acos: unary(acos),
  atan: unary(atan),
  pow: binary(pow),
  rem: binary(rem),

  abs: unary(abs),
  neg: unary(neg),
  sign: unary(sign),
  floor: unary(floor),
  ceil: unary(ceil),
  trunc: unary(trunc),
  roundEven: unary(roundEven),

  min: binary(min),
  max: binary(max),
  lt: relation(lt),
  le: relation(le),
  eq: relation(eq),

  roundF16: unary(roundF16),
  toHalf: toInt(toHalf),
  fromHalf: fromInt(fromHalf),
  f32ToI32: toInt(f32ToI32),
  f32ToU32: toInt(f32ToU32),
  i32ToF32: fromInt(i32ToF32),
  u32ToF32: fromInt(u32ToF32),
} as const satisfies Record<string, MathDef>;

/** The name of a function in the table. */
export type MathFn = keyof typeof MATH_FNS;

/** The table without the precise types of its rows. */
export const MATH: Readonly<Record<MathFn, MathDef>> = MATH_FNS;

export { divCorrected } from './division.js';
export { sqrtCorrected } from './square-root.js';
export {
  abs,
  acos,
  asin,
  atan,
  ceil,
  cos,
  eq,
  erf,
  exp,
  f32ToI32,
  f32ToU32,
  floor,
  fromHalf,
  i32ToF32,
  le,
  log,
  lt,
  max,
  min,
  neg,
};
export { pow, rem, roundEven, roundF16, sigmoid, sign, sin, tanh, toHalf, trunc, u32ToF32 };
