/** Ops that combine the elements of an axis. */
import { arity, axesOf, axisOf, fail, integers, perAxis, requireDType, without } from '../infer-checks.js';
import { windowed } from '../extents.js';
import { printShape, tensorType, type TensorType } from '../types.js';
import type { Family, Ints, Traits } from './family.js';

/** The associative operations of reduce, reduceWindow and scan. On bool, min is "all" and max is "any". */
export const REDUCERS = ['sum', 'prod', 'max', 'min'] as const;
export type Reducer = (typeof REDUCERS)[number];

const EXTREMES = ['max', 'min'] as const;

export interface ReductionAttrs {
  /** Removes `axes`. The order of operations is part of the op: see src/interpreter/reduce.ts. */
  reduce: { readonly kind: Reducer; readonly axes: Ints };
  /** i32 index of the first extreme element along `axis` (removed). NaN counts as the extreme. */
  argreduce: { readonly kind: 'max' | 'min'; readonly axis: number };
  /** Sliding windows over every axis; padding holds the identity of `kind`. A sum over padding alone is +0. */
  reduceWindow: {
    readonly kind: Reducer;
    readonly window: Ints;
    readonly strides: Ints;
    readonly dilations: Ints;
    readonly padLow: Ints;
    readonly padHigh: Ints;
  };
  /** Running reduction along `axis`. */
  scan: {
    readonly kind: Reducer;
    readonly axis: number;
    readonly exclusive: boolean;
    readonly reverse: boolean;
  };
}

function requireReducible(op: string, kind: string, type: TensorType): void {
  if (kind === 'sum' || kind === 'prod') requireDType(op, type, (dtype) => dtype !== 'bool', 'number');
}

function inferReduceWindow(inputs: readonly TensorType[], attrs: ReductionAttrs['reduceWindow']): TensorType {
  arity('reduceWindow', inputs, 1);
  const { dtype, shape } = inputs[0];
  for (const what of ['window', 'strides', 'dilations', 'padLow', 'padHigh'] as const) {
    perAxis('reduceWindow', what, attrs[what], shape.length);
    integers('reduceWindow', what, attrs[what], what.startsWith('pad') ? 0 : 1);
  }
  return tensorType(
    dtype,
    shape.map((extent, i) =>
      windowed(
        'reduceWindow',
        extent,
        attrs.padLow[i] + attrs.padHigh[i],
        attrs.window[i],
        attrs.dilations[i],
        attrs.strides[i],
      ),
    ),
  );
}

const FOLD: Traits = {
  class: 'reduction',
  kernel: 'fused',
  cost: 'loop',
  reuse: 'any',
  reads: 'chosen',
  flushed: 'depends',
};

export const REDUCTION: Family<ReductionAttrs> = {
  reduce: {
    attrs: { kind: REDUCERS, axes: 'numbers' },
    traits: FOLD,
    type: (inputs, { kind, axes }) => {
      arity('reduce', inputs, 1);
      const { dtype, shape } = inputs[0];
      axesOf('reduce', axes, shape.length);
      if (axes.some((axis, i) => i > 0 && axis < axes[i - 1]))
        fail('ATTRIBUTE_INVALID', 'reduce', `axes ${axes.join(', ')}`, 'axes in ascending order');
      requireReducible('reduce', kind, inputs[0]);
      return tensorType(dtype, without(shape, axes));
    },
  },
  argreduce: {
    attrs: { kind: EXTREMES, axis: 'number' },
    traits: { ...FOLD, flushed: 'unknown' },
    type: (inputs, { axis }) => {
      arity('argreduce', inputs, 1);
      const { shape } = inputs[0];
      axisOf('argreduce', axis, shape.length);
      if (shape[axis] === 0) fail('SHAPE_MISMATCH', 'argreduce', printShape(shape), 'a non-empty axis');
      return tensorType('i32', without(shape, [axis]));
    },
  },
  reduceWindow: {
    attrs: {
      kind: REDUCERS,
      window: 'numbers',
      strides: 'numbers',
      dilations: 'numbers',
      padLow: 'numbers',
      padHigh: 'numbers',
    },
    traits: { ...FOLD, reuse: 'view' },
    type: (inputs, attrs) => {
      requireReducible('reduceWindow', attrs.kind, inputs[0]);
      return inferReduceWindow(inputs, attrs);
    },
  },
  scan: {
    attrs: { kind: REDUCERS, axis: 'number', exclusive: 'boolean', reverse: 'boolean' },
    traits: { ...FOLD, kernel: 'own', cost: 'light' },
    type: (inputs, { kind, axis }) => {
      arity('scan', inputs, 1);
      axisOf('scan', axis, inputs[0].shape.length);
      requireReducible('scan', kind, inputs[0]);
      return inputs[0];
    },
  },
};
