/**
 * Graphs around one op each, with its attributes in all their variants, for derivatives at places where it is smooth.
 * Exhaustive by type: an op without cases does not compile.
 */
import type { GraphBuilder, GraphValue } from '../../../src/ir/builder.js';
import {
  SCATTER_KINDS,
  tableOf,
  type BinaryOp,
  type CanonicalOp,
  type OpAttrs,
  type Reducer,
  type UnaryOp,
} from '../../../src/ir/ops.js';
import { COND_CASES, LOOP_CASES, RESULT_CASES } from './subgraph-cases.js';
import { ANY, type Domain } from './support.js';

export interface Case {
  readonly name: string;
  readonly define: (b: GraphBuilder) => GraphValue;
  readonly domains?: Readonly<Record<string, Domain>>;
}

const POSITIVE: Domain = [0.3, 2.3];
const INSIDE: Domain = [-0.9, 0.9];
const REDUCERS: readonly Reducer[] = ['sum', 'prod', 'max', 'min'];

const described = (attrs: object): string => JSON.stringify(attrs).replaceAll('"', '');

const x = (b: GraphBuilder, ...shape: readonly number[]): GraphValue => b.param('x', 'f32', shape);
const y = (b: GraphBuilder, ...shape: readonly number[]): GraphValue => b.param('y', 'f32', shape);
const ints = (b: GraphBuilder, ...values: readonly number[]): GraphValue =>
  b.constant('i32', [values.length], values);

const one = (name: string, define: (b: GraphBuilder) => GraphValue): readonly Case[] => [{ name, define }];
const unary = (op: UnaryOp, domain: Domain = ANY): readonly Case[] => [
  { name: '', define: (b) => b.unary(op, x(b, 2, 3)), domains: { x: domain } },
];
const binary = (op: BinaryOp, domain: Domain = ANY): readonly Case[] => [
  { name: 'of two', define: (b) => b.binary(op, x(b, 2, 3), y(b, 2, 3)), domains: { y: domain } },
  { name: 'of a number', define: (b) => withNumber(b, op) },
  { name: 'of one value twice', define: (b) => twice(b, op), domains: { x: POSITIVE } },
];
const withNumber = (b: GraphBuilder, op: BinaryOp): GraphValue => {
  const v = x(b, 3);
  return b.binary(op, v, b.full(v, 0.6));
};
const twice = (b: GraphBuilder, op: BinaryOp): GraphValue => {
  const v = x(b, 3);
  return b.binary(op, v, v);
};
/** Ops that only take integers, or only give integers or bools: nothing flows through them, but around them. */
const around = (through: (b: GraphBuilder, v: GraphValue) => GraphValue): readonly Case[] =>
  one('beside a float', (b) => {
    const v = x(b, 4);
    return b.binary('mul', v, b.cast(through(b, v), 'f32'));
  });
const bits = (op: 'and' | 'or' | 'xor' | 'shl' | 'shr'): readonly Case[] =>
  around((b, v) => b.binary(op, b.cast(v, 'i32'), b.constant('i32', [4], [1, 2, 3, 5])));
const compare = (op: 'eq' | 'lt' | 'le'): readonly Case[] =>
  around((b, v) => b.binary(op, v, b.unary('neg', v)));

const windows: readonly (Omit<OpAttrs['reduceWindow'], 'kind'> & { readonly shape: readonly number[] })[] = [
  { shape: [5], window: [2], strides: [1], dilations: [1], padLow: [0], padHigh: [0] },
  { shape: [7], window: [3], strides: [2], dilations: [2], padLow: [2], padHigh: [1] },
  { shape: [6], window: [2], strides: [2], dilations: [1], padLow: [0], padHigh: [0] },
  { shape: [7], window: [2], strides: [2], dilations: [1], padLow: [1], padHigh: [0] },
  { shape: [8], window: [2], strides: [3], dilations: [1], padLow: [0], padHigh: [1] },
  { shape: [6], window: [1], strides: [2], dilations: [1], padLow: [0], padHigh: [0] },
  { shape: [4], window: [4], strides: [1], dilations: [1], padLow: [0], padHigh: [0] },
  { shape: [3], window: [2], strides: [1], dilations: [1], padLow: [2], padHigh: [2] },
  { shape: [2, 4, 5], window: [1, 2, 3], strides: [1, 1, 2], dilations: [1, 1, 1], padLow: [0, 1, 1], padHigh: [0, 0, 1] }, // prettier-ignore
  { shape: [1, 2, 4, 4], window: [1, 1, 2, 2], strides: [1, 1, 2, 2], dilations: [1, 1, 1, 1], padLow: [0, 0, 0, 0], padHigh: [0, 0, 0, 0] }, // prettier-ignore
];

