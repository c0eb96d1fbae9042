/** What loops carry is written over what their trips read: one buffer, through loops in loops, with the same bits. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prepare } from '../../src/compile.js';
import { jit } from '../../src/frontends/trace/index.js';
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { nn } from '../../src/learn/index.js';
import { DEFAULT_TARGET, type Target } from '../../src/passes/target.js';
import type { Plan, PlanPort } from '../../src/plan/plan.js';
import { grad, scan, zeros, type Tensor } from '../../src/tensor/index.js';
import { expectSameBits } from '../support/differential.js';
import { fuzz } from '../support/fuzz.js';
import { emitLoop } from '../support/inner.js';
import { tensorOf } from '../support/tensors.js';

const [STEPS, UNITS] = [1000, 32];
const bytesOf = (ports: readonly PlanPort[]): number =>
  ports.reduce((sum, { shape }) => sum + 4 * shape.reduce((a, b) => a * b, 1), 0);

test.each([
  [false, 1],
  [true, 0.08],
])('the gradient of a scan of 1,000 steps, checkpoint %s: at most %s of the states', async (checkpoint, most) => {
  const network = new nn.RNN(UNITS, UNITS, { key: 3 });
  const last = ({ cells: [cell] }: nn.RNN, x: Tensor): Tensor => {
    const step = (state: Tensor, element: Tensor): [Tensor, Tensor] => [cell.step(cell.project(element), state), zeros([])];
    return scan(step, cell.initialState(1, x.dtype), x, { checkpoint })[0];
  };
  const slope = (net: nn.RNN, x: Tensor): nn.RNN => grad((own: nn.RNN) => last(own, x).sum())(net);
  const { program } = await jit(slope).compile(network, zeros([STEPS, 1, UNITS]));
  const planOf = (target: Target): Plan => prepare(program, { target }).planned.plan;
  const plan = planOf({ ...DEFAULT_TARGET, launchSteps: 0 });
  for (const { arenaBytes, inputs, outputs } of [plan, planOf(DEFAULT_TARGET)]) {
    const bytes = arenaBytes - bytesOf([...inputs, ...outputs]);
    expect(bytes / (STEPS * UNITS * 4)).toBeLessThan(most);
  }
  // Two buffers have the states, which a trip needs as a whole, and not the sums of slopes.
  const regions = plan.commands.flatMap((command) => command.regions);
  const inTurn = regions.filter(({ space }) => space === 'turn').map(({ size }) => size);
  expect(new Set(inTurn)).toEqual(new Set([UNITS * 4]));
}); // prettier-ignore

interface Shape {
  readonly outer: number;
  readonly inner: number;
  /** Whether two carried values change places in each trip. */
  readonly swaps: boolean;
  /** Whether the inner loop reads what it carries as a whole, and so needs two buffers for it. */
  readonly mixes: boolean;
  /** Whether the outer trip needs what the inner loop began with once more. */
  readonly looksBack: boolean;
}

const shapes = fc.record({
  outer: fc.constantFrom(1, 2, 3),
  inner: fc.constantFrom(0, 1, 2, 3),
  swaps: fc.boolean(),
  mixes: fc.boolean(),
  looksBack: fc.boolean(),
});

/** A loop that carries a matrix and a vector through a loop inside of it, to which that adds. */
function accumulating({ outer, inner, swaps, mixes, looksBack }: Shape): Program {
  const b = new GraphBuilder('accumulating');
  const [m, v, w] = [b.param('m', 'f32', [3, 3]), b.param('v', 'f32', [3, 3]), b.param('w', 'f32', [3, 3])];
  const dot = (i: GraphBuilder, x: GraphValue, y: GraphValue): GraphValue =>
    i.emit('dot', [x, y], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] });
  const results = emitLoop(b, { trips: outer, carried: [m, v], captures: [w] }, (o, _, a, c, held) => {
    const [x, y] = emitLoop(
      o,
      { trips: inner, carried: [a, c], captures: [held] },
      (i, __, p, q, weights) => {
        const sum = i.binary('add', q, dot(i, weights, mixes ? p : weights));
        const next = i.binary('mul', mixes ? i.unary('tanh', dot(i, p, weights)) : i.unary('tanh', p), sum);
        return swaps ? [sum, next] : [next, sum];
      },
    );
    return looksBack ? [o.binary('add', x, a), y] : [x, y];
  });
  results.forEach((result, i) => b.output(`r${i}`, result));
  return { graph: b.build(), weights: new Map() };
}

test('accumulators in loops in loops have the same bits', async () => {
  await fc.assert(
    fc.asyncProperty(shapes, fc.nat(1000), async (shape, seed) => {
      const given = ['m', 'v', 'w'].map((name, i) => [name, tensorOf('f32', [3, 3], seed + i, 'usual')] as const);
      const program = accumulating(shape);
      await expectSameBits({ program, inputs: Object.fromEntries(given) }, { variants: ['gated', 'cells'] });
    }),
    fuzz(8),
  );
}, 120_000); // prettier-ignore
