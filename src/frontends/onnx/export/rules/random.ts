/** Threefry of integer operators. */
import { dimProduct } from '../../../../ir/dim.js';
import { threefry, type WordLang } from '../../../../numerics/threefry.js';
import type { OnnxBuilder, Ref } from '../builder.js';
import type { ExportRule } from '../rule.js';
import { counting } from './source.js';

function wordsOf(g: OnnxBuilder): WordLang<Ref> {
  const operator = (op: string, attributes?: { direction: string }) => (a: Ref, b: Ref | number) =>
    g.like(op, [a, typeof b === 'number' ? g.scalar('uint32', b) : b], attributes);
  return {
    iadd: operator('Add'),
    ior: operator('BitwiseOr'),
    ixor: operator('BitwiseXor'),
    ishl: operator('BitShift', { direction: 'LEFT' }),
    ishr: operator('BitShift', { direction: 'RIGHT' }),
  };
}

export const random: ExportRule<'random'> = ({ g, inputs, type: { shape } }) => {
  const key = inputs[0].full();
  const word = (i: number): Ref => g.like('Slice', [key, g.ints([i]), g.ints([i + 1]), g.ints([0])]);
  const count = dimProduct(shape);
  // Element i has the counter (i, 0).
  const counters = g.cast(counting(g, count), 'uint32');
  const [first] = threefry(wordsOf(g), word(0), word(1), counters, g.scalar('uint32', 0));
  return g.reshape(first, [count], shape);
};
