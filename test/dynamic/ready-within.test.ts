/** Sizes that are compiled ahead, while runs of others come between any two of them. */
import { expect, test } from 'vitest';
import { Cache } from '../../src/base/cache.js';
import { DynamicProgram, type PlanMaker } from '../../src/dynamic/program.js';
import { MAX_REMEMBERED_SIZES, type RememberedLimit } from '../../src/dynamic/remembered.js';
import { symbol, type DimBindings } from '../../src/ir/dim.js';
import type { FreeDims } from '../../src/ir/graph.js';
import { MAX_SIZES } from '../../src/ir/sizes-within.js';
import type { VerifiedExecutable, VerifiedProgram } from '../../src/verify/verify.js';

/** Remembers `room` sizes without compiling anything, and counts how often it is asked for one. */
function programOf(
  room: number,
  limit: RememberedLimit,
): { program: DynamicProgram<VerifiedProgram, VerifiedExecutable>; asked: () => number; made: number[] } {
  const kept = new Cache<number, true>(room, () => undefined);
  const made: number[] = [];
  let asked = 0;
  const maker: PlanMaker<VerifiedProgram, VerifiedExecutable> = {
    bind: ({ n }) => {
      if (kept.find(n) === undefined) {
        made.push(n);
        kept.put(n, true);
      }
      return Promise.resolve({
        plan: undefined as never,
        prepared: () => undefined as never,
        executable: undefined as never,
        newPipelines: 0,
        dispose: () => undefined,
      });
    },
    has: ({ n }) => {
      asked++;
      return kept.has(n);
    },
    renew: ({ n }) => kept.find(n) !== undefined,
    limit: () => limit,
    dispose: () => undefined,
  };
  const free: FreeDims = {
    symbols: ['n'],
    ranges: {},
    inputs: [{ name: 'x', dtype: 'f32', shape: [symbol('n')] }],
    bind: (_: DimBindings) => undefined as never,
  };
  return { program: new DynamicProgram(free, () => [], 2, maker), asked: () => asked, made };
}

const dims = { n: { min: 1, max: MAX_SIZES } };

test('there is room for as many sizes of runs as are compiled ahead, and the work is linear', async () => {
  const { program, asked, made } = programOf(MAX_REMEMBERED_SIZES, 'sizes');
  const ahead = program.readyWithin({ dims });
  for (let n = 1; n <= MAX_SIZES; n++) await program.ready({ x: [MAX_SIZES + n] });
  await ahead;
  expect(asked()).toBeLessThanOrEqual(3 * MAX_SIZES);
  expect(made.length).toBe(2 * MAX_SIZES);
  for (let n = 1; n <= MAX_SIZES; n++) await program.ready({ x: [n] });
  expect(made.length).toBe(2 * MAX_SIZES);
});

test('sizes that were remembered before are not the first to go', async () => {
  const { program, made } = programOf(8, 'sizes');
  for (let n = 1; n <= 8; n++) await program.ready({ x: [n] });
  await program.readyWithin({ dims: { n: { min: 1, max: 10, step: 3 } } });
  await program.readyWithin({ dims: { n: { min: 1, max: 10, step: 3 } } });
  expect(made).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 10]);
});

test.each<[RememberedLimit, string]>([
  ['sizes', `${MAX_REMEMBERED_SIZES} sizes, with those of runs meanwhile, which leaves`],
  ['bytes', `plans of at most ${2 ** 28} bytes, with those of runs meanwhile, which leaves`],
])('where too many %s are wanted, it says so, soon', async (limit, expected) => {
  const { program, made } = programOf(10, limit);
  await expect(program.readyWithin({ dims })).rejects.toMatchObject({
    code: 'LIMIT_EXCEEDED',
    expected: expect.stringContaining(expected) as string,
  });
  expect(made.length).toBe(16);
});
