/** Leases: what is acquired is released or donated, once. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lease } from '../../src/tensor/backends/lease.js';
import { fuzz } from '../support/fuzz.js';

class Counted {
  holders = 0;
  donated = 0;

  acquire(): void {
    this.holders++;
  }

  release(): void {
    this.holders--;
  }

  donate(): void {
    this.donated++;
  }
}

test('each item is held once, and ends as released or as donated', () => {
  const steps = fc.array(fc.record({ item: fc.nat(3), donate: fc.boolean() }));
  fc.assert(
    fc.property(steps, (list) => {
      const items = Array.from({ length: 4 }, () => new Counted());
      const lease = new Lease();
      const held = new Set<Counted>();
      for (const { item, donate } of list) {
        const before = items[item].donated;
        if (donate) lease.donate(items[item]);
        else lease.acquire(items[item]);
        if (donate) expect(items[item].donated - before).toBe(held.has(items[item]) ? 1 : 0);
        if (donate) held.delete(items[item]);
        else held.add(items[item]);
      }
      lease.release();
      lease.release();
      for (const { holders, donated } of items) expect(holders).toBe(donated);
    }),
    fuzz(200),
  );
});
