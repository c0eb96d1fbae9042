/** Recurrent networks against their cells, step by step, and sequences of several lengths against each by itself. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  concat,
  grad,
  jit,
  nn,
  random,
  stack,
  tensor,
  treeLeaves,
  treeMap,
  zeros,
  type Tensor,
} from '../../../src/index.js';
import { graphsOf } from '../../../src/ir/subgraphs.js';
import { expectSameTrees, onDevices } from '../../tensor/support.js';

const KINDS = { rnn: nn.RNN, gru: nn.GRU, lstm: nn.LSTM } as const;
type Network = nn.RNN | nn.GRU | nn.LSTM;
const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];

const made = (kind: keyof typeof KINDS, options: Partial<nn.RecurrentOptions> = {}): Network =>
  new KINDS[kind](3, 4, { key: 5, ...options });

/** What {@link nn.RNN.unroll} gives, for any of the networks. */
const unrolled = (m: Network, x: Tensor, context?: nn.CallContext): readonly [Tensor, readonly unknown[]] =>
  m.unroll(x, undefined, context);

/** The outputs and states of two layers in two directions, by the cells alone. */
function byHand(model: Network, x: Tensor): readonly [Tensor, readonly unknown[]] {
  let value = x;
  const states: unknown[] = [];
  for (let layer = 0; layer < 2; layer++) {
    const outputs = [0, 1].map((direction) => {
      const cell = model.cells[layer * 2 + direction] as nn.RecurrentCell<unknown>;
      const projected = cell.project(value);
      let state = cell.initialState(2);
      const ys = new Array<Tensor>(5);
      for (let i = 0; i < 5; i++) {
        const at = direction === 0 ? i : 4 - i;
        state = cell.step(projected.at(at, 1), state);
        ys[at] = cell.outputOf(state);
      }
      states.push(state);
      return stack(ys, 1);
    });
    value = concat(outputs, -1);
  }
  return [value, states];
}

test.each(kinds)('%s is its cells, step by step, derivatives included', async (kind) => {
  const model = made(kind, { layers: 2, bidirectional: true });
  const x = random.normal(1, [2, 5, 3]);
  const expected = byHand(model, x);
  await expectSameTrees(unrolled(model, x), expected);
  await expectSameTrees(jit((m: Network, x: Tensor) => unrolled(m, x))(model, x), expected);
  // The states come first: by hand, too, the outputs are put together when all steps have been written down.
  const slope =
    (f: typeof byHand) =>
    (m: Network): Tensor => {
      const [y, states] = f(m, x);
      const last = treeLeaves(states).map((state) => state.sum());
      return last.reduce((sum, value) => sum.add(value)).add(y.square().sum());
    };
  await expectSameTrees(grad(slope(unrolled))(model), grad(slope(byHand))(model));
});

describe('sequences of several lengths', () => {
  test('are each by itself', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...kinds),
        fc.boolean(),
        fc.array(fc.nat(4), { minLength: 1, maxLength: 3 }),
        async (kind, bidirectional, lengths) => {
          const model = made(kind, { bidirectional, layers: 2 });
          const x = random.normal(2, [lengths.length, 4, 3]);
          const [y, finals] = unrolled(model, x, { lengths: tensor(lengths, { dtype: 'i32' }) });
          for (const [b, length] of lengths.entries()) {
            const row = (t: Tensor): Tensor => t.slice([b, b + 1]);
            const [alone, states] = unrolled(model, row(x).slice([], [0, length]));
            const features = y.shape[2];
            await expectSameTrees(row(y), concat([alone, zeros([1, 4 - length, features])], 1));
            await expectSameTrees(treeMap(row, finals), states);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test('through a chain of layers, where the padding is not a number', async () => {
    const chain = new nn.Sequential(made('gru'), new nn.GRU(4, 4, { key: 2 }));
    const x = random.normal(1, [1, 3, 3]);
    const padded = concat([x, zeros([1, 2, 3]).div(0)], 1);
    const y = chain.call(padded, { lengths: tensor([3], { dtype: 'i32' }) });
    await expectSameTrees(y, concat([chain.call(x), zeros([1, 2, 4])], 1));
  });

  test('that do not fit', () => {
    const x = zeros([2, 4, 3]);
    const call = (lengths: Tensor): unknown => made('lstm').call(x, { lengths });
    expect(() => call(zeros([2]))).toThrow(/DTYPE_MISMATCH[^]*LSTM\(3, 4\)[^]*f32\[2\][^]*i32\[2\]/);
    expect(() => call(zeros([3], { dtype: 'i32' }))).toThrow(/SHAPE_MISMATCH[^]*i32\[3\][^]*i32\[2\]/);
  });
});

test.each(kinds)('the size of a program with %s does not depend on the steps', (kind) => {
  const model = made(kind, { bidirectional: true });
  const sizes = [10, 1000].map((steps) => {
    const { nodes } = jit((x: Tensor) => model.call(x)).lower(zeros([1, steps, 3]));
    return nodes.reduce(
      (sum, node) => sum + graphsOf(node).reduce((n, graph) => n + graph.nodes.length, 1),
      0,
    );
  });
  expect(sizes[0]).toBe(sizes[1]);
  expect(sizes[0]).toBeLessThan(200);
});

test('nor does its plan', async () => {
  const model = made('lstm');
  const plans = [10, 1000].map(async (steps) => {
    const { prepared } = await jit((x: Tensor) => model.call(x)).compile(zeros([1, steps, 3]));
    return [prepared.program.graph.nodes.length, prepared.planned.plan.commands.length];
  });
  expect(await plans[0]).toEqual(await plans[1]);
});

onDevices((pair) => {
  test.each(kinds)('%s', async (kind) => {
    const { device, reference } = pair();
    const model = made(kind, { bidirectional: true });
    const x = random.normal(1, [2, 4, 3]);
    const lengths = tensor([2, 4], { dtype: 'i32' });
    const f = jit((m: Network, x: Tensor, lengths: Tensor) => unrolled(m, x, { lengths }));
    const expected = f(treeMap((t) => t.to(reference), model), x.to(reference), lengths.to(reference));
    await expectSameTrees(f(treeMap((t) => t.to(device), model), x.to(device), lengths.to(device)), expected);
  }, 60_000); // prettier-ignore
});
