/** Building blocks that several families of rules share. */
import type { DType } from '../../../base/dtype.js';
import { IDENTITIES } from '../../../interpreter/fold.js';
import type { Reducer } from '../../../ir/ops.js';
import { ONNX_OF, type OnnxBuilder, type Ref } from './builder.js';
import type { Thin } from './rule.js';

/** A value that is `value` everywhere. */
export const filled = (g: OnnxBuilder, dtype: DType, value: number): Thin => ({
  ref: g.literals(dtype, [], [value]),
  shape: [],
});

/**
 * `condition ? a : b`. Runtimes choose between floats and signed integers; bools are chosen by logic, and unsigned ones
 * as the signed ones of their bits.
 */
export function where(g: OnnxBuilder, condition: Ref, a: Ref, b: Ref): Ref {
  if (a.dtype === 'bool')
    return g.like('Or', [g.like('And', [condition, a]), g.like('And', [g.like('Not', [condition]), b])]);
  if (a.dtype !== 'uint32') return g.node('Where', [condition, a, b], a.dtype);
  return g.cast(g.node('Where', [condition, g.cast(a, 'int32'), g.cast(b, 'int32')], 'int32'), 'uint32');
}

/** The ONNX operator that combines two values, by reducer. */
export const COMBINE: Readonly<Record<Reducer, string>> = { sum: 'Add', prod: 'Mul', max: 'Max', min: 'Min' };

/** A tensor in the element type in which it is reduced, and the way back. */
export interface Carried {
  readonly x: Ref;
  readonly back: (y: Ref) => Ref;
  /** What a reduction of no elements gives, in the type of `x`. */
  readonly identity: number;
}

const SIGN_BIT = -0x80000000;

/**
 * Reductions take floats, int32 and int64 everywhere, other types here and there. Unsigned integers go as the signed
 * ones of their bits: for sums and products, of which the low bits are the same, as int64; for extremes as int32 with the
 * sign bit flipped, which keeps their order.
 *
 * @param wide whether f16 is to be computed in f32 and rounded at the end, as the IR says, because several operators
 *   follow each other.
 */
export function carry(g: OnnxBuilder, x: Ref, dtype: DType, kind: Reducer, wide = false): Carried {
  const identity = IDENTITIES[dtype][kind];
  const own = ONNX_OF[dtype];
  switch (dtype) {
    case 'f32':
    case 'i32':
      return { x, back: (y) => y, identity };
    case 'f16':
      return wide
        ? { x: g.cast(x, 'float'), back: (y) => g.cast(y, own), identity }
        : { x, back: (y) => y, identity };
    case 'bool':
      return { x: g.cast(x, 'int32'), back: (y) => g.cast(y, own), identity };
    case 'u32': {
      // Wide, because runtimes may saturate: onnxruntime's ReduceSum does.
      if (kind === 'sum' || kind === 'prod')
        return { x: g.cast(g.cast(x, 'int32'), 'int64'), back: (y) => g.cast(y, own), identity };
      const flip = (y: Ref): Ref => g.like('BitwiseXor', [y, g.scalar('int32', SIGN_BIT)]);
      return {
        x: flip(g.cast(x, 'int32')),
        back: (y) => g.cast(flip(y), own),
        identity: (identity ^ SIGN_BIT) | 0,
      };
    }
  }
}
