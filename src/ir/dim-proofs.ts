/**
 * What is certain of symbolic dimensions, whatever integers from {@link LEAST_SIZE} on their symbols stand for. Axes of 0 or 1
 * elements have code of their own, so that no code is made for them and others at once. Each answer is a proof, or that none was
 * found; none is found by trying sizes.
 */
import { dimAdd, dimEquals, dimFloorDiv, dimMul, dimSub, fromAtom, isStatic, type Atom, type Dim, type SymDim, type Term } from './dim.js'; // prettier-ignore

/** The least size that a symbol stands for. */
export const LEAST_SIZE = 2;

/** Products of more atoms than these are not looked into: they have 2^degree terms when they are expanded. */
const MAX_DEGREE = 6;

/** Sums of more floor quotients than these keep them: putting them away makes sums of as many terms as they divide. */
const MAX_QUOTIENTS = 9;

/** Polynomials that one answer looks into, at most: each set of floor quotients that is put away leaves one. */
const MAX_POLYNOMIALS = 256;

/** Leading terms that a division takes off, at most. */
const MAX_STEPS = 64;

/** A number that `dim` is never below; undefined where none is found. */
export function leastOf(dim: Dim): number | undefined {
  return leastIn(dim, new Map());
}

/** By the texts of polynomials: what is known of the least of each, for one answer. */
type Known = Map<string, number | undefined>;

function leastIn(dim: Dim, known: Known): number | undefined {
  if (isStatic(dim)) return dim;
  if (known.has(dim.text) || known.size >= MAX_POLYNOMIALS) return known.get(dim.text);
  known.set(dim.text, undefined);
  const least = leastByTerms(dim, known) ?? leastWithoutQuotients(dim, known);
  known.set(dim.text, least);
  return least;
}

/** Whether a <= b, for all sizes. */
export function isAtMost(a: Dim, b: Dim): boolean {
  if (isStatic(a) && isStatic(b)) return a <= b;
  return (leastOf(dimSub(b, a)) ?? -1) >= 0;
}

/** Whether a < b, for all sizes. */
export function isLess(a: Dim, b: Dim): boolean {
  if (isStatic(a) && isStatic(b)) return a < b;
  return (leastOf(dimSub(b, a)) ?? 0) > 0;
}

/** 1 for what is positive for all sizes, -1 for what is negative for all, 0 for 0; undefined where none of it is certain. */
export function signOf(dim: Dim): -1 | 0 | 1 | undefined {
  if (isStatic(dim)) return dim > 0 ? 1 : dim < 0 ? -1 : 0;
  if (isLess(0, dim)) return 1;
  return isLess(dim, 0) ? -1 : undefined;
}

/**
 * The polynomial q with a = q * by; undefined where there is none with integers as coefficients. Long division by the leading term,
 * in graded lexicographic order (Cox, Little and O'Shea, Ideals, Varieties, and Algorithms, chapter 2).
 */
export function exactQuotient(a: Dim, by: Dim): Dim | undefined {
  if (isStatic(by)) {
    if (by === 0) return undefined;
    if (isStatic(a)) return a % by === 0 ? a / by : undefined;
    for (const { coefficient } of a.terms.values()) if (coefficient % by !== 0) return undefined;
    return dimFloorDiv(a, by);
  }
  if (dimEquals(a, by)) return 1;
  const divisor = leadingTerm(by);
  let quotient: Dim = 0;
  let rest = a;
  for (let step = 0; step < MAX_STEPS && !isStatic(rest); step++) {
    const term = quotientOf(leadingTerm(rest), divisor);
    if (term === undefined) return undefined;
    quotient = dimAdd(quotient, term);
    rest = dimSub(rest, dimMul(term, by));
  }
  return rest === 0 ? quotient : undefined;
}

/** floor(a / by) for a positive `by`, where it is a dimension; undefined where that is not known. */
export function floorQuotient(a: Dim, by: Dim): Dim | undefined {
  if (isStatic(by)) return dimFloorDiv(a, by);
  const exact = exactQuotient(a, by);
  if (exact !== undefined) return exact;
  if (isAtMost(0, a)) return isLess(a, by) ? 0 : undefined;
  return isLess(a, 0) && isAtMost(dimSub(0, by), a) ? -1 : undefined;
}

/** Sums term by term: an atom is its least value and a rest, so that a polynomial in the rests is least where these are 0. */
function leastByTerms(dim: SymDim, known: Known): number | undefined {
  const sums = new Map<string, number>();
  for (const { coefficient, atoms } of dim.terms.values()) {
    if (atoms.length > MAX_DEGREE) return undefined;
    let products: readonly (readonly [key: string, factor: number])[] = [['', coefficient]];
    for (const atom of atoms) {
      const least = leastOfAtom(atom, known);
      if (least === undefined) return undefined;
      products = products.flatMap(([key, factor]) => [
        [`${key}*${atom.text}`, factor] as const,
        [key, factor * least] as const,
      ]);
    }
    for (const [key, factor] of products) sums.set(key, (sums.get(key) ?? 0) + factor);
  }
  const least = sums.get('') ?? 0;
  sums.delete('');
  // Above 2^53 numbers are rounded, which proves nothing.
  const isProof =
    Number.isSafeInteger(least) && [...sums.values()].every((f) => f >= 0 && Number.isSafeInteger(f));
  return isProof ? least : undefined;
}

function leastOfAtom(atom: Atom, known: Known): number | undefined {
  if (atom.kind === 'symbol') return LEAST_SIZE;
  const least = leastIn(atom.dividend, known);
  return least === undefined ? undefined : Math.floor(least / atom.divisor);
}

/** With e - d + 1 <= d * (e // d) <= e in the place of a floor quotient: of d times the dimension. */
function leastWithoutQuotients(dim: SymDim, known: Known): number | undefined {
  const terms = [...dim.terms.values()];
  if (terms.filter(({ atoms }) => atoms.some(({ kind }) => kind === 'floorDiv')).length > MAX_QUOTIENTS)
    return undefined;
  for (const { coefficient, atoms } of terms) {
    const [atom] = atoms;
    if (atoms.length !== 1 || atom.kind !== 'floorDiv') continue;
    const { dividend, divisor } = atom;
    const bound = coefficient > 0 ? dimSub(dividend, divisor - 1) : dividend;
    const without = dimSub(dim, dimMul(coefficient, fromAtom(atom)));
    const least = leastIn(dimAdd(dimMul(divisor, without), dimMul(coefficient, bound)), known);
    if (least !== undefined) return Math.ceil(least / divisor);
  }
  return undefined;
}

/** The greatest term in graded lexicographic order: the one with most atoms, of those the one with most of the first atom, ... */
function leadingTerm({ terms }: SymDim): Term {
  return [...terms.values()].reduce((most, term) => (isGreater(term.atoms, most.atoms) ? term : most));
}

function isGreater(a: readonly Atom[], b: readonly Atom[]): boolean {
  if (a.length !== b.length) return a.length > b.length;
  const at = a.findIndex(({ text }, i) => text !== b[i].text);
  return at >= 0 && a[at].text < b[at].text;
}

function quotientOf(a: Term, by: Term): Dim | undefined {
  if (a.coefficient % by.coefficient !== 0) return undefined;
  const left = [...a.atoms];
  for (const { text } of by.atoms) {
    const at = left.findIndex((atom) => atom.text === text);
    if (at < 0) return undefined;
    left.splice(at, 1);
  }
  return left.map(fromAtom).reduce<Dim>(dimMul, a.coefficient / by.coefficient);
}
