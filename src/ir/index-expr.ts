/**
 * Index arithmetic on non-negative integers with known ranges: affine sums over variables, and over floor quotients and
 * remainders of such sums by constants. Reshapes, permutes and slices compose as these expressions; the normal form
 * keeps them small (`(i / 4) * 4 + i % 4` is `i`), so that movement ops cost no kernel and little code.
 *
 * Two expressions are equal exactly where their keys are.
 */

/** An affine sum: constant + sum of coefficient * atom. */
export interface Index {
  readonly constant: number;
  readonly terms: readonly IndexTerm[];
  /** Inclusive bounds. */
  readonly min: number;
  readonly max: number;
  readonly key: string;
}

interface IndexTerm {
  readonly atom: IndexAtom;
  readonly coefficient: number;
}

/** All atoms range over [0, max]. */
export type IndexAtom =
  | { readonly kind: 'var'; readonly name: string; readonly max: number; readonly key: string }
  | { readonly kind: 'div'; readonly of: Index; readonly by: number; readonly max: number; readonly key: string } // prettier-ignore
  | { readonly kind: 'mod'; readonly of: Index; readonly by: number; readonly max: number; readonly key: string }; // prettier-ignore

/** Most sums and quotients are steps on the way to others, so that their keys are made when they are asked for. */
class Sum implements Index {
  private text: string | undefined;

  constructor(
    readonly constant: number,
    readonly terms: readonly IndexTerm[],
    readonly min: number,
    readonly max: number,
  ) {}

  get key(): string {
    if (this.text !== undefined) return this.text;
    let text = '';
    for (const { atom, coefficient } of this.terms) text += `${coefficient}*${atom.key}+`;
    return (this.text = `${text}${this.constant}`);
  }
}

class Quotient<K extends 'div' | 'mod'> {
  private text: string | undefined;

  constructor(
    readonly kind: K,
    readonly of: Index,
    readonly by: number,
    readonly max: number,
  ) {}

  get key(): string {
    return (this.text ??= `((${this.of.key})${this.kind === 'div' ? '/' : '%'}${this.by})`);
  }
}

/** The constant `value`. */
export const indexConst = (value: number): Index => make(value, []);

const ZERO = indexConst(0);

/** A variable over [0, extent). Variables of one name are one variable. */
export function indexVar(name: string, extent: number): Index {
  if (extent <= 1) return ZERO;
  return fromAtom({ kind: 'var', name, max: extent - 1, key: name });
}

const fromAtom = (atom: IndexAtom): Index => make(0, [{ atom, coefficient: 1 }]);

function make(constant: number, terms: readonly IndexTerm[]): Index {
  let min = constant;
  let max = constant;
  for (const { atom, coefficient } of terms) {
    if (coefficient > 0) max += coefficient * atom.max;
    else min += coefficient * atom.max;
  }
  return new Sum(constant, terms, min, max);
}

function collect(constant: number, terms: readonly IndexTerm[]): Index {
  if (terms.length < 2) return make(constant, terms);
  const merged: IndexTerm[] = [];
  for (const { atom, coefficient } of terms) {
    const at = merged.findIndex((known) => known.atom === atom || known.atom.key === atom.key);
    if (at < 0) merged.push({ atom, coefficient });
    else if (merged[at].coefficient + coefficient === 0) merged.splice(at, 1);
    else merged[at] = { atom, coefficient: merged[at].coefficient + coefficient };
  }
  merged.sort((a, b) =>
    b.coefficient !== a.coefficient ? b.coefficient - a.coefficient : a.atom.key < b.atom.key ? -1 : 1,
  );
  return rejoin(make(constant, merged));
}

