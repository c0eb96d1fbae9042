/**
 * Symbolic dimensions. A dimension is a number, or a polynomial with integer coefficients over symbols and floor
 * quotients, kept in a canonical form so that equal expressions print equally: `N`, `2*N+1`, `(N+1)//2`.
 */
import { checkArguments } from '../base/arguments.js';
import { required, text as someText } from '../base/kinds.js';
import { HeddleError } from '../base/errors.js';
import { quoted } from '../base/printable.js';

export type Dim = number | SymDim;

/**
 * Bounds on a polynomial, far beyond what models have: repeated products of sums grow without end. A sum of symbols and
 * their multiples cannot, and a concatenation may have thousands of operands.
 */
const MAX_TERMS = { sum: 4096, polynomial: 64 };
const MAX_TEXT = { sum: 1 << 16, polynomial: 4096 };
const MAX_DEGREE = 64;
/** Parentheses within parentheses, in text: those of MAX_TEXT.polynomial characters are fewer. */
const MAX_DEPTH = 1024;

function tooLarge(found: string): never {
  throw new HeddleError('LIMIT_EXCEEDED', 'a symbolic dimension is too large an expression', {
    found,
    expected:
      `at most ${MAX_TERMS.sum} terms in ${MAX_TEXT.sum} characters in a sum of symbols; ` +
      `else ${MAX_TERMS.polynomial} terms of degree ${MAX_DEGREE}, in ${MAX_TEXT.polynomial} characters`,
    hint: 'bind symbolic dimensions to numbers',
  });
}

/** A canonical non-constant dimension. `text` is its identity: two are equal exactly where their texts are. */
export class SymDim {
  /** Monomial key (atom texts joined by `*`; '' for the constant) to its term. */
  readonly terms: ReadonlyMap<string, Term>;
  readonly text: string;

  constructor(terms: ReadonlyMap<string, Term>) {
    let form: 'sum' | 'polynomial' = 'sum';
    for (const { atoms } of terms.values()) {
      if (atoms.length > MAX_DEGREE) tooLarge(`degree ${atoms.length}`);
      if (atoms.length > 1 || atoms.some(({ kind }) => kind === 'floorDiv')) form = 'polynomial';
    }
    if (terms.size > MAX_TERMS[form]) tooLarge(`${terms.size} terms`);
    this.terms = terms;
    this.text = printTerms(terms);
    if (this.text.length > MAX_TEXT[form]) tooLarge(`${this.text.length} characters`);
  }

  toString(): string {
    return this.text;
  }
}

/** `coefficient` times the product of `atoms`, which are sorted by their texts. */
export interface Term {
  readonly coefficient: number;
  readonly atoms: readonly Atom[];
}

/** What polynomials are made of: symbols, and floor quotients of polynomials. */
export type Atom =
  | { readonly kind: 'symbol'; readonly name: string; readonly text: string }
  | { readonly kind: 'floorDiv'; readonly dividend: SymDim; readonly divisor: number; readonly text: string };

/** Values for symbols, by name. */
export type DimBindings = Readonly<Record<string, number>>;

/** Names that stand in text as they are; others stand in quotes. */
const PLAIN = /^[A-Za-z_][A-Za-z0-9_.]*/;

/** The symbol `name` as a dimension; names are not empty. */
export function symbol(name: string): SymDim {
  checkArguments('symbol', { name }, { name: required(someText) });
  if (name === '') throw new HeddleError('IR_PARSE', 'a dimension has an empty name');
  return fromAtom({ kind: 'symbol', name, text: PLAIN.exec(name)?.[0] === name ? name : quoted(name) });
}

export const isStatic = (dim: Dim): dim is number => typeof dim === 'number';
export const dimEquals = (a: Dim, b: Dim): boolean =>
  a === b || (a instanceof SymDim && b instanceof SymDim && a.toString() === b.toString());

