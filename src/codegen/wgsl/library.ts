/**
 * Library functions of a module: the math functions that Heddle defines itself, as WGSL, each from its one description
 * in src/numerics. They are pure text, made on first use by each caller.
 */
import { MATH, divCorrected, sqrtCorrected, type Kind, type MathFn } from '../../numerics/math/index.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import { SsaBuilder } from '../ssa/builder.js';
import type { Ref, ScalarType } from '../ssa/instr.js';
import { printFunction } from './print.js';

export const SCALAR_OF_KIND: Readonly<Record<Kind, ScalarType>> = { f: 'f32', i: 'u32', b: 'bool' };

/** Names that WGSL itself gives to something else get a suffix. */
export const functionName = (fn: MathFn): string => `${fn}_`;

/** The WGSL of a math function under its {@link functionName}. */
export function mathFunction(fn: MathFn): string {
  const { params, define } = MATH[fn];
  const refs = params.map((kind, id): Ref => ({ id, type: SCALAR_OF_KIND[kind] }));
  const builder = new SsaBuilder(refs.length);
  const result = define<Ref, Ref, Ref>(builder, ...refs);
  return printFunction(functionName(fn), refs, result, builder.body);
}

const a: Ref = { id: 0, type: 'f32' };
const b: Ref = { id: 1, type: 'f32' };

/** Correctly rounded `divide` for devices whose own division is not. */
export function correctedDivide(mode: SubnormalMode): string {
  const builder = new SsaBuilder(2);
  const quotient = (x: Ref, y: Ref): Ref => builder.call('device_quotient', 'f32', x, y);
  const result = divCorrected<Ref, Ref, Ref>(builder, mode, quotient, a, b);
  return printFunction('divide', [a, b], result, builder.body);
}

/** Correctly rounded `square_root` for devices whose own square root is not. */
export function correctedSquareRoot(mode: SubnormalMode): string {
  const builder = new SsaBuilder(1);
  const result = sqrtCorrected<Ref, Ref, Ref>(builder, mode, (x) => builder.call('device_root', 'f32', x), a);
  return printFunction('square_root', [a], result, builder.body);
}
