/** What is held ends once: with the last of its holders, or where one gives it away. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lease, Shared } from '../../src/base/lease.js';
import { fuzz } from '../support/fuzz.js';

const LEASES = 4;
const ITEMS = 3;

test('what several leases hold ends with the last of them, once', () => {
  const step = fc.record({
    lease: fc.nat(LEASES - 1),
    item: fc.nat(ITEMS - 1),
    kind: fc.constantFrom('acquire', 'release'),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const leases = Array.from({ length: LEASES }, () => ({ lease: new Lease(), held: new Set<number>() }));
      const ended: number[] = [];
      const items = Array.from({ length: ITEMS }, (_, i) => new Shared(i, (item) => void ended.push(item)));
      for (const { lease: at, item, kind } of steps) {
        const { lease, held } = leases[at];
        if (kind === 'acquire' && ended.includes(item)) continue;
        const before = [...held];
        if (kind === 'acquire') {
          expect(lease.acquire(items[item]).value).toBe(item);
          held.add(item);
        } else {
          lease.release();
          held.clear();
        }
        for (const one of before)
          expect(ended.includes(one)).toBe(leases.every((other) => !other.held.has(one)));
      }
      for (const { lease } of leases) lease.release();
      expect(ended).toHaveLength(new Set(ended).size);
    }),
    fuzz(200),
  );
});

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
