/** JSON as a grammar (RFC 8259), with little white space, so that no text goes on with nothing but that. */
import {
  choice,
  codePoints,
  EMPTY_TEXT,
  literal,
  optional,
  repeat,
  rule,
  sequence,
  type CodeRange,
  type GrammarNode,
} from './node.js';

const anyOf = (characters: string): GrammarNode => choice(...Array.from(characters, literal));
const DIGIT = codePoints([[0x30, 0x39]]);
const NOT_ZERO = codePoints([[0x31, 0x39]]);
const HEX = choice(DIGIT, anyOf('abcdefABCDEF'));

/** Between tokens: nothing, a space, or a new line with an indentation. */
export const SPACE: GrammarNode = optional(
  choice(literal(' '), sequence(literal('\n'), repeat(anyOf(' \t'), 0, 24))),
);

/** Code points that strings have as they are. */
const PLAIN: readonly CodeRange[] = [
  [0x20, 0x21],
  [0x23, 0x5b],
  [0x5d, 0x10ffff],
];

/** A character of a string: as it is, or escaped. */
export const STRING_CHARACTER: GrammarNode = choice(
  codePoints(PLAIN),
  sequence(literal('\\'), choice(anyOf('"\\/bfnrt'), sequence(literal('u'), repeat(HEX, 4, 4)))),
);

const overlap = (a: readonly CodeRange[], b: readonly CodeRange[]): readonly CodeRange[] =>
  a.flatMap(([low, high]) =>
    b
      .map(([first, last]): CodeRange => [Math.max(low, first), Math.min(high, last)])
      .filter(([first, last]) => first <= last),
  );

/** One character of the ranges in a string: as it is where it may be, else escaped as JSON.stringify does. */
export function stringCharacters(ranges: readonly CodeRange[]): GrammarNode {
  const isIn = (point: number): boolean => ranges.some(([first, last]) => first <= point && point <= last);
  const escapes = Array.from({ length: 0x5d }, (_, point) => point)
    .filter((point) => isIn(point) && overlap([[point, point]], PLAIN).length === 0)
    .map((point) => literal(JSON.stringify(String.fromCodePoint(point)).slice(1, -1)));
  return choice(codePoints(overlap(ranges, PLAIN)), ...escapes);
}

/** Names of members, without escapes, that are none of these. */
export const nameOtherThan = (names: readonly string[]): GrammarNode => quoted(otherThan(names));

function otherThan(texts: readonly string[]): GrammarNode {
  const rest = repeat(codePoints(PLAIN), 0);
  if (texts.length === 0) return rest;
  const following = new Map<number, string[]>();
  for (const text of texts) {
    const point = text.codePointAt(0);
    if (point === undefined) continue;
    following.set(point, [...(following.get(point) ?? []), text.slice(String.fromCodePoint(point).length)]);
  }
  const points = [...following.keys()].sort((a, b) => a - b);
  const gaps = [...points, 0x110000].map((point, i): CodeRange => [
    i === 0 ? 0 : points[i - 1] + 1,
    point - 1,
  ]);
  return choice(
    ...(texts.includes('') ? [] : [EMPTY_TEXT]),
    ...points.map((point) =>
      sequence(codePoints(overlap([[point, point]], PLAIN)), otherThan(following.get(point)!)),
    ),
    sequence(codePoints(overlap(gaps, PLAIN)), rest),
  );
}

export const quoted = (inner: GrammarNode): GrammarNode => sequence(literal('"'), inner, literal('"'));
export const INTEGER: GrammarNode = sequence(
  optional(literal('-')),
  choice(literal('0'), sequence(NOT_ZERO, repeat(DIGIT, 0, 15))),
);
export const NUMBER: GrammarNode = sequence(
  INTEGER,
  optional(sequence(literal('.'), repeat(DIGIT, 1, 17))),
  optional(sequence(anyOf('eE'), optional(anyOf('+-')), repeat(DIGIT, 1, 3))),
);
export const BOOLEAN: GrammarNode = choice(literal('true'), literal('false'));
export const NULL: GrammarNode = literal('null');

/** Items with commas, in brackets. `min` and `max` say how many. */
export function listed(item: GrammarNode, min = 0, max = Infinity): GrammarNode {
  const more = sequence(SPACE, literal(','), SPACE, item);
  const some = max < 1 ? choice() : sequence(item, repeat(more, Math.max(0, min - 1), max - 1));
  return min === 0 ? optional(some) : some;
}

export const inBrackets = (open: string, inner: GrammarNode, close: string): GrammarNode =>
  sequence(literal(open), SPACE, inner, SPACE, literal(close));

export const memberOf = (name: GrammarNode, value: GrammarNode): GrammarNode =>
  sequence(name, SPACE, literal(':'), SPACE, value);

export const STRING: GrammarNode = quoted(repeat(STRING_CHARACTER, 0));

/** Names of the rules for any value of JSON. */
export const VALUE = rule('any value');
const OBJECT = rule('any object');
const ARRAY = rule('any array');

export const JSON_RULES: ReadonlyMap<string, GrammarNode> = new Map([
  ['any value', choice(OBJECT, ARRAY, STRING, NUMBER, BOOLEAN, NULL)],
  ['any object', inBrackets('{', listed(memberOf(STRING, VALUE)), '}')],
  ['any array', inBrackets('[', listed(VALUE), ']')],
]);

export const ANY_OBJECT = OBJECT;
export const ANY_ARRAY = ARRAY;

/** A value as it is, but for the space between its tokens. */
export function exactly(value: unknown): GrammarNode {
  if (Array.isArray(value)) return inBrackets('[', separated(value.map(exactly)), ']');
  if (typeof value !== 'object' || value === null) return literal(JSON.stringify(value));
  const members = Object.entries(value).map(([name, each]) =>
    memberOf(literal(JSON.stringify(name)), exactly(each)),
  );
  return inBrackets('{', separated(members), '}');
}

/** These, with commas between them. */
export const separated = (parts: readonly GrammarNode[]): GrammarNode =>
  parts.length === 0
    ? EMPTY_TEXT
    : sequence(...parts.flatMap((part, i) => (i === 0 ? [part] : [SPACE, literal(','), SPACE, part])));
