/** Loops and conds of every kind. */
import { GraphBuilder } from '../../../../src/ir/builder.js';
import type { Value } from '../../../../src/ir/emitter.js';
import type { Graph } from '../../../../src/ir/graph.js';
import type { OpAttrs } from '../../../../src/ir/ops.js';
import type { TensorType } from '../../../../src/ir/types.js';

type Type = readonly [dtype: TensorType['dtype'], shape: readonly number[]];

/** A graph whose params have these types. */
function graph(
  types: readonly Type[],
  results: (b: GraphBuilder, params: readonly Value[]) => readonly Value[],
): Graph {
  // prettier-ignore
  const b = new GraphBuilder('inner');
  const params = types.map(([dtype, shape], i) => b.param(`p${i}`, dtype, shape));
  results(b, params).forEach((value, i) => b.output(`r${i}`, value));
  return b.build();
}

/** All parts of a tuple as outputs. */
function outputs(b: GraphBuilder, tuple: Value): void {
  tuple.type.parts!.forEach((_, index) => b.output(`y${index}`, b.emit('result', [tuple], { index })));
}

const NOTHING = { sliceAxes: [], sliceSteps: [], stackAxes: [], stackSteps: [] };
const TRIP: Type = ['i32', []];
const row: Type = ['f32', [4]];

/** Whether the trip is below 2, as long as the number of trips allows it. */
const belowTwo = (b: GraphBuilder, trip: Value): Value =>
  b.binary('lt', b.binary('add', trip, b.constant('i32', [], 1)), b.constant('i32', [], 2));

const loops: readonly (readonly [string, (b: GraphBuilder) => void])[] = [
  [
    'a loop over slices, backwards and along any axis',
    (b) => {
      const body = graph([TRIP, row, row, ['i32', [2]], ['f32', []]], (i, [, sum, x, n, scale]) => {
        const next = i.binary('add', sum, x);
        const scaled = i.binary('mul', next, i.broadcast(i.reshape(scale, [1]), [4]));
        return [next, scaled, i.binary('add', n, n)];
      });
      const attrs: OpAttrs['loop'] = { body, carries: 1, trips: 3, conditional: false, sliceAxes: [1, 0], sliceSteps: [-1, 1], stackAxes: [1, 0], stackSteps: [1, -1] }; // prettier-ignore
      const operands = [b.param('s', 'f32', [4]), b.param('x', 'f32', [4, 3]), b.param('n', 'i32', [3, 2]), b.param('k', 'f32', [])]; // prettier-ignore
      outputs(b, b.emit('loop', operands, attrs));
    },
  ],
  [
    'a loop that looks at the number of the trip',
    (b) => {
      const body = graph([TRIP, ['i32', [2]]], (i, [trip, sum]) => {
        const next = i.binary('add', sum, i.broadcast(i.reshape(trip, [1]), [2]));
        return [next, next];
      });
      const attrs: OpAttrs['loop'] = { ...NOTHING, body, carries: 1, trips: 4, conditional: false, stackAxes: [0], stackSteps: [1] }; // prettier-ignore
      outputs(b, b.emit('loop', [b.param('s', 'i32', [2])], attrs));
    },
  ],
  [
    'a loop of no trips',
    (b) => {
      const body = graph([TRIP, row], (_, [, sum]) => [sum, sum]);
      const attrs: OpAttrs['loop'] = { ...NOTHING, body, carries: 1, trips: 0, conditional: false, stackAxes: [0], stackSteps: [1] }; // prettier-ignore
      outputs(b, b.emit('loop', [b.param('s', 'f32', [4])], attrs));
    },
  ],
  ...[5, 1, Infinity].map(
    (trips) =>
      [
        `a loop that a condition ends, of ${trips} trips at most`,
        (b: GraphBuilder): void => {
          const body = graph([TRIP, row, row], (i, [trip, sum, x]) => [belowTwo(i, trip), i.binary('add', sum, x)]); // prettier-ignore
          const condition = b.binary('lt', b.constant('i32', [], 0), b.param('n', 'i32', []));
          const operands = [condition, b.param('s', 'f32', [4]), b.param('x', 'f32', [4])];
          outputs(b, b.emit('loop', operands, { ...NOTHING, body, carries: 1, trips, conditional: true }));
        },
      ] as const,
  ),
  [
    'a loop that a condition ends, with stacked values',
    (b) => {
      const body = graph([TRIP, row, row], (i, [trip, sum, x]) => {
        const next = i.binary('add', sum, x);
        return [belowTwo(i, trip), next, next, trip];
      });
      const attrs: OpAttrs['loop'] = { body, carries: 1, trips: 4, conditional: true, sliceAxes: [0], sliceSteps: [-1], stackAxes: [1, 0], stackSteps: [-1, 1] }; // prettier-ignore
      const condition = b.binary('lt', b.constant('i32', [], 0), b.param('n', 'i32', []));
      outputs(b, b.emit('loop', [condition, b.param('s', 'f32', [4]), b.param('x', 'f32', [4, 4])], attrs)); // prettier-ignore
    },
  ],
];

const conds: readonly (readonly [string, (b: GraphBuilder) => void])[] = [
  [
    'a cond of a flag',
    (b) => {
      const types = [row, row];
      const branches = [
        graph(types, (i, [x, y]) => [i.binary('add', x, y), x]),
        graph(types, (i, [x]) => [x, i.constant('f32', [4], [1, 2, 3, 4])]),
      ];
      const operands = [b.param('c', 'bool', []), b.param('x', 'f32', [4]), b.param('y', 'f32', [4])];
      outputs(b, b.emit('cond', operands, { branches }));
    },
  ],
  ...[1, 3].map(
    (count) =>
      [
        `a cond of a number, with ${count} branches`,
        (b: GraphBuilder): void => {
          const branches = Array.from({ length: count }, (_, at) =>
            graph([row], (i, [x]) => [i.binary('add', x, i.constant('f32', [4], at + 1))]),
          );
          const predicate = b.binary('and', b.param('n', 'i32', []), b.constant('i32', [], 3));
          outputs(b, b.emit('cond', [predicate, b.param('x', 'f32', [4])], { branches }));
        },
      ] as const,
  ),
  [
    'a cond in a loop, with what stands around both',
    (b) => {
      const types: Type[] = [row, ['bool', []]];
      const branches = [
        graph(types, (i, [x]) => [i.unary('neg', x)]),
        graph(types, (i, [x, c]) => [i.binary('mul', x, i.cast(i.broadcast(i.reshape(c, [1]), [4]), 'f32'))]), // prettier-ignore
      ];
      const body = graph([TRIP, row, ['bool', []]], (i, [, sum, c]) => {
        const tuple = i.emit('cond', [c, sum, c], { branches });
        return [i.emit('result', [tuple], { index: 0 })];
      });
      const operands = [b.param('s', 'f32', [4]), b.param('c', 'bool', [])];
      outputs(b, b.emit('loop', operands, { ...NOTHING, body, carries: 1, trips: 3, conditional: false }));
    },
  ],
];

export const SUBGRAPH_CASES = [...loops, ...conds].map(([name, define]) => ({ name, define }));
