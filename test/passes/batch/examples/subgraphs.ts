import { GraphBuilder, type GraphValue } from '../../../../src/ir/builder.js';
import type { TensorType } from '../../../../src/ir/types.js';
import { emitCond, emitLoop, type LoopSpec } from '../../../support/inner.js';
import { bool, f16, f32, i32, type Example, type Examples } from './example.js';

/** The graph of `define`, with params a, b, c, ... of these types; its outputs are all that it gives. */
function graphOf(
  types: readonly TensorType[],
  define: (b: GraphBuilder, ...params: readonly GraphValue[]) => readonly GraphValue[],
): Example {
  const b = new GraphBuilder('subgraphs');
  const params = types.map((_, i) => String.fromCharCode(97 + i));
  const values = types.map(({ dtype, shape }, i) => b.param(params[i], dtype, shape));
  define(b, ...values).forEach((value, i) => b.output(`y${i}`, value));
  return { graph: b.build(), params };
}

const rows = (spec: Partial<LoopSpec>): Example =>
  graphOf([f32(2), f32(3, 2), f32(2)], (b, h, x, w) => {
    const given = { trips: 3, carried: [h], sliced: [x], captures: [w], stackAxes: [0], ...spec };
    return emitLoop(b, given, (inner, _, carried, row, factor) => {
      const next = inner.binary('add', inner.binary('mul', carried, factor), row);
      return [next, inner.binary('mul', next, row)];
    });
  });

/** Halves and adds while a value is above a limit. */
export const until = (trips: number, stackAxes: readonly number[]): Example =>
  graphOf([f32(), f32(), f32(2), bool()], (b, x, limit, row, flag) => {
    const spec = { trips, condition: flag, carried: [x, row], captures: [limit], stackAxes };
    return emitLoop(b, spec, (inner, trip, value, sum, least) => {
      const next = inner.binary('mul', value, inner.full(value, 0.5));
      const wide = inner.broadcast(inner.reshape(next, [1]), [2]);
      const total = inner.binary('add', sum, wide);
      const soon = inner.binary('lt', trip, inner.constant('i32', [], 20));
      const more = inner.binary('and', soon, inner.binary('lt', least, next));
      return [more, next, total, ...stackAxes.map(() => total)];
    });
  });

const branches = (predicate: TensorType, count: number): Example =>
  graphOf([predicate, f32(2), f16(2, 1)], (b, flag, x, y) => {
    const all = [
      (inner: GraphBuilder, p: GraphValue, q: GraphValue) => [inner.unary('neg', p), q],
      (inner: GraphBuilder, p: GraphValue) => [inner.full(p, 1), inner.constant('f16', [2, 1], -0)],
      (inner: GraphBuilder, p: GraphValue, q: GraphValue) => [
        inner.binary('div', p, p),
        inner.unary('exp', q),
      ],
    ];
    return emitCond(b, flag, [x, y], ...all.slice(0, count));
  });

export const subgraphExamples: Examples<'loop' | 'cond' | 'result'> = {
  loop: [
    rows({}),
    rows({ sliceSteps: [-1], stackAxes: [1], stackSteps: [-1] }),
    graphOf([f32(2, 3), i32(2)], (b, x, start) =>
      emitLoop(
        b,
        { trips: 3, carried: [start], sliced: [x], sliceAxes: [1], stackAxes: [1] },
        (inner, trip, k, column) => [
          inner.binary('add', k, inner.broadcast(inner.reshape(trip, [1]), [2])),
          inner.binary('mul', column, inner.cast(k, 'f32')),
        ],
      ),
    ),
    until(5, [0, 1]),
  ],
  cond: [branches(bool(), 2), branches(i32(), 3), branches(i32(), 1)],
  result: [rows({ trips: 3 })],
};
