/** One program for each op, dtype and kind of attribute, with what is known to differ and why. */
import { isFloat, isInt, type DType } from '../../../../src/base/dtype.js';
import * as compose from '../../../../src/compose/activation.js';
import { averagePool } from '../../../../src/compose/pool.js';
import type { GraphBuilder } from '../../../../src/ir/builder.js';
import type { Value } from '../../../../src/ir/emitter.js';
import {
  IDENTITY_OPS,
  COMPARE_OPS,
  REDUCERS,
  SCATTER_KINDS,
  type OpAttrs,
  type Reducer,
} from '../../../../src/ir/ops.js';
import { BINARY_OPS_OF, UNARY_OPS_OF } from '../../../support/typed-ops.js';
import { SUBGRAPH_CASES } from './subgraph-cases.js';

export interface ExportCase {
  readonly name: string;
  readonly define: (b: GraphBuilder) => void;
  /** Default: the exporter's own. */
  readonly opset?: number;
  /** Why the bits after a round trip may be others: ONNX leaves open what the importer then decides. */
  readonly inexact?: string;
  /** Why other runtimes are only asked about small numbers. */
  readonly smallOnly?: string;
}

const NUMBERS: readonly DType[] = ['f32', 'f16', 'i32', 'u32'];
const ALL: readonly DType[] = [...NUMBERS, 'bool'];

/** A case whose graph has one output. */
const one = (
  name: string,
  result: (b: GraphBuilder) => Value,
  rest: Partial<ExportCase> = {},
): ExportCase => ({ name, define: (b) => b.output('y', result(b)), ...rest });

const unary = ALL.flatMap((dtype) =>
  UNARY_OPS_OF[dtype].map((op) => one(`${op} ${dtype}`, (b) => b.unary(op, b.param('x', dtype, [67])))),
);

const binary = ALL.flatMap((dtype) =>
  [...BINARY_OPS_OF[dtype], ...COMPARE_OPS].map((op) =>
    one(`${op} ${dtype}`, (b) => b.binary(op, b.param('x', dtype, [131]), b.param('z', dtype, [131]))),
  ),
);

/** Divisors and counts that are known, harmless or not. */
const withConstants = (['div', 'rem', 'shl', 'shr'] as const).flatMap((op) =>
  (['i32', 'u32'] as const).flatMap((dtype) =>
    [[7], [0], [-1], [40], [3, 0, 1, -1, 31, 32]].map((values) =>
      one(`${op} ${dtype} by [${values.join()}]`, (b) => {
        const x = b.param('x', dtype, [6]);
        return b.binary(op, x, b.constant(dtype, [6], values));
      }),
    ),
  ),
);

const conversion = [
  ...ALL.flatMap((from) =>
    ALL.map((to) =>
      one(`cast ${from} to ${to}`, (b) => b.emit('cast', [b.param('x', from, [97])], { dtype: to })),
    ),
  ),
  ...(['i32', 'u32', 'f32'] as const).flatMap((from) =>
    (['i32', 'u32', 'f32'] as const).map((to) =>
      one(`bitcast ${from} to ${to}`, (b) => b.emit('bitcast', [b.param('x', from, [31])], { dtype: to }), {
        ...((from === 'f32') === (to === 'f32') ? {} : { opset: 26 }),
      }),
    ),
  ),
];

const select = ALL.map((dtype) =>
  one(`select ${dtype}`, (b) =>
    b.select(b.param('c', 'bool', [2, 9]), b.param('x', dtype, [2, 9]), b.param('z', dtype, [2, 9])),
  ),
);

const sources: ExportCase[] = [
  ...ALL.flatMap((dtype) => [
    one(`weight ${dtype}`, (b) => b.weight('some.weight', dtype, [3, 5])),
    one(`constant ${dtype}`, (b) => b.constant(dtype, [5], [0, 1, -1, 3e9, 0.3])),
    one(`constant ${dtype}, filled`, (b) => b.constant(dtype, [2, 3], -2.5)),
    one(`param ${dtype}`, (b) => b.param('x', dtype, [3])),
  ]),
  one('weight under two shapes', (b) =>
    b.binary('add', b.weight('w', 'f32', [6]), b.reshape(b.weight('w', 'f32', [2, 3]), [6])),
  ),
  ...(['i32', 'u32'] as const).flatMap((dtype) =>
    [0, 1, 2].map((axis) =>
      one(`iota ${dtype} ${axis}`, (b) => b.emit('iota', [], { dtype, shape: [3, 4, 5], axis })),
    ),
  ),
  one('iota, long', (b) => b.emit('iota', [], { dtype: 'i32', shape: [200_001], axis: 0 })),
  ...[[], [7], [3, 4], [0, 2]].map((shape) =>
    one(`random [${shape.join()}]`, (b) => b.emit('random', [b.param('key', 'u32', [2])], { shape })),
  ),
];

