/**
 * Conv: the terms of a result are the channels of its group and the taps of its kernel. Images, output channels and
 * groups can be added without touching any of them, and are where the batch goes.
 */
import { range } from '../../compose/axes.js';
import { transpose } from '../../compose/movement.js';
import { dimMul, type Dim } from '../../ir/dim.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import { staticShape, type Shape } from '../../ir/types.js';
import { moveAxis, type BatchRule, type BatchCall } from './rule.js';

/** x [N, C, ...spatial], w [O, C/groups, ...kernel]; either may be batched. */
export const conv: BatchRule<'conv'> = (call) => {
  const [x, w] = call.operands;
  if (!w.batched) return asImages(call);
  if (x.batched) return asGroups(call);
  return call.node.attrs.groups === 1 ? asOutputChannels(call) : asChannelsOfGroups(call);
};

/** The first two axes as one. */
const merged = ([first, second, ...rest]: Shape): Dim[] => [dimMul(first, second), ...rest];

/** Batched x: [size * N, C, ...]. */
function asImages({ b, node, operands: [x, w], size }: BatchCall<'conv'>): Value {
  const y = b.emit('conv', [b.reshape(x.value, merged(x.value.type.shape)), w.value], node.attrs);
  return b.reshape(y, [size, ...node.type.shape]);
}

/** Both batched: x [N, size * C, ...] and w [size * O, ...], with a set of groups for each element. */
function asGroups({ b, node, operands: [x, w], size }: BatchCall<'conv'>): Value {
  const channels = moveAxis(b, x.value, 0, 1);
  const [images, ...rest] = channels.type.shape;
  const operands = [b.reshape(channels, [images, ...merged(rest)]), mergedKernels(b, w.value)];
  const y = b.emit('conv', operands, { ...node.attrs, groups: size * node.attrs.groups });
  return batchOfChannels(b, y, node.type.shape, size);
}

/** Batched w, one group: w [size * O, ...]. */
function asOutputChannels({ b, node, operands: [x, w], size }: BatchCall<'conv'>): Value {
  const y = b.emit('conv', [x.value, mergedKernels(b, w.value)], node.attrs);
  return batchOfChannels(b, y, node.type.shape, size);
}

const mergedKernels = (b: Emitter, w: Value): Value => b.reshape(w, merged(w.type.shape));

/** [N, size * O, ...] -> [size, N, O, ...] */
function batchOfChannels(b: Emitter, y: Value, [images, ...rest]: Shape, size: number): Value {
  return moveAxis(b, b.reshape(y, [images, size, ...rest]), 1, 0);
}

/**
 * Batched w, several groups. The channels of a result lie group by group, so the batch goes inside of each group:
 * w [groups * size * O/groups, ...].
 */
function asChannelsOfGroups({ b, node, operands: [x, w], size }: BatchCall<'conv'>): Value {
  const { groups } = node.attrs;
  const [images, channels, ...space] = node.type.shape;
  const [, , ...kernel] = w.value.type.shape;
  const [outputs] = staticShape([channels]);
  const perGroup = outputs / groups;
  const kernels = moveAxis(b, b.reshape(w.value, [size, groups, perGroup, ...kernel]), 1, 0);
  const y = b.emit('conv', [x.value, b.reshape(kernels, [size * outputs, ...kernel])], node.attrs);
  const apart = b.reshape(y, [images, groups, size, perGroup, ...space]);
  const ordered = transpose(b, apart, [2, 0, 1, 3, ...range(4, apart.type.shape.length)]);
  return b.reshape(ordered, [size, ...node.type.shape]);
}
