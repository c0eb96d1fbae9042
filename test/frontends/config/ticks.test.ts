/** Step-based execution: what a tick is, that loops of ticks are ticks, gradients through them, and the same bits everywhere. */
import { describe, expect, test } from 'vitest';
import {
  fromConfig,
  initTicks,
  statistics,
  tick,
  ticks,
  type Chain,
  type TickState,
} from '../../../src/frontends/config/index.js';
import { jit, random, readAll, stack, tensor, valueAndGrad, type Tensor } from '../../../src/index.js';
import { errorOf } from '../../data/support.js';
import { expectSameTrees, onDevices } from '../../tensor/support.js';
import { numbers } from './support.js';

const config = {
  input: [4],
  seed: 11,
  layers: [
    { type: 'dense', output_size: 6, activation: 'tanh', name: 'first' },
    { type: 'dense', output_size: 6, activation: 'relu', add_to_output: 'first' },
    { type: 'dense', output_size: 3, activation: 'sigmoid', name: 'slow', tick_every: 3 },
    { type: 'dense', output_size: 2 },
  ],
} as const;
const network = fromConfig(config);
const xs = random.normal(3, [7, 2, 4]).compute();
const at = (t: number): Tensor => xs.slice([t, t + 1]).reshape([2, 4]);

/** The outputs of all layers, tick by tick. */
function stepped(net: Chain, inputs: Tensor, count: number): TickState[] {
  const states = [initTicks(net, 2)];
  for (let t = 0; t < count; t++)
    states.push(tick(net, states[t], inputs.slice([t, t + 1]).reshape([2, ...net.input])));
  return states.slice(1);
}

test('a layer sees what the layer before gave at the tick before', async () => {
  const zero = initTicks(network, 2);
  const one = tick(network, zero, at(0));
  const call = (name: string, x: Tensor): Tensor => network.layers[name].call(x);
  await expectSameTrees(one.outputs.first, call('first', at(0)).tanh());
  await expectSameTrees(one.outputs['1'], call('1', zero.outputs.first).relu().add(zero.outputs.first));
  const two = tick(network, one, at(1));
  await expectSameTrees(two.outputs['1'], call('1', one.outputs.first).relu().add(one.outputs.first));
  await expectSameTrees(two.outputs['3'], call('3', one.outputs.slow));
});

test('an input that stays comes out after as many ticks as there are layers, as the network gives it', async () => {
  const plain = fromConfig({
    ...config,
    layers: config.layers.map((layer) => ({ ...layer, tick_every: 1 })),
  });
  const held = stepped(plain, stack(Array.from({ length: 4 }, () => at(0))), 4);
  await expectSameTrees(held[3].outputs['3'], plain.call(at(0)));
  expect(await numbers(held[2].outputs['3'])).not.toEqual(await numbers(plain.call(at(0))));
});

test('a slow layer runs at every third tick, and keeps its output in between', async () => {
  const states = stepped(network, xs, 7);
  const slow = await Promise.all(states.map(({ outputs }) => numbers(outputs.slow)));
  expect(slow[1]).toEqual(slow[0]);
  expect(slow[2]).toEqual(slow[0]);
  expect(slow[3]).not.toEqual(slow[0]);
  expect(slow[5]).toEqual(slow[3]);
  expect(slow[6]).not.toEqual(slow[3]);
  expect(await states[6].tick.item()).toBe(7);
});

test('ticks of a loop are ticks, with inputs that change and with one that stays', async () => {
  const layers = [...network.names];
  const states = stepped(network, xs, 7);
  const { state, outputs } = ticks(network, initTicks(network, 2), xs, { layers });
  await expectSameTrees(state, states[6]);
  for (const name of layers)
    await expectSameTrees(outputs[name], stack(states.map((own) => own.outputs[name])));
  const held = ticks(network, initTicks(network, 2), at(0), { count: 5 });
  expect(Object.keys(held.outputs)).toEqual(['3']);
  const same = stack(Array.from({ length: 5 }, () => at(0)));
  await expectSameTrees(held.state, stepped(network, same, 5)[4]);
});

