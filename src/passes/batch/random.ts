/**
 * Random bits of many keys. The op has one key, so the cipher is spelled out in integer ops, which have the same bits
 * everywhere: about 140 nodes, however large the batch, that fuse into a few kernels.
 */
import { broadcastTo } from '../../compose/broadcast.js';
import { sliceAxis } from '../../compose/movement.js';
import { integerOps } from '../../compose/wide/u32.js';
import { dimProduct } from '../../ir/dim.js';
import type { Value } from '../../ir/emitter.js';
import { threefry } from '../../numerics/threefry.js';
import type { BatchRule } from './rule.js';

/** keys u32[size, 2] -> u32[size, ...shape]: the first words of the counters (i, 0), each row under its key */
export const random: BatchRule<'random'> = ({ b, node, operands: [keys], size }) => {
  const shape = [size, dimProduct(node.attrs.shape)];
  const counters = b.emit('iota', [], { dtype: 'u32', shape, axis: 1 });
  const [high, low] = [0, 1].map((at) => broadcastTo(b, sliceAxis(b, keys.value, 1, at, 1), shape));
  const { add, or, xor, shl, shr } = integerOps(b);
  const words = { iadd: add, ior: or, ixor: xor, ishl: shl, ishr: shr };
  const [first] = threefry<Value>(words, high, low, counters, b.full(counters, 0));
  return b.reshape(first, [size, ...node.attrs.shape]);
};
