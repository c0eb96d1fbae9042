/** Operators that read images between their elements, and over regions. */
import { affineGrid, gridSample } from '../../../compose/sampling.js';
import { deformConv } from '../../../compose/deform-conv.js';
import {
  maxRoiPool,
  regionSides,
  roiAlign,
  type RegionSide,
  type RoiAlignOptions,
  type SampleCount,
} from '../../../compose/regions.js';
import { greatest } from '../../../base/values.js';
import { withScalar } from '../../../compose/broadcast.js';
import { isFloat } from '../../../base/dtype.js';
import type { Value } from '../../../ir/emitter.js';
import { printShape } from '../../../ir/types.js';
import type { NodeContext } from '../context.js';
import { toNumbers, type HostTensor } from '../host.js';
import { checkedCount } from '../limits.js';
import type { OpTable } from '../registry.js';
import { checkKernelShape, windowAttributes } from './contraction.js';

const MODES = {
  bilinear: 'linear',
  linear: 'linear',
  nearest: 'nearest',
  bicubic: 'cubic',
  cubic: 'cubic',
} as const;

/** Samples of images as opset `opset` of ai.onnx has them. */
export function gridSampleOf(ctx: NodeContext, opset: number): Value {
  const names = opset < 20 ? (['bilinear', 'nearest', 'bicubic'] as const) : (['linear', 'nearest', 'cubic'] as const); // prettier-ignore
  const mode = MODES[ctx.attr.choice<keyof typeof MODES>('mode', names, names[0])];
  ctx.extents(ctx.input(0).shape);
  const places = ctx.extents(ctx.input(1).shape);
  if (opset < 20 && ctx.rank(0) !== 4)
    ctx.fail('ONNX_INVALID', 'images are [N, C, H, W]', { found: printShape(ctx.input(0).shape) });
  if (mode !== 'nearest' && !isFloat(ctx.value(0).type.dtype))
    ctx.fail('ONNX_UNSUPPORTED_DTYPE', 'only floats are interpolated', { found: ctx.input(0).dtype });
  checkedCount([...places.slice(0, -1), Number(ctx.input(0).shape[1])], 'the result');
  return gridSample(ctx.b, ctx.value(0), ctx.value(1), {
    mode,
    padding: ctx.attr.choice('padding_mode', ['zeros', 'border', 'reflection'], 'zeros'),
    alignCorners: ctx.attr.flag('align_corners', false),
  });
}

function affineGridNode(ctx: NodeContext): Value {
  const [theta, size] = [ctx.extents(ctx.input(0).shape), ctx.knownInts(1)];
  const spatial = size.slice(2);
  const r = spatial.length;
  if (
    (r !== 2 && r !== 3) ||
    size.some((extent) => !(extent >= 0)) ||
    theta.join() !== [size[0], r, r + 1].join()
  )
    // prettier-ignore
    ctx.fail('ONNX_INVALID', 'transformation and size do not fit', {
      found: `${printShape(theta)} for size ${printShape(size)}`,
      expected: '[N,2,3] for [N,C,H,W], or [N,3,4] for [N,C,D,H,W]',
    });
  checkedCount([...size, r], 'the grid');
  return affineGrid(ctx.b, ctx.value(0), spatial, ctx.attr.flag('align_corners', false));
}

function requireRegions(ctx: NodeContext, columns: number): readonly number[] {
  const [x, rois] = [ctx.extents(ctx.input(0).shape), ctx.extents(ctx.input(1).shape)];
  if (x.length !== 4 || rois.length !== 2 || rois[1] !== columns)
    ctx.fail('ONNX_INVALID', 'regions are rows of numbers, of images [N, C, H, W]', {
      found: `${printShape(rois)} of ${printShape(x)}`,
      expected: `[R,${columns}]`,
    });
  return x;
}

type Sides = Pick<RoiAlignOptions, 'spatialScale' | 'halfPixel'>;

/** The longest of the known regions along x (0) or y (1), in f32 as the graph computes it. */
function longestRegion(rois: HostTensor, axis: 0 | 1, { spatialScale, halfPixel }: Sides): number {
  const single = Math.fround;
  const values = toNumbers(rois);
  const corner = (i: number): number =>
    single(single(values[i] * single(spatialScale)) - (halfPixel ? 0.5 : 0));
  const lengths = values.map((_, i) => (i % 4 === axis + 2 ? single(corner(i) - corner(i - 2)) : 0));
  return greatest(lengths, 1);
}

