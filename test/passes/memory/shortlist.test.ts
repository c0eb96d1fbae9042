/** The best few are those with which a sorted list of all would begin. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { insertSorted, Shortlist } from '../../../src/passes/memory/shortlist.js';
import { fuzz } from '../../support/fuzz.js';

interface Item {
  readonly cost: number;
  readonly hash: number;
  readonly number: number;
}

const items = fc
  .array(fc.record({ cost: fc.nat(6), hash: fc.nat(12) }), { maxLength: 60, size: 'max' })
  .map((made) => made.map((item, number): Item => ({ ...item, number })));

const isBetter = (a: Item, b: Item): boolean => a.cost < b.cost;
const sorted = (all: readonly Item[]): Item[] => [...all].sort((a, b) => a.cost - b.cost);

test('the best, each name once, the first of equals first', () => {
  fc.assert(
    fc.property(items, fc.integer({ min: 1, max: 8 }), (offered, size) => {
      const list = new Shortlist<Item>(size, isBetter);
      for (const item of offered) list.offer(item);
      const all = sorted(offered);
      const once = all.filter(({ hash }, i) => all.findIndex((other) => other.hash === hash) === i);
      expect(list.items).toEqual(once.slice(0, size));
    }),
    fuzz(500),
  );
});

test('insertion sorts, and keeps equals in order', () => {
  fc.assert(
    fc.property(items, (given) => {
      const list: Item[] = [];
      for (const item of given) insertSorted(list, item, isBetter);
      expect(list).toEqual(sorted(given));
    }),
    fuzz(200),
  );
});
