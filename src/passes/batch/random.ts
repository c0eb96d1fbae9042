/**
 * Random bits of many keys. The op has one key, so the cipher is spelled out in integer ops, which have the same bits
 * everywhere: about 140 nodes, however large the batch, that fuse into a few kernels. See src/interpreter/threefry.ts
 * for the definition.
 */
import { broadcastTo, withScalar } from '../../compose/broadcast.js';
import { sliceAxis } from '../../compose/movement.js';
import { dimProduct } from '../../ir/dim.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import type { Shape } from '../../ir/types.js';
import type { BatchRule } from './rule.js';

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const ROUNDS = 20;
const ROUNDS_PER_KEY = 4;
const PARITY = 0x1bd11bda;

/** keys u32[size, 2] -> u32[size, ...shape] */
export const random: BatchRule<'random'> = ({ b, node, operands: [keys], size }) => {
  const count = dimProduct(node.attrs.shape);
  const counters = b.emit('iota', [], { dtype: 'u32', shape: [size, count], axis: 1 });
  return b.reshape(encipher(b, keys.value, counters), [size, ...node.attrs.shape]);
};

/** The first words of the counters (i, 0), for i u32[size, count], each row under its key of u32[size, 2]. */
function encipher(b: Emitter, keys: Value, counters: Value): Value {
  const { shape } = counters.type;
  const key = keyWords(b, keys, shape);
  let x = b.binary('add', counters, key[0]);
  let y = key[1];
  for (let round = 0; round < ROUNDS; round++) {
    x = b.binary('add', x, y);
    y = b.binary('xor', rotateLeft(b, y, ROTATIONS[round % ROTATIONS.length]), x);
    if ((round + 1) % ROUNDS_PER_KEY !== 0) continue;
    const injection = (round + 1) / ROUNDS_PER_KEY;
    x = b.binary('add', x, key[injection % 3]);
    y = b.binary('add', y, withScalar(b, 'add', key[(injection + 1) % 3], injection));
  }
  return x;
}

/** The two words of each key and their parity, repeated along the rows of `shape`. */
function keyWords(b: Emitter, keys: Value, shape: Shape): Value[] {
  const [first, second] = [0, 1].map((at) => broadcastTo(b, sliceAxis(b, keys, 1, at, 1), shape));
  return [first, second, withScalar(b, 'xor', b.binary('xor', first, second), PARITY)];
}

const rotateLeft = (b: Emitter, x: Value, count: number): Value =>
  b.binary('or', withScalar(b, 'shl', x, count), withScalar(b, 'shr', x, 32 - count));
