/** Loops with products inside, whose trips a workgroup makes. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { prepare } from '../../src/compile.js';
import { describeGroups } from '../../src/cli/reports/explain.js';
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { SOFTWARE_TARGET, WASM_TARGET, type Target } from '../../src/passes/target.js';
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

const shapes = fc.record({
  kind: fc.constantFrom(...CELLS),
  trips: fc.constantFrom(2, 0, 1, 7),
  batch: fc.integer({ min: 1, max: 5 }),
  units: fc.constantFrom(1, 3, 5, 64, 65),
  turned: fc.boolean(),
  step: fc.constantFrom(1, -1),
});

describe.each(availableGpus)('%s', (name) => {
  test('a workgroup makes all trips of cells of any shape, with the same bits', async () => {
    const check = async (shape: Shape, seed: number): Promise<void> => {
      const program = layer(shape);
      expect(isInside(program, EAGER_CELLS), JSON.stringify(shape)).toBe(true);
      await expectSameBits({ program, inputs: inputsOf(shape, seed) }, { gpus: [name], variants: ['cells'] });
    };
    for (const kind of ['gru, reset before', 'lstm'] as const)
      await check({ kind, trips: 3, batch: 2, units: 33 }, 1);
    await fc.assert(fc.asyncProperty(shapes, fc.nat(99), check), { numRuns: 4 });
  }, 120_000);
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
    'its trips have kernels of their own: a trip has a dot, and workgroups would take 37192 steps for the rows of a trip, and the launches of its kernels take 2048',
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
  const inside = (shape: Partial<Shape>): boolean =>
    isInside(layer({ kind: 'rnn', trips: 10, batch: 1, units: 64, ...shape }), EAGER_CELLS);
  expect(inside({})).toBe(true);
  expect(inside({ trips: 2 ** 16 })).toBe(false);
  expect(inside({ units: 2048 })).toBe(true);
  expect(inside({ units: 2049 })).toBe(false);
});
