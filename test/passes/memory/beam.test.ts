/** Orders of tasks: always legal, and seldom far from the best. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { smallOrder } from '../../../src/passes/memory/beam.js';
import { leastPeak } from '../../../src/passes/memory/least-peak.js';
import { peakOf, reversed, type MemoryProblem } from '../../../src/passes/memory/problem.js';
import { fuzz } from '../../support/fuzz.js';

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

/** The order in which the tasks were made, which is a legal one. */
const inOrder = ({ tasks }: MemoryProblem): number[] => tasks.map((_, i) => i);

/** The least peak of all orders. */
function bestPeak(problem: MemoryProblem): number {
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
      const order = smallOrder(problem, inOrder(problem), width);
      expect([...order].sort((a, b) => a - b)).toEqual(inOrder(problem));
      expect(peakOf(problem, order)).toBeLessThanOrEqual(peakOf(problem, inOrder(problem)));
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
      expect(peakOf(problem, smallOrder(problem, inOrder(problem), 16))).toBeLessThanOrEqual(
        1.15 * bestPeak(problem),
      );
    }),
    fuzz(300),
  );
});

test('an order is kept where no other needs less', () => {
  fc.assert(
    fc.property(problems(8), (problem) => {
      const order = smallOrder(problem, inOrder(problem), 16);
      const isLess = peakOf(problem, order) < peakOf(problem, inOrder(problem));
      if (!isLess) expect(order).toEqual(inOrder(problem));
    }),
    fuzz(300),
  );
});

test('backwards, an order has the peak that it has forwards', () => {
  fc.assert(
    fc.property(problems(30), (problem) => {
      const back = inOrder(problem).reverse();
      expect(peakOf(reversed(problem), back)).toBe(peakOf(problem, inOrder(problem)));
    }),
    fuzz(300),
  );
});

describe('the bound', () => {
  test('is one: no order has a smaller peak', () => {
    fc.assert(
      fc.property(problems(8), (problem) => {
        expect(leastPeak(problem)).toBeLessThanOrEqual(bestPeak(problem));
      }),
      fuzz(300),
    );
  });

  test('counts what waits for a later task, in sets of more than 32 tasks', () => {
    // Task 0 makes the piece of 5 bytes that the last one reads; in between a chain hands on pieces of 1 and 2 bytes.
    const count = 70;
    const pieces = Array.from({ length: count }, (_, i) => (i === 0 ? 5 : 1 + (i % 2)));
    const tasks = pieces.map((_, i) => {
      const reads = i === 0 ? [] : i === count - 1 ? [0, i - 1] : [i - 1];
      return { before: reads, touches: [...reads, i], overlays: [] };
    });
    expect(leastPeak({ pieces, tasks })).toBe(8);
  });
});
