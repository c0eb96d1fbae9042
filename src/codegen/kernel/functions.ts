/** The scalar functions that kernels call, as SSA: each from its one description in src/numerics. */
import { MATH, type Kind, type MathFn } from '../../numerics/math/index.js';
import { SsaBuilder } from '../ssa/builder.js';
import type { Block, Ref, ScalarType } from '../ssa/instr.js';

export const SCALAR_OF_KIND: Readonly<Record<Kind, ScalarType>> = { f: 'f32', i: 'u32', b: 'bool' };

/** A function of scalars: no buffers, no arrays, no barriers. */
export interface ScalarFunction {
  readonly params: readonly Ref[];
  readonly block: Block;
  readonly result: Ref;
  /** The ids of all values are below this. */
  readonly values: number;
}

/** The function that `define` gives for parameters of `types`. */
export function scalarFunction(
  types: readonly ScalarType[],
  define: (s: SsaBuilder, ...params: readonly Ref[]) => Ref,
): ScalarFunction {
  const params = types.map((type, id): Ref => ({ id, type }));
  const builder = new SsaBuilder(params.length);
  const result = define(builder, ...params);
  return { params, block: builder.block, result, values: builder.values };
}

/** A math function. */
export const mathFunction = (fn: MathFn): ScalarFunction =>
  scalarFunction(MATH[fn].params.map((kind) => SCALAR_OF_KIND[kind]), (s, ...params) => MATH[fn].define<Ref, Ref, Ref>(s, ...params)); // prettier-ignore
