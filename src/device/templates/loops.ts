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

export const LOOPS: readonly Template[] = [
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
