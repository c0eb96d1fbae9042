/** Values without operands. */
import { isStatic, type Dim } from '../../../../ir/dim.js';
import { staticShape } from '../../../../ir/types.js';
import { MAX_FOLDED_ELEMENTS } from '../../limits.js';
import { ONNX_OF, type OnnxBuilder, type Ref } from '../builder.js';
import type { ExportRule } from '../rule.js';
import { filled } from '../scalar.js';

export const param: ExportRule<'param'> = ({ g, attrs }) => g.input(attrs.name);

export const weight: ExportRule<'weight'> = ({ g, attrs, type }) =>
  g.weight(attrs.id, staticShape(type.shape));

export const constant: ExportRule<'constant'> = ({ g, attrs: { dtype, values }, type }) =>
  values.length === 1
    ? filled(g, dtype, values[0])
    : { ref: g.literals(dtype, staticShape(type.shape), values), shape: type.shape };

/** 0, 1, ... as an int32 vector. Range is kept to lengths that importers compute; longer ones have rows of it. */
export function counting(g: OnnxBuilder, length: Dim): Ref {
  const range = (end: Dim): Ref =>
    g.node('Range', [g.scalar('int32', 0), g.extent(end, 'int32'), g.scalar('int32', 1)], 'int32');
  if (!isStatic(length) || length <= MAX_FOLDED_ELEMENTS) return range(length);
  const rows = Math.ceil(length / MAX_FOLDED_ELEMENTS);
  const starts = g.like('Mul', [range(rows), g.scalar('int32', MAX_FOLDED_ELEMENTS)]);
  const table = g.like('Add', [g.reshape(starts, [rows], [rows, 1]), range(MAX_FOLDED_ELEMENTS)]);
  const flat = g.like('Reshape', [table, g.ints([-1])]);
  return g.like('Slice', [flat, g.ints([0]), g.ints([length]), g.ints([0])]);
}

export const iota: ExportRule<'iota'> = ({ g, attrs: { axis, dtype }, type: { shape } }) => {
  const own = shape.map((dim, i) => (i === axis ? dim : 1));
  return { ref: g.cast(g.reshape(counting(g, shape[axis]), [shape[axis]], own), ONNX_OF[dtype]), shape: own };
};
