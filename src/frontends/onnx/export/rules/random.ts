/** Threefry-2x32 with 20 rounds, of integer operators: see src/interpreter/threefry.ts. */
import { dimProduct } from '../../../../ir/dim.js';
import type { Ref } from '../builder.js';
import type { ExportRule } from '../rule.js';
import { counting } from './source.js';

const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
const ROUNDS = 20;
const ROUNDS_PER_KEY = 4;
const PARITY = 0x1bd11bda;

export const random: ExportRule<'random'> = ({ g, inputs, type: { shape } }) => {
  const key = inputs[0].full();
  const number = (value: number): Ref => g.scalar('uint32', value);
  const add = (a: Ref, b: Ref): Ref => g.like('Add', [a, b]);
  const xor = (a: Ref, b: Ref): Ref => g.like('BitwiseXor', [a, b]);
  const shift = (x: Ref, count: number, direction: string): Ref =>
    g.like('BitShift', [x, number(count)], { direction });
  const rotate = (x: Ref, count: number): Ref =>
    g.like('BitwiseOr', [shift(x, count, 'LEFT'), shift(x, 32 - count, 'RIGHT')]);

  const word = (i: number): Ref => g.like('Slice', [key, g.ints([i]), g.ints([i + 1]), g.ints([0])]);
  const [k0, k1] = [word(0), word(1)];
  const keys = [k0, k1, xor(xor(k0, k1), number(PARITY))];
  const count = dimProduct(shape);
  // Element i has the counter (i, 0).
  let [a, b] = [add(g.cast(counting(g, count), 'uint32'), k0), k1];
  for (let round = 0; round < ROUNDS; round++) {
    a = add(a, b);
    b = xor(rotate(b, ROTATIONS[round % ROTATIONS.length]), a);
    if ((round + 1) % ROUNDS_PER_KEY !== 0) continue;
    const injection = (round + 1) / ROUNDS_PER_KEY;
    a = add(a, keys[injection % 3]);
    b = add(b, add(keys[(injection + 1) % 3], number(injection)));
  }
  return g.reshape(a, [count], shape);
};
