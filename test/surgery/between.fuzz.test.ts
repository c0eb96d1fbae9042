/** Whatever two programs are: the patches between them lead from the one to the other, and back. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { describeDiff, diff, apply, edit, patchesBetween } from '../../src/surgery/index.js';
import { exactlyBetween } from '../../src/surgery/between.js';
import { isAnonymous, keysOf } from '../../src/surgery/form.js';
import { fuzz } from '../support/fuzz.js';
import { grow, recipes } from '../support/graphs.js';
import { change, changes, expectBits, expectSame, orRefused, run } from './support.js';

/** Runs `check` on programs and edits of them. */
function onEdits(check: (before: ReturnType<typeof grow>, after: ReturnType<typeof edit>) => void): void {
  let edits = 0;
  fc.assert(
    fc.property(recipes(12), changes(4), (recipe, list) => {
      const before = grow(recipe);
      const after = orRefused(() =>
        edit(before.program, (draft) => list.forEach((one) => change(draft, one))),
      );
      if (after === undefined) return;
      edits++;
      check(before, after);
    }),
    fuzz(300),
  );
  expect(edits).toBeGreaterThan(60);
}

test('patches between programs make one of the other, as diff sees it, and compute the same bits', () => {
  onEdits(({ program, inputs }, { program: after }) => {
    const { program: made, patches, inversePatches } = patchesBetween(program, after);
    expect(describeDiff(diff(after, made))).toBe('The programs are the same.');
    expectSame(apply(program, patches), made);
    expectSame(apply(made, inversePatches), program);
    const found = orRefused(() => run(after, inputs));
    if (found !== undefined) expectBits(run(made, inputs), found);
  });
});

test('there are none between a program and itself, and where only one has names for some values', () => {
  onEdits(({ program }) => {
    expect(patchesBetween(program, program).patches).toEqual([]);
    const { graph, weights } = program;
    const values = keysOf(graph).map((key, value): [string, number] => [
      isAnonymous(key) ? `v${value}` : key,
      value,
    ]);
    const names = { values: new Map(values), folded: new Set<string>(), merged: new Set<string>() };
    const named = { graph: { ...graph, names }, weights };
    expect(patchesBetween(program, named).patches).toEqual([]);
    expect(patchesBetween(named, program).patches).toEqual([]);
  });
});

test('exact ones restore names and ids, too', () => {
  onEdits(({ program }, { program: after }) => {
    const { program: made, patches, inversePatches } = exactlyBetween(program, after);
    expectSame(made, after);
    expectSame(apply(program, patches), after);
    expectSame(apply(after, inversePatches), program);
  });
});
