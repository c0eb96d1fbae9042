/** Loops with products inside, whose trips a workgroup makes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prepare } from '../../src/compile.js';
import { describeGroups } from '../../src/cli/reports/explain.js';
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { DEFAULT_TARGET, SOFTWARE_TARGET, WASM_TARGET, type Target } from '../../src/passes/target.js';
import type { Tensors } from '../../src/runtime/inputs.js';
import { EAGER_CELLS, expectSameBits } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { emitLoop } from '../support/inner.js';
import { tensorOf } from '../support/tensors.js';

const DOT = { lhsBatch: [], rhsBatch: [] } as const;
const CELLS = ['rnn', 'lstm', 'gru', 'gru, reset before', 'normed'] as const;
const GATES: Readonly<Record<(typeof CELLS)[number], number>> = { rnn: 1, lstm: 4, gru: 3, 'gru, reset before': 3, normed: 1 }; // prettier-ignore

interface Shape {
  readonly kind: (typeof CELLS)[number];
  readonly trips: number;
  readonly batch: number;
  readonly units: number;
  /** Whether the weight lies as [columns, units]. */
  readonly turned?: boolean;
  readonly step?: number;
}

/** A layer of cells over x f32 [trips, batch, gates * units], from a state h, with its last states and all of h. */
function layer({ kind, trips, batch, units, turned = false, step = 1 }: Shape): Program {
  const columns = GATES[kind] * units;
  const b = new GraphBuilder(kind);
  const state = [batch, units];
  const carried = [b.param('h', 'f32', state), ...(kind === 'lstm' ? [b.param('c', 'f32', state)] : [])];
  const x = b.param('x', 'f32', [trips, batch, columns]);
  const w = b.param('w', 'f32', turned ? [columns, units] : [units, columns]);
  const spec = { trips, carried, sliced: [x], captures: [w], sliceSteps: [step], stackAxes: [0], stackSteps: [step] }; // prettier-ignore
  const parts = emitLoop(b, spec, (inner, _, h, ...rest) => {
    const [c, row, weight] = kind === 'lstm' ? rest : [h, ...rest];
    const product = (lhs: GraphValue, rhs = weight): GraphValue =>
      inner.emit('dot', [lhs, rhs], { ...DOT, lhsContract: [1], rhsContract: [turned ? 1 : 0] });
    const part = (value: GraphValue, axis: number, at: number, count = 1): GraphValue => {
      const shape = value.type.shape as readonly number[];
      const put = (list: readonly number[], own: number): readonly number[] => list.with(axis, own);
      return inner.emit('slice', [value], {
        starts: put(shape.map(() => 0), at * units), // prettier-ignore
        sizes: put(shape, count * units),
        strides: shape.map(() => 1),
      });
    };
    const [add, mul] = (['add', 'mul'] as const).map((op) => (p: GraphValue, q: GraphValue) => inner.binary(op, p, q)); // prettier-ignore
    const [sigmoid, tanh] = (['sigmoid', 'tanh'] as const).map((op) => (p: GraphValue) => inner.unary(op, p));
    const mixed = (z: GraphValue, n: GraphValue): GraphValue =>
      add(mul(inner.binary('sub', inner.full(z, 1), z), n), mul(z, h));
    switch (kind) {
      case 'rnn': {
        const next = tanh(add(product(h), row));
        return [next, next];
      }
      case 'lstm': {
        const [i, o, f, g] = [0, 1, 2, 3].map((at) => part(add(row, product(h)), 1, at));
        const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
        const out = mul(sigmoid(o), tanh(next));
        return [out, next, out];
      }
      case 'gru': {
        const [p, q] = [product(h), row];
        const [z, r] = [0, 1].map((at) => sigmoid(add(part(p, 1, at), part(q, 1, at))));
        const next = mixed(z, tanh(add(part(q, 1, 2), mul(r, part(p, 1, 2)))));
        return [next, next];
      }
      case 'gru, reset before': {
        const axis = turned ? 0 : 1;
        const both = add(product(h, part(weight, axis, 0, 2)), part(row, 1, 0, 2));
        const [z, r] = [0, 1].map((at) => sigmoid(part(both, 1, at)));
        const next = mixed(z, tanh(add(product(mul(r, h), part(weight, axis, 2)), part(row, 1, 2))));
        return [next, next];
      }
      case 'normed': {
        const made = add(product(h), row);
        const total = inner.emit('reduce', [made], { kind: 'sum', axes: [1] });
        const spread = inner.broadcast(inner.reshape(total, [batch, 1]), [batch, units]);
        const next = inner.binary('sub', made, mul(spread, inner.full(made, 1 / units)));
        return [next, next];
      }
    }
  });
  parts.forEach((value, i) => b.output(`r${i}`, value));
  return { graph: b.build(), weights: new Map() };
}

