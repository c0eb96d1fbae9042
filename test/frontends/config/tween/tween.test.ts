/** Neural tweening: its formulas on plain numbers, what is frozen or slow, that it learns, and the same bits everywhere. */
import { describe, expect, test } from 'vitest';
import {
  fromConfig,
  initTicks,
  tick,
  tween,
  type Chain,
  type TickState,
  type TweenOptions,
  type TweenState,
} from '../../../../src/frontends/config/index.js';
import { depthFactor } from '../../../../src/frontends/config/tween/backward.js';
import { damped, initDamping } from '../../../../src/frontends/config/tween/damping.js';
import { full, jit, random, tensor, type Tensor } from '../../../../src/index.js';
import { errorOf } from '../../../data/support.js';
import { expectSameTrees, onDevices } from '../../../tensor/support.js';
import { namedWeights, numbers } from '../support.js';

const small = fromConfig({
  input: [2],
  seed: 3,
  layers: [
    { type: 'dense', output_size: 3, activation: 'tanh' },
    { type: 'dense', output_size: 2, activation: 'sigmoid' },
  ],
});
const [x, target] = [tensor([[0.5, -1], [2, 0.25]]), tensor([[1, 0], [0, 1]])]; // prettier-ignore

type Matrix = readonly (readonly number[])[];
const rows = (flat: readonly number[], width: number): Matrix =>
  Array.from({ length: flat.length / width }, (_, i) => flat.slice(i * width, (i + 1) * width));
const times = (a: Matrix, b: Matrix): number[][] =>
  a.map((row) => b[0].map((_, j) => row.reduce((sum, value, k) => sum + value * b[k][j], 0)));
const turned = (a: Matrix): number[][] => a[0].map((_, j) => a.map((row) => row[j]));
const each = (a: Matrix, f: (value: number, i: number, j: number) => number): number[][] =>
  a.map((row, i) => row.map((value, j) => f(value, i, j)));
const clip = (value: number, most: number): number => Math.max(-most, Math.min(most, value));

/** What a step does to `small`, in doubles. */
async function expectedStep(mode: 'chain' | 'legacy', rate: number): Promise<Map<string, readonly number[]>> {
  const weights = await namedWeights(small);
  const get = (name: string): readonly number[] => weights.get(name)!;
  const [w0, w1] = [rows(get('layers.0.weight'), 2), rows(get('layers.1.weight'), 3)];
  const [b0, b1] = [get('layers.0.bias'), get('layers.1.bias')];
  const [xs, ts] = [rows(await numbers(x), 2), rows(await numbers(target), 2)];
  const h = each(times(xs, turned(w0)), (value, _, j) => Math.tanh(value + b0[j]));
  const y = each(times(h, turned(w1)), (value, _, j) => 1 / (1 + Math.exp(-(value + b1[j]))));
  const gap = each(y, (value, i, j) => ts[i][j] - value);
  const local1 = mode === 'legacy' ? gap : each(gap, (g, i, j) => clip(g * y[i][j] * (1 - y[i][j]), 10));
  const back = each(times(local1, w1), (g) => g / Math.sqrt(2));
  const total = turned(w1).map((column) => column.reduce((sum, value) => sum + Math.abs(value), 0));
  const wanted = each(times(ts, w1), (value, _, j) => clip(value / total[j], 0.95));
  const local0 =
    mode === 'legacy'
      ? each(wanted, (value, i, j) => value - h[i][j])
      : each(back, (g, i, j) => clip(g * (1 - h[i][j] ** 2) * 1.2, 10));
  const next = (name: string, local: Matrix, input: Matrix | undefined): readonly [string, number[]] => {
    const sums = input === undefined ? [turned(local).map((c) => c.reduce((a, b) => a + b, 0))] : times(turned(local), input); // prettier-ignore
    const part = mode === 'chain' ? 1 : input === undefined ? 0.1 : 0.01;
    const changes = sums.flat().map((sum) => 0.1 * clip((sum / 2) * rate * part, 1));
    return [name, get(name).map((value, i) => value + changes[i])];
  };
  return new Map([
    next('layers.0.weight', local0, xs),
    next('layers.0.bias', local0, undefined),
    next('layers.1.weight', local1, h),
    next('layers.1.bias', local1, undefined),
  ]);
}