/** The sum of the squares of all outputs of seven ticks, by the weights. */
const loss = (net: Chain): Tensor => ticks(net, initTicks(net, 2), xs).outputs['3'].square().sum();

test('gradients through a window of ticks are those of the ticks', async () => {
  const unrolled = (net: Chain): Tensor =>
    stack(stepped(net, xs, 7).map(({ outputs }) => outputs['3']))
      .square()
      .sum();
  const [[value, own], [expected, gradients]] = [
    valueAndGrad(loss)(network),
    valueAndGrad(unrolled)(network),
  ];
  expect(await value.item()).toBe(await expected.item());
  const [found, wanted] = [
    await readAll(Object.values(own.state())),
    await readAll(Object.values(gradients.state())),
  ];
  found.forEach(({ data }, i) =>
    data.forEach((x, j) =>
      expect(Math.abs(x - wanted[i].data[j])).toBeLessThanOrEqual(1e-5 * (1 + Math.abs(x))),
    ),
  );
  expect(found.some(({ data }) => data.some((x) => x !== 0))).toBe(true);
});

test('statistics are those of the outputs', async () => {
  const { a } = statistics({ a: tensor([0, -2, 4, 0]) });
  const found = await Promise.all([a.mean, a.max, a.min, a.active, a.total].map((x) => x.item()));
  expect(found).toEqual([0.5, 4, -2, 2, 4]);
});

test('statistics of a loop are those of its ticks', async () => {
  const { statistics: found } = ticks(network, initTicks(network, 2), xs, { statistics: true });
  const each = stepped(network, xs, 7).map(({ outputs }) => statistics(outputs));
  for (const name of network.names)
    for (const measure of ['mean', 'max', 'min', 'active', 'total'] as const)
      await expectSameTrees(found[name][measure], stack(each.map((own) => own[name][measure])));
  expect(ticks(network, initTicks(network, 2), xs).statistics).toEqual({});
});

describe('what is wrong is said', () => {
  const state = initTicks(network, 2);
  test('of states and inputs', () => {
    errorOf('ATTRIBUTE_INVALID', () => initTicks(network, 0));
    errorOf('SHAPE_MISMATCH', () => tick(network, state, random.normal(1, [3, 4])));
    errorOf('SHAPE_MISMATCH', () => tick(network, state, random.normal(1, [2, 5])));
    errorOf('TREE_MISMATCH', () => tick(network, { ...state, outputs: {} }, at(0)));
    errorOf('VALUE_UNKNOWN', () => ticks(network, state, xs, { layers: ['last'] }));
    errorOf('USAGE', () => tick(network, {} as never, at(0)));
  });

  test('of rates', () => {
    const wrong = (layer: object): string =>
      errorOf('CONFIG_INVALID', () =>
        fromConfig({ input: [4], layers: [{ type: 'dense', height: 2 }, layer] }),
      ).where!;
    expect(wrong({ type: 'dense', height: 2, tick_every: 0 })).toBe('$.layers[1].tick_every');
    const inner = { type: 'dense', height: 2, tick_every: 2 };
    expect(wrong({ type: 'sequential', layers: [inner] })).toBe('$.layers[1].layers[0].tick_every');
    expect(wrong({ type: 'parallel', branches: [inner] })).toBe('$.layers[1].branches[0].tick_every');
  });
});

onDevices((pair) => {
  test('every tick, and the gradient through all of them, have the bits of the interpreter', async () => {
    const { device, reference } = pair();
    const all = (net: Chain, inputs: Tensor): unknown => [
      ticks(net, initTicks(net, 2), inputs, { layers: net.names, statistics: true }),
      tick(net, initTicks(net, 2), inputs.slice([0, 1]).reshape([2, 4])),
      valueAndGrad(loss)(net),
    ];
    const run = jit(all, { backend: device });
    await expectSameTrees(run(network, xs), jit(all, { backend: reference })(network, xs));
    run.dispose();
  });
});