function inputsOf({ kind, trips, batch, units, turned = false }: Shape, seed: number): Tensors {
  const columns = GATES[kind] * units;
  const values = seed % 3 === 0 ? 'hostile' : 'usual';
  return {
    h: tensorOf('f32', [batch, units], seed, values),
    ...(kind === 'lstm' ? { c: tensorOf('f32', [batch, units], seed + 1, values) } : {}),
    x: tensorOf('f32', [trips, batch, columns], seed + 2, values),
    w: tensorOf('f32', turned ? [columns, units] : [units, columns], seed + 3, 'usual'),
  };
}

const isInside = (program: Program, target: Target): boolean => prepare(program, { target }).planned.plan.loops === undefined; // prettier-ignore

// Fewer than two trips are no loop.
const drawn = fc.record({
  kind: fc.constantFrom(...CELLS),
  trips: fc.constantFrom(2, 7),
  batch: fc.integer({ min: 1, max: 5 }),
  units: fc.constantFrom(1, 3, 5, 64, 65),
  turned: fc.boolean(),
  step: fc.constantFrom(1, -1),
});

/** Rows that are longer than a workgroup, and of which one workgroup has several; and such that fill it. */
const FIXED: readonly Omit<Shape, 'kind'>[] = [
  { trips: 2, batch: 2, units: 65, turned: true, step: -1 },
  { trips: 7, batch: 6, units: 5 },
];
const FULL: Omit<Shape, 'kind'> = { trips: 2, batch: 1, units: 64 };

const tanhOf = (b: GraphBuilder, lhs: GraphValue, rhs: GraphValue): GraphValue =>
  b.unary('tanh', b.emit('dot', [lhs, rhs], { ...DOT, lhsContract: [1], rhsContract: [0] }));

type TwoCarried = (b: GraphBuilder, w: GraphValue, p: GraphValue, q: GraphValue) => readonly GraphValue[];

/** What trips carry, and how they read it. */
const CARRIED: Readonly<Record<string, TwoCarried>> = {
  'two that swap': (b, w, p, q) => [tanhOf(b, q, w), tanhOf(b, p, w)],
  'one that is the other of the trip before': (b, w, p, q) => [q, tanhOf(b, p, w)],
  'one that no trip reads': (b, w, p) => [tanhOf(b, p, w), b.unary('exp', tanhOf(b, p, w))],
  'a value of step 0 that step 2 reads': (b, w, p, q) => {
    const first = tanhOf(b, p, w);
    const second = tanhOf(b, first, w);
    return [tanhOf(b, b.binary('add', second, first), w), tanhOf(b, first, q)];
  },
};

/** A loop that carries two values f32 [5, 5]. */
function carrying(name: string, define: TwoCarried, trips: number): Program {
  const b = new GraphBuilder(name);
  const [p, q, w] = ['p', 'q', 'w'].map((param) => b.param(param, 'f32', [5, 5]));
  const parts = emitLoop(b, { trips, carried: [p, q], captures: [w] }, (inner, _, own, other, weight) =>
    define(inner, weight, own, other),
  );
  parts.forEach((value, i) => b.output(`r${i}`, value));
  return { graph: b.build(), weights: new Map() };
}

/** Two trips of h = h / sqrt(sum(h * h)) over h f32 [1, units]. */
function normalising(units: number): Program {
  const b = new GraphBuilder('normalising');
  const [y] = emitLoop(b, { trips: 2, carried: [b.param('h', 'f32', [1, units])] }, (inner, _, h) => {
    const total = inner.emit('reduce', [inner.binary('mul', h, h)], { kind: 'sum', axes: [1] });
    const root = inner.unary('sqrt', inner.reshape(total, [1, 1]));
    return [inner.binary('div', h, inner.broadcast(root, [1, units]))];
  });
  b.output('y', y);
  return { graph: b.build(), weights: new Map() };
}

describe.each(availableGpus)('%s', (name) => {
  const expectCells = (program: Program, inputs: Tensors): Promise<void> => {
    expect(isInside(program, EAGER_CELLS), program.graph.name).toBe(true);
    return expectSameBits({ program, inputs }, { gpus: [name], variants: ['cells'] });
  };

  test.each(CELLS)(
    'a workgroup makes all trips of a layer of %s, with the same bits',
    async (kind) => {
      const shapes = kind === 'lstm' || kind === 'gru, reset before' ? [...FIXED, FULL] : FIXED;
      for (const [seed, shape] of shapes.entries())
        await expectCells(layer({ kind, ...shape }), inputsOf({ kind, ...shape }, seed));
    },
    60_000,
  );

  test('so it does for layers of any shape', async () => {
    const check = (shape: Shape, seed: number): Promise<void> => expectCells(layer(shape), inputsOf(shape, seed)); // prettier-ignore
    await fc.assert(fc.asyncProperty(drawn, fc.nat(99), check), { numRuns: 2 });
  }, 60_000);

  test('what trips carry may be read by others, later or never', async () => {
    const inputs = Object.fromEntries(['p', 'q', 'w'].map((at, i) => [at, tensorOf('f32', [5, 5], i)]));
    for (const [what, define] of Object.entries(CARRIED))
      await expectCells(carrying(what, define, 7), inputs);
  }, 60_000);

  test('a row takes the memory of a workgroup up to its last byte', async () => {
    // What is carried lies there twice, and its sum takes 16 bytes.
    const units = (DEFAULT_TARGET.workgroupBytes - 16) / 8;
    await expectCells(normalising(units), { h: tensorOf('f32', [1, units]) });
    expect(isInside(normalising(units + 1), EAGER_CELLS)).toBe(false);
  }, 60_000);
});

