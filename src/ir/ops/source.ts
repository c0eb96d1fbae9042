/** Values without operands: inputs, weights, constants, counters, random bits. */
import { arity, axisOf, fail, validShape } from '../infer-checks.js';
import { isInt, type DType } from '../../base/dtype.js';
import { dimProduct } from '../dim.js';
import { printType, shapesEqual, tensorType, type Shape, type TensorType } from '../types.js';
import type { Family, Traits } from './family.js';

export interface SourceAttrs {
  /** An input of the graph. */
  param: { readonly name: string; readonly dtype: DType; readonly shape: Shape };
  /** A tensor held outside of the graph, by id (see Program.weights); its elements are read with this shape. */
  weight: { readonly id: string; readonly dtype: DType; readonly shape: Shape };
  /** A small literal; `values` is row-major, or a single value that fills the shape. */
  constant: { readonly dtype: DType; readonly shape: Shape; readonly values: readonly number[] };
  /** The coordinate along `axis`, as i32 or u32. */
  iota: { readonly dtype: DType; readonly shape: Shape; readonly axis: number };
  /** The number of the trip of the loop at `level` around it, of which 0 is the outermost; i32[]. */
  trip: { readonly level: number };
  /** Counter-based random u32 bits (Threefry-2x32, 20 rounds): operand `key` u32[2]; element i has counter (i, 0). */
  random: { readonly shape: Shape };
}

function source(op: string, inputs: readonly TensorType[], dtype: DType, shape: Shape): TensorType {
  arity(op, inputs, 0);
  validShape(op, shape);
  return tensorType(dtype, shape);
}

const GIVEN: Traits = {
  class: 'source',
  kernel: 'none',
  cost: 'light',
  reuse: 'any',
  reads: 'same',
  flushed: 'unknown',
};

export const SOURCE: Family<SourceAttrs> = {
  param: {
    attrs: { name: 'string', dtype: 'dtype', shape: 'shape' },
    traits: GIVEN,
    type: (inputs, { dtype, shape }) => source('param', inputs, dtype, shape),
  },
  weight: {
    attrs: { id: 'string', dtype: 'dtype', shape: 'shape' },
    traits: GIVEN,
    type: (inputs, { dtype, shape }) => source('weight', inputs, dtype, shape),
  },
  constant: {
    attrs: { values: 'numbers', dtype: 'dtype', shape: 'shape' },
    traits: { ...GIVEN, kernel: 'any', flushed: 'depends' },
    type: (inputs, { dtype, shape, values }) => {
      const count = dimProduct(shape);
      if (values.length !== 1 && values.length !== count)
        fail(
          'ATTRIBUTE_INVALID',
          'constant',
          `${values.length} values`,
          `1 value or ${String(count)} values`,
        );
      return source('constant', inputs, dtype, shape);
    },
  },
  iota: {
    attrs: { axis: 'number', dtype: 'dtype', shape: 'shape' },
    traits: { ...GIVEN, kernel: 'any' },
    type: (inputs, { dtype, shape, axis }) => {
      axisOf('iota', axis, shape.length);
      if (!isInt(dtype)) fail('DTYPE_MISMATCH', 'iota', dtype, 'an integer dtype');
      return source('iota', inputs, dtype, shape);
    },
  },
  trip: {
    attrs: { level: 'number' },
    traits: {
      class: 'source',
      kernel: 'any',
      cost: 'light',
      reuse: 'any',
      reads: 'same',
      flushed: 'unknown',
    },
    type: (inputs) => source('trip', inputs, 'i32', []),
  },
  random: {
    attrs: { shape: 'shape' },
    traits: { ...GIVEN, kernel: 'fused', cost: 'heavy', reads: 'chosen' },
    type: (inputs, { shape }) => {
      arity('random', inputs, 1);
      const key = inputs[0];
      if (key.dtype !== 'u32' || !shapesEqual(key.shape, [2]))
        fail('SHAPE_MISMATCH', 'random', printType(key), 'a key u32[2]');
      validShape('random', shape);
      return tensorType('u32', shape);
    },
  },
};
