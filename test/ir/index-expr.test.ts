/** Symbolic index arithmetic against arithmetic, for all values of the variables. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { elementCount, rowMajorStrides } from '../../src/base/tensor.js';
import {
  delinearize,
  indexAdd,
  indexConst,
  indexDiv,
  indexMod,
  indexMul,
  indexVar,
  linearize,
  type Index,
  type IndexAtom,
} from '../../src/ir/index-expr.js';
import { coordinates } from '../interpreter/support.js';
import { fuzz } from '../support/fuzz.js';

type Values = Readonly<Record<string, number>>;

/** The value of an expression: the meaning that code generation gives it. */
function valueOf(index: Index, values: Values): number {
  return index.terms.reduce(
    (sum, { atom, coefficient }) => sum + Number(coefficient) * atomValue(atom, values),
    Number(index.constant),
  );
}

function atomValue(atom: IndexAtom, values: Values): number {
  if (atom.kind === 'var') return values[atom.name];
  const inner = valueOf(atom.of, values);
  // Kernels compute these on unsigned integers.
  expect(inner).toBeGreaterThanOrEqual(0);
  return atom.kind === 'div' ? Math.floor(inner / Number(atom.by)) : inner % Number(atom.by);
}

const EXTENTS = { i: 7, j: 4, k: 3 } as const;
const ALL: readonly Values[] = coordinates(Object.values(EXTENTS)).map(([i, j, k]) => ({ i, j, k }));

/** An expression and what it should be. */
interface Known {
  readonly index: Index;
  value(values: Values): number;
}

/** Compares indices: a zero has no sign. */
const expectSame = (found: number, expected: number): void => {
  expect(found + 0).toBe(expected + 0);
};

const mod = (a: number, by: number): number => a - by * Math.floor(a / by);

const known = (depth: number): fc.Arbitrary<Known> => {
  const leaf = fc.oneof(
    fc.constantFrom('i', 'j', 'k').map((name): Known => ({
      index: indexVar(name, EXTENTS[name]),
      value: (v) => v[name],
    })),
    fc.integer({ min: 0, max: 12 }).map((n): Known => ({ index: indexConst(n), value: () => n })),
  );
  if (depth === 0) return leaf;
  const inner = known(depth - 1);
  const by = fc.constantFrom(1, 2, 3, 4, 6, 7, 8, 12, 21, 28);
  return fc.oneof(
    leaf,
    fc.tuple(inner, inner).map(([a, b]): Known => ({ index: indexAdd(a.index, b.index), value: (v) => a.value(v) + b.value(v) })), // prettier-ignore
    fc
      .tuple(inner, by)
      .map(([a, n]): Known => ({ index: indexMul(a.index, n), value: (v) => a.value(v) * n })),
    fc.tuple(inner, by).map(([a, n]): Known => ({ index: indexDiv(a.index, n), value: (v) => Math.floor(a.value(v) / n) })), // prettier-ignore
    fc
      .tuple(inner, by)
      .map(([a, n]): Known => ({ index: indexMod(a.index, n), value: (v) => mod(a.value(v), n) })),
    // What a reverse makes: the expression counted from the other end.
    inner.map((a): Known => ({ index: indexAdd(indexMul(a.index, -1), indexConst(a.index.max)), value: (v) => Number(a.index.max) - a.value(v) })), // prettier-ignore
  );
};

test('an expression has the value of what it was made from', () => {
  fc.assert(
    fc.property(known(5), ({ index, value }) => {
      for (const values of ALL) expectSame(valueOf(index, values), value(values));
    }),
    fuzz(400),
  );
});

test('and lies within its bounds', () => {
  fc.assert(
    fc.property(known(5), ({ index, value }) => {
      for (const values of ALL) {
        expect(value(values)).toBeGreaterThanOrEqual(Number(index.min));
        expect(value(values)).toBeLessThanOrEqual(Number(index.max));
      }
    }),
    fuzz(200),
  );
});

test('equal keys mean equal values', () => {
  fc.assert(
    fc.property(known(3), known(3), (a, b) => {
      fc.pre(a.index.key === b.index.key);
      for (const values of ALL) expectSame(a.value(values), b.value(values));
    }),
    { ...fuzz(100), maxSkipsPerRun: 1000 },
  );
});

