/** Contractions as engines whose lanes run in step want them. */
import type { Sample } from '../../support.js';
import { dotOperands } from './combining.js';
import type { Example } from './example.js';

export const laneExamples = {
  'holes of a conv': (s: Sample) => {
    const groups = s.int(1, 2);
    const x = s.param('f32', [1, 2 * groups, 3, s.int(1, 3)]);
    const w = s.param('f32', [2 * groups, 2, s.int(2, 4), s.int(1, 3)]);
    return s.b.emit('conv', [x, w], {
      strides: [1, 1],
      padLow: [s.int(0, 4), s.int(0, 3)],
      padHigh: [s.int(0, 4), s.int(2, 3)],
      lhsDilation: [2, s.int(1, 3)],
      rhsDilation: [1, 1],
      groups,
    });
  },
  'padding of a conv': (s: Sample) => {
    const dtype = s.pick('f32', 'f16');
    const groups = s.int(1, 2);
    const x = s.param(dtype, [s.int(1, 2), 2 * groups, 4, 5]);
    const w = s.param(dtype, [2 * groups, 2, s.int(2, 3), 3]);
    return s.b.emit('conv', [x, w], {
      strides: [s.int(1, 2), 1],
      padLow: [s.int(0, 1), 1],
      padHigh: [s.int(0, 1), s.int(0, 1)],
      lhsDilation: [1, 1],
      rhsDilation: [1, s.int(1, 2)],
      groups,
    });
  },
  'columns in blocks': (s: Sample) => {
    const batch = s.int(0, 1) === 0 ? [] : [s.int(1, 2)];
    const terms = s.pick([64], [8, 9]);
    const columns = s.pick([64], [8, 9], [80]);
    const lhs = s.param('f32', [...batch, 33, ...terms]);
    const rhs = s.param('f32', [...batch, ...terms, ...columns]);
    const own = batch.map((_, i) => i);
    return s.b.emit('dot', [lhs, rhs], {
      lhsBatch: own,
      rhsBatch: own,
      lhsContract: terms.map((_, i) => batch.length + 1 + i),
      rhsContract: terms.map((_, i) => batch.length + i),
    });
  },
  'columns of a dot': (s: Sample) => {
    const { operands, attrs } = dotOperands(s);
    return s.b.emit('dot', operands, attrs);
  },
} satisfies Record<string, Example>;
