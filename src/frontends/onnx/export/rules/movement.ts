/** Index maps. */
import { dimAdd, dimEquals, dimMul, isStatic, type Dim } from '../../../../ir/dim.js';
import type { IdentityOp } from '../../../../ir/ops.js';
import type { Shape } from '../../../../ir/types.js';
import type { OnnxBuilder, Ref } from '../builder.js';
import type { ExportRule } from '../rule.js';
import { filled } from '../scalar.js';

export const reshape: ExportRule<'reshape'> = ({ g, inputs: [x], type }) =>
  // A single number that fills one shape fills the other.
  x.thin.shape.length === 0 ? x.thin : g.reshape(x.full(), x.type.shape, type.shape);

export const permute: ExportRule<'permute'> = ({ g, inputs: [x], attrs }) =>
  g.transpose(x.full(), attrs.permutation);

export const broadcast: ExportRule<'broadcast'> = ({ inputs: [x] }) => x.thin;

export const identity: ExportRule<IdentityOp> = ({ inputs: [x] }) => x.full();

/** One axis of a slice. */
export interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly size: Dim;
  readonly stride: number;
}

/** Elements start, start + stride, ... of some axes. Axes that are kept whole are better left out. */
export function slices(g: OnnxBuilder, x: Ref, cuts: readonly Cut[]): Ref {
  if (cuts.length === 0) return x;
  const ends = cuts.map(({ start, size, stride }) => dimAdd(dimMul(dimAdd(size, -1), stride), start + 1));
  const parts = [cuts.map(({ start }) => start), ends, cuts.map(({ axis }) => axis)];
  const steps = cuts.map(({ stride }) => stride);
  const inputs = steps.every((step) => step === 1) ? parts : [...parts, steps];
  return g.like('Slice', [x, ...inputs.map((list) => g.ints(list))]);
}

export const slice: ExportRule<'slice'> = ({ g, inputs: [x], attrs: { starts, sizes, strides } }) => {
  const cuts = sizes.map((size, axis) => ({ axis, start: starts[axis], size, stride: strides[axis] }));
  return slices(
    g,
    x.full(),
    cuts.filter(({ axis, size }) => !dimEquals(size, x.type.shape[axis]) || strides[axis] !== 1),
  );
};

export const reverse: ExportRule<'reverse'> = ({ g, inputs: [x], attrs: { axes } }) =>
  reversed(g, x.full(), axes);

/** Ends as far before the first element as slices can name: it is cut to "before the first". */
const BEFORE_ALL = -(2 ** 31);

export function reversed(g: OnnxBuilder, x: Ref, axes: readonly number[]): Ref {
  if (axes.length === 0) return x;
  const all = (value: number): Ref => g.ints(axes.map(() => value));
  return g.like('Slice', [x, all(-1), all(BEFORE_ALL), g.ints(axes), all(-1)]);
}

export interface Padding {
  readonly low: readonly number[];
  readonly high: readonly number[];
  /** Elements between neighbours. */
  readonly interior?: readonly number[];
}

/**
 * Pads with the scalar `value`. Pad has nothing between neighbours: there each element gets an axis of its own, which is
 * padded and merged again; what stands after the last element is taken off the padding at the end.
 */
export function padded(g: OnnxBuilder, x: Ref, shape: Shape, padding: Padding, value: Ref): Ref {
  const { low, high, interior = low.map(() => 0) } = padding;
  const spread = interior.some((holes) => holes > 0);
  const apart = spread ? spreadOut(g, x, shape, interior, value) : x;
  const pads = [...low, ...high.map((amount, axis) => amount - interior[axis])];
  return pads.every((amount) => amount === 0) ? apart : g.like('Pad', [apart, g.ints(pads), value]);
}

/** Every element followed by its `interior` elements of `value`. */
function spreadOut(g: OnnxBuilder, x: Ref, shape: Shape, interior: readonly number[], value: Ref): Ref {
  const split = shape.flatMap((dim, axis) => (interior[axis] > 0 ? [dim, 1] : [dim]));
  const high = shape.flatMap((_, axis) => (interior[axis] > 0 ? [0, interior[axis]] : [0]));
  const merged = shape.map((dim, axis) => dimMul(dim, interior[axis] + 1));
  const wide = split.map((dim, axis) => dimAdd(dim, high[axis]));
  const pads = g.ints([...high.map(() => 0), ...high]);
  return g.reshape(g.like('Pad', [g.reshape(x, shape, split), pads, value]), wide, merged);
}

export const pad: ExportRule<'pad'> = ({ g, inputs: [x], attrs, type }) =>
  x.type.shape.includes(0)
    ? filled(g, type.dtype, attrs.value)
    : padded(g, x.full(), x.type.shape, attrs, g.literals(type.dtype, [], [attrs.value]));

export const concat: ExportRule<'concat'> = ({ g, inputs, attrs: { axis } }) => {
  const parts = inputs.filter(({ type }) => !(isStatic(type.shape[axis]) && type.shape[axis] === 0));
  const refs = parts.map((part) => part.full());
  return refs.length === 1 ? refs[0] : g.node('Concat', refs, refs[0].dtype, { axis });
};
