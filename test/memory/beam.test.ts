/** Orders of tasks: always legal, and seldom far from the best. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { peakOf, smallOrder, type MemoryProblem } from '../../src/passes/memory/beam.js';
import { fuzz } from '../support/fuzz.js';

/** Tasks that each make a piece and read pieces of earlier tasks. */
const problems = (most: number): fc.Arbitrary<MemoryProblem> =>
  fc
    .array(
      fc.record({ bytes: fc.integer({ min: 0, max: 9 }), reads: fc.array(fc.nat(1000), { maxLength: 3 }) }),
      {
        minLength: 1,
        maxLength: most,
        size: 'max',
      },
    )
    .map((made) => ({
      pieces: made.map(({ bytes }) => bytes),
      tasks: made.map(({ reads }, i) => {
        const before = i === 0 ? [] : [...new Set(reads.map((read) => read % i))];
        const overlays = before.filter((j) => made[j].bytes === made[i].bytes).map((j) => [i, j] as const);
        return { before, touches: [...before, i], overlays };
      }),
    }));

/** The least peak of all orders. */
function leastPeak(problem: MemoryProblem): number {
  let best = Infinity;
  const visit = (order: readonly number[]): void => {
    const peak = peakOf(problem, order);
    if (peak >= best) return;
    if (order.length === problem.tasks.length) return void (best = peak);
    problem.tasks.forEach(({ before }, task) => {
      if (!order.includes(task) && before.every((each) => order.includes(each))) visit([...order, task]);
    });
  };
  visit([]);
  return best;
}

test('every task runs once, after those before it', () => {
  fc.assert(
    fc.property(problems(30), fc.integer({ min: 1, max: 8 }), (problem, width) => {
      const order = smallOrder(problem, width);
      expect([...order].sort((a, b) => a - b)).toEqual(problem.tasks.map((_, i) => i));
      problem.tasks.forEach(({ before }, task) => {
        for (const each of before) expect(order.indexOf(each)).toBeLessThan(order.indexOf(task));
      });
    }),
    fuzz(300),
  );
});

test('the peak is close to the least there is', () => {
  fc.assert(
    fc.property(problems(8), (problem) => {
      expect(peakOf(problem, smallOrder(problem, 16))).toBeLessThanOrEqual(1.15 * leastPeak(problem));
    }),
    fuzz(300),
  );
});
