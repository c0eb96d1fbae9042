/** Loops and conds in which rules apply. */
import type { Value } from '../../../../src/ir/emitter.js';
import { innerGraph } from '../../../support/inner.js';
import type { Sample } from '../../support.js';
import type { Example } from './example.js';

const loopExample = (s: Sample, trips: number, conditional: boolean, axis: number): Value => {
  const [row, table] = [s.param('f32', [2]), s.param('f32', axis === 0 ? [trips, 2] : [2, trips])];
  const flags = conditional ? [s.param('bool', [])] : [];
  const types = [{ dtype: 'i32', shape: [] } as const, row.type, row.type];
  const body = innerGraph(types, (b, trip, carried, slice) => {
    const next = b.binary('add', carried, slice);
    const more = b.binary('lt', trip, b.constant('i32', [], s.int(-1, 1)));
    return [...(conditional ? [more] : []), next, b.unary('neg', next)];
  });
  const loop = s.b.emit('loop', [...flags, row, table], {
    body,
    carries: 1,
    trips,
    conditional,
    sliceAxes: [axis],
    sliceSteps: [s.pick(1, -1)],
    stackAxes: [axis],
    stackSteps: [s.pick(1, -1)],
  });
  return s.b.emit('result', [loop], { index: s.int(0, 1) });
};

export const subgraphExamples = {
  'one trip or none': (s) => loopExample(s, s.int(0, 1), s.pick(false, true), s.int(0, 1)),
  'trips that may end early': (s) => loopExample(s, s.int(2, 5), true, s.int(0, 1)),
  'slices in one piece': (s) => loopExample(s, s.int(2, 5), s.pick(false, true), 1),
  'branches side by side': (s) => {
    const x = s.param('f32', [3]);
    const isFlag = s.pick(true, false);
    const predicate = isFlag ? s.param('bool', []) : s.b.cast(s.param('i32', []), 'i32');
    const branches = [
      innerGraph([x.type], (b, given) => [b.unary('neg', given)]),
      innerGraph([x.type], (b, given) => [b.unary('abs', given)]),
      ...(isFlag ? [] : [innerGraph([x.type], (_, given) => [given])]),
    ];
    return s.b.emit('result', [s.b.emit('cond', [predicate, x], { branches })], { index: 0 });
  },
} satisfies Record<string, Example>;