const movement: ExportCase[] = ALL.flatMap((dtype) => {
  const moved = (
    name: string,
    shape: readonly number[],
    f: (b: GraphBuilder, x: Value) => Value,
  ): ExportCase => one(`${name} ${dtype}`, (b) => f(b, b.param('x', dtype, shape)));
  const pads = (low: number[], high: number[], interior: number[]): ExportCase =>
    moved(`pad ${low.join()} ${high.join()} ${interior.join()}`, [3, 4], (b, x) =>
      b.emit('pad', [x], { low, high, interior, value: dtype === 'bool' ? 1 : -1.5 }),
    );
  return [
    moved('reshape', [4, 6], (b, x) => b.reshape(x, [2, 1, 12])),
    moved('reshape to scalar', [1, 1], (b, x) => b.reshape(x, [])),
    moved('permute', [2, 3, 4], (b, x) => b.permute(x, [2, 0, 1])),
    moved('broadcast', [2, 1, 3], (b, x) => b.broadcast(x, [2, 5, 3])),
    moved('slice', [5, 7, 3], (b, x) =>
      b.emit('slice', [x], { starts: [1, 0, 0], sizes: [2, 3, 3], strides: [2, 3, 1] }),
    ),
    moved('slice of nothing', [5], (b, x) => b.emit('slice', [x], { starts: [5], sizes: [0], strides: [1] })),
    pads([1, 0], [0, 2], [0, 0]),
    pads([0, 0], [0, 0], [2, 1]),
    pads([1, 2], [3, 0], [1, 0]),
    moved('pad of nothing', [0, 2], (b, x) =>
      b.emit('pad', [x], { low: [2, 0], high: [1, 0], interior: [1, 0], value: 1 }),
    ),
    moved('concat', [2, 3], (b, x) => b.emit('concat', [x, b.param('z', dtype, [2, 1]), x], { axis: 1 })),
    moved('concat with nothing', [2, 3], (b, x) =>
      b.emit('concat', [x, b.param('z', dtype, [2, 0])], { axis: 1 }),
    ),
    moved('reverse', [3, 4, 2], (b, x) => b.emit('reverse', [x], { axes: [0, 2] })),
    ...IDENTITY_OPS.map((op) => moved(op, [3], (b, x) => b.emit(op, [x], {}))),
  ];
});

const reducers = (dtype: DType): readonly Reducer[] => (dtype === 'bool' ? ['max', 'min'] : REDUCERS);

const reductions: ExportCase[] = ALL.flatMap((dtype) => [
  ...reducers(dtype).flatMap((kind) =>
    [[0], [1, 2], [0, 1, 2], []].map((axes) =>
      one(
        `reduce ${kind} ${dtype} [${axes.join()}]`,
        (b) => b.reduce(kind, b.param('x', dtype, [3, 5, 2]), axes),
        kind === 'prod' && isInt(dtype) ? { smallOnly: 'integer products saturate there' } : {},
      ),
    ),
  ),
  ...reducers(dtype).map((kind) =>
    one(`reduce ${kind} ${dtype} of nothing`, (b) => b.reduce(kind, b.param('x', dtype, [3, 0]), [1])),
  ),
  ...(['max', 'min'] as const).flatMap((kind) =>
    [0, 1].map((axis) =>
      one(`argreduce ${kind} ${dtype} ${axis}`, (b) =>
        b.emit('argreduce', [b.param('x', dtype, [5, 4])], { kind, axis }),
      ),
    ),
  ),
]);

