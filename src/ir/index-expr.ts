/**
 * Index arithmetic on non-negative integers with known ranges: affine sums over variables, and over floor quotients and
 * remainders of such sums by constants. Reshapes, permutes and slices compose as these expressions; the normal form
 * keeps them small (`(i / 4) * 4 + i % 4` is `i`), so that movement ops cost no kernel and little code.
 *
 * All numbers may be dimensions with symbols. An expression is simplified where the proofs of dim-proofs.ts say that this is right
 * for all sizes; what has no normal form without sizes throws DIM_UNBOUND.
 *
 * Two expressions are equal exactly where their keys are.
 */
import { HeddleError } from '../base/errors.js';
import { dimAdd, dimEquals, dimMul, dimSub, isStatic, type Dim } from './dim.js';
import { exactQuotient, floorQuotient, isAtMost, isLess, signOf } from './dim-proofs.js';

/** An affine sum: constant + sum of coefficient * atom. */
export interface Index {
  readonly constant: Dim;
  readonly terms: readonly IndexTerm[];
  /** Inclusive bounds. */
  readonly min: Dim;
  readonly max: Dim;
  readonly key: string;
}

interface IndexTerm {
  readonly atom: IndexAtom;
  /** Never 0, and of one sign whatever the sizes. */
  readonly coefficient: Dim;
}

/** All atoms range over [0, max]. */
export type IndexAtom =
  | { readonly kind: 'var'; readonly name: string; readonly max: Dim; readonly key: string }
  | { readonly kind: 'div'; readonly of: Index; readonly by: Dim; readonly max: Dim; readonly key: string } // prettier-ignore
  | { readonly kind: 'mod'; readonly of: Index; readonly by: Dim; readonly max: Dim; readonly key: string }; // prettier-ignore

/** A dimension in a key. */
const textOf = (dim: Dim): string => (typeof dim === 'number' ? `${dim}` : `(${dim.text})`);

/** Most sums and quotients are steps on the way to others, so that their keys are made when they are asked for. */
class Sum implements Index {
  private text: string | undefined;

  constructor(
    readonly constant: Dim,
    readonly terms: readonly IndexTerm[],
    readonly min: Dim,
    readonly max: Dim,
  ) {}

  get key(): string {
    if (this.text !== undefined) return this.text;
    let text = '';
    for (const { atom, coefficient } of this.terms) text += `${textOf(coefficient)}*${atom.key}+`;
    return (this.text = `${text}${textOf(this.constant)}`);
  }
}

class Quotient<K extends 'div' | 'mod'> {
  private text: string | undefined;

  constructor(
    readonly kind: K,
    readonly of: Index,
    readonly by: Dim,
    readonly max: Dim,
  ) {}

  get key(): string {
    return (this.text ??= `((${this.of.key})${this.kind === 'div' ? '/' : '%'}${textOf(this.by)})`);
  }
}

/** The constant `value`. */
export const indexConst = (value: Dim): Index => make(value, []);

const ZERO = indexConst(0);

/** A variable over [0, extent). Variables of one name are one variable. */
export function indexVar(name: string, extent: Dim): Index {
  if (isAtMost(extent, 1)) return ZERO;
  return fromAtom({ kind: 'var', name, max: dimSub(extent, 1), key: name });
}

const fromAtom = (atom: IndexAtom): Index => make(0, [{ atom, coefficient: 1 }]);

/** 1 or -1, for the coefficient of a term. Throws DIM_UNBOUND where its sign depends on sizes. */
export function signOfTerm(coefficient: Dim): 1 | -1 {
  if (typeof coefficient === 'number') return coefficient > 0 ? 1 : -1;
  const sign = signOf(coefficient);
  if (sign === 1 || sign === -1) return sign;
  throw new HeddleError('DIM_UNBOUND', 'the sign of a stride depends on symbolic dimensions', {
    found: coefficient.text,
    hint: 'bind them to numbers',
  });
}

function make(constant: Dim, terms: readonly IndexTerm[]): Index {
  let min = constant;
  let max = constant;
  for (const { atom, coefficient } of terms) {
    const reach = dimMul(coefficient, atom.max);
    if (signOfTerm(coefficient) > 0) max = dimAdd(max, reach);
    else min = dimAdd(min, reach);
  }
  return new Sum(constant, terms, min, max);
}

