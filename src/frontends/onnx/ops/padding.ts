/** Padding and nearest-neighbour resizing by whole factors. */
import type { Value } from '../../../ir/emitter.js';
import { normalizeAxes, normalizeAxis } from '../../../compose/axes.js';
import { where } from '../../../compose/broadcast.js';
import { repeatEach } from '../../../compose/movement.js';
import { padConstant, padMirrored, type Padding, type PadMode } from '../../../compose/pad.js';
import type { NodeContext } from '../context.js';
import { toNumbers } from '../host.js';
import type { OpTable } from '../registry.js';

const MODES: readonly PadMode[] = ['constant', 'reflect', 'edge', 'wrap'];

function pad(ctx: NodeContext): Value {
  const rank = ctx.rank(0);
  const inputs = ctx.opset >= 11;
  const name = ctx.opset < 2 ? 'paddings' : 'pads';
  const pads = inputs ? ctx.knownInts(1) : ctx.attr.required(name, ctx.attr.ints(name));
  const axes = (ctx.opset >= 18 ? ctx.optionalInts(3) : undefined) ?? [...Array(rank).keys()];
  normalizeAxes(axes, rank);
  if (pads.length !== 2 * axes.length)
    ctx.fail('ONNX_INVALID', 'pads needs two amounts for each axis', {
      found: `${pads.length} for ${axes.length} axes`,
    });
  const [low, high] = [new Array<number>(rank).fill(0), new Array<number>(rank).fill(0)];
  axes.forEach((given, i) => {
    const axis = normalizeAxis(given, rank);
    [low[axis], high[axis]] = [pads[i], pads[axes.length + i]];
  });
  const mode = ctx.attr.choice('mode', MODES, 'constant');
  const x = ctx.value(0);
  if (mode !== 'constant') return padMirrored(ctx.b, x, { low, high }, mode);
  if (inputs && ctx.inputs[2] !== undefined && ctx.inputs[2].known === undefined)
    return padComputed(ctx, x, { low, high }, ctx.value(2));
  const value = (inputs ? ctx.optionalNumber(2) : ctx.attr.float('value')) ?? 0;
  return padConstant(ctx.b, x, { low, high }, value);
}

/** Padding with a value that the graph computes: a mask tells the elements from the padding. */
function padComputed({ b }: NodeContext, x: Value, padding: Padding, value: Value): Value {
  const inside = padConstant(b, b.constant('bool', x.type.shape, 1), padding, 0);
  return where(b, inside, padConstant(b, x, padding, 0), b.reshape(value, []));
}

/** Scales that the operator gives as factors, one for each axis. */
function upsample(ctx: NodeContext, scales: readonly number[]): Value {
  if (ctx.attr.string('mode', 'nearest') !== 'nearest')
    ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'only nearest-neighbour resizing is supported', {
      found: ctx.attr.string('mode', 'nearest'),
    });
  if (scales.length !== ctx.rank(0) || scales.some((scale) => !Number.isInteger(scale) || scale < 1))
    ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'only resizing by whole factors is supported', {
      found: `scales [${scales.join(',')}]`,
    });
  return repeatEach(ctx.b, ctx.value(0), scales);
}

/** Under these, the nearest element to output i of a whole factor s is element floor(i / s). */
function samplesByFloor(ctx: NodeContext): boolean {
  const coordinates = ctx.attr.string(
    'coordinate_transformation_mode',
    ctx.opset < 11 ? 'asymmetric' : 'half_pixel',
  );
  const rounding = ctx.attr.string('nearest_mode', ctx.opset < 11 ? 'floor' : 'round_prefer_floor');
  if (coordinates === 'asymmetric') return rounding === 'floor';
  return coordinates.startsWith('half_pixel') && rounding.startsWith('round_prefer');
}

function resize(ctx: NodeContext): Value {
  const shape = ctx.extents(ctx.input(0).shape);
  const given = ctx.opset < 11 ? 1 : 2;
  const known = ctx.inputs[given] === undefined ? [] : toNumbers(ctx.known(given));
  const sizes = ctx.optionalInts(3);
  const scales =
    known.length > 0 || sizes === undefined ? known : sizes.map((size, axis) => size / shape[axis]);
  if (!samplesByFloor(ctx) || ctx.attr.has('axes'))
    ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'this way of resizing is not supported', {
      found: ['coordinate_transformation_mode', 'nearest_mode', 'axes']
        .filter((name) => ctx.attr.has(name))
        .join(', '),
    });
  return upsample(ctx, scales);
}

export const padding: OpTable = [
  { op: 'Pad', since: [1, 2, 11, 13, 18, 19, 21, 23, 24, 25], emit: pad },
  { op: 'Upsample', since: [7], emit: (ctx) => upsample(ctx, ctx.attr.floats('scales') ?? []) },
  { op: 'Upsample', since: [9], emit: (ctx) => upsample(ctx, toNumbers(ctx.known(1))) },
  { op: 'Resize', since: [10, 11, 13, 18, 19], emit: resize },
];