type Window = OpAttrs['reduceWindow'];
const WINDOWS: readonly { readonly shape: readonly number[]; readonly attrs: Omit<Window, 'kind'> }[] = [
  // an image
  { shape: [2, 3, 6, 7], attrs: { window: [1, 1, 3, 2], strides: [1, 1, 2, 1], dilations: [1, 1, 1, 2], padLow: [0, 0, 1, 0], padHigh: [0, 0, 2, 1] } }, // prettier-ignore
  // axes that are not at the end
  { shape: [7, 2, 5], attrs: { window: [3, 1, 2], strides: [1, 1, 2], dilations: [2, 1, 1], padLow: [0, 0, 0], padHigh: [0, 0, 0] } }, // prettier-ignore
  // a window that reaches over the operand from one padding into the other
  {
    shape: [1, 4],
    attrs: { window: [2, 2], strides: [1, 1], dilations: [2, 1], padLow: [1, 0], padHigh: [1, 1] },
  },
  // one axis, whole windows in the padding
  { shape: [6], attrs: { window: [2], strides: [1], dilations: [1], padLow: [3], padHigh: [2] } },
  // more axes than poolings have
  { shape: [3, 4, 3, 4], attrs: { window: [2, 3, 2, 2], strides: [1, 1, 1, 2], dilations: [1, 1, 1, 1], padLow: [1, 0, 0, 0], padHigh: [0, 0, 1, 0] } }, // prettier-ignore
  // stride without a window
  { shape: [9, 2], attrs: { window: [1, 1], strides: [3, 1], dilations: [1, 1], padLow: [1, 0], padHigh: [0, 0] } }, // prettier-ignore
  // a long window
  { shape: [40], attrs: { window: [21], strides: [3], dilations: [1], padLow: [4], padHigh: [5] } },
  { shape: [3], attrs: { window: [1], strides: [1], dilations: [1], padLow: [0], padHigh: [0] } },
  { shape: [0], attrs: { window: [1], strides: [1], dilations: [1], padLow: [2], padHigh: [0] } },
];

const windows: ExportCase[] = ALL.flatMap((dtype) =>
  reducers(dtype).flatMap((kind) =>
    WINDOWS.map(({ shape, attrs }, i) =>
      one(
        `reduceWindow ${kind} ${dtype} ${i}`,
        (b) => b.emit('reduceWindow', [b.param('x', dtype, shape)], { kind, ...attrs }),
        isFloat(dtype) && (kind === 'sum' || kind === 'prod')
          ? { inexact: 'order of float sums and products; the padding of a convolution is +0' }
          : {},
      ),
    ),
  ),
);

const scans: ExportCase[] = ALL.flatMap((dtype) =>
  reducers(dtype).flatMap((kind) =>
    [false, true].flatMap((exclusive) =>
      [false, true].map((reverse) =>
        one(
          `scan ${kind} ${dtype}${exclusive ? ' exclusive' : ''}${reverse ? ' reverse' : ''}`,
          (b) => b.emit('scan', [b.param('x', dtype, [3, 11])], { kind, axis: 1, exclusive, reverse }),
          isFloat(dtype) && kind === 'prod' ? { inexact: 'order of float products' } : {},
        ),
      ),
    ),
  ),
);

type DotAttrs = OpAttrs['dot'];
const DOTS: readonly [lhs: number[], rhs: number[], attrs: DotAttrs][] = [
  [[3, 4], [4, 5], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] }],
  [[3, 4], [5, 4], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1] }],
  [[4, 3], [4, 5], { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [0] }],
  [[4, 3], [5, 4], { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [1] }],
  [[2, 6, 3, 4], [2, 6, 4, 5], { lhsBatch: [0, 1], rhsBatch: [0, 1], lhsContract: [3], rhsContract: [2] }],
  [[3, 2, 4], [4, 5, 3], { lhsBatch: [0], rhsBatch: [2], lhsContract: [2], rhsContract: [0] }],
  [[2, 3, 4], [4, 3, 5], { lhsBatch: [], rhsBatch: [], lhsContract: [1, 2], rhsContract: [1, 0] }],
  [[2, 3, 4], [4, 5], { lhsBatch: [], rhsBatch: [], lhsContract: [2], rhsContract: [0] }],
  [[2, 2, 3, 4], [2, 4], { lhsBatch: [0], rhsBatch: [0], lhsContract: [3], rhsContract: [1] }],
  [[4], [4], { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [0] }],
  [[4], [3], { lhsBatch: [], rhsBatch: [], lhsContract: [], rhsContract: [] }],
  [[4], [4, 2, 3], { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [0] }],
  [[2, 0], [0, 3], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] }],
];

