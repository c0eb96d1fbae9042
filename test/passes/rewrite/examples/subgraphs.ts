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

function condExample(s: Sample, predicate: Value): Value {
  const x = s.param('f32', [3]);
  const branches = [
    innerGraph([x.type], (b, given) => [b.unary('neg', given)]),
    innerGraph([x.type], (b, given) => [b.unary('abs', given)]),
    ...(predicate.type.dtype === 'bool' ? [] : [innerGraph([x.type], (_, given) => [given])]),
  ];
  return s.b.emit('result', [s.b.emit('cond', [predicate, x], { branches })], { index: 0 });
}

export const subgraphExamples = {
  'one trip or none': (s) => loopExample(s, s.int(0, 1), s.pick(false, true), s.int(0, 1)),
  'trips that may end early': (s) => loopExample(s, s.int(2, 5), true, s.int(0, 1)),
  'slices in one piece': (s) => loopExample(s, s.int(2, 5), s.pick(false, true), 1),
  'a known branch': (s) => {
    const isFlag = s.pick(true, false);
    const predicate = isFlag ? s.b.constant('bool', [], s.int(0, 1)) : s.b.constant('i32', [], s.int(-1, 4));
    return condExample(s, predicate);
  },
  'branches side by side': (s) => {
    const isFlag = s.pick(true, false);
    return condExample(s, isFlag ? s.param('bool', []) : s.b.cast(s.param('i32', []), 'i32'));
  },
} satisfies Record<string, Example>;