test.each(['chain', 'legacy'] as const)('a step in %s mode is what the formulas say', async (mode) => {
  const rule = tween({ learningRate: 0.5, mode });
  const { network, output, report } = rule.update(small, rule.init(small), x, target);
  await expectSameTrees(output, small.call(x));
  const found = await namedWeights(network);
  for (const [name, expected] of await expectedStep(mode, 0.5))
    expected.forEach((value, i) => expect(found.get(name)![i]).toBeCloseTo(value, 6));
  const [budgets, [barrier]] = [await numbers(report.budgets), await numbers(report.barrier)];
  expect(budgets.every((budget) => budget >= 0 && budget <= 1)).toBe(true);
  expect(barrier).toBe(Math.fround(budgets[0] * budgets[1]));
  const gap = await numbers(target.sub(output).square().mean());
  expect((await numbers(report.gaps))[1]).toBeCloseTo(gap[0], 6);
});

test('the second step keeps nine tenths of the change of the first', async () => {
  const rule = tween({ learningRate: 0 });
  const state = rule.init(small);
  const velocity = Object.fromEntries(Object.entries(state.velocity).map(([path, v]) => [path, v.add(1)]));
  const next = rule.update(small, { ...state, velocity }, x, target);
  expect(await numbers(next.state.velocity['layers.0.bias'])).toEqual([0.9, 0.9, 0.9].map(Math.fround));
  expect(await next.state.step.item()).toBe(1);
});

const mixed = fromConfig({
  input: [1, 6, 6],
  seed: 4,
  layers: [
    { type: 'conv2d', filters: 2, kernel_size: 3, activation: 'relu', name: 'eyes' },
    { type: 'dense', output_size: 8, activation: 'tanh', frozen: true, name: 'fixed' },
    { type: 'layer_norm' },
    { type: 'parallel', combine_mode: 'filter', filter_gate: { type: 'dense', output_size: 2 }, branches: [{ type: 'dense', output_size: 8 }, { type: 'swiglu', output_size: 4 }] }, // prettier-ignore
    { type: 'residual', from: 'fixed', name: 'sum' },
    { type: 'dense', output_size: 4, add_to_output: 4, skip_mismatched: true, name: 'slow', tick_every: 2 },
    { type: 'lstm', input_size: 2, hidden_size: 3 },
    { type: 'dense', output_size: 3 },
  ],
});
const pictures = random.normal(8, [4, 1, 6, 6]).compute();
const classes = tensor([0, 2, 1, 2], { dtype: 'i32' }).oneHot(3);

test('every kind of layer learns, but for what is frozen', async () => {
  for (const mode of ['chain', 'legacy'] as const) {
    const rule = tween({ learningRate: 0.1, mode, logits: true });
    const { network } = rule.update(mixed, rule.init(mixed), pictures, classes);
    const [before, after] = [await namedWeights(mixed), await namedWeights(network)];
    for (const [name, values] of before) {
      expect(after.get(name)!.every(Number.isFinite), name).toBe(true);
      expect(`${after.get(name)}` === `${values}`, `${mode}, ${name}`).toBe(name.startsWith('layers.fixed'));
    }
  }
});

/** Steps of a rule on four points. */
async function trained(network: Chain, options: TweenOptions, steps: number): Promise<readonly number[]> {
  const rule = tween(options);
  const points = tensor([[0, 0], [0, 1], [1, 0], [1, 1]]); // prettier-ignore
  const wanted = tensor([[0], [1], [1], [0]]);
  const step = jit((net: Chain, state: TweenState) => {
    const { report, ...next } = rule.update(net, state, points, wanted);
    return { network: next.network, state: next.state, gap: report.gaps.slice([-1, 1000]) };
  });
  let current = { network, state: rule.init(network) };
  const gaps: number[] = [];
  for (let i = 0; i < steps; i++) {
    const { gap, ...next } = step(current.network, current.state);
    current = next;
    if (i === 0 || i === steps - 1) gaps.push(...(await numbers(gap)));
  }
  step.dispose();
  return gaps;
}

test('it learns the exclusive or', async () => {
  const network = fromConfig({
    input: [2],
    seed: 1,
    layers: [
      { type: 'dense', output_size: 8, activation: 'tanh' },
      { type: 'dense', output_size: 1, activation: 'sigmoid' },
    ],
  });
  const [first, last] = await trained(network, { learningRate: 2 }, 300);
  expect(first).toBeGreaterThan(0.2);
  expect(last).toBeLessThan(0.02);
});

