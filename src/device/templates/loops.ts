/** Loops of commands: carried values that take turns, slices and stacks that move on, in both directions and within each other. */
import { GraphBuilder, type GraphValue } from '../../ir/builder.js';
import type { Graph } from '../../ir/graph.js';
import type { TensorType } from '../../ir/types.js';
import type { Template } from './template.js';

const NUMBER: TensorType = { dtype: 'i32', shape: [] };

/** A graph of params of the given types. */
function inner(
  types: readonly TensorType[],
  define: (b: GraphBuilder, params: readonly GraphValue[]) => readonly GraphValue[],
): Graph {
  const b = new GraphBuilder('trip');
  const params = types.map(({ dtype, shape }, i) => b.param(`a${i}`, dtype, shape));
  define(b, params).forEach((value, i) => b.output(`r${i}`, value));
  return b.build();
}

const row: TensorType = { dtype: 'f32', shape: [5] };
const table: TensorType = { dtype: 'f32', shape: [3, 5] };

/** h = h / 2 + x, of each row x of a table; and the number of the trip with it. */
const recurrence = inner([NUMBER, row, row], (b, [trip, h, x]) => {
  const next = b.binary('add', b.binary('mul', h, b.full(h, 0.5)), x);
  return [next, b.binary('add', next, b.broadcast(b.reshape(b.cast(trip, 'f32'), [1]), [5]))];
});

const ALONG_ROWS = { carries: 1, conditional: false, sliceAxes: [0], stackAxes: [0] } as const;

/** The recurrence over a table that is added to its own state. */
const nested = inner([NUMBER, row, table], (b, [, h, x]) => {
  const all = b.emit('loop', [h, x], {
    ...ALONG_ROWS,
    body: recurrence,
    trips: 3,
    sliceSteps: [1],
    stackSteps: [-1],
  });
  return [b.emit('result', [all], { index: 0 }), b.emit('result', [all], { index: 1 })];
});

/**
 * A cell of 5 units for each of 3 rows, whose trips a workgroup makes: a gate r, which the state is multiplied by before the product
 * with it, so that a trip has two steps; and two columns of one product for each unit.
 */
const ROWS = 3;
const UNITS = 5;
const state: TensorType = { dtype: 'f32', shape: [ROWS, UNITS] };
const gates: TensorType = { dtype: 'f32', shape: [ROWS, 2 * UNITS] };
const weights = (columns: number): TensorType => ({ dtype: 'f32', shape: [UNITS, columns] });
const product = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] } as const;

const cell = inner(
  [NUMBER, state, gates, weights(2 * UNITS), weights(UNITS)],
  (b, [, h, x, forGates, forState]) => {
    const both = b.binary('add', b.emit('dot', [h, forGates], product), x);
    const columns = (at: number): GraphValue =>
      b.emit('slice', [both], { starts: [0, at * UNITS], sizes: [ROWS, UNITS], strides: [1, 1] });
    const reset = b.binary('min', columns(0), b.full(h, 0.5));
    const next = b.emit('dot', [b.binary('mul', reset, h), forState], product);
    return [b.binary('add', b.binary('mul', h, b.full(h, 0.25)), b.binary('max', next, columns(1)))];
  },
);

export const LOOPS: readonly Template[] = [
  {
    name: 'cells',
    quick: true,
    define: (b) => {
      for (const trips of [3, 4]) {
        const operands = [
          b.given('f32', [ROWS, UNITS], 'ordinary'),
          b.given('f32', [trips, ROWS, 2 * UNITS], 'ordinary'),
          b.holding('f32', [UNITS, 2 * UNITS]),
          b.holding('f32', [UNITS, UNITS]),
        ];
        const loop = b.emit('loop', operands, {
          ...ALONG_ROWS,
          body: cell,
          stackAxes: [],
          stackSteps: [],
          trips,
          sliceSteps: [1],
        });
        b.output(`last of ${trips}`, b.emit('result', [loop], { index: 0 }));
      }
    },
  },
  {
    name: 'loops',
    quick: false,
    define: (b) => {
      const start = b.given('f32', [5], 'ordinary');
      for (const trips of [3, 4]) {
        const x = b.given('f32', [trips, 5], 'ordinary');
        const loop = b.emit('loop', [start, x], {
          ...ALONG_ROWS,
          body: recurrence,
          trips,
          sliceSteps: [-1],
          stackSteps: [1],
        });
        b.output(`last of ${trips}`, b.emit('result', [loop], { index: 0 }));
        b.output(`all of ${trips}`, b.emit('result', [loop], { index: 1 }));
      }
      const tables = b.given('f32', [2, 3, 5], 'ordinary');
      const outer = b.emit('loop', [start, tables], {
        ...ALONG_ROWS,
        body: nested,
        trips: 2,
        sliceSteps: [1],
        stackSteps: [1],
      });
      b.output('within each other', b.emit('result', [outer], { index: 1 }));
    },
  },
];