const dots = NUMBERS.flatMap((dtype) =>
  DOTS.map(([lhs, rhs, attrs]) =>
    one(`dot ${dtype} [${lhs.join()}] [${rhs.join()}] ${JSON.stringify(Object.values(attrs))}`, (b) =>
      b.emit('dot', [b.param('x', dtype, lhs), b.param('z', dtype, rhs)], attrs),
    ),
  ),
);

const CONV = {
  strides: [1, 1],
  padLow: [0, 0],
  padHigh: [0, 0],
  lhsDilation: [1, 1],
  rhsDilation: [1, 1],
  groups: 1,
};
const CONVS: readonly [x: number[], w: number[], attrs: Partial<OpAttrs['conv']>, inexact?: string][] = [
  [[2, 3, 6, 7], [4, 3, 3, 2], {}],
  [
    [2, 4, 6, 7],
    [6, 2, 3, 2],
    { groups: 2, strides: [2, 1], padLow: [1, 0], padHigh: [2, 1], rhsDilation: [1, 2] },
  ],
  [[1, 4, 5, 5], [4, 1, 3, 3], { groups: 4, padLow: [1, 1], padHigh: [1, 1] }],
  [[1, 3, 4, 5], [2, 3, 3, 3], { lhsDilation: [2, 3], padLow: [2, 1], padHigh: [1, 2] }],
  [[1, 4, 4, 5], [6, 2, 3, 2], { lhsDilation: [2, 1], groups: 2, rhsDilation: [1, 2] }],
  [[1, 3, 4, 5], [2, 3, 3, 3], { lhsDilation: [2, 2], strides: [2, 1], padLow: [1, 1] }, 'holes are zeros'],
  [[1, 3, 4, 5], [2, 3, 2, 2], { lhsDilation: [2, 2], padLow: [3, 0], padHigh: [0, 4] }, 'holes are zeros'],
  [[1, 2, 0, 3], [2, 2, 2, 2], { padLow: [2, 1], padHigh: [1, 0] }],
  [[1, 0, 3, 3], [2, 0, 2, 2], {}],
  [[2, 3, 9], [4, 3, 3], { strides: [2], padLow: [1], padHigh: [1], lhsDilation: [1], rhsDilation: [2] }],
  [[1, 2, 4, 4, 4], [3, 2, 2, 3, 2], { strides: [1, 1, 2], padLow: [0, 1, 0], padHigh: [0, 0, 1], lhsDilation: [1, 1, 1], rhsDilation: [1, 1, 1] }], // prettier-ignore
];
const convs = (['f32', 'f16'] as const).flatMap((dtype) =>
  CONVS.map(([x, w, attrs, inexact], i) =>
    one(
      `conv ${dtype} ${i}`,
      (b) => b.emit('conv', [b.param('x', dtype, x), b.param('w', dtype, w)], { ...CONV, ...attrs }),
      inexact === undefined ? {} : { inexact },
    ),
  ),
);

const indexing: ExportCase[] = ALL.flatMap((dtype) => [
  ...[0, 1].map((axis) =>
    one(`gather ${dtype} ${axis}`, (b) =>
      b.emit('gather', [b.param('x', dtype, [6, 5]), b.param('i', 'i32', [3, 2])], { axis }),
    ),
  ),
  one(`gather ${dtype} at known places`, (b) =>
    b.emit('gather', [b.param('x', dtype, [6, 5]), b.constant('i32', [3], [2, 0, 5])], { axis: 0 }),
  ),
  one(`gather ${dtype} beyond the ends`, (b) =>
    b.emit('gather', [b.param('x', dtype, [6, 5]), b.constant('i32', [3], [-2, 9, 5])], { axis: 0 }),
  ),
  ...SCATTER_KINDS.filter((kind) => dtype !== 'bool' || (kind !== 'add' && kind !== 'mul')).flatMap(
    (kind) => {
      const into = (
        name: string,
        shape: readonly number[],
        count: number,
        known?: readonly number[],
      ): ExportCase =>
        one(`scatter ${kind} ${dtype} ${name}`, (b) => {
          const indices =
            known === undefined ? b.param('i', 'i32', [count]) : b.constant('i32', [count], known);
          const updates = b.param('u', dtype, [count, ...shape.slice(1)]);
          return b.emit('scatter', [b.param('x', dtype, shape), indices, updates], { kind });
        });
      return [
        into('rows', [6, 4], 9),
        into('numbers', [5], 7),
        into('one', [5, 2], 1),
        into('nothing', [5, 2], 0),
        into('known', [5, 2], 3, [4, 0, 2]),
        into('known twice', [5, 2], 3, [4, 0, 4]),
        into('known outside', [5, 2], 3, [4, -1, 5]),
      ];
    },
  ),
  ...([[6, 4, 0, 2], [6, 4, 1, 3], [5, 2, 0, 7], [5, 2, 1, 0]] as const).map(([rows, columns, axis, count]) =>
    one(`updateSlice ${dtype} of ${rows}, ${columns} along ${axis} by ${count}`, (b) =>
      b.emit('updateSlice', [b.param('x', dtype, [rows, columns]), b.param('u', dtype, Array.of<number>(rows, columns).with(axis, count)), b.param('i', 'i32', [])], { axis }),
    ),
  ), // prettier-ignore
  ...[false, true].flatMap((descending) =>
    [0, 1].map((axis) =>
      one(`argsort ${dtype} ${axis}${descending ? ' descending' : ''}`, (b) =>
        b.emit('argsort', [b.param('x', dtype, [7, 5])], { axis, descending }),
      ),
    ),
  ),
]);

