/** Loops and conds: their gradients have the bits of those of the program that is spelled out. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { interpret } from '../../../src/interpreter/index.js';
import type { GraphBuilder, GraphValue } from '../../../src/ir/builder.js';
import { paramsOf, type Graph } from '../../../src/ir/graph.js';
import { printGraph } from '../../../src/ir/print.js';
import { graphIn, inlineGraph, loopOperands } from '../../../src/ir/subgraphs.js';
import { printType, staticShape, typesEqual } from '../../../src/ir/types.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import { batchGraph } from '../../../src/passes/batch/batch.js';
import { hoistInvariants } from '../../../src/passes/subgraphs/hoist.js';
import { differenceOf } from '../../support/differential.js';
import { fuzz } from '../../support/fuzz.js';
import { grow, subgraphRecipes } from '../../support/graphs.js';
import { emitLoop } from '../../support/inner.js';
import { graphOf } from '../../support/specimen.js';
import { spelledOut } from '../../support/spell-out.js';
import { tensorOf, type Flavour } from '../../support/tensors.js';
import { drawBatch, expectLoop } from '../batch/support.js';
import { COND_CASES, LOOP_CASES, RESULT_CASES } from './subgraph-cases.js';
import { smoothGraphs } from './smooth.js';
import { derivative, derive } from './support.js';

/** Throws where two graphs with the same ports give different bits. */
function expectSame(found: Graph, expected: Graph, seed: number, flavour: Flavour = 'usual'): void {
  const inputs = Object.fromEntries(
    paramsOf(found).map(({ node: { attrs, type } }, i) => [attrs.name, tensorOf(type.dtype, staticShape(type.shape), seed + i, flavour)]), // prettier-ignore
  );
  const [is, should] = [found, expected].map((graph) => interpret({ graph, weights: new Map() }, inputs).outputs); // prettier-ignore
  for (const [name, tensor] of Object.entries(should)) {
    const difference = differenceOf(is[name], tensor);
    if (difference !== undefined) throw new Error(`${name}: ${difference}\n${printGraph(found)}`);
  }
}

/**
 * Where an operand is used in several ways, or trips are not made, contributions meet in another order; where nothing flows
 * in all trips but the last, a zero does.
 */
const OTHERS = [
  'columns of a matrix that is captured as well',
  'with a condition',
  'with a condition that never holds',
  'what only the last trip gives',
];

describe('gradients of loops are those of their trips, one after the other', () => {
  const cases = [...LOOP_CASES, ...RESULT_CASES].filter(({ name }) => !OTHERS.includes(name));
  test.each(cases.map((one) => [one.name, one] as const))('%s', (_, { define }) => {
    const graph = graphOf((b) => b.output('y', define(b)));
    for (const flavour of ['usual', 'plain'] as const)
      for (const seed of [1, 2])
        expectSame(derive(graph).graph, derive(spelledOut(graph)).graph, seed, flavour);
  });

  test('of any body', () => {
    fc.assert(
      fc.property(smoothGraphs(6), fc.constantFrom(1, 2, 3, 7), fc.nat(999), (body, trips, seed) => {
        const graph = loopOver(body, trips, seed);
        verifyGraph(graph);
        fc.pre(!isMixed(graph));
        expectSame(derive(graph).graph, derive(spelledOut(graph)).graph, seed);
      }),
      fuzz(40),
    );
  });
});

/** Whether a capture is used by trips, and by what all trips share: the order of these two is not that of the spelled-out loop. */
function isMixed(graph: Graph): boolean {
  const { nodes } = hoistInvariants(graph, { views: 'outside' }).graph;
  return nodes.some((node) => {
    if (node.op !== 'loop') return false;
    const captured = new Set(loopOperands(node, node.inputs).captures);
    const madeFrom = (id: number): boolean =>
      nodes[id].inputs.some((input) => captured.has(input) || madeFrom(input));
    return [...captured].some(madeFrom);
  });
}

/**
 * A loop with this body, whose outputs it multiplies by slices and stacks. Params of it that can are carried, of the others
 * some are sliced and some are captured.
 */
