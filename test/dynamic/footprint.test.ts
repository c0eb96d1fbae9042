/** What comes back when things are let go is what not all of them have, whatever comes and goes. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Footprint } from '../../src/dynamic/footprint.js';
import { fuzz } from '../support/fuzz.js';

test('counts parts that some have and others do not, each once', () => {
  const parts = Array.from({ length: 6 }, (_, i) => ({ bytes: 10 ** i }));
  const member = fc.subarray(parts).map((own) => new Map(own.map((part) => [part, part.bytes])));
  fc.assert(
    fc.property(fc.array(fc.tuple(member, fc.boolean()), { maxLength: 12 }), (all) => {
      const footprint = new Footprint();
      for (const [own] of all) footprint.add(own);
      for (const [own, goes] of all) if (goes) footprint.remove(own);
      const left = all.flatMap(([own, goes]) => (goes ? [] : [own]));
      const wanted = parts.filter((part) => {
        const holders = left.filter((own) => own.has(part)).length;
        return holders > 0 && holders < left.length;
      });
      expect(footprint.bytes).toBe(wanted.reduce((sum, { bytes }) => sum + bytes, 0));
    }),
    fuzz(200),
  );
});
