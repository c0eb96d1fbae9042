/** Arenas of several plans: never larger than a device allows, nor than they need by more than 1/32. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lease } from '../../../src/base/lease.js';
import { SharedMemory } from '../../../src/runtime/shared/memory.js';
import { fuzz } from '../../support/fuzz.js';

/** Arenas of a device that has `most` bytes for a buffer, and their sizes. */
function arenasOf(most: number): { readonly memory: SharedMemory<number>; readonly sizes: readonly number[] } {
  const sizes: number[] = [];
  const create = (bytes: number): number => sizes.push(bytes) - 1;
  const memory = new SharedMemory<number>({ most: () => most, create, upload: () => 0, destroy: () => undefined });
  return { memory, sizes };
} // prettier-ignore

test('an arena that fits the device is made, however little larger its class would be', () => {
  const { memory, sizes } = arenasOf(2 ** 28 - 4);
  memory.arena(new Lease(), 2 ** 28 - 8);
  expect(sizes).toEqual([2 ** 28 - 4]);
});

test('an arena holds what it is for; it is as large as its class, as the device allows, or as it has to be', () => {
  const bytes = fc.integer({ min: 1, max: 2 ** 31 });
  fc.assert(
    fc.property(bytes, fc.array(bytes, { minLength: 1, maxLength: 8 }), (most, plans) => {
      const { memory, sizes } = arenasOf(most);
      for (const needed of plans) {
        const got = sizes[memory.arena(new Lease(), needed)];
        expect(got).toBeGreaterThanOrEqual(needed);
        expect(got).toBeLessThanOrEqual(Math.max(most, ...plans));
        expect(Math.max(...sizes)).toBeLessThanOrEqual(Math.max(...plans) * (1 + 1 / 32) + 256);
      }
    }),
    fuzz(200),
  );
});
