/** What a builder knows: as a list of maps would, one for each scope, and never one key for two instructions. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PRIM_TYPES, type Prim } from '../../src/codegen/ssa/instr.js';
import { keyOf, keyOfWords, Scoped } from '../../src/codegen/ssa/known.js';
import { fuzz } from '../support/fuzz.js';

test('the innermost entry of a key counts, for as long as its scope is open', () => {
  const step = fc.oneof(
    fc.constant('open' as const),
    fc.constant('close' as const),
    fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(9)),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const scoped = new Scoped<string, number>();
      const model = [new Map<string, number>()];
      for (const each of steps) {
        if (each === 'open') {
          scoped.open();
          model.push(new Map());
        } else if (each === 'close') {
          if (model.length === 1) continue;
          scoped.close();
          model.pop();
        } else {
          scoped.put(...each);
          model[model.length - 1].set(...each);
        }
        for (const key of ['a', 'b', 'c'])
          expect(scoped.find(key)).toBe(model.findLast((scope) => scope.has(key))?.get(key));
      }
    }),
    fuzz(200),
  );
});

test('no two instructions have one key', () => {
  const extremes = [0, 1, 2 ** 14 - 1, 2 ** 14, 2 ** 14 + 1, 2 ** 20, 2 ** 31, 2 ** 32 - 1];
  const keys = new Map<string | number, string>();
  const add = (key: string | number, what: string): void => {
    expect(keys.get(key) ?? what).toBe(what);
    keys.set(key, what);
  };
  const kinds = [...(Object.keys(PRIM_TYPES) as Prim[]), 'f32', 'u32', 'bool', 'load'] as const;
  for (const kind of kinds)
    for (const word of extremes)
      for (const small of extremes) {
        const key = keyOfWords(kind, word, small);
        expect(typeof key === 'string' || Number.isSafeInteger(key)).toBe(true);
        add(key, `${kind} ${word} ${small}`);
      }
  const ref = (id: number): { readonly id: number; readonly type: 'f32' } => ({ id, type: 'f32' });
  for (const a of extremes)
    for (const b of extremes)
      for (const c of extremes) add(keyOf('mac', [ref(a), ref(b), ref(c)]), `mac ${a} ${b} ${c}`);
});
