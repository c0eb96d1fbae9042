/** Loops and conds in which rules apply. */
import { GraphBuilder, type GraphValue } from '../../../../src/ir/builder.js';
import type { Graph } from '../../../../src/ir/graph.js';
import type { TensorType } from '../../../../src/ir/types.js';
import type { Example } from './example.js';

function graphOf(
  types: readonly TensorType[],
  define: (b: GraphBuilder, ...params: readonly GraphValue[]) => readonly GraphValue[],
): Graph {
  const b = new GraphBuilder('inner');
  const params = types.map(({ dtype, shape }, i) => b.param(`a${i}`, dtype, shape));
  define(b, ...params).forEach((value, i) => b.output(`r${i}`, value));
  return b.build();
}

export const regionExamples: Readonly<Record<'trips one by one' | 'branches side by side', Example>> = {
  'trips one by one': (s) => {
    const trips = s.int(0, 3);
    const conditional = s.pick(false, true);
    const [row, table] = [s.param('f32', [2]), s.param('f32', [2, trips])];
    const flags = conditional ? [s.param('bool', [])] : [];
    const body = graphOf(
      [{ dtype: 'i32', shape: [] }, row.type, { dtype: 'f32', shape: [2] }],
      (b, trip, carried, slice) => {
        const next = b.binary('add', carried, slice);
        const more = b.binary('lt', trip, b.constant('i32', [], s.int(-1, 1)));
        return [...(conditional ? [more] : []), next, b.unary('neg', next)];
      },
    );
    const loop = s.b.emit('loop', [...flags, row, table], {
      body,
      carries: 1,
      trips,
      conditional,
      sliceAxes: [1],
      sliceSteps: [s.pick(1, -1)],
      stackAxes: [s.int(0, 1)],
      stackSteps: [s.pick(1, -1)],
    });
    return s.b.emit('result', [loop], { index: s.int(0, 1) });
  },
  'branches side by side': (s) => {
    const x = s.param('f32', [3]);
    const isFlag = s.pick(true, false);
    const predicate = isFlag ? s.param('bool', []) : s.b.cast(s.param('i32', []), 'i32');
    const branches = [
      graphOf([x.type], (b, given) => [b.unary('neg', given)]),
      graphOf([x.type], (b, given) => [b.unary('abs', given)]),
      ...(isFlag ? [] : [graphOf([x.type], (_, given) => [given])]),
    ];
    return s.b.emit('result', [s.b.emit('cond', [predicate, x], { branches })], { index: 0 });
  },
};
