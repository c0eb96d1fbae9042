/** Padding. */
import type { Value } from '../../../ir/emitter.js';
import { normalizeAxes, normalizeAxis } from '../../../compose/axes.js';
import { where } from '../../../compose/broadcast.js';
import { padConstant, padMirrored, type Padding, type PadMode } from '../../../compose/pad.js';
import type { NodeContext } from '../context.js';
import type { OpTable } from '../registry.js';

const MODES: readonly PadMode[] = ['constant', 'reflect', 'edge', 'wrap'];

/** Padding as opset `opset` of ai.onnx has it. */
export function padOf(ctx: NodeContext, opset: number): Value {
  const rank = ctx.rank(0);
  const inputs = opset >= 11;
  const name = opset < 2 ? 'paddings' : 'pads';
  const pads = inputs ? ctx.knownInts(1) : ctx.attr.required(name, ctx.attr.ints(name));
  const axes = (opset >= 18 ? ctx.optionalInts(3) : undefined) ?? [...Array(rank).keys()];
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

export const padding: OpTable = [
  { op: 'Pad', since: [1, 2, 11, 13, 18, 19, 21, 23, 24, 25], emit: (ctx) => padOf(ctx, ctx.opset) },
];