test('depth grows by powers, from ten layers on by a logarithm, up to 100', () => {
  expect([0, 1, 10].map((depth) => depthFactor(1.2, depth))).toEqual([1, 1.2, 1.2 ** 10]);
  expect(depthFactor(1.2, 11)).toBe(1.2 ** 10 * (1 + Math.log(2)));
  expect([depthFactor(2, 50), depthFactor(1, 7)]).toEqual([100, 1]);
});

test('damping slows down while the gap grows, and recovers', async () => {
  let state = initDamping();
  const factors: number[] = [];
  for (const gap of [1, 1, 2, 2, 25, 26, 1]) {
    state = damped(state, full([], gap));
    factors.push(await state.factor.item());
  }
  const of = (...steps: number[]): number =>
    steps.reduce((factor, step) => Math.fround(Math.min(1, Math.fround(factor * Math.fround(step)))), 1);
  expect(factors).toEqual([1, 1, of(0.7), of(0.7, 1.05), of(0.7, 1.05, 0.3), of(0.7, 1.05, 0.3, 0.5), of(0.7, 1.05, 0.3, 0.5, 1.05)]); // prettier-ignore
});

test('a tick with training is a tick, and each layer learns from what it saw', async () => {
  const rule = tween({ learningRate: 0.1, logits: true });
  let [network, state, ticks]: [Chain, TweenState, TickState] = [
    mixed,
    rule.init(mixed),
    initTicks(mixed, 4),
  ];
  for (let t = 0; t < 2; t++) {
    const expected = tick(network, ticks, pictures);
    const before = await namedWeights(network);
    const result = rule.tick(network, state, ticks, pictures, classes);
    await expectSameTrees(result.ticks, expected);
    ({ network, state, ticks } = result);
    const [old, now] = [
      before.get('layers.slow.weight'),
      (await namedWeights(network)).get('layers.slow.weight'),
    ];
    // At the first tick its input is 0, at the second it does not run, and nothing moved before.
    expect(now).toEqual(old);
  }
});

describe('what is wrong is said', () => {
  const rule = tween({ learningRate: 0.1 });
  test('of targets, states and inputs', () => {
    const state = rule.init(small);
    errorOf('SHAPE_MISMATCH', () => rule.update(small, state, x, tensor([[1], [0]])));
    errorOf('SHAPE_MISMATCH', () => rule.update(small, state, x, tensor([[1, 0]])));
    errorOf('SHAPE_MISMATCH', () => rule.update(small, state, tensor([[1, 2, 3]]), target));
    errorOf('TREE_MISMATCH', () => rule.update(small, { ...state, velocity: {} }, x, target));
    errorOf('USAGE', () => rule.update({} as never, state, x, target));
    errorOf('USAGE', () => rule.tick(small, state, {} as never, x, target));
  });

  test('of options', () => {
    errorOf('USAGE', () => tween({} as never));
    errorOf('USAGE', () => tween({ learningRate: 1, momentum: 1 }));
    errorOf('USAGE', () => tween({ learningRate: 1, mode: 'best' as never }));
    errorOf('USAGE', () => tween({ learningRate: 1, rates: { dence: 1 } as never }));
    errorOf('USAGE', () => tween({ learningRate: 1, rates: { dense: -1 } }));
    errorOf('USAGE', () => tween({ learningRate: 1, depthScale: 0 }));
  });
});

/** One of each kind of what tweening adds; what layers give and their derivatives are compared elsewhere. */
const several = fromConfig({
  input: [1, 4, 4],
  seed: 4,
  layers: [
    { type: 'conv2d', filters: 2, kernel_size: 3, activation: 'relu' },
    { type: 'dense', output_size: 5, activation: 'tanh', tick_every: 2 },
    { type: 'dense', output_size: 3 },
  ],
});

onDevices((pair) => {
  const cases = [
    ['a step', 'chain'],
    ['a tick', 'legacy'],
  ] as const;
  test.each(cases)(
    '%s in %s mode has the bits of the interpreter',
    async (kind, mode) => {
      const { device, reference } = pair();
      const rule = tween({ learningRate: 0.5, mode, damping: true, logits: true });
      const all = (net: Chain, state: TweenState, inputs: Tensor): unknown =>
        kind === 'a step'
          ? rule.update(net, state, inputs, classes)
          : rule.tick(net, state, initTicks(net, 4), inputs, classes);
      const step = jit(all, { backend: device });
      const args = [several, rule.init(several), random.normal(8, [4, 1, 4, 4])] as const;
      await expectSameTrees(step(...args), jit(all, { backend: reference })(...args));
      step.dispose();
    },
    60_000,
  );
});
