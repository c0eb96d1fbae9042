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
  'columns of a dot': (s: Sample) => {
    const { operands, attrs } = dotOperands(s);
    return s.b.emit('dot', operands, attrs);
  },
} satisfies Record<string, Example>;