test('offsets below 0 are carried through quotients and remainders', () => {
  // Padding shifts an index before its range is checked: the sum may be negative, quotients round down.
  const cases = fc.tuple(known(2), fc.integer({ min: -40, max: 0 }), fc.integer({ min: 1, max: 9 }));
  fc.assert(
    fc.property(cases, ([{ index, value }, offset, by]) => {
      const shifted = indexAdd(index, indexConst(offset));
      for (const values of ALL) {
        expectSame(valueOf(indexDiv(shifted, by), values), Math.floor((value(values) + offset) / by));
        expectSame(valueOf(indexMod(shifted, by), values), mod(value(values) + offset, by));
      }
    }),
    fuzz(300),
  );
});

const shapes = fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 4 });

test('linearize and delinearize are row-major, and undo each other', () => {
  fc.assert(
    fc.property(shapes, (shape) => {
      const flat = indexVar('p', elementCount(shape));
      const index = delinearize(flat, shape);
      coordinates(shape).forEach((place, p) => {
        expect(index.map((i) => valueOf(i, { p }))).toEqual(place);
      });
      expect(linearize(index, rowMajorStrides(shape)).key).toBe(flat.key);
    }),
    fuzz(200),
  );
});

test('a chain of reshapes is the last one', () => {
  const factored = fc.constantFrom([24], [2, 12], [4, 6], [2, 3, 4], [6, 2, 2], [1, 24, 1], [3, 8]);
  fc.assert(
    fc.property(factored, factored, (middle, last) => {
      const index = delinearize(indexVar('p', 24), last);
      const through = delinearize(linearize(delinearize(linearize(index, rowMajorStrides(last)), middle), rowMajorStrides(middle)), last); // prettier-ignore
      expect(through.map((i) => i.key)).toEqual(index.map((i) => i.key));
    }),
    fuzz(50),
  );
});

/** Ways to write `count` as a product, each factor an extent. */
const factored = (count: number): fc.Arbitrary<number[]> =>
  fc.array(fc.nat(), { maxLength: 4 }).map((picks) => {
    const shape: number[] = [];
    let left = count;
    for (const pick of picks) {
      const divisors = Array.from({ length: left }, (_, i) => i + 1).filter((d) => left % d === 0);
      const extent = divisors[pick % divisors.length];
      shape.push(extent);
      left /= extent;
    }
    return [...shape, left];
  });

test('a chain of reshapes is the last one, whatever variables an index is made of', () => {
  const reshape = (index: readonly Index[], from: readonly number[], to: readonly number[]): Index[] =>
    delinearize(linearize(index, rowMajorStrides(from)), to);
  // A kernel has one variable for some axes together, and another for others.
  const cases = fc
    .constantFrom(24, 36, 64, 504)
    .chain((count) => fc.tuple(factored(count), fc.nat(4), factored(count), factored(count)));
  fc.assert(
    fc.property(cases, ([first, cut, middle, last]) => {
      const at = Math.min(cut, first.length);
      const index = [first.slice(0, at), first.slice(at)].flatMap((shape, i) =>
        delinearize(indexVar(`v${i}`, elementCount(shape)), shape),
      );
      const through = reshape(reshape(index, first, middle), middle, last);
      expect(through.map(({ key }) => key)).toEqual(reshape(index, first, last).map(({ key }) => key));
    }),
    fuzz(500),
  );
});

describe('in normal form', () => {
  const i = indexVar('i', 12);
  const j = indexVar('j', 4);
  test.each([
    ['(i/4)*4 + i%4', indexAdd(indexMul(indexDiv(i, 4), 4), indexMod(i, 4)), i],
    ['(4i + j)/4', indexDiv(indexAdd(indexMul(i, 4), j), 4), i],
    ['(4i + j)%4', indexMod(indexAdd(indexMul(i, 4), j), 4), j],
    ['i/12', indexDiv(i, 12), indexConst(0)],
    ['i%12', indexMod(i, 12), i],
    ['(i/2)/3', indexDiv(indexDiv(i, 2), 3), indexDiv(i, 6)],
    ['(i%6)%3', indexMod(indexMod(i, 6), 3), indexMod(i, 3)],
    ['2((i/2)%3) + i%2', indexAdd(indexMul(indexMod(indexDiv(i, 2), 3), 2), indexMod(i, 2)), indexMod(i, 6)],
    ['11 - (11 - i)', indexAdd(indexMul(indexAdd(indexMul(i, -1), indexConst(11)), -1), indexConst(11)), i],
    ['a variable over one value', indexVar('k', 1), indexConst(0)],
  ])('%s', (_, index, expected) => {
    expect(index.key).toBe(expected.key);
  });
});
