/** Nodes are one value exactly where their keys are equal. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { dimEquals, symbol, SymDim } from '../../src/ir/dim.js';
import type { Node } from '../../src/ir/graph.js';
import { NodeHasher, nodeKey, nodesEqual } from '../../src/ir/key.js';
import { tensorType } from '../../src/ir/types.js';

/** The key of a node with an attribute of any value, as a fault of a pass could make it. */
const nodeWith = (value: unknown): Node<'constant'> =>
  ({ op: 'constant', inputs: [], attrs: { values: value }, type: tensorType('f32', []) }) as never;
const keyWith = (value: unknown): string => nodeKey(nodeWith(value));

const WORDS = ['', 'n', 'true', 'undefined', 'NaN', '1', '-0', '[1]', '1,2', '"', '<n>', 'a;b=1'];

const { value: attribute } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    fc.double(),
    fc.constantFrom(0, -0, 1, NaN, true, false, undefined, ...WORDS),
    fc.string({ unit: 'binary' }),
    fc.constantFrom('n', 'true', 'NaN', 'undefined').map(symbol),
    fc.array(tie('value'), { maxLength: 3 }),
  ),
}));

function isSame(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((value, i) => isSame(value, b[i]));
  if (a instanceof SymDim && b instanceof SymDim) return dimEquals(a, b);
  return Object.is(a, b);
}

/** `value` in lists of their own. */
const copyOf = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(copyOf) : value instanceof SymDim ? new SymDim(value.terms) : value;

describe('nodeKey', () => {
  test('is equal for equal attributes and no others', () => {
    fc.assert(
      fc.property(attribute, attribute, (a, b) => {
        expect(keyWith(a) === keyWith(b)).toBe(isSame(a, b));
      }),
      { numRuns: 2000 },
    );
  });

  test('nodes are equal where their keys are, and then have one hash', () => {
    const hasher = new NodeHasher();
    fc.assert(
      fc.property(attribute, attribute, (a, b) => {
        const [x, y] = [nodeWith(a), nodeWith(b)];
        expect(nodesEqual(x, y)).toBe(keyWith(a) === keyWith(b));
        expect(nodesEqual(x, nodeWith(copyOf(a)))).toBe(true);
        expect(hasher.hash(x)).toBe(hasher.hash(nodeWith(copyOf(a))));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([[{}], [null], [new Map()], [() => 1], [1n], [Symbol('s')], [[1, [{ nodes: [] }]]]])(
    'throws for %o, which it could not tell from others',
    (value) => {
      expect(() => keyWith(value)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    },
  );
});
