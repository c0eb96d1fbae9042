/** Rearrangements of elements. */
import { normalizeAxes, normalizeAxis, range } from '../../../compose/axes.js';
import { broadcastShapes, broadcastTo } from '../../../compose/broadcast.js';
import * as compose from '../../../compose/movement.js';
import { dimFloorDiv, dimProduct, isStatic, type Dim } from '../../../ir/dim.js';
import { printShape, type Shape } from '../../../ir/types.js';
import type { NodeContext } from '../context.js';
import { reshaped } from '../host.js';
import { MAX_RANK } from '../limits.js';
import type { OpEntry, OpTable } from '../registry.js';
import { resultOf } from '../handover.js';

/** An operator that only changes the shape; a known tensor keeps its array. */
const reshaping = (op: string, since: readonly number[], shapeOf: (ctx: NodeContext) => Shape): OpEntry => ({
  op,
  since,
  emit: (ctx) => ctx.b.reshape(ctx.value(0), shapeOf(ctx)),
  view: (ctx) => {
    const { known } = ctx.input(0);
    if (known === undefined) return undefined;
    const shape = ctx.extents(shapeOf(ctx));
    const [from, to] = [dimProduct(known.shape), dimProduct(shape)];
    if (from !== to)
      ctx.fail('SHAPE_MISMATCH', 'the shapes hold different numbers of elements', {
        found: `${printShape(known.shape)} to ${printShape(shape)}`,
      });
    return reshaped(known, shape);
  },
});

function requireRank(ctx: NodeContext, rank: number): void {
  if (rank > MAX_RANK)
    ctx.fail('LIMIT_EXCEEDED', 'the shape has too many axes', {
      found: `${rank}`,
      expected: `at most ${MAX_RANK}`,
    });
}

/** 0 copies the operand's extent (unless `allowzero`), one -1 stands for what is left. */
function reshapeTarget(ctx: NodeContext): Shape {
  const wanted =
    ctx.inputs.length > 1 ? ctx.knownInts(1) : ctx.attr.required('shape', ctx.attr.ints('shape'));
  requireRank(ctx, wanted.length);
  const from = ctx.input(0).shape;
  const copies = (extent: number): boolean => extent === 0 && !ctx.attr.flag('allowzero', false);
  const known = wanted.map((extent, i): Dim | undefined =>
    copies(extent) ? from[i] : extent === -1 ? undefined : extent,
  );
  const holes = wanted.filter((extent) => extent === -1).length;
  if (holes > 1 || wanted.some((extent, i) => extent < -1 || (copies(extent) && i >= from.length)))
    ctx.fail('ONNX_INVALID', 'not a shape to reshape to', {
      found: `[${wanted.join(',')}] of ${printShape(from)}`,
    });
  if (holes === 0) return known as Dim[];
  // Copied extents stand on both sides and cancel, so that symbolic ones need not be divided by.
  const total = dimProduct(from.filter((_, i) => i >= wanted.length || !copies(wanted[i])));
  const rest = dimProduct(known.filter((_, i) => wanted[i] !== -1 && !copies(wanted[i])) as Dim[]);
  if (!isStatic(rest) || rest === 0 || (isStatic(total) && total % rest !== 0))
    return ctx.fail('SHAPE_MISMATCH', 'the extents do not divide the elements', {
      found: `${printShape(from)} to [${wanted.join(',')}]`,
    });
  const left = dimFloorDiv(total, rest);
  return known.map((dim) => dim ?? left);
}

function flattenTarget(ctx: NodeContext): Shape {
  const { shape } = ctx.input(0);
  const axis = ctx.attr.int('axis', 1);
  const at = axis === shape.length ? axis : normalizeAxis(axis, shape.length);
  return [dimProduct(shape.slice(0, at)), dimProduct(shape.slice(at))];
}

function squeezeTarget(ctx: NodeContext): Shape {
  const { shape } = ctx.input(0);
  const given = ctx.optionalInts(1) ?? ctx.attr.ints('axes');
  const gone = given === undefined ? undefined : normalizeAxes(given, shape.length);
  for (const axis of gone ?? [])
    if (shape[axis] !== 1)
      ctx.fail('SHAPE_MISMATCH', 'only axes of extent 1 can be squeezed', {
        found: `axis ${axis} of ${printShape(shape)}`,
      });
  return shape.filter((dim, axis) => (gone === undefined ? dim !== 1 : !gone.includes(axis)));
}

function unsqueezeTarget(ctx: NodeContext): Shape {
  const rest = [...ctx.input(0).shape];
  const given = ctx.optionalInts(1) ?? ctx.attr.required('axes', ctx.attr.ints('axes'));
  const rank = rest.length + given.length;
  requireRank(ctx, rank);
  const places = normalizeAxes(given, rank);
  return range(0, rank).map((axis) => (places.includes(axis) ? 1 : rest.shift()!));
}

function permutation(ctx: NodeContext): readonly number[] {
  const rank = ctx.rank(0);
  const order = ctx.attr.ints('perm')?.map((axis) => normalizeAxis(axis, rank)) ?? range(0, rank).reverse();
  if (order.length !== rank || new Set(order).size !== rank)
    ctx.fail('ONNX_INVALID', 'not a permutation of the axes', {
      found: `[${order.join(',')}]`,
      expected: `${rank} axes`,
    });
  return order;
}

function concatAxis(ctx: NodeContext): number {
  const axis = ctx.opset < 4 ? ctx.attr.int('axis', 1) : ctx.attr.required('axis', ctx.attr.int('axis'));
  return normalizeAxis(axis, ctx.rank(0));
}

