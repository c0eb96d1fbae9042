/** Resize and Upsample. */
import { isFloat } from '../../../base/dtype.js';
import { normalizeAxes, normalizeAxis, range } from '../../../compose/axes.js';
import { withScalar } from '../../../compose/broadcast.js';
import {
  COORDINATES,
  resize as resizeAxes,
  ROUNDINGS,
  type AxisResize,
  type Coordinates,
  type ResizeOptions,
} from '../../../compose/resize.js';
import type { Value } from '../../../ir/emitter.js';
import { printShape } from '../../../ir/types.js';
import type { NodeContext } from '../context.js';
import { ONNX_DTYPES } from '../dtype.js';
import { toNumbers } from '../host.js';
import { checkedCount } from '../limits.js';
import type { OpTable } from '../registry.js';

/** What the versions before Resize 11 mean. */
const FIRST: ResizeOptions = {
  interpolation: 'nearest',
  coordinates: 'asymmetric',
  rounding: 'simple',
  cubicA: -0.75,
  excludeOutside: false,
  antialias: false,
  extrapolation: 0,
};

/** The numbers of an input, which may be empty or left out. */
const numbersOf = (ctx: NodeContext, i: number): readonly number[] | undefined => {
  const given = ctx.inputs[i] === undefined ? [] : toNumbers(ctx.known(i));
  return given.length === 0 ? undefined : given;
};

function requireCount(ctx: NodeContext, what: string, list: readonly number[], count: number): void {
  if (list.length !== count)
    ctx.fail('ONNX_INVALID', `${what} has another number of entries than there are axes`, {
      found: `${list.length}`,
      expected: `${count}`,
    });
}

/** Axes by their scales: the size is the extent times the scale, in f32, rounded down. */
function byScales(ctx: NodeContext, axes: readonly number[], scales: readonly number[]): AxisResize[] {
  const shape = ctx.extents(ctx.input(0).shape);
  requireCount(ctx, 'scales', scales, axes.length);
  if (scales.some((scale) => !(scale > 0 && Number.isFinite(scale))))
    ctx.fail('ONNX_INVALID', 'scales are greater than 0', { found: `[${scales.join(',')}]` });
  return axes.map((axis, i) => {
    const extent = shape[axis];
    return { axis, extent, size: Math.floor(Math.fround(extent * scales[i])), scale: scales[i] };
  });
}

const least = (x: number, y: number): number => Math.min(x, y);
const greater = (x: number, y: number): number => Math.max(x, y);

/** Axes by their sizes, which `keep_aspect_ratio_policy` may only take as bounds. */
function bySizes(ctx: NodeContext, axes: readonly number[], sizes: readonly number[]): AxisResize[] {
  const shape = ctx.extents(ctx.input(0).shape);
  requireCount(ctx, 'sizes', sizes, axes.length);
  if (sizes.some((size, i) => !(size >= 0) || (size > 0 && shape[axes[i]] === 0)))
    ctx.fail('ONNX_INVALID', 'the image cannot be resized to these sizes', { found: `${printShape(sizes)} of ${printShape(shape)}` }); // prettier-ignore
  const policy = ctx.attr.choice('keep_aspect_ratio_policy', ['stretch', 'not_larger', 'not_smaller'], 'stretch'); // prettier-ignore
  const ratios = axes.map((axis, i) => (sizes[i] === shape[axis] ? 1 : sizes[i] / shape[axis]));
  const scale = ratios.reduce(policy === 'not_larger' ? least : greater, ratios[0] ?? 1);
  return axes.map((axis, i) => {
    const extent = shape[axis];
    if (policy === 'stretch') return { axis, extent, size: sizes[i] };
    return { axis, extent, size: Math.floor(scale * extent + 0.5), scale };
  });
}

function optionsOf(ctx: NodeContext): ResizeOptions {
  const interpolation = ctx.attr.choice('mode', ['nearest', 'linear', 'cubic'], 'nearest');
  return {
    interpolation,
    coordinates: ctx.attr.choice('coordinate_transformation_mode', coordinatesOf(ctx.opset), 'half_pixel'),
    rounding: ctx.attr.choice('nearest_mode', ROUNDINGS.slice(0, 4), 'round_prefer_floor'),
    cubicA: ctx.attr.float('cubic_coeff_a', -0.75),
    excludeOutside: ctx.attr.flag('exclude_outside', false),
    antialias: ctx.attr.flag('antialias', false),
    extrapolation: ctx.attr.float('extrapolation_value', 0),
  };
}