function collect(constant: Dim, terms: readonly IndexTerm[]): Index {
  if (terms.length < 2) return make(constant, terms);
  const merged: IndexTerm[] = [];
  for (const { atom, coefficient } of terms) {
    const at = merged.findIndex((known) => known.atom === atom || known.atom.key === atom.key);
    if (at < 0) {
      merged.push({ atom, coefficient });
      continue;
    }
    const sum = dimAdd(merged[at].coefficient, coefficient);
    if (sum === 0) merged.splice(at, 1);
    else merged[at] = { atom, coefficient: sum };
  }
  merged.sort((a, b) => {
    const order = inOrder(a.coefficient, b.coefficient);
    return order !== 0 ? order : a.atom.key < b.atom.key ? -1 : 1;
  });
  return rejoin(make(constant, merged));
}

/** The order of coefficients: positive ones first, those with symbols before numbers, the largest number first. */
function inOrder(a: Dim, b: Dim): number {
  if (typeof a === 'number' && typeof b === 'number') return b - a;
  const signs = signOfTerm(b) - signOfTerm(a);
  if (signs !== 0 || dimEquals(a, b)) return signs;
  if (typeof a === 'number') return 1;
  return typeof b === 'number' || a.text < b.text ? -1 : 1;
}

/** c*d*(e / d) + c*(e % d) = c*e, and c*d*((e / d) % f) + c*(e % d) = c*(e % (d*f)). */
function rejoin(index: Index): Index {
  for (const low of index.terms) {
    const { atom, coefficient } = low;
    if (atom.kind !== 'mod') continue;
    const { key } = indexDiv(atom.of, atom.by);
    const wanted = dimMul(coefficient, atom.by);
    for (const high of index.terms) {
      if (!dimEquals(high.coefficient, wanted)) continue;
      const joined =
        keyOfAtom(high.atom) === key
          ? atom.of
          : high.atom.kind === 'mod' && high.atom.of.key === key
            ? indexMod(atom.of, dimMul(atom.by, high.atom.by))
            : undefined;
      if (joined === undefined) continue;
      const rest = index.terms.filter((term) => term !== low && term !== high);
      return indexAdd(collect(index.constant, rest), indexMul(joined, coefficient));
    }
  }
  return index;
}

/** The key of the index that is the atom and nothing else. */
const keyOfAtom = ({ key }: IndexAtom): string => `1*${key}+0`;

export function indexAdd(a: Index, b: Index): Index {
  if (b.terms.length === 0) return b.constant === 0 ? a : make(dimAdd(a.constant, b.constant), a.terms);
  if (a.terms.length === 0) return a.constant === 0 ? b : make(dimAdd(a.constant, b.constant), b.terms);
  return collect(dimAdd(a.constant, b.constant), [...a.terms, ...b.terms]);
}

export function indexMul(a: Index, factor: Dim): Index {
  if (factor === 1) return a;
  if (factor === 0) return ZERO;
  const constant = dimMul(a.constant, factor);
  let keepsOrder = isStatic(factor) && factor > 0;
  const scaled = a.terms.map(({ atom, coefficient }) => {
    keepsOrder &&= isStatic(coefficient);
    return { atom, coefficient: dimMul(coefficient, factor) };
  });
  return keepsOrder ? make(constant, scaled) : collect(constant, scaled);
}

/** Splits `a` into by * quotient + rest with the rest's terms not divisible by `by`. */
function split(a: Index, by: Dim): { readonly quotient: Index; readonly rest: Index } {
  if (isWithin(a, by)) return { quotient: ZERO, rest: a };
  const whole: IndexTerm[] = [];
  const rest: IndexTerm[] = [];
  for (const term of a.terms) {
    const coefficient = exactQuotient(term.coefficient, by);
    if (coefficient !== undefined) whole.push({ atom: term.atom, coefficient });
    else rest.push(term);
  }
  // The rest must not be negative: negative coefficients borrow from the quotient.
  let borrow = floorQuotient(a.constant, by) ?? 0;
  let remainder = make(dimSub(a.constant, dimMul(borrow, by)), rest);
  if (!isAtMost(0, remainder.min)) {
    const need = floorQuotient(remainder.min, by);
    if (need === undefined) unknownQuotient(a, by);
    borrow = dimAdd(borrow, need);
    remainder = make(dimSub(remainder.constant, dimMul(need, by)), rest);
  }
  return { quotient: collect(borrow, whole), rest: remainder };
}

/** Whether `a` lies in [0, extent), whatever the sizes. */
export function isWithin({ min, max }: Index, extent: Dim): boolean {
  return isAtMost(0, min) && isLess(max, extent);
}

function unknownQuotient({ min }: Index, by: Dim): never {
  throw new HeddleError('DIM_UNBOUND', 'a quotient of indices depends on symbolic dimensions', {
    found: `of ${String(min)} and more by ${String(by)}`,
    hint: 'bind them to numbers',
  });
}

