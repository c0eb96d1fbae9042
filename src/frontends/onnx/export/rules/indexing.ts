/** Indexing by data. */
import type { ScatterKind, Reducer } from '../../../../ir/ops.js';
import { dimAdd, isStatic, type Dim } from '../../../../ir/dim.js';
import type { OnnxBuilder, Ref } from '../builder.js';
import type { ExportCall, ExportRule, Operand } from '../rule.js';
import { carry, where } from '../scalar.js';
import { padded, slices } from './movement.js';
import { counting } from './source.js';

/** Whether all indices are written in the graph and lie in the range. */
const knownInside = ({ constant }: Operand, extent: Dim): boolean =>
  isStatic(extent) && constant?.every((index) => index >= 0 && index < extent) === true;

export const gather: ExportRule<'gather'> = ({ g, inputs: [x, indices], attrs: { axis } }) => {
  const extent = x.type.shape[axis];
  const clamped = knownInside(indices, extent)
    ? indices.full()
    : g.like('Clip', [indices.full(), g.scalar('int32', 0), g.extent(dimAdd(extent, -1), 'int32')]);
  return g.like('Gather', [x.full(), clamped], { axis });
};

const REDUCTIONS: Readonly<Record<Exclude<ScatterKind, 'set'>, { name: string; kind: Reducer }>> = {
  add: { name: 'add', kind: 'sum' },
  mul: { name: 'mul', kind: 'prod' },
  min: { name: 'min', kind: 'min' },
  max: { name: 'max', kind: 'max' },
};

export const scatter: ExportRule<'scatter'> = (call) => {
  const { g, inputs: [operand, indices, updates], attrs } = call; // prettier-ignore
  if (indices.type.shape[0] === 0) return operand.full();
  if (attrs.kind === 'set') return overwritten(call);
  const { name, kind } = REDUCTIONS[attrs.kind];
  const { dtype } = operand.type;
  const [into, from] = [
    carry(g, operand.full(), dtype, kind, true),
    carry(g, updates.full(), dtype, kind, true),
  ];
  return into.back(scatterRows(call, into.x, operand.type.shape, from.x, name));
};

/** ScatterND of whole rows. Rows for indices out of range go to one more row at the end, which is cut off. */
function scatterRows(
  { g, inputs: [operand, indices] }: ExportCall<'scatter'>,
  into: Ref,
  shape: readonly Dim[],
  updates: Ref,
  reduction: string,
): Ref {
  const [extent, count] = [operand.type.shape[0], indices.type.shape[0]];
  const inside = knownInside(indices, extent);
  const position = g.reshape(g.cast(inside ? indices.full() : dropped(g, indices.full(), extent), 'int64'), [count], [count, 1]); // prettier-ignore
  const attributes = reduction === 'none' ? {} : { reduction };
  if (inside) return g.like('ScatterND', [into, position, updates], attributes);
  const padding = { low: shape.map(() => 0), high: shape.map((_, axis) => (axis === 0 ? 1 : 0)) };
  const wide = padded(g, into, shape, padding, g.scalar(into.dtype, 0));
  const done = g.like('ScatterND', [wide, position, updates], attributes);
  return slices(g, done, [{ axis: 0, start: 0, size: extent, stride: 1 }]);
}

/** Indices out of range as `extent`. */
function dropped(g: OnnxBuilder, indices: Ref, extent: Dim): Ref {
  const last = g.extent(extent, 'int32');
  const inside = g.node(
    'And',
    [
      g.node('GreaterOrEqual', [indices, g.scalar('int32', 0)], 'bool'),
      g.node('Less', [indices, last], 'bool'),
    ],
    'bool',
  );
  return where(g, inside, indices, last);
}

/**
 * Of several updates of one row the last one counts, which ONNX leaves open. So each row finds the number of the last
 * update for it, a maximum, and takes that update.
 */
function overwritten(call: ExportCall<'scatter'>): Ref {
  const { g, inputs: [operand, indices, updates] } = call; // prettier-ignore
  const { shape } = operand.type;
  const [extent, count] = [shape[0], indices.type.shape[0]];
  const unique = indices.constant !== undefined && new Set(indices.constant).size === count;
  if (count === 1 || unique) return scatterRows(call, operand.full(), shape, updates.full(), 'none');
  const none = g.node('Expand', [g.scalar('int32', -1), g.ints([extent])], 'int32');
  const last = scatterRows(call, none, [extent], counting(g, count), 'max');
  const chosen = g.like('Gather', [updates.full(), g.like('Max', [last, g.scalar('int32', 0)])], { axis: 0 });
  const column = g.reshape(last, [extent], [extent, ...shape.slice(1).map(() => 1)]);
  const updated = g.node('GreaterOrEqual', [column, g.scalar('int32', 0)], 'bool');
  return where(g, updated, chosen, operand.full());
}

/** Each place of the operand takes the row of the update that falls there, or keeps its own. */
export const updateSlice: ExportRule<'updateSlice'> = ({
  g,
  inputs: [operand, update, start],
  attrs: { axis },
}) => {
  const { shape } = operand.type;
  const [extent, count] = [shape[axis], update.type.shape[axis]];
  if (count === 0) return operand.full();
  const row = g.like('Sub', [counting(g, extent), start.full()]);
  const clamped = g.like('Clip', [row, g.scalar('int32', 0), g.extent(dimAdd(count, -1), 'int32')]);
  const low = g.node('GreaterOrEqual', [row, g.scalar('int32', 0)], 'bool');
  const inside = g.node('And', [low, g.node('Less', [row, g.extent(count, 'int32')], 'bool')], 'bool');
  const chosen = g.like('Gather', [update.full(), clamped], { axis });
  const along = g.reshape(inside, [extent], shape.map((_, i) => (i === axis ? extent : 1))); // prettier-ignore
  return where(g, along, chosen, operand.full());
};

export const argsort: ExportRule<'argsort'> = ({ g, inputs: [x], attrs: { axis, descending } }) => {
  const ordered = carry(g, x.full(), x.type.dtype, 'max').x;
  // ONNX has no place for NaN in its order; as infinity it stands where the IR wants it, next to the real ones.
  const operand =
    ordered.dtype === 'int32'
      ? ordered
      : where(g, g.node('IsNaN', [ordered], 'bool'), g.scalar(ordered.dtype, Infinity), ordered);
  const k = g.ints([x.type.shape[axis]]);
  const attributes = { axis, ...(descending ? {} : { largest: 0 }) };
  const [, indices] = g.nodeWith('TopK', [operand, k], [operand.dtype, 'int64'], attributes);
  return g.cast(indices, 'int32');
};
