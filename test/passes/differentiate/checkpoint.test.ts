/** Gradients that compute intermediate values anew: same bits, other graph. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepare } from '../../../src/compile.js';
import { interpret } from '../../../src/interpreter/index.js';
import type { GraphBuilder, GraphValue } from '../../../src/ir/builder.js';
import { paramsOf, type Graph } from '../../../src/ir/graph.js';
import type { Op } from '../../../src/ir/ops.js';
import { verifyGraph } from '../../../src/ir/verify.js';
import { vjpCheckpointed } from '../../../src/passes/differentiate/checkpoint.js';
import { copyNode } from '../../../src/passes/differentiate/copy.js';
import { vjp } from '../../../src/passes/differentiate/vjp.js';
import { optimize } from '../../../src/passes/optimize.js';
import { differenceOf, expectSameBits } from '../../support/differential.js';
import { fuzz } from '../../support/fuzz.js';
import { availableGpus } from '../../support/gpu.js';
import { grow, recipes } from '../../support/graphs.js';
import { graphOf } from '../../support/specimen.js';
import { tensorOf } from '../../support/tensors.js';
import { floatParams } from './support.js';

/** y = sin(exp(x w)): two values between operands and result that a gradient needs. */
const block = graphOf((b) => {
  const x = b.param('x', 'f32', [4, 3]);
  const w = b.param('w', 'f32', [3, 3]);
  const attrs = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
  b.output('y', b.unary('sin', b.unary('exp', b.emit('dot', [x, w], attrs))));
});

/** The outputs of `graph` on operands of another one. */
function call(b: GraphBuilder, graph: Graph, args: Readonly<Record<string, GraphValue>>): Record<string, GraphValue> {
  const values: GraphValue[] = [];
  for (const node of graph.nodes)
    values.push(node.op === 'param' ? args[node.attrs.name] : copyNode(b, node, values));
  return Object.fromEntries(graph.outputs.map(({ name, value }) => [name, values[value]]));
} // prettier-ignore

const count = (graph: Graph, op: Op): number => graph.nodes.filter((node) => node.op === op).length;

/** Two blocks in a row, forward and backward in one graph. */
function twoBlocks(backward: Graph): Graph {
  return graphOf((b) => {
    const w = b.param('w', 'f32', [3, 3]);
    const x0 = b.param('x', 'f32', [4, 3]);
    const x1 = call(b, block, { x: x0, w }).y;
    const x2 = call(b, block, { x: x1, w }).y;
    const ct2 = b.param('ct', 'f32', [4, 3]);
    const second = call(b, backward, { x: x1, w, 'ct:y': ct2 });
    const first = call(b, backward, { x: x0, w, 'ct:y': second['grad:x'] });
    b.output('y', x2);
    b.output('grad:x', first['grad:x']);
    b.output('grad:w', b.binary('add', second['grad:w'], first['grad:w']));
  });
}

const inputs = {
  x: tensorOf('f32', [4, 3], 1),
  w: tensorOf('f32', [3, 3], 2),
  ct: tensorOf('f32', [4, 3], 3),
};

test('the backward direction alone', () => {
  const backward = vjpCheckpointed(block, ['w']);
  verifyGraph(backward);
  expect(paramsOf(backward).map(({ node }) => node.attrs.name)).toEqual(['x', 'w', 'ct:y']);
  expect(backward.outputs.map(({ name }) => name)).toEqual(['grad:w']);
  for (const { node, id } of paramsOf(backward))
    if (!node.attrs.name.startsWith('ct:'))
      expect(backward.nodes.filter(({ inputs: [first] }) => first === id).map(({ op }) => op)).toEqual(['barrier']); // prettier-ignore
});

test('what lies between is computed anew, also after optimisation', () => {
  const plain = twoBlocks(vjp(block, ['x', 'w']));
  const anew = twoBlocks(vjpCheckpointed(block, ['x', 'w']));
  const [shared, apart] = [plain, anew].map((graph) => optimize({ graph, weights: new Map() }).graph);
  expect([count(shared, 'barrier'), count(shared, 'exp')]).toEqual([0, 2]);
  expect([count(apart, 'barrier'), count(apart, 'exp')]).toEqual([3, 4]);

  // Nothing of the backward direction uses what lies between operands and result of the forward direction.
  const users = apart.nodes.flatMap(({ inputs: operands }, id) =>
    operands.map((operand) => [apart.nodes[operand].op, operand, id] as const),
  );
  const firstBarrier = apart.nodes.findIndex(({ op }) => op === 'barrier');
  for (const [op, operand, user] of users)
    if (operand < firstBarrier && user > firstBarrier) expect(['param', 'sin']).toContain(op);

  const run = (graph: Graph): unknown => interpret({ graph, weights: new Map() }, inputs).outputs;
  expect(run(apart)).toEqual(run(plain));
});

test('a chain of blocks needs less memory', () => {
  const step = (b: GraphBuilder, x: GraphValue): GraphValue => {
    const attrs = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] };
    const w = b.constant('f32', [64, 64], 0.01);
    return [1, 2, 3].reduce((value) => b.unary('sin', b.emit('dot', [value, w], attrs)), x);
  };
  const one = graphOf((b) => b.output('y', step(b, b.param('x', 'f32', [64, 64]))));
  const chain = (backward: Graph): Graph =>
    graphOf((b) => {
      const values = [b.param('x', 'f32', [64, 64])];
      for (let i = 0; i < 6; i++) values.push(call(b, one, { x: values[i] }).y);
      let ct = b.param('ct', 'f32', [64, 64]);
      for (let i = 5; i >= 0; i--) ct = call(b, backward, { x: values[i], 'ct:y': ct })['grad:x'];
      b.output('grad:x', ct);
    });
  const bytes = (graph: Graph): number => prepare({ graph, weights: new Map() }).planned.plan.arenaBytes;
  expect(bytes(chain(vjpCheckpointed(one, ['x'])))).toBeLessThan(0.6 * bytes(chain(vjp(one, ['x']))));
});

test.each(availableGpus)('has the same bits on %s', async (gpu) => {
  const graph = twoBlocks(vjpCheckpointed(block, ['x', 'w']));
  await expectSameBits({ program: { graph, weights: new Map() }, inputs }, { gpus: [gpu] });
});

test('gives random graphs the gradients of vjp, bit for bit', () => {
  fc.assert(
    fc.property(recipes(8), (recipe) => {
      const { program, inputs: given } = grow(recipe);
      const wrt = floatParams(program.graph);
      const plain = vjp(program.graph, wrt);
      const anew = vjpCheckpointed(program.graph, wrt);
      verifyGraph(anew);
      const all = {
        ...given,
        ...Object.fromEntries(
          paramsOf(plain).flatMap(({ node: { attrs, type } }, i) =>
            attrs.name.startsWith('ct:') ? [[attrs.name, tensorOf(type.dtype, type.shape as number[], i)]] : [],
          ),
        ),
      };
      const weights = program.weights;
      const expected = interpret({ graph: plain, weights }, all).outputs;
      const found = interpret({ graph: anew, weights }, all).outputs;
      for (const name of Object.keys(found)) expect(differenceOf(found[name], expected[name])).toBeUndefined();
    }),
    fuzz(40),
  );
}); // prettier-ignore