test('few units are a kernel that makes all trips, many are kernels for each trip; inspect says why', () => {
  const decided = (shape: Shape, target: Target): readonly [boolean, string] => {
    const prepared = prepare(layer(shape), { target });
    const reasons = prepared.planned.fusion.decisions.map(({ reason }) => reason);
    return [
      prepared.planned.plan.loops === undefined,
      reasons.filter((reason) => reason.includes('trips')).join(),
    ];
  };
  const small = { kind: 'rnn', trips: 100, batch: 1, units: 32 } as const;
  expect(decided(small, SOFTWARE_TARGET)).toEqual([
    true,
    'one kernel makes all of its trips: a workgroup keeps a row of what it carries, which takes less time than the launches of kernels for each trip',
  ]);
  expect(decided({ ...small, units: 512 }, SOFTWARE_TARGET)).toEqual([
    false,
    'its trips have kernels of their own: a trip has a dot, and workgroups would take 596672 steps for the rows of a trip, and the launches of its kernels take 32768',
  ]);
  expect(decided(small, WASM_TARGET)).toEqual([
    false,
    'its trips have kernels of their own: a trip has a dot, and lanes in step have no barriers',
  ]);
  const prepared = prepare(layer(small), { target: SOFTWARE_TARGET });
  expect(describeGroups(prepared)).toContain('over 1 row of what is carried');
});

test('where rows need each other, a workgroup has all of them; where they are short, several', () => {
  const workgroups = (program: Program): readonly number[] =>
    prepare(program, { target: EAGER_CELLS }).planned.plan.commands.at(-1)!.workgroups;
  expect(workgroups(layer({ kind: 'gru', trips: 3, batch: 12, units: 40 }))).toEqual([12, 1, 1]);
  expect(workgroups(layer({ kind: 'gru', trips: 3, batch: 12, units: 5 }))).toEqual([1, 1, 1]);
  expect(workgroups(layer({ kind: 'gru', trips: 3, batch: 12, units: 11 }))).toEqual([3, 1, 1]);
  const b = new GraphBuilder('attention');
  const h = b.param('h', 'f32', [70, 3]);
  const [y] = emitLoop(b, { trips: 3, carried: [h] }, (inner, _, held) => {
    const scores = inner.emit('dot', [held, held], { ...DOT, lhsContract: [1], rhsContract: [1] });
    return [
      inner.unary('tanh', inner.emit('dot', [scores, held], { ...DOT, lhsContract: [1], rhsContract: [0] })),
    ];
  });
  b.output('y', y);
  const target = { ...EAGER_CELLS, workgroupBytes: 2 ** 16 };
  const { plan } = prepare({ graph: b.build(), weights: new Map() }, { target }).planned;
  expect([plan.loops, plan.commands.at(-1)!.workgroups]).toEqual([undefined, [1, 1, 1]]);
});

test('a kernel that would take too long, or more memory than a workgroup has, is none', () => {
  const inside = (shape: Partial<Shape>, target = EAGER_CELLS): boolean =>
    isInside(layer({ kind: 'rnn', trips: 10, batch: 1, units: 64, ...shape }), target);
  expect(inside({})).toBe(true);
  expect(inside({ trips: 2 ** 16 })).toBe(false);
  const long = { ...EAGER_CELLS, maxLoopOperations: Infinity };
  expect(inside({ units: 2048 }, long)).toBe(true);
  expect(inside({ units: 2049 }, long)).toBe(false);
});

test('steps are counted for each round of the lanes, for each use and for each barrier', () => {
  const target = { ...DEFAULT_TARGET, launchSteps: 0 };
  const steps = (program: Program, numbers: Partial<Target> = {}): number => {
    const prepared = prepare(program, { target: { ...target, barrierSteps: 0, ...numbers } });
    const text = prepared.planned.fusion.decisions.map(({ reason }) => reason).join('\n');
    return Number(/workgroups would take (\d+) steps/.exec(text)?.[1]);
  };
  const rnn = (units: number): Program => layer({ kind: 'rnn', trips: 5, batch: 1, units });
  // An element is a product of as many terms as there are units, a sum and a tanh.
  const element = (units: number): number => units * (1 + target.loadCost) + 1 + target.heavyCost;
  expect(steps(rnn(64))).toBe(element(64));
  expect(steps(rnn(65))).toBe(2 * element(65));
  expect(steps(rnn(64), { lanesAtOnce: 4 })).toBe(16 * element(64));
  expect(steps(rnn(64), { barrierSteps: 1000 })).toBe(element(64) + 1000);

  // A lane adds up the squares of all, each of them made where it is added; then all take the root, and divide.
  expect(steps(normalising(64))).toBe(64 + 64 + 2);
  expect(steps(normalising(64), { lanesAtOnce: 4 })).toBe(64 + 64 + 16 * 2);
});
