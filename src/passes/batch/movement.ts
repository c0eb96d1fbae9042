/** Ops that move elements: the axis of the batch stays where it is. */
import type { IdentityOp } from '../../ir/ops.js';
import { emitBatched, shifted, type BatchRule } from './rule.js';

export const reshape: BatchRule<'reshape'> = (call) =>
  emitBatched(call, { shape: [call.size, ...call.node.attrs.shape] });

export const permute: BatchRule<'permute'> = (call) =>
  emitBatched(call, { permutation: [0, ...shifted(call.node.attrs.permutation)] });

export const broadcast: BatchRule<'broadcast'> = (call) =>
  emitBatched(call, { shape: [call.size, ...call.node.attrs.shape] });

export const slice: BatchRule<'slice'> = (call) => {
  const { starts, sizes, strides } = call.node.attrs;
  return emitBatched(call, {
    starts: [0, ...starts],
    sizes: [call.size, ...sizes],
    strides: [1, ...strides],
  });
};

export const pad: BatchRule<'pad'> = (call) => {
  const { low, high, interior, value } = call.node.attrs;
  return emitBatched(call, { low: [0, ...low], high: [0, ...high], interior: [0, ...interior], value });
};

export const concat: BatchRule<'concat'> = (call) => emitBatched(call, { axis: call.node.attrs.axis + 1 });

export const reverse: BatchRule<'reverse'> = (call) =>
  emitBatched(call, { axes: shifted(call.node.attrs.axes) });

export const identity: BatchRule<IdentityOp> = (call) => emitBatched(call, call.node.attrs);