/** Extremes of nothing are infinite; no difference can be taken of them. */
const finite = (b: GraphBuilder, value: GraphValue): GraphValue =>
  b.select(b.binary('lt', b.unary('abs', value), b.full(value, Infinity)), value, b.full(value, 0));

const reduceWindow: readonly Case[] = REDUCERS.flatMap((kind) =>
  windows.map(({ shape, ...attrs }) => ({
    name: `${kind} ${described({ shape, ...attrs })}`,
    define: (b: GraphBuilder) => finite(b, b.emit('reduceWindow', [x(b, ...shape)], { kind, ...attrs })),
  })),
);

const scan: readonly Case[] = REDUCERS.flatMap((kind) =>
  [false, true].flatMap((exclusive) =>
    [false, true].flatMap((reverse) =>
      [[5], [2, 3, 2], [1, 1]].map((shape) => ({
        name: `${kind}${exclusive ? ' exclusive' : ''}${reverse ? ' reverse' : ''} of [${shape.join()}]`,
        define: (b: GraphBuilder) => {
          const axis = shape.length === 1 ? 0 : 1;
          return finite(b, b.emit('scan', [x(b, ...shape)], { kind, axis, exclusive, reverse }));
        },
      })),
    ),
  ),
);

const dots: readonly (OpAttrs['dot'] & { readonly shapes: readonly [readonly number[], readonly number[]] })[] = [
  { shapes: [[2, 3], [3, 4]], lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] },
  { shapes: [[2, 3], [4, 3]], lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1] },
  { shapes: [[3, 2], [4, 3]], lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [1] },
  { shapes: [[2, 5, 3], [3, 4]], lhsBatch: [], rhsBatch: [], lhsContract: [2], rhsContract: [0] },
  { shapes: [[2, 3, 4], [2, 4, 2]], lhsBatch: [0], rhsBatch: [0], lhsContract: [2], rhsContract: [1] },
  { shapes: [[2, 5, 3, 4], [2, 2, 3, 4]], lhsBatch: [0, 2], rhsBatch: [0, 2], lhsContract: [3], rhsContract: [3] },
  { shapes: [[3, 2, 4], [4, 3, 5, 2]], lhsBatch: [1], rhsBatch: [3], lhsContract: [2, 0], rhsContract: [0, 1] },
  { shapes: [[3, 4], [4, 3]], lhsBatch: [], rhsBatch: [], lhsContract: [0, 1], rhsContract: [1, 0] },
  { shapes: [[3], [3]], lhsBatch: [0], rhsBatch: [0], lhsContract: [], rhsContract: [] },
  { shapes: [[2], [3]], lhsBatch: [], rhsBatch: [], lhsContract: [], rhsContract: [] },
  { shapes: [[4, 2, 3], [3, 2, 4]], lhsBatch: [0, 1], rhsBatch: [2, 1], lhsContract: [2], rhsContract: [0] },
]; // prettier-ignore

