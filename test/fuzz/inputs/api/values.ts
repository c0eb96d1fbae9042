/** Arguments that nobody should hand over, and some that fit. Each is made anew, with a text for people. */
import { tensorData } from '../../../../src/base/tensor.js';
import { ones, random as keys, tensor, zeros } from '../../../../src/index.js';
import { GraphBuilder } from '../../../../src/ir/builder.js';
import type { Program } from '../../../../src/ir/graph.js';
import type { Random } from '../family.js';

/** An argument, and how it is written. */
export interface Written {
  readonly value: unknown;
  readonly text: string;
}

/** What options are called, here and there. */
const OPTION_NAMES = [
  'activation',
  'argument',
  'aux',
  'axes',
  'axis',
  'backend',
  'base',
  'batch',
  'batchSize',
  'betas',
  'bias',
  'causal',
  'classes',
  'clip',
  'compat',
  'context',
  'correction',
  'count',
  'data',
  'decay',
  'delta',
  'descending',
  'device',
  'dilation',
  'donate',
  'dropout',
  'dtype',
  'epoch',
  'epsilon',
  'every',
  'exclusive',
  'fraction',
  'globalNorm',
  'groups',
  'heads',
  'ignoreIndex',
  'images',
  'inAxes',
  'init',
  'inputShapes',
  'keepDims',
  'kernel',
  'key',
  'labelSmoothing',
  'labels',
  'layers',
  'learningRate',
  'length',
  'like',
  'mask',
  'maxRounds',
  'mean',
  'metadata',
  'model',
  'momentum',
  'name',
  'nesterov',
  'norm',
  'numerics',
  'onProgress',
  'opset',
  'outAxis',
  'outputPadding',
  'outputs',
  'padding',
  'params',
  'positions',
  'probe',
  'programs',
  'readEvery',
  'reduction',
  'residents',
  'reverse',
  'scale',
  'schedule',
  'seed',
  'series',
  'shape',
  'shuffle',
  'state',
  'step',
  'steps',
  'strict',
  'stride',
  'target',
  'title',
  'training',
  'validation',
  'value',
  'variance',
  'weight',
  'weightDecay',
  'weights',
  'x',
  'xLabel',
  'y',
  'yLabel',
  'yScale',
];

/** What the caller's own code throws: getters, traps of proxies, callbacks. It comes back as it is, and is no finding. */
export class Foreign extends Error {
  override readonly name = 'Foreign';
}

const explode = (): never => {
  throw new Foreign('thrown by the caller');
};

const written = (text: string, make: () => unknown): (() => Written) => {
  return () => ({ value: make(), text });
};

/** What no function takes, or few do. */
export const JUNK: readonly (() => Written)[] = [
  written('undefined', () => undefined),
  written('null', () => null),
  written('NaN', () => NaN),
  written('Infinity', () => Infinity),
  written('-1', () => -1),
  written('0.5', () => 0.5),
  written('2**31', () => 2 ** 31),
  written('2**53', () => 2 ** 53),
  written('true', () => true),
  written("''", () => ''),
  written("'__proto__'", () => '__proto__'),
  written("'constructor'", () => 'constructor'),
  written("'f32'", () => 'f32'),
  written('Symbol()', () => Symbol('junk')),
  written('5n', () => 5n),
  written('[]', () => []),
  written('[null]', () => [null]),
  written('[1, null]', () => [1, null]),
  written('[[1], 2]', () => [[1], 2]),
  written('[[[1]]]', () => [[[1]]]),
  written("['a']", () => ['a']),
  written('[Symbol()]', () => [Symbol('junk')]),
  written('[NaN]', () => [NaN]),
  written('[-1, 2]', () => [-1, 2]),
  written('[undefined, 1]', () => [undefined, 1]),
  written('new Array(3)', () => new Array<unknown>(3)),
  written('{}', () => ({})),
  written('{ a: 1 }', () => ({ a: 1 })),
  written('Object.create(null)', () => Object.create(null) as unknown),
  written('{ then: 1 }', () => ({ then: 1 })),
  written('{ length: 3 }', () => ({ length: 3 })),
  written('{ dtype: "f32", shape: [2] }', () => ({ dtype: 'f32', shape: [2] })),
  written('{ dtype: "f64", shape: null, data: 1 }', () => ({ dtype: 'f64', shape: null, data: 1 })),
  written('{ graph: {}, weights: new Map() }', () => ({ graph: {}, weights: new Map() })),
  written('{ graph: { nodes: [1], outputs: 2 }, weights: new Map() }', () => ({ graph: { nodes: [1], outputs: 2 }, weights: new Map() })), // prettier-ignore
  written('{ nodes: [{}], outputs: [] }', () => ({ nodes: [{}], outputs: [] })),
  written('{ id: 0, type: null }', () => ({ id: 0, type: null })),
  written('{ get a() { throw } }', () => Object.defineProperty({}, 'a', { get: explode, enumerable: true })),
  written('a proxy that throws', () => new Proxy({}, { get: explode, ownKeys: explode, has: explode })),
  written('new Map()', () => new Map()),
  written('new Map([[1, 2]])', () => new Map([[1, 2]])),
  written('new Set([1])', () => new Set([1])),
  written('new Date(NaN)', () => new Date(NaN)),
  written('/x/', () => /x/),
  written('Promise.resolve()', () => Promise.resolve()),
  written('new Uint8Array(3)', () => new Uint8Array(3)),
  written('new ArrayBuffer(8)', () => new ArrayBuffer(8)),
  written('new BigInt64Array(1)', () => new BigInt64Array(1)),
  written('new DataView(new ArrayBuffer(1))', () => new DataView(new ArrayBuffer(1))),
  written('() => undefined', () => () => undefined),
  written('() => null', () => () => null),
  written('async () => 1', () => async () => Promise.resolve(1)),
  written('function* () {}', () => function* () {}),
  written('() => { throw }', () => explode),
];