export const dimAdd = (a: Dim, b: Dim): Dim => combine(a, b, 1);
/** The sum of dimensions, in time linear in their terms; 0 for none. */
export function dimSum(dims: readonly Dim[]): Dim {
  const out = new Map<string, Term>();
  for (const dim of dims) for (const term of termsOf(dim).values()) accumulate(out, term);
  return normalize(out);
}
export const dimSub = (a: Dim, b: Dim): Dim => combine(a, b, -1);

export function dimMul(a: Dim, b: Dim): Dim {
  if (isStatic(a) && isStatic(b)) return a * b;
  const out = new Map<string, Term>();
  for (const x of termsOf(a).values())
    for (const y of termsOf(b).values()) {
      const atoms = [...x.atoms, ...y.atoms].sort((p, q) => (p.text < q.text ? -1 : p.text > q.text ? 1 : 0));
      accumulate(out, { coefficient: x.coefficient * y.coefficient, atoms });
    }
  return normalize(out);
}

/** Floor division by a positive integer; exact terms are taken out of the floor. */
export function dimFloorDiv(a: Dim, divisor: number): Dim {
  if (divisor === 1) return a;
  if (isStatic(a)) return Math.floor(a / divisor);
  const whole = new Map<string, Term>();
  const rest = new Map<string, Term>();
  for (const [key, term] of a.terms) {
    if (term.coefficient % divisor === 0)
      whole.set(key, { ...term, coefficient: term.coefficient / divisor });
    else rest.set(key, term);
  }
  const remainder = normalize(rest);
  if (isStatic(remainder)) return dimAdd(normalize(whole), Math.floor(remainder / divisor));
  const text = `(${remainder.text})//${divisor}`;
  return dimAdd(normalize(whole), fromAtom({ kind: 'floorDiv', dividend: remainder, divisor, text }));
}

/** The quotient by a positive integer, rounded up. */
export const dimCeilDiv = (a: Dim, divisor: number): Dim => dimFloorDiv(dimAdd(a, divisor - 1), divisor);

/** The product of dimensions; 1 for none. */
export const dimProduct = (dims: readonly Dim[]): Dim => dims.reduce<Dim>(dimMul, 1);

/** Replaces bound symbols by their values, which may be symbolic; unbound ones stay. */
export function dimSubstitute(dim: Dim, bindings: Readonly<Record<string, Dim>>): Dim {
  if (isStatic(dim)) return dim;
  return dimSum(
    [...dim.terms.values()].map(({ coefficient, atoms }) =>
      atoms.reduce<Dim>((product, atom) => dimMul(product, substituteAtom(atom, bindings)), coefficient),
    ),
  );
}

function substituteAtom(atom: Atom, bindings: Readonly<Record<string, Dim>>): Dim {
  if (atom.kind === 'floorDiv') return dimFloorDiv(dimSubstitute(atom.dividend, bindings), atom.divisor);
  return Object.hasOwn(bindings, atom.name) ? bindings[atom.name] : fromAtom(atom);
}

/** The name of a dimension that is a symbol and no more. */
export function symbolName(dim: SymDim): string | undefined {
  const [name] = dimSymbols(dim);
  return dimEquals(dim, symbol(name)) ? name : undefined;
}

/** The names of the symbols in `dim`. */
export function dimSymbols(dim: Dim): string[] {
  if (isStatic(dim)) return [];
  const names = new Set<string>();
  for (const term of dim.terms.values())
    for (const atom of term.atoms)
      if (atom.kind === 'symbol') names.add(atom.name);
      else for (const name of dimSymbols(atom.dividend)) names.add(name);
  return [...names];
}

/** The dimension that is `atom` and no more. */
export function fromAtom(atom: Atom): SymDim {
  return new SymDim(new Map([[atom.text, { coefficient: 1, atoms: [atom] }]]));
}

function termsOf(dim: Dim): ReadonlyMap<string, Term> {
  return isStatic(dim) ? new Map([['', { coefficient: dim, atoms: [] }]]) : dim.terms;
}

