/** Loops and conds whose derivatives are checked. */
import type { GraphBuilder, GraphValue } from '../../../src/ir/builder.js';
import { emitCond, emitLoop, type LoopSpec } from '../../support/inner.js';
import type { Case } from './cases.js';

type Body = Parameters<typeof emitLoop>[2];

const ROW = [2] as const;
const param = (b: GraphBuilder, name: string, ...shape: readonly number[]): GraphValue =>
  b.param(name, 'f32', shape);

/** tanh(x w + h u + c), for rows */
function cell(
  b: GraphBuilder,
  x: GraphValue,
  h: GraphValue,
  w: GraphValue,
  u: GraphValue,
  c: GraphValue,
): GraphValue {
  const product = (row: GraphValue, matrix: GraphValue): GraphValue =>
    b.emit('dot', [row, matrix], { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [0] });
  return b.unary('tanh', b.binary('add', b.binary('add', product(x, w), product(h, u)), c));
}

/** Everything in a row. */
const joined = (b: GraphBuilder, parts: readonly GraphValue[]): GraphValue => {
  const flat = parts.map((part) =>
    b.reshape(part, [part.type.shape.reduce<number>((n, dim) => n * Number(dim), 1)]),
  );
  return flat.length === 1 ? flat[0] : b.emit('concat', flat, { axis: 0 });
};

/** A recurrent cell over `trips` rows, of whose results some count. */
const recurrent = (
  name: string,
  trips: number,
  used: readonly number[],
  spec: Partial<LoopSpec> = {},
  body: Body = (b, _, h, x, w, u, c) => {
    const next = cell(b, x, h, w, u, c);
    return [next, next];
  },
): Case => ({
  name,
  define: (b) => {
    const [h, xs] = [param(b, 'h', ...ROW), param(b, 'x', ...[trips, 2])];
    const captures = [param(b, 'v', 2, 2), param(b, 'u', 2, 2), param(b, 'c', ...ROW)];
    const parts = emitLoop(b, { trips, carried: [h], sliced: [xs], captures, stackAxes: [0], ...spec }, body);
    return joined(b, used.map((i) => parts[i])); // prettier-ignore
  },
  domains: {},
});

const loopOf = (name: string, define: Case['define']): Case => ({ name, define });

/** The marks of a rematerialised span around what `define` makes of `x`. */
const rematerialised = (b: GraphBuilder, x: GraphValue, define: (x: GraphValue) => GraphValue): GraphValue =>
  b.emit('rematEnd', [define(b.emit('rematBegin', [x], {}))], {});

