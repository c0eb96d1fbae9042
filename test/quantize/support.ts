/** Weights and schemes for the tests of quantisation. */
import fc from 'fast-check';
import type { TensorData } from '../../src/base/tensor.js';
import { elementCount } from '../../src/base/tensor.js';
import { GRANULARITIES, NUMERIC_TYPES, type QuantizeOptions } from '../../src/quantize/index.js';

/** Finite f32 that quantisers get wrong: zeros, the least and the greatest numbers, subnormals, ties. */
const HOSTILE = [
  0,
  -0,
  2 ** -149,
  -(2 ** -149),
  2 ** -126,
  2 ** 126,
  -(2 ** 126),
  1,
  -1,
  0.5,
  65504,
  65520,
  1e-30,
];

const number = fc.oneof(
  { weight: 4, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(...HOSTILE).map(Math.fround) },
);

/** A weight of some shape with an axis of it. */
export const anyWeight = fc
  .array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 })
  .chain((shape) => fc.tuple(fc.constant([...shape, 7]), fc.nat({ max: shape.length })))
  .chain(([shape, axis]) => {
    const count = elementCount(shape);
    return fc.array(number, { minLength: count, maxLength: count }).map((values) => ({
      tensor: { dtype: 'f32', shape, data: Float32Array.from(values) } satisfies TensorData,
      axis,
    }));
  });

export const anyScheme = fc
  .record({
    type: fc.constantFrom(...NUMERIC_TYPES),
    granularity: fc.constantFrom(...GRANULARITIES),
    blockSize: fc.constantFrom(8, 16),
    zeroPoint: fc.boolean(),
  })
  .map((scheme): QuantizeOptions => (scheme.type.includes('int') ? scheme : { ...scheme, zeroPoint: false }));

export const f32 = (shape: readonly number[], values: readonly number[]): TensorData => ({
  dtype: 'f32',
  shape,
  data: Float32Array.from(values),
});