const CONV = { strides: [1], padLow: [0], padHigh: [0], lhsDilation: [1], rhsDilation: [1], groups: 1 };
const convs: readonly (OpAttrs['conv'] & { readonly shapes: readonly [readonly number[], readonly number[]] })[] = [
  { ...CONV, shapes: [[2, 3, 5], [2, 3, 3]] },
  { ...CONV, shapes: [[1, 2, 5], [2, 2, 3]], padLow: [2], padHigh: [1] },
  { ...CONV, shapes: [[1, 1, 6], [2, 1, 3]], strides: [2] },
  { ...CONV, shapes: [[1, 1, 8], [1, 1, 2]], strides: [3], padLow: [1] },
  { ...CONV, shapes: [[1, 2, 7], [1, 2, 2]], strides: [4], padHigh: [3] },
  { ...CONV, shapes: [[1, 1, 7], [1, 1, 2]], rhsDilation: [3], strides: [2], padLow: [1], padHigh: [2] },
  { ...CONV, shapes: [[1, 2, 4], [2, 2, 3]], lhsDilation: [2], padLow: [1], padHigh: [2] },
  { ...CONV, shapes: [[1, 1, 4], [1, 1, 2]], lhsDilation: [3], strides: [2], rhsDilation: [2], padLow: [5], padHigh: [4] },
  { ...CONV, shapes: [[1, 1, 3], [1, 1, 2]], padLow: [4], padHigh: [5] },
  { ...CONV, shapes: [[1, 1, 3], [1, 1, 1]], padLow: [2], padHigh: [3], strides: [2], lhsDilation: [2] },
  { ...CONV, shapes: [[2, 4, 4], [6, 2, 2]], groups: 2, padLow: [1] },
  { ...CONV, shapes: [[2, 3, 4], [3, 1, 3]], groups: 3, padHigh: [1], strides: [2] },
  { ...CONV, shapes: [[1, 1, 2], [1, 1, 5]], padLow: [1], padHigh: [1] },
  { shapes: [[1, 2, 4, 5], [2, 2, 3, 2]], strides: [2, 1], padLow: [1, 0], padHigh: [0, 1], lhsDilation: [1, 2], rhsDilation: [1, 2], groups: 1 },
  { shapes: [[1, 2, 3, 3], [4, 1, 2, 2]], strides: [1, 2], padLow: [1, 1], padHigh: [1, 0], lhsDilation: [1, 1], rhsDilation: [1, 1], groups: 2 },
  { shapes: [[1, 1, 2, 3, 2], [1, 1, 2, 2, 2]], strides: [1, 1, 1], padLow: [1, 0, 1], padHigh: [0, 1, 1], lhsDilation: [1, 1, 1], rhsDilation: [1, 1, 1], groups: 1 },
]; // prettier-ignore

const gathers: readonly { shape: number[]; indices: number[]; at: number[]; axis: number }[] = [
  { shape: [4], indices: [3], at: [2, 0, 2], axis: 0 },
  { shape: [4, 2], indices: [2, 2], at: [-1, 0, 9, 3], axis: 0 },
  { shape: [2, 3, 2], indices: [2], at: [2, 1], axis: 1 },
  { shape: [2, 3], indices: [], at: [1], axis: 1 },
  { shape: [2, 1, 3], indices: [1, 2], at: [0, 7], axis: 2 },
];

