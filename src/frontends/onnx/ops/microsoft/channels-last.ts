/** Operators on images with channels last, [N, H, W, C], which onnxruntime's layout transformation and diffusion models write. */
import { silu } from '../../../../compose/activation.js';
import { binaryBroadcast, broadcastTo } from '../../../../compose/broadcast.js';
import { conv } from '../../../../compose/conv.js';
import { affinePerChannel, standardizeGroups } from '../../../../compose/normalize.js';
import { maxPool } from '../../../../compose/pool.js';
import type { Value } from '../../../../ir/emitter.js';
import { printShape, shapesEqual } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import type { OpTable, Result } from '../../registry.js';
import { checkInput, demand } from '../checks.js';
import { windowAttributes } from '../contraction.js';
import { channelsFirst, channelsLast } from '../layout.js';
import { poolOptions } from '../pooling.js';
import { fusedConvOf } from './fused.js';

const requireImages = (ctx: NodeContext, x: Value): void =>
  demand(ctx, x.type.shape.length === 4, 'images of rank 4', printShape(x.type.shape));

/** Groups of channels of x standardized in f32, with scale and bias of each channel, and SiLU where it is asked for. */
function groupsOf(ctx: NodeContext, x: Value): Value {
  const { b, attr } = ctx;
  requireImages(ctx, x);
  const last = attr.flag('channels_last', true);
  const groups = attr.required('groups', attr.int('groups'));
  const activation = attr.required('activation', attr.int('activation'));
  demand(ctx, activation === 0 || activation === 1, 'activation 0 (none) or 1 (SiLU)', `${activation}`);
  const first = last ? channelsFirst(ctx, x) : x;
  const [, channels] = first.type.shape;
  for (const i of [1, 2]) checkInput(ctx, i, 'one for each channel', [channels]);
  const normalized = standardizeGroups(b, b.cast(first, 'f32'), groups, attr.float('epsilon', 1e-5));
  const scaled = affinePerChannel(b, normalized, b.cast(ctx.value(1), 'f32'), b.cast(ctx.value(2), 'f32'));
  const active = b.cast(activation === 1 ? silu(b, scaled) : scaled, x.type.dtype);
  return last ? channelsLast(ctx, active) : active;
}

/** Group normalization of a sum, which is the second result: with what is skipped, [N, H, W, C] or [N, C], and a bias. */
function skipGroupNorm(ctx: NodeContext): readonly Result[] {
  const { b } = ctx;
  const x = ctx.value(0);
  requireImages(ctx, x);
  const { shape } = x.type;
  const channel = ctx.attr.flag('channels_last', true) ? 3 : 1;
  const spread = (value: Value): Value => {
    const own = value.type.shape;
    if (own.length === 4) return broadcastTo(b, value, shape);
    const [batch, channels] = own.length === 2 ? own : [1, own[0]];
    return broadcastTo(b, b.reshape(value, channel === 3 ? [batch, 1, 1, channels] : [batch, channels, 1, 1]), shape); // prettier-ignore
  };
  const skipped = ctx.value(3);
  demand(ctx, [2, 4].includes(skipped.type.shape.length), '[N, H, W, C] or [N, C]', printShape(skipped.type.shape)); // prettier-ignore
  checkInput(ctx, 4, 'one for each channel', [shape[channel]]);
  const bias = ctx.optional(4);
  const sum = b.binary('add', x, spread(skipped));
  const whole = bias === undefined ? sum : binaryBroadcast(b, 'add', sum, spread(bias));
  return [groupsOf(ctx, whole), whole];
}

/**
 * A convolution. The schema writes the weight as [M, C/group, kH, kW], onnxruntime's kernels read [M, kH, kW, C/group]: the one that fits
 * is taken, and the kernels' where both do.
 */
function nhwcConv(ctx: NodeContext): Value {
  const { b, attr } = ctx;
  const [x, w] = [ctx.value(0), ctx.value(1)];
  requireImages(ctx, x);
  requireImages(ctx, w);
  const groups = attr.int('group', 1);
  const [channels, shape] = [ctx.extents(x.type.shape)[3], ctx.extents(w.type.shape)];
  const wanted = attr.ints('kernel_shape');
  const fits = (perGroup: number, kernel: readonly number[]): boolean =>
    perGroup * groups === channels && (wanted === undefined || shapesEqual(kernel, wanted));
  const isLast = fits(shape[3], shape.slice(1, 3));
  demand(ctx, isLast || fits(shape[1], shape.slice(2)), `a weight of ${channels / groups} channels, last or second`, printShape(shape)); // prettier-ignore
  const weight = isLast ? channelsFirst(ctx, w) : w;
  const options = { ...windowAttributes(ctx), groups };
  return channelsLast(ctx, conv(b, channelsFirst(ctx, x), weight, ctx.optional(2), options));
}

const domain = 'com.microsoft';
export const channelsLastOperators: OpTable = [
  { op: 'GroupNorm', domain, since: [1], emit: (ctx) => groupsOf(ctx, ctx.value(0)) },
  { op: 'SkipGroupNorm', domain, since: [1], emit: skipGroupNorm },
  { op: 'NhwcConv', domain, since: [1], emit: nhwcConv },
  {
    op: 'NhwcMaxPool',
    domain,
    since: [1],
    emit: (ctx) => channelsLast(ctx, maxPool(ctx.b, channelsFirst(ctx, ctx.value(0)), poolOptions(ctx))),
  },
  {
    op: 'NhwcFusedConv',
    domain,
    since: [1],
    emit: (ctx) => {
      const added = ctx.optional(3);
      const y = fusedConvOf(ctx, channelsFirst(ctx, ctx.value(0)), added && channelsFirst(ctx, added));
      return channelsLast(ctx, y);
    },
  },
];
