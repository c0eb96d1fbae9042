/** Grammars: characters, regular expressions, integers, tokens. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { integersBetween } from '../../../src/llm/grammar/integers.js';
import { DEAD, GrammarMachine } from '../../../src/llm/grammar/machine.js';
import { choice, codePoints, literal, repeat, rule, sequence } from '../../../src/llm/grammar/node.js';
import { regexGrammar } from '../../../src/llm/grammar/regex.js';
import { TokenTree } from '../../../src/llm/grammar/tokens.js';
import { accepts, grammar } from './support.js';

const point = fc.oneof(
  fc.integer({ min: 0, max: 0x10ffff }),
  fc.constantFrom(0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff),
);

describe('code points', () => {
  it('of ranges are accepted, and no others', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(point, point), { minLength: 1, maxLength: 3 }), fc.array(point, { minLength: 20 }), (pairs, points) => {
        const ranges = pairs.map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
        const machine = new GrammarMachine(grammar(choice(codePoints(ranges), literal('never'))));
        const near = ranges.flatMap(([a, b]) => [a - 1, a, b, b + 1]).filter((each) => each >= 0 && each <= 0x10ffff);
        for (const each of [...points, ...near].filter((at) => at < 0xd800 || at > 0xdfff))
          expect(accepts(machine, String.fromCodePoint(each))).toBe(ranges.some(([a, b]) => a <= each && each <= b));
      }),
    ); // prettier-ignore
  });
});

const PATTERNS: readonly (readonly [pattern: string, flags: string])[] = [
  ['a*b', ''],
  ['(ab|a)(c|bcd)', ''],
  ['^a+$', ''],
  ['(a|b)*abb', ''],
  ['(a*)*', ''],
  ['a{2,3}b?', ''],
  ['(?:ab){0,2}c{3}', ''],
  ['[^ab]', ''],
  ['[^a-cü]', ''],
  ['[b-dAA-B]+', ''],
  ['\\d\\w\\s', ''],
  ['.b.', ''],
  ['.b.', 's'],
  ['aB', 'i'],
  ['\\p{Lu}+', ''],
  ['ü|ß', 'i'],
  ['a|', ''],
  ['a{0}', ''],
  ['[a-c]{1,2}?d', ''],
];

describe('regular expressions', () => {
  it.each(PATTERNS)('%s accepts what matches as a whole', (pattern, flags) => {
    const machine = new GrammarMachine(grammar(regexGrammar(pattern, flags)));
    const whole = new RegExp(`^(?:${pattern})$`, `${flags}u`);
    const text = fc.string({ unit: fc.constantFrom(...'abcdABd1 _\nüÜßẞ😀'), maxLength: 7 });
    fc.assert(
      fc.property(text, (each) => accepts(machine, each) === whole.test(each)),
      { numRuns: 300 },
    );
  });

  it.each([
    ['(a', '', /not valid.*Unterminated group/s],
    ['a(?=b)', '', /found: \(\?=b\)|\(\?=b\)/s],
    ['(a)\\1', '', /\\1/],
    ['a\\b', '', /\\b/],
    ['a^b', '', /\^/],
    ['a', 'g', /the flag g/],
    ['a{1000000}', '', /too large/],
  ] as const)('%s with %s is refused', (pattern, flags, error) => {
    const make = (): unknown => new GrammarMachine(grammar(regexGrammar(pattern, flags)));
    expect(make).toThrow(/LLM_GRAMMAR/);
    expect(make).toThrow(error);
  });
});

describe('integers', () => {
  const bound = fc.oneof(fc.integer({ min: -120, max: 120 }), fc.integer());
  it('between bounds are accepted, and no others', () => {
    fc.assert(
      fc.property(bound, bound, fc.array(bound), (a, b, numbers) => {
        const [min, max] = [Math.min(a, b), Math.max(a, b)];
        const machine = new GrammarMachine(grammar(integersBetween(min, max)));
        for (const each of [...numbers, min - 1, min, max, max + 1, 0, 9, 10, 99, 100, -9, -10, -100])
          expect(accepts(machine, String(each))).toBe(min <= each && each <= max);
      }),
    );
  });

  it('above a bound have no other', () => {
    const machine = new GrammarMachine(grammar(integersBetween(15, Infinity)));
    expect(['14', '15', '99', '100', '9007199254740991', '-20', '015'].map((each) => accepts(machine, each))).toEqual([
      false, true, true, true, true, false, false,
    ]); // prettier-ignore
  });
});

describe('rules', () => {
  it('may lead to themselves', () => {
    const list = choice(sequence(literal('['), repeat(rule('list'), 0), literal(']')));
    const machine = new GrammarMachine({ root: rule('list'), rules: new Map([['list', list]]) });
    expect(['[]', '[[][[]]]', '[', '[]]', `${'['.repeat(300)}${']'.repeat(300)}`].map((each) => accepts(machine, each))).toEqual([
      true, true, false, false, true,
    ]); // prettier-ignore
    // Deeper than a text may be: nothing hangs, and nothing is taken for a text that is none.
    expect(accepts(machine, '['.repeat(5000))).toBe(false);
  });

  it('that have no text, or begin with themselves, are told', () => {
    const own = new Map([['own', sequence(rule('own'), literal('a'))]]);
    expect(() => new GrammarMachine({ root: rule('own'), rules: own })).toThrow(
      /LLM_GRAMMAR.*no text is allowed/s,
    );
    const left = new Map([['own', choice(literal('b'), sequence(rule('own'), literal('a')))]]);
    const machine = new GrammarMachine({ root: rule('own'), rules: left });
    expect(['b', 'baa', 'ab'].map((each) => accepts(machine, each))).toEqual([true, true, false]);
  });

  it('never lead into dead ends', () => {
    const body = choice(
      literal('a'),
      sequence(literal('b'), choice()),
      sequence(literal('c'), rule('never')),
    );
    const machine = new GrammarMachine({ root: body, rules: new Map([['never', rule('never')]]) });
    expect([...'abc'].map((each) => machine.step(machine.start, each.charCodeAt(0)) !== DEAD)).toEqual([true, false, false]); // prettier-ignore
  });
});

describe('tokens', () => {
  it('that may follow are those whose bytes do', () => {
    const tokens = ['a', 'ab', 'b', '', 'aba', 'ü', 'c', 'ab', 'abc'].map((text) =>
      new TextEncoder().encode(text),
    );
    const tree = new TokenTree(tokens.length, (token) => tokens[token]);
    const machine = new GrammarMachine(grammar(regexGrammar('(ab)*ü?')));
    const found = tree.following(machine, machine.start)[0];
    expect(tokens.flatMap((_, token) => ((found >>> token) & 1 ? [token] : []))).toEqual([0, 1, 4, 5, 7]);
  });
});
