/** Index arithmetic over dimensions with symbols: for all sizes, what it is with their numbers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { HeddleError } from '../../src/base/errors.js';
import { dimProduct, dimSubstitute, parseDim, type Dim, type DimBindings } from '../../src/ir/dim.js';
import { LEAST_SIZE } from '../../src/ir/dim-proofs.js';
import { delinearize, indexAdd, indexConst, indexDiv, indexMod, indexMul, indexVar, linearize, stridesOf, type Index } from '../../src/ir/index-expr.js'; // prettier-ignore
import { coordinates } from '../interpreter/support.js';
import { fuzz } from '../support/fuzz.js';

const numberOf = (dim: Dim, sizes: DimBindings): number => Number(dimSubstitute(dim, sizes));

/** The value of an expression: the meaning that code generation gives it. */
function valueOf(index: Index, sizes: DimBindings, values: DimBindings): number {
  let sum = numberOf(index.constant, sizes);
  for (const { atom, coefficient } of index.terms) {
    const by = atom.kind === 'var' ? 1 : numberOf(atom.by, sizes);
    const of = atom.kind === 'var' ? values[atom.name] : valueOf(atom.of, sizes, values);
    expect(of).toBeGreaterThanOrEqual(0);
    sum += numberOf(coefficient, sizes) * (atom.kind === 'mod' ? of % by : Math.floor(of / by));
  }
  return sum;
}

const AXES = ['n', 'm', '4', '2*n', '3', '(m+1)//2', 'n+1'].map(parseDim);
const SHAPES = fc.array(fc.constantFrom(...AXES), { minLength: 1, maxLength: 3 });
const SIZES = fc.record({ n: fc.integer({ min: LEAST_SIZE, max: 6 }), m: fc.integer({ min: LEAST_SIZE, max: 6 }) }); // prettier-ignore

/** A movement: what becomes of the index of a value of a shape, and what it is for numbers. */
interface Step {
  readonly shape: readonly Dim[];
  symbolic(index: readonly Index[]): readonly Index[];
  concrete(index: readonly number[], sizes: DimBindings): readonly number[];
}

const positionIn = (index: readonly number[], shape: readonly number[]): number =>
  index.reduce((sum, i, axis) => sum * shape[axis] + i, 0);

function indexIn(position: number, shape: readonly number[]): number[] {
  const out: number[] = [];
  for (const extent of [...shape].reverse()) {
    out.unshift(position % extent);
    position = Math.floor(position / extent);
  }
  return out;
}

function reshape(from: readonly Dim[], to: readonly Dim[]): Step {
  const at = (shape: readonly Dim[], sizes: DimBindings): number[] =>
    shape.map((dim) => numberOf(dim, sizes));
  return {
    shape: from,
    symbolic: (index) => delinearize(linearize(index, stridesOf(to)), from),
    concrete: (index, sizes) => indexIn(positionIn(index, at(to, sizes)), at(from, sizes)),
  };
}

const reverse = (shape: readonly Dim[], axis: number): Step => ({
  shape,
  symbolic: (index) =>
    index.with(axis, indexAdd(indexMul(index[axis], -1), indexAdd(indexConst(shape[axis]), indexConst(-1)))),
  concrete: (index, sizes) => index.with(axis, numberOf(shape[axis], sizes) - 1 - index[axis]),
});

const permute = (shape: readonly Dim[], order: readonly number[]): Step => ({
  shape: order.map((axis) => shape[axis]),
  symbolic: (index) => order.map((axis) => index[axis]),
  concrete: (index) => order.map((axis) => index[axis]),
});

/** Steps that may follow a value of `shape`: its axes in one, or in another order, or counted from the end. */
const stepsFrom = (shape: readonly Dim[]): readonly Step[] => [
  reshape([dimProduct(shape)], shape),
  reshape([...shape.slice(0, -2), dimProduct(shape.slice(-2))], shape),
  permute(shape, [...shape.keys()].reverse()),
  reverse(shape, 0),
  reverse(shape, shape.length - 1),
];

describe('indices with symbols', () => {
  test('are for all sizes what they are with numbers, or say that they need these', () => {
    fc.assert(
      fc.property(SHAPES, fc.array(fc.nat(4), { maxLength: 4 }), SIZES, (shape, choices, sizes) => {
        const steps: Step[] = [];
        for (const choice of choices) steps.push(stepsFrom(steps.at(-1)?.shape ?? shape)[choice]);
        // Back to the shape that it came from, by the position.
        const last = steps.at(-1)?.shape ?? shape;
        steps.push(reshape(shape.toReversed(), last));
        let index: readonly Index[] = shape.map((extent, axis) => indexVar(`i${axis}`, extent));
        try {
          for (const step of steps) index = step.symbolic(index);
        } catch (error) {
          expect((error as HeddleError).code).toBe('DIM_UNBOUND');
          return;
        }
        const numbers = shape.map((dim) => numberOf(dim, sizes));
        for (const given of coordinates(numbers)) {
          const values = Object.fromEntries(given.map((i, axis) => [`i${axis}`, i]));
          const wanted = steps.reduce<readonly number[]>((at, step) => step.concrete(at, sizes), given);
          expect(index.map((each) => valueOf(each, sizes, values))).toEqual(wanted);
        }
      }),
      fuzz(150),
    );
  });

  const [n, m] = ['n', 'm'].map(parseDim);
  const [i, j, k] = [indexVar('i', n), indexVar('j', m), indexVar('k', 4)];
  const place = linearize([i, j, k], stridesOf([n, m, 4]));

  test.each<[string, Index, string]>([
    ['the last axis of a place', indexMod(place, 4), '1*k+0'],
    ['the axes before it', indexDiv(place, 4), '(m)*i+1*j+0'],
    ['the first axis', indexDiv(place, parseDim('4*m')), '1*i+0'],
    ['the axes behind it', indexMod(place, parseDim('4*m')), '4*j+1*k+0'],
    ['the middle axis', indexMod(indexDiv(place, 4), m), '1*j+0'],
    ['a place that is taken apart otherwise', indexDiv(place, n), '((4*m)*i+4*j+1*k+0)/(n)'],
    ['the place of its parts', linearize(delinearize(place, [parseDim('n*m'), 4]), [4, 1]), place.key],
  ])('%s', (_, { key }, wanted) => {
    expect(key.replace(/^1\*\((.*)\)\+0$/, '$1')).toBe(wanted);
  });
});