/**
 * How many samples a bin has along height and width. Adaptive numbers are found from the regions where those are known; else
 * at most as many are taken as a region has that is as long as the image.
 */
function sampleCounts(
  ctx: NodeContext,
  output: readonly [number, number],
  sides: Sides,
): RoiAlignOptions['samples'] {
  const fixed = ctx.attr.int('sampling_ratio', 0);
  if (fixed < 0) ctx.fail('ONNX_INVALID', 'sampling_ratio is not negative', { found: `${fixed}` });
  if (fixed > 0) return [{ most: fixed }, { most: fixed }];
  const { b } = ctx;
  const { known, shape } = ctx.input(1);
  const extents = ctx.extents(ctx.input(0).shape);
  const [down, across] = regionSides(b, b.cast(ctx.value(1), 'f32'), sides);
  const adaptive = ({ length }: RegionSide, i: 0 | 1): SampleCount => {
    const longest = known === undefined ? extents[i + 2] : longestRegion(known, i === 0 ? 1 : 0, sides);
    const most = Math.max(1, Math.ceil(Math.fround(longest / output[i])));
    checkedCount([Number(shape[0]), ...output, most], 'the samples of the regions');
    const each = b.cast(b.unary('ceil', withScalar(b, 'div', length, output[i])), 'i32');
    return { most, each: withScalar(b, 'min', each, most) };
  };
  return [adaptive(down, 0), adaptive(across, 1)];
}

function roiAlignNode(ctx: NodeContext): Value {
  const [n] = requireRegions(ctx, 4);
  const output = [ctx.attr.int('output_height', 1), ctx.attr.int('output_width', 1)] as const;
  if (output.some((extent) => extent < 1))
    ctx.fail('ONNX_INVALID', 'the output has at least one bin', { found: printShape(output) });
  const given = ctx.input(2);
  if (printShape(given.shape) !== printShape([ctx.input(1).shape[0]]))
    ctx.fail('SHAPE_MISMATCH', 'there is one image for each region', {
      found: printShape(given.shape),
      expected: printShape([ctx.input(1).shape[0]]),
    });
  const bad = given.known && ctx.knownInts(2).find((image) => !(image >= 0 && image < n));
  if (bad !== undefined)
    ctx.fail('ONNX_INVALID', 'a region names an image that does not exist', {
      found: `${bad}`,
      expected: `0 to ${n - 1}`,
    });
  const modes = ['half_pixel', 'output_half_pixel'] as const;
  const sides = {
    spatialScale: ctx.attr.float('spatial_scale', 1),
    halfPixel:
      ctx.opset >= 16 && ctx.attr.choice('coordinate_transformation_mode', modes, modes[0]) === modes[0],
  };
  return roiAlign(ctx.b, ctx.value(0), ctx.value(1), ctx.b.index(ctx.value(2)), {
    ...sides,
    output,
    mode: ctx.attr.choice('mode', ['avg', 'max'], 'avg'),
    samples: sampleCounts(ctx, output, sides),
  });
}

function maxRoiPoolNode(ctx: NodeContext): Value {
  requireRegions(ctx, 5);
  const shape = ctx.attr.required('pooled_shape', ctx.attr.ints('pooled_shape'));
  const [height, width] = shape as [number, number];
  if (shape.length !== 2 || shape.some((extent) => extent < 1))
    ctx.fail('ONNX_INVALID', 'pooled_shape is a height and a width', { found: printShape(shape) });
  return maxRoiPool(ctx.b, ctx.value(0), ctx.value(1), [height, width], ctx.attr.float('spatial_scale', 1));
}

function deformConvNode(ctx: NodeContext): Value {
  checkKernelShape(ctx, 1);
  return deformConv(ctx.b, ctx.value(0), ctx.value(1), ctx.value(2), ctx.optional(3), ctx.optional(4), {
    ...windowAttributes(ctx),
    groups: ctx.attr.int('group', 1),
    offsetGroups: ctx.attr.int('offset_group', 1),
  });
}

export const sampling: OpTable = [
  { op: 'GridSample', since: [16, 20, 22], emit: (ctx) => gridSampleOf(ctx, ctx.opset) },
  { op: 'AffineGrid', since: [20], emit: affineGridNode },
  { op: 'RoiAlign', since: [10, 16, 22], emit: roiAlignNode },
  { op: 'MaxRoiPool', since: [1, 22], emit: maxRoiPoolNode },
  { op: 'DeformConv', since: [19, 22], emit: deformConvNode },
];