/** What some function takes. */
const GOOD: readonly (() => Written)[] = [
  written('0', () => 0),
  written('1', () => 1),
  written('2', () => 2),
  written('3', () => 3),
  written('[0]', () => [0]),
  written('[2, 3]', () => [2, 3]),
  written('[1, 0]', () => [1, 0]),
  written("'x'", () => 'x'),
  written("'relu'", () => 'relu'),
  written("'ij,jk'", () => 'ij,jk'),
  written('ones([2, 3])', () => ones([2, 3])),
  written('ones([])', () => ones([])),
  written('zeros([0])', () => zeros([0])),
  written('zeros([2, 3, 4, 4])', () => zeros([2, 3, 4, 4])),
  written("ones([2], { dtype: 'i32' })", () => ones([2], { dtype: 'i32' })),
  written("ones([3], { dtype: 'bool' })", () => ones([3], { dtype: 'bool' })),
  written("ones([2, 2], { dtype: 'f16' })", () => ones([2, 2], { dtype: 'f16' })),
  written('[ones([2]), ones([2])]', () => [ones([2]), ones([2])]),
  written('{ w: ones([2]) }', () => ({ w: ones([2]) })),
  written('a disposed tensor', () => {
    const x = tensor([1]);
    x.dispose();
    return x;
  }),
  written('random.key(1)', () => keys.key(1)),
  written('Float32Array.of(1, 2)', () => Float32Array.of(1, 2)),
  written('Int32Array.of(1, 2)', () => Int32Array.of(1, 2)),
  written('Uint32Array.of(0, 1)', () => Uint32Array.of(0, 1)),
  written("tensorData('f32', [2, 1], ...)", () => tensorData('f32', [2, 1], Float32Array.of(1, 2))),
  written("tensorData('i32', [2], ...)", () => tensorData('i32', [2], Int32Array.of(0, 1))),
  written('(x) => x', () => (x: unknown) => x),
  written('(x) => [x, x]', () => (x: unknown) => [x, x]),
  written('() => ones([])', () => () => ones([])),
  written('() => ones([2, 3])', () => () => ones([2, 3])),
  written('a program', smallProgram),
  written('a graph', () => smallProgram().graph),
];

export function smallProgram(): Program {
  const b = new GraphBuilder('small');
  const x = b.param('x', 'f32', [2]);
  b.output('y', b.binary('mul', x, b.weight('w', 'f32', [2])));
  return { graph: b.build(), weights: new Map([['w', tensorData('f32', [2], Float32Array.of(1, 2))]]) };
}

/** An argument of any kind, an object of options among them; a share of `junk` of them is what no function takes. */
export function anything(random: Random, junk: number, depth = 0): Written {
  if (depth < 2 && random.chance(0.15)) return options(random, junk, depth);
  return random.pick(random.chance(junk) ? JUNK : GOOD)();
}

function options(random: Random, junk: number, depth: number): Written {
  const entries = random.times(
    random.integer(1, 3),
    () => [random.pick(OPTION_NAMES), anything(random, junk, depth + 1)] as const,
  );
  return {
    value: Object.fromEntries(entries.map(([name, { value }]) => [name, value])),
    text: `{ ${entries.map(([name, { text }]) => `${name}: ${text}`).join(', ')} }`,
  };
}