const coordinatesOf = (opset: number): readonly Coordinates[] =>
  COORDINATES.filter(
    (mode) =>
      (mode !== 'tf_half_pixel_for_nn' || opset < 13) && (mode !== 'half_pixel_symmetric' || opset >= 19),
  );

/** With the parts of the axes that are resized. */
function cropped(ctx: NodeContext, axes: readonly AxisResize[]): readonly AxisResize[] {
  const roi = numbersOf(ctx, 1) ?? [];
  requireCount(ctx, 'roi', roi, 2 * axes.length);
  return axes.map((axis, i) => ({ ...axis, roi: [roi[i], roi[axes.length + i]] }));
}

function resize(ctx: NodeContext): Value {
  const rank = ctx.rank(0);
  if (ctx.opset < 11) return upsample(ctx, toNumbers(ctx.known(1)), 'linear');
  const given = ctx.opset < 18 ? undefined : ctx.attr.ints('axes');
  const axes = given?.map((axis) => normalizeAxis(axis, rank)) ?? range(0, rank);
  normalizeAxes(axes, rank);
  const [scales, sizes] = [numbersOf(ctx, 2), numbersOf(ctx, 3)];
  if (rank > 0 && (scales === undefined) === (sizes === undefined))
    ctx.fail('ONNX_INVALID', 'a size is given by scales or by sizes', {
      found: scales === undefined ? 'neither' : 'both',
      expected: 'one of them',
    });
  const options = optionsOf(ctx);
  const resized = scales === undefined ? bySizes(ctx, axes, sizes ?? []) : byScales(ctx, axes, scales);
  return interpolated(
    ctx,
    options.coordinates === 'tf_crop_and_resize' ? cropped(ctx, resized) : resized,
    options,
  );
}

/** Scales, one for each axis, under the rules of the versions before 11. */
function upsample(ctx: NodeContext, scales: readonly number[], linear: string): Value {
  const mode = ctx.attr.choice('mode', ['nearest', linear], 'nearest');
  const interpolation = mode === 'nearest' ? 'nearest' : 'linear';
  return interpolated(ctx, byScales(ctx, range(0, ctx.rank(0)), scales), { ...FIRST, interpolation });
}

const isChanged = ({ extent, size, scale, roi }: AxisResize): boolean =>
  size !== extent || (scale ?? 1) !== 1 || (roi !== undefined && (roi[0] !== 0 || roi[1] !== 1));

/** Integers are interpolated in f32, and rounded to what their type holds. */
function interpolated(ctx: NodeContext, axes: readonly AxisResize[], options: ResizeOptions): Value {
  const { b } = ctx;
  const [x, { shape, dtype }] = [ctx.value(0), ctx.input(0)];
  checkedCount(axes.reduce((all, { axis, size }) => all.with(axis, size), ctx.extents(shape)), 'the result'); // prettier-ignore
  const changed = axes.filter(isChanged);
  if (options.interpolation === 'nearest' || isFloat(x.type.dtype)) return resizeAxes(b, x, changed, options);
  const rounded = b.unary('round', resizeAxes(b, b.cast(x, 'f32'), changed, options));
  const { integer } = ONNX_DTYPES[dtype];
  if (integer === undefined || integer.bits >= 32) return b.cast(rounded, x.type.dtype);
  const least = integer.signed ? -(2 ** (integer.bits - 1)) : 0;
  const bounded = withScalar(b, 'min', withScalar(b, 'max', rounded, least), least + 2 ** integer.bits - 1);
  return b.cast(bounded, x.type.dtype);
}

/** Upsample 1 scales the last two of four axes. */
function upsampleImage(ctx: NodeContext): Value {
  if (ctx.rank(0) !== 4)
    ctx.fail('ONNX_INVALID', 'images are [N, C, H, W]', { found: printShape(ctx.input(0).shape) });
  const factor = (name: string): number => ctx.attr.required(name, ctx.attr.float(name));
  return upsample(ctx, [1, 1, factor('height_scale'), factor('width_scale')], 'bilinear');
}

export const resizing: OpTable = [
  { op: 'Upsample', since: [1], emit: upsampleImage },
  { op: 'Upsample', since: [7], emit: (ctx) => upsample(ctx, ctx.attr.floats('scales') ?? [], 'linear') },
  { op: 'Upsample', since: [9], emit: (ctx) => upsample(ctx, toNumbers(ctx.known(1)), 'linear') },
  { op: 'Resize', since: [10, 11, 13, 18, 19], emit: resize },
];
