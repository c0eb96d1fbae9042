/** Ops whose data say which elements they take. */
import { dimEquals } from '../dim.js';
import { arity, axisOf, fail, requireDType } from '../infer-checks.js';
import { printType, shapesEqual, tensorType, type TensorType } from '../types.js';
import type { Family } from './family.js';

/** How scatter combines an update with what is there; updates apply in index order, so duplicates are defined. */
export const SCATTER_KINDS = ['set', 'add', 'mul', 'min', 'max'] as const;
export type ScatterKind = (typeof SCATTER_KINDS)[number];

export interface IndexingAttrs {
  /** (operand, indices i32): operand[..., index, ...] along `axis`; indices clamp to the valid range. */
  gather: { readonly axis: number };
  /** (operand [A, ...rest], indices i32[K], updates [K, ...rest]); indices out of range are dropped. */
  scatter: { readonly kind: ScatterKind };
  /**
   * (operand [..., A, ...], update [..., K, ...], start i32[]): operand, with update from `start` on along `axis`. Elements of update that
   * fall outside of operand are dropped.
   */
  updateSlice: { readonly axis: number };
  /** i32 permutation that sorts along `axis`; stable; NaN last (ascending) or first (descending). */
  argsort: { readonly axis: number; readonly descending: boolean };
}

function inferScatter(inputs: readonly TensorType[], attrs: IndexingAttrs['scatter']): TensorType {
  arity('scatter', inputs, 3);
  const [operand, indices, updates] = inputs as [TensorType, TensorType, TensorType];
  const found = inputs.map(printType).join(', ');
  if (indices.dtype !== 'i32') fail('DTYPE_MISMATCH', 'scatter', found, 'indices i32[K]');
  if (operand.dtype !== updates.dtype)
    fail('DTYPE_MISMATCH', 'scatter', found, 'operand and updates of one dtype');
  if (attrs.kind === 'add' || attrs.kind === 'mul')
    requireDType('scatter', operand, (dtype) => dtype !== 'bool', 'number');
  const expected = [indices.shape[0] ?? 0, ...operand.shape.slice(1)];
  if (indices.shape.length !== 1 || operand.shape.length < 1 || !shapesEqual(updates.shape, expected))
    fail('SHAPE_MISMATCH', 'scatter', found, 'operand [A, ...rest], indices [K], updates [K, ...rest]');
  return operand;
}

function inferUpdateSlice(inputs: readonly TensorType[], { axis }: IndexingAttrs['updateSlice']): TensorType {
  arity('updateSlice', inputs, 3);
  const [operand, update, start] = inputs as [TensorType, TensorType, TensorType];
  const found = inputs.map(printType).join(', ');
  axisOf('updateSlice', axis, operand.shape.length);
  if (start.dtype !== 'i32') fail('DTYPE_MISMATCH', 'updateSlice', found, 'a start i32[]');
  if (operand.dtype !== update.dtype)
    fail('DTYPE_MISMATCH', 'updateSlice', found, 'operand and update of one dtype');
  const fits = update.shape.length === operand.shape.length;
  if (!fits || operand.shape.some((dim, i) => i !== axis && !dimEquals(dim, update.shape[i])))
    fail('SHAPE_MISMATCH', 'updateSlice', found, `operand and update that differ in axis ${axis} only`);
  if (start.shape.length !== 0) fail('SHAPE_MISMATCH', 'updateSlice', found, 'a start i32[]');
  return operand;
}

export const INDEXING: Family<IndexingAttrs> = {
  gather: {
    attrs: { axis: 'number' },
    traits: {
      class: 'indexing',
      kernel: 'fused',
      cost: 'light',
      reuse: { first: 'view' },
      reads: 'selected',
      flushed: 'operands',
    },
    type: (inputs, { axis }) => {
      arity('gather', inputs, 2);
      const [operand, indices] = inputs as [TensorType, TensorType];
      axisOf('gather', axis, operand.shape.length);
      if (indices.dtype !== 'i32')
        fail('DTYPE_MISMATCH', 'gather', printType(indices), 'indices of dtype i32');
      if (operand.shape[axis] === 0) fail('SHAPE_MISMATCH', 'gather', printType(operand), 'a non-empty axis');
      return tensorType(operand.dtype, [
        ...operand.shape.slice(0, axis),
        ...indices.shape,
        ...operand.shape.slice(axis + 1),
      ]);
    },
  },
  scatter: {
    attrs: { kind: SCATTER_KINDS },
    traits: {
      class: 'indexing',
      kernel: 'fused',
      cost: 'loop',
      reuse: 'view',
      reads: 'chosen',
      flushed: 'unknown',
    },
    type: inferScatter,
  },
  updateSlice: {
    attrs: { axis: 'number' },
    traits: {
      class: 'indexing',
      kernel: 'own',
      cost: 'light',
      reuse: 'light',
      reads: 'selected',
      flushed: 'operands',
    },
    type: inferUpdateSlice,
  },
  argsort: {
    attrs: { axis: 'number', descending: 'boolean' },
    traits: {
      class: 'indexing',
      kernel: 'own',
      cost: 'light',
      reuse: 'view',
      reads: 'chosen',
      flushed: 'unknown',
    },
    type: (inputs, { axis }) => {
      arity('argsort', inputs, 1);
      axisOf('argsort', axis, inputs[0].shape.length);
      return tensorType('i32', inputs[0].shape);
    },
  },
};
