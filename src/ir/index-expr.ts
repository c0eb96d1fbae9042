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
  | {
      readonly kind: 'div';
      readonly of: Index;
      readonly by: number;
      readonly max: number;
      readonly key: string;
    }
  | {
      readonly kind: 'mod';
      readonly of: Index;
      readonly by: number;
      readonly max: number;
      readonly key: string;
    };

/** The constant `value`. */
export const indexConst = (value: number): Index => make(value, []);

/** A variable over [0, extent). Variables of one name are one variable. */
export function indexVar(name: string, extent: number): Index {
  if (extent <= 1) return indexConst(0);
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
  const key = [...terms.map(({ atom, coefficient }) => `${coefficient}*${atom.key}`), String(constant)].join(
    '+',
  );
  return { constant, terms, min, max, key };
}

function collect(constant: number, terms: Iterable<IndexTerm>): Index {
  const byKey = new Map<string, IndexTerm>();
  for (const term of terms) {
    const coefficient = (byKey.get(term.atom.key)?.coefficient ?? 0) + term.coefficient;
    if (coefficient === 0) byKey.delete(term.atom.key);
    else byKey.set(term.atom.key, { atom: term.atom, coefficient });
  }
  const sorted = [...byKey.values()].sort((a, b) =>
    b.coefficient !== a.coefficient ? b.coefficient - a.coefficient : a.atom.key < b.atom.key ? -1 : 1,
  );
  return rejoin(make(constant, sorted));
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
  if (b.terms.length === 0 && b.constant === 0) return a;
  if (a.terms.length === 0 && a.constant === 0) return b;
  return collect(a.constant + b.constant, [...a.terms, ...b.terms]);
}

export function indexMul(a: Index, factor: number): Index {
  if (factor === 1) return a;
  if (factor === 0) return indexConst(0);
  const scaled = a.terms.map(({ atom, coefficient }) => ({ atom, coefficient: coefficient * factor }));
  return factor > 0 ? make(a.constant * factor, scaled) : collect(a.constant * factor, scaled);
}

/** Splits `a` into by * quotient + rest with the rest's terms not divisible by `by`. */
function split(a: Index, by: number): { readonly quotient: Index; readonly rest: Index } {
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
  return fromAtom({ kind: 'div', of: a, by, max: Math.floor(a.max / by), key: `((${a.key})/${by})` });
}

/** a mod by, in [0, by). */
export function indexMod(a: Index, by: number): Index {
  if (by === 1) return indexConst(0);
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
  return fromAtom({
    kind: 'mod',
    of: rest,
    by,
    max: Math.min(by - 1, rest.max),
    key: `((${rest.key})%${by})`,
  });
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
    if (axis === 0) out[axis] = extent <= 1 ? indexConst(0) : rest;
    else {
      out[axis] = indexMod(rest, Math.max(extent, 1));
      rest = indexDiv(rest, Math.max(extent, 1));
    }
  }
  return out;
}