export const LOOP_CASES: readonly Case[] = [
  recurrent('a cell, its last state and all states', 3, [0, 1]),
  recurrent('a cell, its last state', 3, [0]),
  recurrent('a cell, all states', 3, [1]),
  recurrent('a cell, one trip', 1, [0, 1]),
  recurrent('a cell, no trip', 0, [0]),
  recurrent('a cell, from the end', 3, [0, 1], { sliceSteps: [-1], stackSteps: [-1] }),
  recurrent('a cell, to the end', 3, [1], { stackAxes: [1], stackSteps: [-1] }),
  recurrent('a cell with its states before', 3, [0, 1, 2], { stackAxes: [0, 1] }, (b, _, h, x, w, u, c) => {
    const next = cell(b, x, h, w, u, c);
    return [next, h, b.binary('mul', next, x)];
  }),
  recurrent('a rematerialised cell', 3, [0, 1], {}, (b, _, h, x, w, u, c) => {
    const next = rematerialised(b, h, (inner) => b.unary('sin', cell(b, x, inner, w, u, c)));
    return [next, next];
  }),
  recurrent('what only the last trip gives', 3, [0], { stackAxes: [] }, (b, _t, _h, x, w, u, c) => [
    cell(b, x, x, w, u, c),
  ]),
  recurrent('a number of the trip', 4, [0, 1], {}, (b, t, h, x, w, u, c) => {
    const factor = b.broadcast(b.reshape(b.cast(t, 'f32'), [1]), ROW);
    const next = b.unary('sin', b.binary('mul', factor, cell(b, x, h, w, u, c)));
    return [next, b.binary('mul', next, factor)];
  }),
  loopOf('a power', (b) => {
    const x = param(b, 'x', 2);
    const parts = emitLoop(b, { trips: 4, carried: [b.full(x, 1)], captures: [x] }, (inner, _, y, value) => [
      inner.binary('mul', y, value),
    ]);
    return parts[0];
  }),
  loopOf('values that change places', (b) => {
    const carried = [param(b, 'x', 2), param(b, 'y', 2), param(b, 'z', 2)];
    const parts = emitLoop(b, { trips: 5, carried, stackAxes: [0] }, (inner, _, p, q, r) => [
      q,
      inner.unary('sin', p),
      p,
      inner.binary('mul', q, r),
    ]);
    return joined(b, [parts[0], parts[1], parts[3]]);
  }),
  loopOf('columns of a matrix that is captured as well', (b) => {
    const x = param(b, 'x', 3, 2);
    const row = param(b, 'y', 3);
    const spec = {
      trips: 2,
      carried: [row],
      sliced: [x, x],
      sliceAxes: [1, 1],
      sliceSteps: [1, -1],
      captures: [x],
    };
    const [y] = emitLoop(b, spec, (inner, _, h, first, last, whole) => {
      const sums = inner.reduce('sum', inner.binary('mul', whole, whole), [1]);
      return [inner.binary('add', inner.binary('mul', h, first), inner.binary('mul', sums, last))];
    });
    return y;
  }),
  loopOf('with a condition', (b) => {
    const x = param(b, 'x', 2);
    const xs = param(b, 'y', 5, 2);
    const condition = b.constant('bool', [], 1);
    const parts = emitLoop(
      b,
      { trips: 5, condition, carried: [x], sliced: [xs], captures: [x], stackAxes: [0] },
      (inner, trip, h, row, c) => {
        const next = inner.binary(
          'add',
          inner.unary('sin', h),
          inner.binary('div', row, inner.binary('add', inner.binary('mul', c, c), inner.full(c, 1))),
        );
        return [inner.binary('lt', trip, inner.constant('i32', [], 2)), next, inner.binary('mul', next, row)];
      },
    );
    return joined(b, parts);
  }),
  loopOf('with a condition that never holds', (b) => {
    const x = param(b, 'x', 2);
    const parts = emitLoop(
      b,
      {
        trips: 3,
        condition: b.constant('bool', [], 0),
        carried: [x],
        captures: [param(b, 'y', 2)],
        stackAxes: [0],
      },
      (inner, _, h, c) => [inner.constant('bool', [], 1), inner.binary('mul', h, c), h],
    );
    return joined(b, parts);
  }),
  loopOf('in a loop', (b) => {
    const [x, y] = [param(b, 'x', 2), param(b, 'y', 3, 2)];
    const parts = emitLoop(
      b,
      { trips: 3, carried: [x], sliced: [y], captures: [param(b, 'v', 2)], stackAxes: [0] },
      (outer, _, h, row, w) => {
        const [next, all] = emitLoop(
          outer,
          { trips: 2, carried: [h], captures: [row, w], stackAxes: [0] },
          (inner, __, g, r, v) => {
            const made = inner.unary(
              'sin',
              inner.binary('add', inner.binary('mul', g, r), inner.binary('mul', v, v)),
            );
            return [made, inner.binary('mul', made, g)];
          },
        );
        return [next, outer.reduce('sum', all, [0])];
      },
    );
    return joined(b, parts);
  }),
];

export const COND_CASES: readonly Case[] = [
  loopOf('of a flag', (b) => {
    const [x, y] = [param(b, 'x', 2), param(b, 'y', 2)];
    const flag = b.binary('lt', b.reshape(param(b, 'c', 1), []), b.constant('f32', [], 0));
    const parts = emitCond(
      b,
      flag,
      [x, y],
      (inner, p, q) => [inner.binary('mul', p, q), p],
      (inner, p) => [inner.unary('sin', p), inner.binary('mul', p, p)],
    );
    return joined(b, [...parts, b.binary('mul', x, y)]);
  }),
  loopOf('of a number', (b) => {
    const x = param(b, 'x', 2);
    const parts = emitCond(
      b,
      b.cast(param(b, 'c'), 'i32'),
      [x],
      (_, p) => [p],
      (inner, p) => [inner.unary('exp', p)],
      (inner, p) => [inner.full(p, 1)],
    );
    return parts[0];
  }),
  loopOf('in a loop, of its trips', (b) => {
    const [x, y] = [param(b, 'x', 2), param(b, 'y', 2)];
    const parts = emitLoop(
      b,
      { trips: 4, carried: [x], captures: [y], stackAxes: [0] },
      (inner, trip, h, c) => {
        const even = inner.binary(
          'eq',
          inner.binary('rem', trip, inner.constant('i32', [], 2)),
          inner.constant('i32', [], 0),
        );
        const [next] = emitCond(
          inner,
          even,
          [h, c],
          (branch, p, q) => [branch.unary('sin', branch.binary('mul', p, q))],
          (branch, p) => [branch.unary('cos', p)],
        );
        return [next, inner.binary('mul', next, c)];
      },
    );
    return joined(b, parts);
  }),
];

export const RESULT_CASES: readonly Case[] = [
  recurrent('used beside another', 2, [1, 0]),
  loopOf('used by what comes after, and its operands, too', (b) => {
    const x = param(b, 'x', 2);
    const parts = emitLoop(b, { trips: 3, carried: [x], stackAxes: [0] }, (inner, _, h) => [
      inner.unary('sin', h),
      h,
    ]);
    return b.binary('mul', b.binary('mul', parts[0], x), b.reduce('sum', parts[1], [0]));
  }),
];
