/**
 * Chains of values that are read at shifted places. Each round would double what a kernel computes again, so the plan has to
 * store values: its text and its time stay linear in the nodes.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Plan } from '../../../src/plan/plan.js';
import type { GraphBuilder, GraphValue } from '../../../src/ir/builder.js';
import type { Graph } from '../../../src/ir/graph.js';
import { derive } from '../differentiate/support.js';
import { staticShape } from '../../../src/ir/types.js';
import { optimize } from '../../../src/passes/optimize.js';
import { expectSameBits } from '../../support/differential.js';
import { fuzz } from '../../support/fuzz.js';
import { availableGpus } from '../../support/gpu.js';
import { planned } from '../../support/planned.js';
import { graphOf, specimen } from '../../support/specimen.js';

/** Operators and calls in the kernels of a plan, once for each time that a kernel runs. */
function operationsOf({ commands, pipelines }: Plan): number {
  const each = pipelines.map(({ code }) => {
    const body = code.slice(code.indexOf('fn main('));
    return body.match(/ (?:[-+*/%&|^]|<<|>>|<=?|>=?|==|!=|&&|\|\|) |\w\(/g)?.length ?? 0;
  });
  return commands.reduce((sum, { pipeline }) => sum + each[pipeline], 0);
}

const readsOf = ({ nodes }: Graph): number => nodes.reduce((sum, { inputs }) => sum + inputs.length, 0);

/** Operations for each node and each of its readers. */
const MOST = 8;

function expectLinear(graph: Graph): void {
  const plan = planOf(graph);
  expect(operationsOf(plan)).toBeLessThanOrEqual(MOST * (graph.nodes.length + readsOf(graph)));
}

const planOf = (graph: Graph): Plan => planned(graph).plan;

const shapeOf = (x: GraphValue): readonly number[] => staticShape(x.type.shape);

/** A part of `x` along `axis`. */
function part(b: GraphBuilder, x: GraphValue, axis: number, start: number, size: number): GraphValue {
  const shape = shapeOf(x);
  const starts = shape.map((_, i) => (i === axis ? start : 0));
  const sizes = shape.with(axis, size);
  return b.emit('slice', [x], { starts, sizes, strides: shape.map(() => 1) });
}

/** The ways of reading all of `x` at another place. */
const READS = {
  roll: (b, x, axis, by) => {
    const extent = shapeOf(x)[axis];
    const at = by % extent;
    if (at === 0) return x;
    return b.emit('concat', [part(b, x, axis, at, extent - at), part(b, x, axis, 0, at)], { axis });
  },
  shift: (b, x, axis, by) => {
    const shape = shapeOf(x);
    const zero = shape.map(() => 0);
    const low = zero.with(axis, by % 2);
    const high = zero.with(axis, 2 - (by % 2));
    const padded = b.emit('pad', [x], { low, high, interior: zero, value: 0 });
    return part(b, padded, axis, by % 3, shape[axis]);
  },
  reverse: (b, x, axis) => b.emit('reverse', [x], { axes: [axis] }),
  pick: (b, x, axis, by) => {
    const extent = shapeOf(x)[axis];
    const values = Array.from({ length: extent }, (_, i) => (i * 3 + by) % extent);
    return b.emit('gather', [x, b.emit('constant', [], { dtype: 'i32', shape: [extent], values })], { axis });
  },
  shuffle: (b, x) => {
    const shape = shapeOf(x);
    const count = shape.reduce((product, extent) => product * extent, 1);
    return b.reshape(b.permute(b.reshape(x, [4, count / 4]), [1, 0]), shape);
  },
} as const satisfies Record<string, (b: GraphBuilder, x: GraphValue, axis: number, by: number) => GraphValue>;

interface Read {
  readonly kind: keyof typeof READS;
  readonly axis: number;
  readonly by: number;
}

const reads: fc.Arbitrary<Read> = fc.record({
  kind: fc.constantFrom(...(Object.keys(READS) as (keyof typeof READS)[])),
  axis: fc.nat(1),
  by: fc.integer({ min: 1, max: 7 }),
});

interface Round {
  readonly reads: readonly Read[];
  readonly then: 'none' | 'neg' | 'tanh';
}

const chains = fc.record({
  shape: fc.constantFrom([64], [8, 12], [40, 30]),
  rounds: fc.array(
    fc.record({
      reads: fc.array(reads, { minLength: 1, maxLength: 4 }),
      then: fc.constantFrom('none', 'neg', 'tanh'),
    }),
    { minLength: 1, maxLength: 24 },
  ),
});

function chain(b: GraphBuilder, shape: readonly number[], rounds: readonly Round[]): GraphValue {
  let x = b.param('x', 'f32', shape);
  for (const round of rounds) {
    const [first, ...rest] = round.reads.map(({ kind, axis, by }) =>
      READS[kind](b, x, axis % shape.length, by),
    );
    const sum = rest.reduce((total, read) => b.binary('add', total, read), b.binary('mul', x, first));
    x = round.then === 'none' ? sum : b.unary(round.then, sum);
  }
  return x;
}

test('what kernels compute is linear in the nodes, whatever is read where', () => {
  fc.assert(
    fc.property(chains, ({ shape, rounds }) => {
      const graph = graphOf((b) => b.output('y', chain(b, shape, rounds)));
      expectLinear(optimize({ graph, weights: new Map() }).graph);
    }),
    fuzz(150),
  );
});

/** Rounds that explode where nothing is stored. */
const EXPLOSIVE: Readonly<Record<string, Round>> = {
  'a stencil of three points': {
    reads: [
      { kind: 'shift', axis: 0, by: 1 },
      { kind: 'shift', axis: 0, by: 2 },
    ],
    then: 'none',
  },
  'a butterfly': { reads: [{ kind: 'roll', axis: 0, by: 4 }], then: 'none' },
  'the heat equation': {
    reads: [
      { kind: 'roll', axis: 0, by: 1 },
      { kind: 'roll', axis: 0, by: 7 },
      { kind: 'roll', axis: 1, by: 1 },
      { kind: 'roll', axis: 1, by: 7 },
    ],
    then: 'none',
  },
  'both directions': { reads: [{ kind: 'reverse', axis: 0, by: 1 }], then: 'tanh' },
  'rows by a table': { reads: [{ kind: 'pick', axis: 0, by: 2 }], then: 'neg' },
  'a perfect shuffle': { reads: [{ kind: 'shuffle', axis: 0, by: 1 }], then: 'none' },
};

describe.each(Object.entries(EXPLOSIVE))('%s', (_, round) => {
  const graphOfRounds = (count: number): Graph =>
    graphOf((b) =>
      b.output(
        'y',
        chain(
          b,
          [16, 16],
          Array.from({ length: count }, () => round),
        ),
      ),
    );

  test('four times the rounds make four times the operations', () => {
    const [few, many] = [40, 160].map((count) => operationsOf(planOf(graphOfRounds(count))));
    expect(many / few).toBeLessThan(4.2);
  });

  test('and so does its gradient', () => {
    const [few, many] = [20, 80].map((count) => {
      const { graph } = optimize({ graph: derive(graphOfRounds(count), ['x']).graph, weights: new Map() });
      return operationsOf(planOf(graph));
    });
    expect(many / few).toBeLessThan(4.2);
  });

  test.each(availableGpus)('the bits of %s are the interpreter’s', async (name) => {
    const program = specimen((b) =>
      b.output(
        'y',
        chain(
          b,
          [16, 16],
          Array.from({ length: 12 }, () => round),
        ),
      ),
    );
    await expectSameBits(program, { gpus: [name], variants: ['optimised', 'fused'] });
  });
});

test('index maps that do not undo each other are stored before their index grows', () => {
  const shuffled = (rounds: number): Graph =>
    graphOf((b) => {
      let x = b.param('x', 'f32', [24]);
      for (let i = 0; i < rounds; i++) x = b.reshape(b.permute(b.reshape(x, [4, 6]), [1, 0]), [24]);
      b.output('y', b.unary('neg', x));
    });
  const [few, many] = [40, 160].map((rounds) => operationsOf(planOf(shuffled(rounds))));
  expect(many / few).toBeLessThan(4.2);
});
