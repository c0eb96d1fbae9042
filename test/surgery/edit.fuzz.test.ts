/** Whatever is edited: patches do the same again, inverse patches undo it, and the program that was given stays. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { paramsOf } from '../../src/ir/graph.js';
import { printGraph } from '../../src/ir/print.js';
import { verifyGraph } from '../../src/ir/verify.js';
import { keysOf } from '../../src/surgery/form.js';
import { apply, edit, extract, merge, prune } from '../../src/surgery/index.js';
import { fuzz } from '../support/fuzz.js';
import { grow, recipes } from '../support/graphs.js';
import { change, changes, expectBits, expectSame, orRefused, run } from './support.js';

test('patches give the edited program, and their inverse the original', () => {
  let edits = 0;
  fc.assert(
    fc.property(recipes(12), changes(4), changes(3), (recipe, first, second) => {
      const { program } = grow(recipe);
      const text = printGraph(program.graph, { names: true });
      const weights = new Map(program.weights);
      let current = program;
      for (const list of [first, second]) {
        const before = current;
        const edited = orRefused(() => edit(before, (draft) => list.forEach((one) => change(draft, one))));
        if (edited === undefined) continue;
        edits++;
        verifyGraph(edited.program.graph);
        expectSame(apply(before, edited.patches), edited.program);
        expectSame(apply(edited.program, edited.inversePatches), before);
        expectSame(edit(edited.program, () => undefined).program, edited.program);
        current = edited.program;
      }
      expect(printGraph(program.graph, { names: true })).toBe(text);
      expect(program.weights).toEqual(weights);
    }),
    fuzz(400),
  );
  expect(edits).toBeGreaterThan(100);
});

test('one change at a time is taken or refused, and says why', () => {
  fc.assert(
    fc.property(recipes(8), changes(1), (recipe, [one]) => {
      const { program } = grow(recipe);
      const edited = orRefused(() => edit(program, (draft) => change(draft, one)));
      if (edited === undefined) return;
      expectSame(apply(edited.program, edited.inversePatches), program);
      if (one.kind === 'keep') expectSame(edited.program, program);
    }),
    fuzz(400),
  );
});

test('a model that is cut in two computes the same bits in two runs, and merged again in one', () => {
  fc.assert(
    fc.property(recipes(12), fc.nat(9999), (recipe, at) => {
      const { program, inputs } = grow(recipe);
      const keys = keysOf(program.graph);
      const middle = keys[at % keys.length];
      const expected = run(program, inputs);
      const first = extract(program, { to: [middle] });
      const second = orRefused(() => extract(program, { from: [middle], to: Object.keys(expected) }));
      if (second === undefined) return;
      expectBits(run(second, { ...inputs, ...run(first, inputs) }), expected);
      const shared = paramsOf(second.graph).map(({ node }) => node.attrs.name);
      const connect = shared
        .filter((name) => keysOf(first.graph).includes(name))
        .map((name) => [name, name] as const);
      const whole = merge(first, second, { connect: Object.fromEntries(connect), prefix: 'b/' });
      const prefixed = Object.entries(inputs).map(([name, tensor]) => [`b/${name}`, tensor] as const);
      const found = Object.entries(run(whole, { ...inputs, ...Object.fromEntries(prefixed) }));
      expectBits(Object.fromEntries(found.map(([name, tensor]) => [name.slice(2), tensor])), expected);
    }),
    fuzz(150),
  );
});

test('what nothing needs can go, and no bit changes', () => {
  fc.assert(
    fc.property(recipes(12), fc.nat(9999), (recipe, at) => {
      const { program, inputs } = grow(recipe);
      const { program: less } = edit(program, (draft) => {
        if (draft.outputs.length > 0) draft.outputs = [draft.outputs[at % draft.outputs.length]];
        prune(draft);
      });
      const whole = run(program, inputs);
      const names = less.graph.outputs.map(({ name }) => name);
      expectBits(run(less, inputs), Object.fromEntries(names.map((name) => [name, whole[name]])));
    }),
    fuzz(100),
  );
});
