/** Reductions, with the dtype-preserving mean and what is built on it. */
import type { Emitter, Value } from '../ir/emitter.js';
import { isFloat } from '../base/dtype.js';
import type { Reducer } from '../ir/ops.js';
import { staticShape } from '../ir/types.js';
import { broadcastTo, withScalar } from './broadcast.js';
import { rootOfSquares } from './math.js';

/** Axes must be normal (see axes.ts). With `keepDims` they stay, with extent 1. */
export interface ReduceOptions {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

export type Reduction = (b: Emitter, x: Value, options: ReduceOptions) => Value;

/** `x` with `axes` reduced, kept as extents of 1 where asked. No axes: `x` itself. */
export function reduce(b: Emitter, kind: Reducer, x: Value, { axes, keepDims }: ReduceOptions): Value {
  if (axes.length === 0) return x;
  return restoreAxes(b, b.reduce(kind, x, axes), x, { axes, keepDims });
}

/** Puts the axes that a reduction of `x` removed back in, if they are to be kept. */
export function restoreAxes(b: Emitter, reduced: Value, x: Value, { axes, keepDims }: ReduceOptions): Value {
  if (!keepDims) return reduced;
  return b.reshape(
    reduced,
    x.type.shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim)),
  );
}

export const sum: Reduction = (b, x, options) => reduce(b, 'sum', x, options);
export const prod: Reduction = (b, x, options) => reduce(b, 'prod', x, options);
export const maximum: Reduction = (b, x, options) => reduce(b, 'max', x, options);
export const minimum: Reduction = (b, x, options) => reduce(b, 'min', x, options);

/** sum / n, rounded once by the division (not a multiplication by 1/n). On integers the quotient truncates. */
export const mean: Reduction = (b, x, options) => {
  const count = staticShape(options.axes.map((axis) => x.type.shape[axis])).reduce(
    (n, extent) => n * extent,
    1,
  );
  return withScalar(b, 'div', sum(b, x, options), count);
};

/** Mean of the squared distances from the mean (the population's variance), in two passes. */
export const variance: Reduction = (b, x, options) => {
  const centered = b.binary(
    'sub',
    x,
    broadcastTo(b, mean(b, x, { ...options, keepDims: true }), x.type.shape),
  );
  return mean(b, b.binary('mul', centered, centered), options);
};

const square = (b: Emitter, x: Value): Value => b.binary('mul', x, x);

/** On integers, where there is no logarithm or root, the computation runs in f32 and is cast back. */
const inFloat =
  (reduction: Reduction): Reduction =>
  (b, x, options) =>
    isFloat(x.type.dtype)
      ? reduction(b, x, options)
      : b.cast(reduction(b, b.cast(x, 'f32'), options), x.type.dtype);

export const sumOfAbsolutes: Reduction = (b, x, options) => sum(b, b.unary('abs', x), options);
export const sumOfSquares: Reduction = (b, x, options) => sum(b, square(b, x), options);
/** Its derivative at 0 is 0. */
export const euclideanNorm: Reduction = inFloat((b, x, options) =>
  rootOfSquares(b, sumOfSquares(b, x, options)),
);
export const logSum: Reduction = inFloat((b, x, options) => b.unary('log', sum(b, x, options)));

/**
 * log(sum(exp(x))), computed around the maximum m as log(sum(exp(x - m))) + m, so that no exp overflows. Where m is
 * infinite, 0 stands for it: x - m would be a NaN.
 */
export const logSumExp: Reduction = inFloat((b, x, options) => {
  if (options.axes.length === 0) return x;
  const keep = { ...options, keepDims: true };
  const top = maximum(b, x, keep);
  const finite = withScalar(b, 'lt', b.unary('abs', top), Infinity);
  // Whatever the shift, the result is the same: no derivative flows through it.
  const shift = b.emit('stopGradient', [b.select(finite, top, b.full(top, 0))], {});
  const shifted = b.binary('sub', x, broadcastTo(b, shift, x.type.shape));
  const logarithm = b.unary('log', sum(b, b.unary('exp', shifted), keep));
  const result = b.binary('add', logarithm, shift);
  if (options.keepDims) return result;
  return b.reshape(
    result,
    x.type.shape.filter((_, axis) => !options.axes.includes(axis)),
  );
});

/** The i32 index of the extreme element along `axis`; of the last one among equals where `last` is set. */
export function argExtreme(
  b: Emitter,
  kind: 'max' | 'min',
  x: Value,
  axis: number,
  { keepDims, last }: { readonly keepDims: boolean; readonly last: boolean },
): Value {
  const operand = last ? b.emit('reverse', [x], { axes: [axis] }) : x;
  let index = b.emit('argreduce', [operand], { kind, axis });
  if (last) {
    const [extent] = staticShape([x.type.shape[axis]]) as [number];
    index = b.binary('sub', b.full(index, extent - 1), index);
  }
  return restoreAxes(b, index, x, { axes: [axis], keepDims });
}