export const CASES: { readonly [K in CanonicalOp]: readonly Case[] } = {
  loop: LOOP_CASES,
  cond: COND_CASES,
  result: RESULT_CASES,
  neg: unary('neg'),
  abs: unary('abs'),
  sign: unary('sign'),
  floor: unary('floor'),
  ceil: unary('ceil'),
  round: unary('round'),
  trunc: unary('trunc'),
  sqrt: unary('sqrt', POSITIVE),
  exp: unary('exp'),
  log: unary('log', POSITIVE),
  sin: unary('sin'),
  cos: unary('cos'),
  tanh: unary('tanh'),
  erf: unary('erf'),
  sigmoid: unary('sigmoid'),
  asin: unary('asin', INSIDE),
  acos: unary('acos', INSIDE),
  atan: unary('atan'),
  not: around((b, v) => b.unary('not', b.binary('lt', v, b.full(v, 0)))),

  add: binary('add'),
  sub: binary('sub'),
  mul: binary('mul'),
  div: binary('div', POSITIVE),
  rem: binary('rem', POSITIVE),
  min: binary('min'),
  max: binary('max'),
  pow: [
    {
      name: 'of two',
      define: (b) => b.binary('pow', x(b, 2, 3), y(b, 2, 3)),
      domains: { x: POSITIVE },
    },
    ...[0, 1, 2, 3, -1, -2].map((c) => ({
      name: `with exponent ${c}`,
      define: (b: GraphBuilder): GraphValue => {
        const v = x(b, 4);
        return b.binary('pow', v, b.full(v, c));
      },
      domains: c < 0 ? { x: POSITIVE } : {},
    })),
    ...[0.5, -1.5, 0].map((c) => ({
      name: `with a list of exponents from ${c}`,
      define: (b: GraphBuilder): GraphValue =>
        b.binary('pow', x(b, 3), b.constant('f32', [3], [c, c + 1, c + 2])),
      domains: { x: POSITIVE },
    })),
    {
      name: 'of negative numbers and integral exponents',
      define: (b) => b.binary('pow', x(b, 4), b.constant('f32', [4], [0, 1, 2, 3])),
      domains: { x: [-2, -0.5] },
    },
    {
      name: 'of a number',
      define: (b) => b.binary('pow', b.constant('f32', [3], [0.5, 1, 3]), y(b, 3)),
    },
  ],
  and: bits('and'),
  or: bits('or'),
  xor: bits('xor'),
  shl: bits('shl'),
  shr: bits('shr'),
  eq: compare('eq'),
  lt: compare('lt'),
  le: compare('le'),

  param: one('itself', (b) => x(b, 3)),
  weight: one('beside a param', (b) => b.binary('mul', x(b, 3), b.weight('w', 'f32', [3]))),
  constant: one('beside a param', (b) => b.binary('mul', x(b, 3), b.constant('f32', [3], [1, -2, 3]))),
  iota: one('beside a param', (b) => {
    const place = b.emit('iota', [], { dtype: 'i32', shape: [2, 3], axis: 1 });
    return b.binary('mul', x(b, 2, 3), b.cast(place, 'f32'));
  }),
  random: [],

  cast: [
    ...one('to f16 and back', (b) => b.cast(b.cast(b.unary('exp', x(b, 3)), 'f16'), 'f32')),
    ...one('to an integer and back', (b) => b.cast(b.cast(x(b, 3), 'i32'), 'f32')),
    ...one('to bool and back', (b) => b.cast(b.cast(x(b, 3), 'bool'), 'f32')),
  ],
  bitcast: [
    ...one('to itself', (b) => b.emit('bitcast', [b.unary('exp', x(b, 3))], { dtype: 'f32' })),
    // The exponent of a float, which small steps do not change.
    ...around((b, v) =>
      b.binary('shr', b.emit('bitcast', [v], { dtype: 'i32' }), b.constant('i32', [4], 23)),
    ),
  ],
  select: [
    ...one('by another param', (b) => {
      const condition = b.binary('lt', b.param('c', 'f32', [4]), b.constant('f32', [4], 0));
      return b.select(condition, x(b, 4), y(b, 4));
    }),
    ...one('by an operand', (b) => {
      const v = x(b, 4);
      return b.select(b.binary('lt', v, b.full(v, 0)), b.binary('mul', v, v), b.unary('sin', v));
    }),
  ],

  reshape: one('of a matrix', (b) => b.reshape(x(b, 2, 6), [3, 4])),
  permute: one('of three axes', (b) => b.permute(x(b, 2, 3, 2), [2, 0, 1])),
  broadcast: [
    ...one('of several axes', (b) => b.broadcast(x(b, 1, 3, 1), [2, 3, 4])),
    ...one('of no axis', (b) => b.broadcast(x(b, 1, 3), [1, 3])),
    ...one('to nothing', (b) => b.broadcast(x(b, 1, 3), [0, 3])),
  ],
  slice: [
    ...one('with strides', (b) =>
      b.emit('slice', [x(b, 7, 4)], { starts: [1, 0], sizes: [3, 2], strides: [2, 3] }),
    ),
    ...one('of one element', (b) => b.emit('slice', [x(b, 5)], { starts: [4], sizes: [1], strides: [9] })),
    ...one('of nothing', (b) => b.emit('slice', [x(b, 5)], { starts: [2], sizes: [0], strides: [1] })),
  ],
  pad: [
    ...one('with holes', (b) =>
      b.emit('pad', [x(b, 3, 2)], { low: [1, 0], high: [0, 2], interior: [2, 0], value: 3 }),
    ),
    ...one('of nothing', (b) => b.emit('pad', [x(b, 0)], { low: [1], high: [1], interior: [2], value: 1 })),
  ],
  concat: [
    ...one('of three', (b) => {
      const v = x(b, 2, 1);
      return b.emit('concat', [v, y(b, 2, 3), v], { axis: 1 });
    }),
    ...one('with constants and nothing', (b) =>
      b.emit('concat', [b.constant('f32', [2], 5), b.param('none', 'f32', [0]), x(b, 3)], { axis: 0 }),
    ),
  ],
  reverse: one('of two axes', (b) => b.emit('reverse', [x(b, 2, 3, 2)], { axes: [0, 1] })),
  stopGradient: one('of what has no slope', (b) => b.emit('stopGradient', [b.unary('sign', x(b, 3))], {})),
  ...tableOf(['rematBegin', 'rematEnd', 'fence', 'copy'] as const, (op) =>
    one('between functions', (b) => b.unary('sin', b.emit(op, [b.unary('exp', x(b, 3))], {}))),
  ),

  reduce: REDUCERS.flatMap((kind) =>
    [[1], [0, 2], [0, 1, 2], []].map((axes) => ({
      name: `${kind} over [${axes.join()}]`,
      define: (b: GraphBuilder) => b.reduce(kind, x(b, 2, 3, 2), axes),
    })),
  ),
  argreduce: one('and gather', (b) => {
    const v = x(b, 5);
    return b.emit('gather', [v, b.emit('argreduce', [v], { kind: 'max', axis: 0 })], { axis: 0 });
  }),
  reduceWindow,
  scan,

  dot: dots.map(({ shapes, ...attrs }) => ({
    name: `${described(shapes)} ${described(attrs)}`,
    define: (b) => b.emit('dot', [x(b, ...shapes[0]), y(b, ...shapes[1])], attrs),
  })),
  conv: convs.map(({ shapes, ...attrs }) => ({
    name: `${described(shapes)} ${described(attrs)}`,
    define: (b) => b.emit('conv', [x(b, ...shapes[0]), y(b, ...shapes[1])], attrs),
  })),

  gather: gathers.map(({ shape, indices, at, axis }) => ({
    name: `${described({ shape, indices, at, axis })}`,
    define: (b) => b.emit('gather', [x(b, ...shape), b.constant('i32', indices, at)], { axis }),
  })),
  scatter: SCATTER_KINDS.flatMap((kind) =>
    [
      [2, 0],
      [1, 1, -1, 2, 1, 3],
    ].map((at) => ({
      name: `${kind} at [${at.join()}]`,
      define: (b: GraphBuilder) =>
        b.emit('scatter', [x(b, 3, 2), ints(b, ...at), y(b, at.length, 2)], { kind }),
    })),
  ),
  updateSlice: [-1, 0, 2, 9].map((start) => ({
    name: `from ${start}`,
    define: (b: GraphBuilder) =>
      b.emit('updateSlice', [x(b, 2, 4), y(b, 2, 2), b.constant('i32', [], start)], { axis: 1 }),
  })),
  argsort: one('and gather', (b) => {
    const v = x(b, 5);
    const order = b.emit('argsort', [v], { axis: 0, descending: true });
    return b.binary('mul', b.emit('gather', [v, order], { axis: 0 }), y(b, 5));
  }),
};
