/**
 * Ops that go through the elements along axes. The order of a reduction is that of its reduced axes, whatever is kept:
 * one more kept axis changes none of its results.
 */
import { emitBatched, shifted, type BatchRule } from './rule.js';

export const reduce: BatchRule<'reduce'> = ({ b, node, operands: [x] }) =>
  b.reduce(node.attrs.kind, x.value, shifted(node.attrs.axes));

/** Windows of extent 1 along the axis of the batch. */
export const reduceWindow: BatchRule<'reduceWindow'> = (call) => {
  const { kind, window, strides, dilations, padLow, padHigh } = call.node.attrs;
  return emitBatched(call, {
    kind,
    window: [1, ...window],
    strides: [1, ...strides],
    dilations: [1, ...dilations],
    padLow: [0, ...padLow],
    padHigh: [0, ...padHigh],
  });
};

/** Any op that works along one axis. */
export const alongAxis =
  <K extends 'argreduce' | 'scan' | 'argsort'>(): BatchRule<K> =>
  (call) =>
    emitBatched<K>(call, { ...call.node.attrs, axis: call.node.attrs.axis + 1 });