function loopOver(body: Graph, trips: number, seed: number): Graph {
  const params = paramsOf(body).map(({ node }) => node.type);
  const ids = body.outputs.map(({ value }) => value);
  const at = ids.flatMap((id, i) => (ids.indexOf(id) === i ? [i] : []));
  const outputs = at.map((i) => body.nodes[ids[i]].type);
  const carriedAt: number[] = [];
  const isCarried = outputs.map((type) => {
    const free = params.findIndex((param, i) => typesEqual(param, type) && !carriedAt.includes(i));
    if (free >= 0) carriedAt.push(free);
    return free >= 0;
  });
  const others = params.flatMap((_, i) => (carriedAt.includes(i) ? [] : [i]));
  const [slicedAt, capturedAt] = [0, 1].map((bit) => others.filter((i) => ((seed >> i) & 1) === bit));
  const order = [...carriedAt, ...slicedAt, ...capturedAt];
  return graphOf((b) => {
    const given = order.map((i) => {
      const shape = staticShape(params[i].shape);
      return b.param(`x${i}`, 'f32', slicedAt.includes(i) ? [trips, ...shape] : shape);
    });
    const factors = outputs.map(({ shape }, i) => b.param(`f${i}`, 'f32', [trips, ...staticShape(shape)]));
    const [first, second] = [carriedAt.length, carriedAt.length + slicedAt.length];
    const spec = {
      trips,
      carried: given.slice(0, first),
      sliced: [...given.slice(first, second), ...factors],
      captures: given.slice(second),
    };
    // Along the last axis: no reshape of the body is one that stacking needs, which would be shared.
    const parts = emitLoop(
      b,
      { ...spec, stackAxes: outputs.map(({ shape }) => shape.length) },
      (inner, _, ...values) => {
        const own = [...values.slice(0, second), ...values.slice(second + factors.length)];
        const made = inlineGraph(inner, body, params.map((__, i) => own[order.indexOf(i)])); // prettier-ignore
        const next = outputs.map((__, i) => inner.binary('mul', made[at[i]], values[second + i]));
        return [...next.filter((__, i) => isCarried[i]), ...next];
      },
    );
    parts.forEach((part, i) => b.output(`y${i}`, part));
  });
}

test('a loop that ends early has the gradients of the trips that it makes', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 4), fc.nat(99), (made, seed) => {
      const graph = (conditional: boolean): Graph =>
        graphOf((b) => {
          const carried = [b.param('x', 'f32', [3])];
          const captures = [b.param('w', 'f32', [3])];
          const condition = conditional ? b.constant('bool', [], 1) : undefined;
          const spec = { carried, captures, trips: conditional ? 4 : made, ...(condition && { condition }) };
          const [y] = emitLoop(b, spec, (inner, trip, x, w) => {
            const next = inner.unary('sin', inner.binary('div', inner.binary('add', x, w), x));
            const more = inner.binary('lt', trip, inner.constant('i32', [], made - 1));
            return [...(conditional ? [more] : []), next];
          });
          b.output('y', y);
        });
      expectSame(derive(graph(true)).graph, derive(graph(false)).graph, seed);
      expectSame(derivative(derivative(graph(true))), derivative(derivative(graph(false))), seed);
    }),
    fuzz(10),
  );
});

test('a cond has the gradient of the branch that is taken', () => {
  const branch = (b: GraphBuilder, at: number, x: GraphValue): GraphValue =>
    at === 0 ? b.unary('sqrt', x) : b.binary('div', b.full(x, 1), x);
  const graph = (taken: number | undefined): Graph =>
    graphOf((b) => {
      const x = b.param('x', 'f32', [3]);
      const both = [0, 1].map((at) => graphOf((inner) => inner.output('y', branch(inner, at, inner.param('x', 'f32', [3]))))); // prettier-ignore
      const chosen = (at: number): GraphValue =>
        b.emit('result', [b.emit('cond', [b.constant('bool', [], at), x], { branches: both })], { index: 0 });
      const y = (at: number): GraphValue => (taken === undefined ? chosen(at) : branch(b, at, x));
      b.output('y', b.binary('mul', y(1), y(0)));
    });
  expectSame(derive(graph(undefined)).graph, derive(graph(0)).graph, 1);
});