/** The slices of each definition: attributes up to opset 9, then inputs. */
function slicesOf(ctx: NodeContext): compose.PythonSlice[] {
  const inputs = ctx.opset >= 10;
  const list = (i: number, name: string): readonly number[] | undefined =>
    inputs ? ctx.optionalInts(i) : ctx.attr.ints(name);
  const starts = ctx.attr.required('starts', list(1, 'starts'));
  const ends = ctx.attr.required('ends', list(2, 'ends'));
  const axes = list(3, 'axes') ?? range(0, starts.length);
  const steps = (inputs ? ctx.optionalInts(4) : undefined) ?? starts.map(() => 1);
  if ([ends, axes, steps].some(({ length }) => length !== starts.length))
    ctx.fail('ONNX_INVALID', 'starts, ends, axes and steps differ in length');
  normalizeAxes(axes, ctx.rank(0));
  return starts.map((start, i) => ({ axis: axes[i], start, end: ends[i], step: steps[i] }));
}

/** Sizes of the pieces: given, or as equal as they can be with the last one smaller. */
function splitSizes(ctx: NodeContext, axis: number): readonly number[] {
  const given = ctx.optionalInts(1) ?? ctx.attr.ints('split');
  const pieces = given?.length ?? ctx.attr.int('num_outputs', ctx.node.output.length);
  if (pieces !== ctx.node.output.length)
    ctx.fail('ONNX_INVALID', 'there are not as many pieces as outputs', {
      found: `${pieces} pieces`,
      expected: `${ctx.node.output.length}`,
    });
  if (given !== undefined) return given;
  const [extent] = ctx.extents([ctx.input(0).shape[axis]]) as [number];
  const size = Math.ceil(extent / pieces);
  return range(0, pieces).map((i) => Math.max(0, Math.min(size, extent - i * size)));
}

const splitAxis = (ctx: NodeContext): number => normalizeAxis(ctx.attr.int('axis', 0), ctx.rank(0));

function expandTarget(ctx: NodeContext): Shape {
  return broadcastShapes([ctx.input(0).shape, ctx.knownInts(1)]);
}

/** The counts of all axes; version 1 has one, and its axis. */
function repeatsOf(ctx: NodeContext): number[] {
  const old = ctx.opset < 6;
  const axis = old ? normalizeAxis(ctx.optionalNumber(2) ?? 0, ctx.rank(0)) : 0;
  const repeats = old ? range(0, ctx.rank(0)).map((i) => (i === axis ? ctx.optionalNumber(1)! : 1)) : ctx.knownInts(1); // prettier-ignore
  if (repeats.length !== ctx.rank(0) || repeats.some((times) => !(times >= 0)))
    ctx.fail('ONNX_INVALID', 'repeats needs one count for each axis', { found: `[${repeats.join(',')}]` });
  return repeats;
}

const blockSize = (ctx: NodeContext): number => {
  const size = ctx.attr.required('blocksize', ctx.attr.int('blocksize'));
  return size >= 1 ? size : ctx.fail('ONNX_INVALID', 'blocksize is at least 1', { found: `${size}` });
};

/** The operand whose elements are moved. */
const DATA = [0, 1] as const;

export const movement: OpTable = [
  {
    op: 'Identity',
    since: [1, 13, 14, 16, 19, 21, 23, 24, 25],
    emit: (ctx) => resultOf(ctx.input(0)),
    view: (ctx) => ctx.input(0).known,
  },
  reshaping('Reshape', [1, 5, 13, 14, 19, 21, 23, 24, 25], reshapeTarget),
  reshaping('Flatten', [1, 9, 11, 13, 21, 23, 24, 25], flattenTarget),
  reshaping('Squeeze', [1, 11, 13, 21, 23, 24, 25], squeezeTarget),
  reshaping('Unsqueeze', [1, 11, 13, 21, 23, 24, 25], unsqueezeTarget),
  {
    op: 'Transpose',
    since: [1, 13, 21, 23, 24, 25],
    emit: (ctx) => compose.transpose(ctx.b, ctx.value(0), permutation(ctx)),
    moves: DATA,
  },
  {
    op: 'Concat',
    since: [1, 4, 11, 13],
    emit: (ctx) => compose.concat(ctx.b, ctx.values(), concatAxis(ctx)),
    moves: [0, Infinity],
  },
  {
    op: 'Slice',
    since: [1, 10, 11, 13],
    emit: (ctx) => compose.pythonSlice(ctx.b, ctx.value(0), slicesOf(ctx)),
    moves: DATA,
  },
  {
    op: 'Split',
    since: [1, 2, 11, 13, 18],
    emit: (ctx) => compose.split(ctx.b, ctx.value(0), splitAxis(ctx), splitSizes(ctx, splitAxis(ctx))),
    moves: DATA,
  },
  {
    op: 'Expand',
    since: [8, 13],
    emit: (ctx) => broadcastTo(ctx.b, ctx.value(0), expandTarget(ctx)),
    moves: DATA,
  },
  {
    op: 'Tile',
    since: [1, 6, 13],
    emit: (ctx) => compose.tile(ctx.b, ctx.value(0), repeatsOf(ctx)),
    moves: DATA,
  },
  {
    op: 'DepthToSpace',
    since: [1, 11, 13],
    emit: (ctx) => {
      const order = ctx.attr.choice('mode', ['DCR', 'CRD'], 'DCR');
      return compose.depthToSpace(ctx.b, ctx.value(0), blockSize(ctx), order);
    },
    moves: DATA,
  },
  {
    op: 'SpaceToDepth',
    since: [1, 13, 28],
    emit: (ctx) => {
      const order = ctx.attr.choice('mode', ['DCR', 'CRD'], 'DCR');
      return compose.spaceToDepth(ctx.b, ctx.value(0), blockSize(ctx), order);
    },
    moves: DATA,
  },
];
