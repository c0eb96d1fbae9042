/** Grammars as values: which texts, as bytes of UTF-8, there may be. */

/** Code points, both ends included. */
export type CodeRange = readonly [first: number, last: number];

export type GrammarNode =
  /** One byte of the range, both ends included. */
  | { readonly kind: 'byte'; readonly first: number; readonly last: number }
  /** One after the other; of nothing: the empty text. */
  | { readonly kind: 'sequence'; readonly parts: readonly GrammarNode[] }
  /** Any of these; of nothing: no text at all. */
  | { readonly kind: 'choice'; readonly options: readonly GrammarNode[] }
  | { readonly kind: 'repeat'; readonly body: GrammarNode; readonly min: number; readonly max: number }
  /** A rule of the grammar, by its name. */
  | { readonly kind: 'rule'; readonly name: string };

export interface Grammar {
  readonly root: GrammarNode;
  readonly rules: ReadonlyMap<string, GrammarNode>;
}

export const sequence = (...parts: readonly GrammarNode[]): GrammarNode => ({ kind: 'sequence', parts });
export const choice = (...options: readonly GrammarNode[]): GrammarNode => ({ kind: 'choice', options });
/** From `min` to `max` times; no text at all where that is no number. */
export const repeat = (body: GrammarNode, min: number, max = Infinity): GrammarNode =>
  max < min ? choice() : { kind: 'repeat', body, min, max };
export const optional = (body: GrammarNode): GrammarNode => repeat(body, 0, 1);
export const rule = (name: string): GrammarNode => ({ kind: 'rule', name });
export const EMPTY_TEXT: GrammarNode = sequence();

const byte = (first: number, last = first): GrammarNode => ({ kind: 'byte', first, last });

/** A text as it is. */
export const literal = (text: string): GrammarNode =>
  sequence(...Array.from(new TextEncoder().encode(text), (each) => byte(each)));

/** The last code points of one, two, three and four bytes. */
const LAST_OF_LENGTH = [0x7f, 0x7ff, 0xffff, 0x10ffff];

/** One code point of the ranges; surrogates, which no text has, are left out. */
export const codePoints = (ranges: readonly CodeRange[]): GrammarNode =>
  choice(
    ...ranges.flatMap(([first, last]) =>
      [...withoutSurrogates(first, last)].flatMap(([a, b]) => [...byLength(a, b)]),
    ),
  );

function* withoutSurrogates(first: number, last: number): Generator<CodeRange> {
  if (first < 0xd800) yield [first, Math.min(last, 0xd7ff)];
  if (last > 0xdfff) yield [Math.max(first, 0xe000), last];
}

function* byLength(first: number, last: number): Generator<GrammarNode> {
  let start = first;
  for (const end of LAST_OF_LENGTH) {
    if (start <= Math.min(end, last)) yield sameLength(encoded(start), encoded(Math.min(end, last)));
    start = Math.max(start, end + 1);
  }
}

const encoded = (point: number): readonly number[] => [
  ...new TextEncoder().encode(String.fromCodePoint(point)),
];

/** The encodings between two of the same length, in their order (Cox, "Regular expression matching in the wild", 2010). */
function sameLength(low: readonly number[], high: readonly number[]): GrammarNode {
  const [first, last] = [low[0], high[0]];
  if (low.length === 1) return byte(first, last);
  const [lowRest, highRest] = [low.slice(1), high.slice(1)];
  if (first === last) return sequence(byte(first), sameLength(lowRest, highRest));
  const [least, most] = [lowRest.map(() => 0x80), lowRest.map(() => 0xbf)];
  const options = [sequence(byte(first), sameLength(lowRest, most))];
  if (first + 1 < last) options.push(sequence(byte(first + 1, last - 1), sameLength(least, most)));
  options.push(sequence(byte(last), sameLength(least, highRest)));
  return choice(...options);
}