describe('random graphs with graphs inside', () => {
  test('keep the bits of their outputs, and have first and second derivatives', () => {
    fc.assert(
      fc.property(subgraphRecipes(), (recipe) => {
        const { program, inputs } = grow(recipe);
        const bounded = program.graph.nodes.every(
          (node) => node.op !== 'loop' || node.attrs.trips !== Infinity,
        );
        fc.pre(bounded);
        const { graph } = derive(program.graph);
        verifyGraph(graph);
        const given = Object.fromEntries(
          paramsOf(graph).map(({ node: { attrs, type } }, i) => [
            attrs.name,
            inputs[attrs.name] ?? tensorOf(type.dtype, staticShape(type.shape), i),
          ]),
        );
        const before = interpret(program, inputs).outputs;
        const after = interpret({ ...program, graph }, given).outputs;
        for (const [name, tensor] of Object.entries(before))
          expect(differenceOf(after[name], tensor)).toBeUndefined();
        verifyGraph(derive(derivative(program.graph)).graph);
      }),
      fuzz(40),
    );
  });
});

test.each([...LOOP_CASES, ...COND_CASES].map((one) => [one.name, one] as const))(
  'batches of gradients, and gradients of batches: %s',
  (_, { define }) => {
    const graph = graphOf((b) => b.output('y', define(b)));
    const { graph: derived } = derive(graph);
    const names = paramsOf(derived).map(({ node }) => node.attrs.name);
    expectLoop(drawBatch(derived, names, 2, 'usual'));
    verifyGraph(derive(batchGraph(graph, new Set(paramsOf(graph).map(({ id }) => id)), 2)).graph);
  },
);

describe('what a loop keeps for the way back', () => {
  const kept = (trips: number, isMarked: boolean): readonly string[] => {
    const graph = graphOf((b) => {
      const [h, xs] = [b.param('h', 'f32', [32]), b.param('x', 'f32', [trips, 32])];
      const captures = [b.param('w', 'f32', [32, 32]), b.param('u', 'f32', [32, 32])];
      const spec = { trips, carried: [h], sliced: [xs], captures };
      const [last] = emitLoop(b, spec, (inner, _, ...params) => {
        const mark = (op: 'rematBegin' | 'rematEnd', value: GraphValue): GraphValue =>
          isMarked ? inner.emit(op, [value], {}) : value;
        const [state, x, w, u] = params.map((value) => mark('rematBegin', value));
        const product = (row: GraphValue, matrix: GraphValue): GraphValue =>
          inner.emit('dot', [row, matrix], {
            lhsBatch: [],
            rhsBatch: [],
            lhsContract: [0],
            rhsContract: [0],
          });
        const sum = inner.binary('add', product(x, w), product(state, u));
        const sine = inner.unary('sin', inner.unary('exp', inner.unary('neg', sum)));
        return [isMarked ? mark('rematEnd', sine) : inner.unary('tanh', sum)];
      });
      b.output('last', last);
    });
    const loop = derive(graph).graph.nodes.find(({ op }) => op === 'loop');
    return loop!.type.parts!.map(printType);
  };

  test('is its states, each once', () => {
    expect(kept(1000, false)).toEqual(['f32[32]', 'f32[1000,32]']);
  });

  test('is nothing of a rematerialised span but its operands', () => {
    expect(kept(1000, true)).toEqual(['f32[32]', 'f32[1000,32]']);
  });
});

test('a loop without a bound has no gradient', () => {
  const graph = graphOf((b) => {
    const x = b.param('x', 'f32', []);
    const condition = b.binary('lt', x, b.full(x, 9));
    const [y] = emitLoop(b, { trips: Infinity, condition, carried: [x] }, (inner, _, value) => {
      const next = inner.binary('add', value, inner.full(value, 1));
      return [inner.binary('lt', next, inner.full(next, 9)), next];
    });
    b.output('y', y);
  });
  expect(() => derive(graph)).toThrow(/GRAD_INVALID[^]*without a bound[^]*largest number of trips/);
});

test('what is the same in every trip is pulled back once, and the body is made once', () => {
  const graph = graphOf((b) => {
    const spec = { trips: 5, carried: [b.param('x', 'f32', [3])], captures: [b.param('w', 'f32', [3])] };
    const [y] = emitLoop(b, spec, (inner, _, x, w) => [
      inner.unary('tanh', inner.binary('add', x, inner.unary('exp', w))),
    ]);
    b.output('y', y);
  });
  const { nodes } = derive(graph).graph;
  const loops = nodes.flatMap((node) =>
    node.op === 'loop' ? [graphIn(node.attrs.body).nodes.map(({ op }) => op)] : [],
  );
  expect(loops).toEqual([
    ['param', 'param', 'param', 'add', 'tanh'],
    ['param', 'param', 'param', 'param', 'constant', 'mul', 'sub', 'mul', 'add'],
  ]);
});