function combine(a: Dim, b: Dim, sign: 1 | -1): Dim {
  if (isStatic(a) && isStatic(b)) return a + sign * b;
  const out = new Map(termsOf(a));
  for (const term of termsOf(b).values()) accumulate(out, { ...term, coefficient: sign * term.coefficient });
  return normalize(out);
}

function accumulate(terms: Map<string, Term>, term: Term): void {
  const key = term.atoms.map((atom) => atom.text).join('*');
  const coefficient = (terms.get(key)?.coefficient ?? 0) + term.coefficient;
  if (coefficient === 0) terms.delete(key);
  else terms.set(key, { coefficient, atoms: term.atoms });
}

function normalize(terms: Map<string, Term>): Dim {
  for (const [key, term] of terms) if (term.coefficient === 0) terms.delete(key);
  if (terms.size === 0) return 0;
  const constant = terms.get('');
  if (terms.size === 1 && constant !== undefined) return constant.coefficient;
  return new SymDim(terms);
}

function printTerms(terms: ReadonlyMap<string, Term>): string {
  const keys = [...terms.keys()].sort((a, b) => (a === '' ? 1 : b === '' ? -1 : a < b ? -1 : 1));
  let text = '';
  for (const key of keys) {
    const { coefficient } = terms.get(key)!;
    const magnitude = Math.abs(coefficient);
    const sign = coefficient < 0 ? '-' : text === '' ? '' : '+';
    text += sign + (key === '' ? `${magnitude}` : magnitude === 1 ? key : `${magnitude}*${key}`);
  }
  return text;
}

/** The text of a string as JSON has it; undefined where it is none, or empty. */
function unquoted(text: string): string | undefined {
  try {
    return (JSON.parse(text) as string) || undefined;
  } catch {
    return undefined;
  }
}

/**
 * Parses what {@link SymDim} prints. Grammar: sum of products of integers, symbols, `(sum)//integer`. Throws IR_PARSE,
 * LIMIT_EXCEEDED where the text is longer than 65536 characters, or what it says is larger than dimensions may be.
 */
export function parseDim(source: string): Dim {
  checkArguments('parseDim', { source }, { source: required(someText) });
  if (source.length > MAX_TEXT.sum)
    throw new HeddleError('LIMIT_EXCEEDED', 'the text of a dimension is too long', {
      found: `${source.length} characters, ${source.slice(0, 40)}...`,
      expected: `at most ${MAX_TEXT.sum} characters`,
      hint: 'a symbol of its own can stand for it; the limit is fixed',
    });
  let at = 0;
  const fail = (): never => {
    throw new HeddleError('IR_PARSE', 'not a dimension', {
      found: source,
      expected: 'an integer, a symbol, or sums and products of them',
      where: `column ${at + 1}`,
    });
  };
  const take = (token: string): boolean => source.startsWith(token, at) && ((at += token.length), true);
  const match = (pattern: RegExp): string | undefined => {
    const found = pattern.exec(source.slice(at))?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  let depth = 0;
  const factor = (): Dim => {
    if (take('(')) {
      if (++depth > MAX_DEPTH) tooLarge(`more than ${MAX_DEPTH} parentheses in parentheses`);
      const inner = sum();
      depth--;
      if (!take(')') || !take('//')) fail();
      return dimFloorDiv(inner, Number(match(/^[1-9]\d*/) ?? fail()));
    }
    const digits = match(/^\d+/);
    if (digits !== undefined) return Number(digits);
    return symbol(match(PLAIN) ?? unquoted(match(/^"(?:[^"\\]|\\.)*"/) ?? fail()) ?? fail());
  };
  const product = (): Dim => {
    let value = factor();
    while (take('*')) value = dimMul(value, factor());
    return value;
  };
  const sum = (): Dim => {
    const parts = [take('-') ? dimMul(-1, product()) : product()];
    for (;;) {
      if (take('+')) parts.push(product());
      else if (take('-')) parts.push(dimMul(-1, product()));
      else return dimSum(parts);
    }
  };
  const result = sum();
  if (at !== source.length) fail();
  return result;
}