/** floor(a / by) where it is the same all over the range of `a`. */
function sameQuotient({ min, max }: Index, by: Dim): Dim | undefined {
  const low = floorQuotient(min, by);
  if (low === undefined) return undefined;
  const high = floorQuotient(max, by);
  return high !== undefined && dimEquals(low, high) ? low : undefined;
}

/** floor(a / by) for a positive integer `by`. */
export function indexDiv(a: Index, by: Dim): Index {
  if (by === 1) return a;
  const { quotient, rest } = split(a, by);
  const low = sameQuotient(rest, by);
  if (low !== undefined) return indexAdd(quotient, indexConst(low));
  return indexAdd(quotient, divAtom(rest, by));
}

/** Index and divisor, over what divides all coefficients and the divisor; undefined where nothing known does. */
function reduced(
  a: Index,
  by: Dim,
): { readonly index: Index; readonly by: Dim; readonly common: Dim } | undefined {
  const common = commonDivisor(a, by);
  if (common === 1) return undefined;
  const constant = floorQuotient(a.constant, common);
  if (constant === undefined) return undefined;
  const terms = a.terms.map(({ atom, coefficient }) => ({
    atom,
    coefficient: exactQuotient(coefficient, common)!,
  }));
  return { index: make(constant, terms), by: exactQuotient(by, common)!, common };
}

function commonDivisor({ terms }: Index, by: Dim): Dim {
  let common = by;
  for (const { coefficient } of terms) {
    if (typeof common === 'number' && typeof coefficient === 'number') {
      common = gcd(common, Math.abs(coefficient));
      continue;
    }
    if (exactQuotient(coefficient, common) !== undefined) continue;
    const isDivisor = signOf(coefficient) === 1 && exactQuotient(common, coefficient) !== undefined;
    if (!isDivisor) return 1;
    common = coefficient;
  }
  return common;
}

function divAtom(a: Index, by: Dim): Index {
  const smaller = reduced(a, by);
  if (smaller !== undefined) return indexDiv(smaller.index, smaller.by);
  const only =
    a.terms.length === 1 && a.constant === 0 && a.terms[0].coefficient === 1 ? a.terms[0].atom : undefined;
  if (only?.kind === 'div') return indexDiv(only.of, dimMul(only.by, by));
  if (only?.kind === 'mod') {
    const times = exactQuotient(only.by, by);
    if (times !== undefined) return indexMod(indexDiv(only.of, by), times);
  }
  return fromAtom(new Quotient('div', a, by, floorQuotient(a.max, by) ?? a.max));
}

/** a mod by, in [0, by). */
export function indexMod(a: Index, by: Dim): Index {
  if (by === 1) return ZERO;
  const { rest } = split(a, by);
  const low = sameQuotient(rest, by);
  if (low !== undefined) return indexAdd(rest, indexConst(dimMul(-1, dimMul(low, by))));
  const only = rest.terms.length === 1 && rest.constant === 0 ? rest.terms[0] : undefined;
  if (only?.coefficient === 1 && only.atom.kind === 'mod' && exactQuotient(only.atom.by, by) !== undefined)
    return indexMod(only.atom.of, by);
  const smaller = reduced(rest, by);
  if (smaller !== undefined) {
    // (common * e + c) % by = common * ((e + c / common) % (by / common)) + c % common
    const { index, common } = smaller;
    const left = dimSub(rest.constant, dimMul(index.constant, common));
    return indexAdd(indexMul(indexMod(index, smaller.by), common), indexConst(left));
  }
  return fromAtom(new Quotient('mod', rest, by, isLess(rest.max, by) ? rest.max : dimSub(by, 1)));
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Row-major strides in elements. */
export function stridesOf(shape: readonly Dim[]): Dim[] {
  const strides = new Array<Dim>(shape.length);
  let step: Dim = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    strides[axis] = step;
    step = dimMul(step, shape[axis]);
  }
  return strides;
}

/** Row-major position of a multi-index. */
export function linearize(indices: readonly Index[], strides: readonly Dim[], offset: Dim = 0): Index {
  return indices.reduce(
    (sum, index, axis) => indexAdd(sum, indexMul(index, strides[axis])),
    indexConst(offset),
  );
}

/** Row-major multi-index of a position in `shape`. */
export function delinearize(position: Index, shape: readonly Dim[]): Index[] {
  const out = new Array<Index>(shape.length);
  let rest = position;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis];
    if (axis === 0) out[axis] = isAtMost(extent, 1) ? ZERO : rest;
    else {
      const by = extent === 0 ? 1 : extent;
      out[axis] = indexMod(rest, by);
      rest = indexDiv(rest, by);
    }
  }
  return out;
}