/** c*d*(e / d) + c*(e % d) = c*e, and c*d*((e / d) % f) + c*(e % d) = c*(e % (d*f)). */
function rejoin(index: Index): Index {
  for (const low of index.terms) {
    const { atom, coefficient } = low;
    if (atom.kind !== 'mod') continue;
    const { key } = indexDiv(atom.of, atom.by);
    for (const high of index.terms) {
      if (high.coefficient !== coefficient * atom.by) continue;
      const joined =
        keyOfAtom(high.atom) === key
          ? atom.of
          : high.atom.kind === 'mod' && high.atom.of.key === key
            ? indexMod(atom.of, atom.by * high.atom.by)
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
  if (b.terms.length === 0) return b.constant === 0 ? a : make(a.constant + b.constant, a.terms);
  if (a.terms.length === 0) return a.constant === 0 ? b : make(a.constant + b.constant, b.terms);
  return collect(a.constant + b.constant, [...a.terms, ...b.terms]);
}

export function indexMul(a: Index, factor: number): Index {
  if (factor === 1) return a;
  if (factor === 0) return ZERO;
  const scaled = a.terms.map(({ atom, coefficient }) => ({ atom, coefficient: coefficient * factor }));
  return factor > 0 ? make(a.constant * factor, scaled) : collect(a.constant * factor, scaled);
}

/** Splits `a` into by * quotient + rest with the rest's terms not divisible by `by`. */
function split(a: Index, by: number): { readonly quotient: Index; readonly rest: Index } {
  if (a.min >= 0 && a.max < by) return { quotient: ZERO, rest: a };
  const whole: IndexTerm[] = [];
  const rest: IndexTerm[] = [];
  for (const term of a.terms) {
    if (term.coefficient % by === 0) whole.push({ atom: term.atom, coefficient: term.coefficient / by });
    else rest.push(term);
  }
  // The rest must not be negative: negative coefficients borrow from the quotient.
  let borrow = Math.floor(a.constant / by);
  let remainder = make(a.constant - borrow * by, rest);
  if (remainder.min < 0) {
    const need = Math.ceil(-remainder.min / by);
    borrow -= need;
    remainder = make(remainder.constant + need * by, rest);
  }
  return { quotient: collect(borrow, whole), rest: remainder };
}

/** floor(a / by) for a positive integer `by`. */
export function indexDiv(a: Index, by: number): Index {
  if (by === 1) return a;
  const { quotient, rest } = split(a, by);
  const low = Math.floor(rest.min / by);
  if (low === Math.floor(rest.max / by)) return indexAdd(quotient, indexConst(low));
  return indexAdd(quotient, divAtom(rest, by));
}

function divAtom(a: Index, by: number): Index {
  const common = a.terms.reduce((g, term) => gcd(g, Math.abs(term.coefficient)), by);
  if (common > 1) {
    const terms = a.terms.map(({ atom, coefficient }) => ({ atom, coefficient: coefficient / common }));
    return indexDiv(make(Math.floor(a.constant / common), terms), by / common);
  }
  const only =
    a.terms.length === 1 && a.constant === 0 && a.terms[0].coefficient === 1 ? a.terms[0].atom : undefined;
  if (only?.kind === 'div') return indexDiv(only.of, only.by * by);
  if (only?.kind === 'mod' && only.by % by === 0) return indexMod(indexDiv(only.of, by), only.by / by);
  return fromAtom(new Quotient('div', a, by, Math.floor(a.max / by)));
}

/** a mod by, in [0, by). */
export function indexMod(a: Index, by: number): Index {
  if (by === 1) return ZERO;
  const { rest } = split(a, by);
  const low = Math.floor(rest.min / by);
  if (low === Math.floor(rest.max / by)) return indexAdd(rest, indexConst(-low * by));
  const only = rest.terms.length === 1 && rest.constant === 0 ? rest.terms[0] : undefined;
  if (only?.coefficient === 1 && only.atom.kind === 'mod' && only.atom.by % by === 0)
    return indexMod(only.atom.of, by);
  const common = rest.terms.reduce((g, term) => gcd(g, Math.abs(term.coefficient)), by);
  if (common > 1) {
    // (common * e + c) % by = common * ((e + c / common) % (by / common)) + c % common
    const terms = rest.terms.map(({ atom, coefficient }) => ({ atom, coefficient: coefficient / common }));
    const scaled = indexMul(indexMod(make(Math.floor(rest.constant / common), terms), by / common), common);
    return indexAdd(scaled, indexConst(rest.constant % common));
  }
  return fromAtom(new Quotient('mod', rest, by, Math.min(by - 1, rest.max)));
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** Row-major position of a multi-index. */
export function linearize(indices: readonly Index[], strides: readonly number[], offset = 0): Index {
  return indices.reduce(
    (sum, index, axis) => indexAdd(sum, indexMul(index, strides[axis])),
    indexConst(offset),
  );
}

/** Row-major multi-index of a position in `shape`. */
export function delinearize(position: Index, shape: readonly number[]): Index[] {
  const out = new Array<Index>(shape.length);
  let rest = position;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    const extent = shape[axis];
    if (axis === 0) out[axis] = extent <= 1 ? ZERO : rest;
    else {
      out[axis] = indexMod(rest, Math.max(extent, 1));
      rest = indexDiv(rest, Math.max(extent, 1));
    }
  }
  return out;
}
