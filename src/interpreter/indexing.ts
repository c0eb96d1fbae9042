/** Ops whose element positions are data. */
import { elementCount } from '../base/tensor.js';
import type { Reducer, ScatterKind } from '../ir/ops.js';
import { foldOf } from './fold.js';
import { allocateResult, type EvalRule } from './rule.js';
import type { BinaryFunction } from './scalars.js';

/** Indices below 0 read element 0, indices beyond the end read the last element. */
export const gather: EvalRule<'gather'> = (call) => {
  const { axis } = call.attrs;
  const [{ shape, lanes: x }, indices] = call.inputs;
  const extent = shape[axis];
  const inner = elementCount(shape.slice(axis + 1));
  const outer = elementCount(shape.slice(0, axis));
  const out = allocateResult(call);
  let at = 0;
  for (let o = 0; o < outer; o++) {
    for (const index of indices.lanes) {
      const source = (o * extent + Math.min(Math.max(index, 0), extent - 1)) * inner;
      for (let i = 0; i < inner; i++) out[at++] = x[source + i];
    }
  }
  return out;
};

const SCATTER_FOLDS: Readonly<Record<Exclude<ScatterKind, 'set'>, Reducer>> = {
  add: 'sum',
  mul: 'prod',
  min: 'min',
  max: 'max',
};

/** Updates apply one after the other, in the order of the indices. f16 accumulates in f32 and is rounded at the end. */
export const scatter: EvalRule<'scatter'> = (call) => {
  const { kind } = call.attrs;
  const [operand, indices, updates] = call.inputs;
  const extent = operand.shape[0];
  const inner = elementCount(operand.shape.slice(1));
  const combine: BinaryFunction =
    kind === 'set'
      ? (_, update) => update
      : foldOf(
          SCATTER_FOLDS[kind],
          operand.dtype,
          [operand.lanes, updates.lanes],
          indices.lanes.length + 1,
          call.f32,
        ).combine;
  const out = operand.lanes.slice();
  indices.lanes.forEach((index, k) => {
    if (index < 0 || index >= extent) return;
    const [target, source] = [index * inner, k * inner];
    for (let i = 0; i < inner; i++) out[target + i] = combine(out[target + i], updates.lanes[source + i]);
  });
  return out;
};

/** Elements of the update that fall outside of the operand are dropped. */
export const updateSlice: EvalRule<'updateSlice'> = (call) => {
  const { axis } = call.attrs;
  const [operand, update, { lanes: start }] = call.inputs;
  const [extent, count] = [operand.shape[axis], update.shape[axis]];
  const inner = elementCount(operand.shape.slice(axis + 1));
  const outer = elementCount(operand.shape.slice(0, axis));
  const out = operand.lanes.slice();
  for (let o = 0; o < outer; o++)
    for (let k = 0; k < count; k++) {
      const place = start[0] + k;
      if (place < 0 || place >= extent) continue;
      const [target, source] = [(o * extent + place) * inner, (o * count + k) * inner];
      for (let i = 0; i < inner; i++) out[target + i] = update.lanes[source + i];
    }
  return out;
};
