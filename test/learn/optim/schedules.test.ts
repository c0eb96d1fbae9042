/** Schedules against PyTorch's, and their ends. */
import { expect, test } from 'vitest';
import { arange, optim, vmap } from '../../../src/index.js';
import type { Schedule } from '../../../src/learn/optim/index.js';
import { expectNumbers, numbersOf, torchValues } from '../../tensor/torch.js';

const { schedules } = optim;

/** The rates of steps 0 to count - 1, all at once. */
const rates = (schedule: Schedule, count = 40): Promise<number[]> =>
  numbersOf(vmap(schedule)(arange(count).cast('f32')).broadcastTo(count));

test.each<[string, Schedule]>([
  ['cosineWarmRestarts', schedules.cosineWarmRestarts(0.5, 5, { factor: 2, final: 0.1 })],
  ['cosineWarmRestarts.even', schedules.cosineWarmRestarts(0.5, 7)],
  ['exponential', schedules.exponential(0.5, 0.9)],
  ['step', schedules.step(0.5, 0.5, 6)],
  ['polynomial', schedules.polynomial(0.5, 30, { exponent: 2 })],
  ['linear', schedules.linear(0.5, 0.1, 20)],
])('%s is like PyTorch', async (name, schedule) => {
  expectNumbers(await rates(schedule), torchValues.schedules[name]!, name, 1e-6);
});

test('cosine falls once and stays', async () => {
  const expected = Array.from(
    { length: 40 },
    (_, i) => 0.1 + 0.2 * (1 + Math.cos((Math.PI * Math.min(i, 30)) / 30)),
  );
  expectNumbers(await rates(schedules.cosine(0.5, 30, { final: 0.1 })), expected);
});

test('warmup leads to the start of another schedule', async () => {
  const expected = Array.from({ length: 40 }, (_, i) =>
    i < 8 ? 0.5 * (0.2 + (0.8 * i) / 8) : 0.5 * 0.9 ** (i - 8),
  );
  expectNumbers(await rates(schedules.warmup(8, schedules.exponential(0.5, 0.9), { from: 0.2 })), expected);
  const plain = await rates(schedules.warmup(4, 1), 8);
  expect(plain).toEqual([0, 0.25, 0.5, 0.75, 1, 1, 1, 1]);
});

test('the ends of lines are exact', async () => {
  for (const [from, to] of [[1, 0.1], [0.3, 0.7], [1e-3, 1e-8]] as const) {
    const line = await rates(schedules.linear(from, to, 10), 13);
    expect(line.slice(10)).toEqual([to, to, to].map(Math.fround));
    expect(line[0]).toBe(Math.fround(from));
    const warm = await rates(schedules.warmup(10, 1, { from }), 13);
    expect(warm.slice(10)).toEqual([1, 1, 1]);
  }
}); // prettier-ignore

test('a constant is one', async () => {
  expect(await schedules.constant(0.25)(arange(1).cast('f32').at(0)).item()).toBe(0.25);
});

test('restarts are exact after thousands of steps', async () => {
  const schedule = schedules.cosineWarmRestarts(1, 3, { factor: 2 });
  // Cycles start at 3 * (2^n - 1).
  for (const n of [1, 5, 10, 20]) {
    const start = 3 * (2 ** n - 1);
    const at = (step: number): Promise<number> =>
      schedule(
        arange(step, step + 1)
          .cast('f32')
          .at(0),
      ).item();
    expect(await at(start)).toBe(1);
    expect(await at(start - 1)).toBeLessThan(0.8);
  }
});
