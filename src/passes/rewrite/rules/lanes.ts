/** What engines whose lanes run in step expect of contractions: columns that lie side by side in memory, without padding. */
import type { GraphValue } from '../../../ir/builder.js';
import { convAxes, coversAll } from '../../../ir/coverage.js';
import { isStatic } from '../../../ir/dim.js';
import { staticShape } from '../../../ir/types.js';
import { rule } from '../rule.js';

export const laneRules = {
  'padding of a conv': rule(
    ['conv'],
    'It is spelled out: terms with x = +0. Not where all terms of a result are, nor where there are holes.',
    (b, node): GraphValue | undefined => {
      const { padLow, padHigh } = node.attrs;
      const [x, w] = b.operands(node);
      if (b.target.lanesInStep === 1 || [...padLow, ...padHigh].every((pad) => pad === 0)) return undefined;
      if (![x, w, node].every(({ type }) => type.shape.every(isStatic))) return undefined;
      const space = staticShape(node.type.shape).slice(2);
      const axes = convAxes(node.attrs, staticShape(x.type.shape), staticShape(w.type.shape), space);
      if (!axes.every((axis) => axis.spacing === 1 && coversAll(axis))) return undefined;
      const none = x.type.shape.map(() => 0);
      const low = [0, 0, ...padLow];
      const padded = b.emit('pad', [x], { low, high: [0, 0, ...padHigh], interior: none, value: 0 });
      const zeros = padLow.map(() => 0);
      return b.emit('conv', [padded, w], { ...node.attrs, padLow: zeros, padHigh: zeros });
    },
  ),

  'columns of a dot': rule(
    ['dot'],
    'The axes of the right operand are put in order: batch, contracted, free.',
    (b, node): GraphValue | undefined => {
      const [lhs, rhs] = b.operands(node);
      const { rhsBatch, rhsContract } = node.attrs;
      const taken = [...rhsBatch, ...rhsContract];
      const rank = rhs.type.shape.length;
      const free = rhs.type.shape.map((_, axis) => axis).filter((axis) => !taken.includes(axis));
      if (b.target.lanesInStep === 1 || free.length === 0 || !taken.includes(rank - 1)) return undefined;
      return b.emit('dot', [lhs, b.permute(rhs, [...taken, ...free])], {
        ...node.attrs,
        rhsBatch: rhsBatch.map((_, i) => i),
        rhsContract: rhsContract.map((_, i) => rhsBatch.length + i),
      });
    },
  ),
};