/** What is one operator in ONNX and several ops here. */
const idioms: ExportCase[] = (['f32', 'f16'] as const).flatMap((dtype) => {
  const row = (b: GraphBuilder, count: number, shape: readonly number[], spread: readonly number[]): Value =>
    b.broadcast(b.reshape(b.param('bias', dtype, [count]), shape), spread);
  const mean = (axes: readonly number[], keep: boolean): ExportCase =>
    one(`mean ${dtype} [${axes.join()}]${keep ? ' kept' : ''}`, (b) => {
      const shape = [3, 4, 5];
      const sum = b.reduce('sum', b.param('x', dtype, shape), axes);
      const kept = shape.map((extent, axis) => (axes.includes(axis) ? 1 : extent));
      const total = keep ? b.reshape(sum, kept) : sum;
      return b.binary(
        'div',
        total,
        b.full(
          total,
          axes.reduce((n, axis) => n * shape[axis], 1),
        ),
      );
    });
  return [
    one(`Relu ${dtype}`, (b) => compose.relu(b, b.param('x', dtype, [50]))),
    one(`Conv with a bias ${dtype}`, (b) => {
      const conv = b.emit(
        'conv',
        [b.param('x', dtype, [2, 3, 6, 7]), b.param('w', dtype, [4, 3, 3, 2])],
        CONV,
      );
      return b.binary('add', conv, row(b, 4, [1, 4, 1, 1], [2, 4, 4, 6]));
    }),
    one(`ConvTranspose with a bias ${dtype}`, (b) => {
      const attrs = { ...CONV, lhsDilation: [2, 1] };
      const conv = b.emit(
        'conv',
        [b.param('x', dtype, [2, 3, 4, 7]), b.param('w', dtype, [4, 3, 3, 2])],
        attrs,
      );
      return b.binary('add', conv, row(b, 4, [1, 4, 1, 1], [2, 4, 5, 6]));
    }),
    ...[0, 1].map((rhsContract) =>
      one(`Gemm with a bias ${dtype} ${rhsContract}`, (b) => {
        const w = b.param('w', dtype, rhsContract === 0 ? [5, 4] : [4, 5]);
        const attrs = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [rhsContract] };
        const product = b.emit('dot', [b.param('x', dtype, [3, 5]), w], attrs);
        return b.binary('add', product, row(b, 4, [1, 4], [3, 4]));
      }),
    ),
    one(`AveragePool ${dtype}`, (b) =>
      averagePool(b, b.param('x', dtype, [2, 3, 7, 8]), { kernel: [3, 2], strides: [2, 1] }),
    ),
    one(`AveragePool ${dtype} with padding`, (b) =>
      averagePool(b, b.param('x', dtype, [2, 3, 7, 8]), {
        kernel: [3, 3],
        padLow: [1, 0],
        padHigh: [1, 2],
        countIncludePad: true,
      }),
    ),
    mean([1], false),
    mean([0, 2], true),
  ];
});

export const CASES: readonly ExportCase[] = [
  ...unary,
  ...binary,
  ...withConstants,
  ...conversion,
  ...select,
  ...sources,
  ...movement,
  ...reductions,
  ...windows,
  ...scans,
  ...dots,
  ...convs,
  ...indexing,
  ...idioms,
  ...SUBGRAPH_CASES,
];
