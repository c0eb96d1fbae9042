/** Pipelines are kept while a plan uses them, and no longer. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lease } from '../../../src/base/lease.js';
import { SharedPipelines, type PlanPipelines } from '../../../src/runtime/shared/pipelines.js';
import type { LaidOut } from '../../../src/runtime/pipelines.js';
import { fuzz } from '../../support/fuzz.js';

/** Makes the pipelines of `codes` as a plan does: those that are there are taken. */
function planOf(
  shared: SharedPipelines,
  codes: readonly string[],
): { readonly lease: Lease; readonly pipelines: PlanPipelines } {
  const lease = new Lease();
  const pipelines = shared.usedBy(lease);
  for (const code of codes) pipelines.set(code, pipelines.get(code) ?? ({} as LaidOut));
  return { lease, pipelines };
}

test('there are those of the plans that there are', () => {
  const codes = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'));
  fc.assert(
    fc.property(fc.array(codes, { minLength: 1, maxLength: 12 }), fc.integer({ min: 1, max: 4 }), (plans, kept) => {
      const shared = new SharedPipelines();
      const leases: { readonly codes: readonly string[]; readonly lease: Lease }[] = [];
      for (const each of plans) {
        const before = shared.size;
        const { lease, pipelines } = planOf(shared, each);
        expect(pipelines.made()).toBe(shared.size - before);
        leases.push({ codes: each, lease });
        if (leases.length > kept) leases.shift()!.lease.release();
        expect(shared.size).toBe(new Set(leases.flatMap((one) => one.codes)).size);
      }
      for (const { lease } of leases) lease.release();
      leases[0].lease.release();
      expect(shared.size).toBe(0);
    }),
    fuzz(100),
  );
}); // prettier-ignore

test('a pipeline that others made is theirs and mine', () => {
  const shared = new SharedPipelines();
  const first = planOf(shared, ['a']);
  const pipeline = first.pipelines.get('a');
  const second = planOf(shared, ['a']);
  first.lease.release();
  expect(second.pipelines.get('a')).toBe(pipeline);
  second.lease.release();
  expect(shared.size).toBe(0);
});
