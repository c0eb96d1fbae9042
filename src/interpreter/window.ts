/**
 * Reduction over sliding windows. Each result starts from the identity and takes the elements of its window in
 * row-major order; positions in the padding are skipped, which is the same as padding with the identity. A sum over
 * padding alone is a sum of nothing: +0.
 */
import { elementCount, rowMajorStrides } from '../base/tensor.js';
import { coversElement, windowAxes } from '../ir/coverage.js';
import { foldOf } from './fold.js';
import { allocateResult, type EvalRule } from './rule.js';
import { fillSlab, forEachRow, placeOf } from './strided.js';

export const reduceWindow: EvalRule<'reduceWindow'> = (call) => {
  const { attrs, shape } = call;
  const [x] = call.inputs;
  const windowSize = elementCount(attrs.window);
  const { identity, empty, combine } = foldOf(attrs.kind, x.dtype, [x.lanes], windowSize, call.f32);
  const out = allocateResult(call).fill(identity);
  if (out.length === 0) return out;
  const [inStrides, outStrides] = [rowMajorStrides(x.shape), rowMajorStrides(shape)];

  // One window position after the other, for all results that have an element there: a box of the result.
  for (let position = 0; position < windowSize; position++) {
    const shifts = coordinates(position, attrs.window).map(
      (tap, axis) => tap * attrs.dilations[axis] - attrs.padLow[axis],
    );
    const firsts = shifts.map((shift, axis) => Math.max(0, Math.ceil(-shift / attrs.strides[axis])));
    const counts = shifts.map((shift, axis) => {
      const last = Math.floor((x.shape[axis] - 1 - shift) / attrs.strides[axis]);
      return Math.max(0, Math.min(shape[axis] - 1, last) - firsts[axis] + 1);
    });
    const reads = firsts.map((first, axis) => first * attrs.strides[axis] + shifts[axis]);
    const readStrides = inStrides.map((stride, axis) => stride * attrs.strides[axis]);
    const source = { offset: placeOf(reads, inStrides), strides: readStrides };
    const target = { offset: placeOf(firsts, outStrides), strides: outStrides };
    forEachRow(counts, source, target, (from, to, length, fromStep, toStep) => {
      for (let i = 0; i < length; i++, from += fromStep, to += toStep)
        out[to] = combine(out[to], x.lanes[from]);
    });
  }
  if (!Object.is(empty, identity))
    windowAxes(attrs, x.shape, shape).forEach((axis, at) => {
      for (let result = 0; result < shape[at]; result++)
        if (!coversElement(axis, result)) fillSlab(out, shape, at, result, empty);
    });
  return out;
};

/** The coordinates of element `index` in a row-major box of `shape`. */
function coordinates(index: number, shape: readonly number[]): number[] {
  return rowMajorStrides(shape).map((stride, axis) => Math.floor(index / stride) % shape[axis]);
}
