/** Rearrangements of images and sequences. */
import { normalizeAxes, normalizeAxis, range } from '../../../compose/axes.js';
import { foldColumns } from '../../../compose/columns.js';
import { padConstant } from '../../../compose/pad.js';
import { reverseSequence } from '../../../compose/sequence-order.js';
import type { Value } from '../../../ir/emitter.js';
import { printShape } from '../../../ir/types.js';
import type { NodeContext } from '../context.js';
import { checkedCount } from '../limits.js';
import type { OpTable } from '../registry.js';
import { windowAttributes } from './contraction.js';
import { wrapTo } from './integers.js';

/** Cuts or pads with zeros at both ends of the axes; an odd amount takes the one more from the end. */
function centerCropPad(ctx: NodeContext): Value {
  const shape = ctx.extents(ctx.input(0).shape);
  const rank = shape.length;
  const wanted = ctx.knownInts(1);
  const axes = ctx.attr.ints('axes')?.map((axis) => normalizeAxis(axis, rank)) ?? range(0, rank);
  normalizeAxes(axes, rank);
  if (wanted.length !== axes.length || wanted.some((extent) => !(extent >= 0)))
    ctx.fail('ONNX_INVALID', 'the shape needs one extent for each axis', {
      found: printShape(wanted),
      expected: `${axes.length} extents`,
    });
  checkedCount(shape.map((extent, axis) => wanted[axes.indexOf(axis)] ?? extent), 'the result'); // prettier-ignore
  const [low, high] = [shape.map(() => 0), shape.map(() => 0)];
  axes.forEach((axis, i) => {
    const amount = wanted[i] - shape[axis];
    low[axis] = Math.trunc(amount / 2);
    high[axis] = amount - low[axis];
  });
  return padConstant(ctx.b, ctx.value(0), { low, high }, 0);
}

function col2im(ctx: NodeContext): Value {
  const [image, block] = [ctx.knownInts(1), ctx.knownInts(2)];
  if (
    image.length === 0 ||
    image.length !== block.length ||
    [...image, ...block].some((extent) => !(extent >= 1))
  )
    // prettier-ignore
    ctx.fail('ONNX_INVALID', 'image and block need one extent for each spatial axis', {
      found: `${printShape(image)} and ${printShape(block)}`,
    });
  checkedCount(image, 'the image');
  const result = foldColumns(ctx.b, ctx.value(0), image, block, windowAttributes(ctx));
  return wrapTo(ctx.b, result, ctx.input(0).dtype);
}

function reversed(ctx: NodeContext): Value {
  const shape = ctx.extents(ctx.input(0).shape);
  const [batch, time] = [ctx.attr.int('batch_axis', 1), ctx.attr.int('time_axis', 0)];
  if ([batch, time].sort().join() !== '0,1' || shape.length < 2)
    ctx.fail('ONNX_INVALID', 'batch and time are the first two axes', {
      found: `batch_axis ${batch} and time_axis ${time} of ${printShape(shape)}`,
      expected: '0 and 1, or 1 and 0',
    });
  const [{ known, shape: given }, extent] = [ctx.input(1), shape[time]];
  if (printShape(given) !== printShape([shape[batch]]))
    ctx.fail('SHAPE_MISMATCH', 'there is one length for each sequence', {
      found: printShape(given),
      expected: printShape([shape[batch]]),
    });
  const bad = known && ctx.knownInts(1).find((length) => !(length >= 0 && length <= extent));
  if (bad !== undefined)
    ctx.fail('ONNX_INVALID', 'a length is out of range', { found: `${bad}`, expected: `0 to ${extent}` });
  return reverseSequence(ctx.b, ctx.value(0), ctx.b.index(ctx.value(1)), batch, time);
}

const DATA = [0, 1] as const;

export const rearrangement: OpTable = [
  { op: 'CenterCropPad', since: [18], emit: centerCropPad },
  { op: 'Col2Im', since: [18], emit: col2im },
  { op: 'ReverseSequence', since: [10, 28], emit: reversed, moves: DATA },
];
