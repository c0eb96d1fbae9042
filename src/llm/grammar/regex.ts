/** Regular expressions, in the syntax of ECMAScript, as grammars. */
import { RegExpParser, type AST } from '@eslint-community/regexpp';
import { HeddleError } from '../../base/errors.js';
import {
  choice,
  codePoints,
  EMPTY_TEXT,
  repeat,
  sequence,
  type CodeRange,
  type GrammarNode,
} from './node.js';

const ANY: readonly CodeRange[] = [[0, 0x10ffff]];

/** How one character of some ranges is written. */
type Writing = (ranges: readonly CodeRange[]) => GrammarNode;

/** Texts that match from beginning to end. Flags are i, s and u; u is always on. Throws LLM_GRAMMAR for others, and for syntax errors. */
export const regexGrammar = (source: string, flags = ''): GrammarNode => {
  const reader = new Reader(flags, codePoints);
  return choice(...reader.parse(source).alternatives.map((each) => reader.alternative(each)));
};

/** Texts in which a match is found, as `pattern` of JSON Schema means it. Throws LLM_GRAMMAR. */
export function searchGrammar(source: string, writing: Writing): GrammarNode {
  const reader = new Reader('', writing);
  const around = repeat(writing(ANY), 0);
  const options = reader.parse(source).alternatives.map((each) => {
    const { elements } = each;
    const [first, last] = [elements.at(0), elements.at(-1)];
    const before = first?.type === 'Assertion' && first.kind === 'start' ? EMPTY_TEXT : around;
    const after = last?.type === 'Assertion' && last.kind === 'end' ? EMPTY_TEXT : around;
    return sequence(before, reader.alternative(each), after);
  });
  return choice(...options);
}

class Reader {
  private readonly classes = new Map<string, GrammarNode>();
  private readonly flags: string;

  constructor(
    flags: string,
    private readonly writing: Writing,
  ) {
    const unknown = [...flags].find((flag) => !'isu'.includes(flag));
    if (unknown !== undefined) throw refused(`the flag ${unknown}`, '');
    this.flags = [...new Set(`${flags}u`)].join('');
  }

  parse(source: string): AST.Pattern {
    try {
      return new RegExpParser({ ecmaVersion: 2024 }).parsePattern(source, 0, source.length, {
        unicode: true,
      });
    } catch (cause) {
      throw new HeddleError('LLM_GRAMMAR', 'the regular expression is not valid', {
        where: source,
        found: cause instanceof Error ? cause.message : String(cause),
        cause,
      });
    }
  }

  alternative({ elements, raw }: AST.Alternative): GrammarNode {
    return sequence(
      ...elements.map((element, i) => {
        // The whole text matches: its ends are where the expression's are.
        const isEdge = element.type === 'Assertion' && element.parent.parent?.type === 'Pattern';
        if (isEdge && element.kind === 'start' && i === 0) return EMPTY_TEXT;
        if (isEdge && element.kind === 'end' && i === elements.length - 1) return EMPTY_TEXT;
        return this.element(element, raw);
      }),
    );
  }

  private element(element: AST.Element, within: string): GrammarNode {
    switch (element.type) {
      case 'Character':
      case 'CharacterSet':
      case 'CharacterClass':
        return this.characters(element);
      case 'Quantifier':
        return repeat(this.element(element.element, within), element.min, element.max);
      case 'Group':
        if (element.modifiers !== null) throw refused(element.raw, within);
        return choice(...element.alternatives.map((each) => this.alternative(each)));
      case 'CapturingGroup':
        return choice(...element.alternatives.map((each) => this.alternative(each)));
      case 'Assertion':
      case 'Backreference':
      case 'ExpressionCharacterClass':
        throw refused(element.raw, within);
    }
  }

  /** One character. What is no list of code points is asked of the engine's own regular expressions: properties and cases are as they are there. */
  private characters(element: AST.Character | AST.CharacterSet | AST.CharacterClass): GrammarNode {
    const { raw } = element;
    const known = this.classes.get(raw);
    if (known !== undefined) return known;
    const one = new RegExp(`^(?:${raw})$`, this.flags);
    const listed = this.flags.includes('i') ? undefined : listedRanges(element);
    const ranges = listed ?? [...rangesWhere((point) => one.test(String.fromCodePoint(point)))];
    const made = this.writing(ranges);
    this.classes.set(raw, made);
    return made;
  }
}

/** The code points of a character or a class that lists them, or all others; undefined for what has a name. */
function listedRanges(
  element: AST.Character | AST.CharacterSet | AST.CharacterClass,
): readonly CodeRange[] | undefined {
  if (element.type === 'Character') return [[element.value, element.value]];
  if (element.type === 'CharacterSet') return undefined;
  const ranges: CodeRange[] = [];
  for (const each of element.elements) {
    if (each.type === 'Character') ranges.push([each.value, each.value]);
    else if (each.type === 'CharacterClassRange') ranges.push([each.min.value, each.max.value]);
    else return undefined;
  }
  return element.negate ? gapsOf(ranges) : ranges;
}

function gapsOf(ranges: readonly CodeRange[]): readonly CodeRange[] {
  const gaps: CodeRange[] = [];
  let next = 0;
  for (const [first, last] of [...ranges].sort(([a], [b]) => a - b)) {
    if (next < first) gaps.push([next, first - 1]);
    next = Math.max(next, last + 1);
  }
  return next <= 0x10ffff ? [...gaps, [next, 0x10ffff]] : gaps;
}

function* rangesWhere(holds: (point: number) => boolean): Generator<CodeRange> {
  const [[low, high]] = ANY;
  let start = -1;
  for (let point = low; point <= high + 1; point++) {
    const isIn = point <= high && !(point >= 0xd800 && point <= 0xdfff) && holds(point);
    if (isIn && start < 0) start = point;
    if (!isIn && start >= 0) {
      yield [start, point - 1];
      start = -1;
    }
  }
}

const refused = (part: string, where: string): HeddleError =>
  new HeddleError('LLM_GRAMMAR', 'the regular expression has a part that cannot be followed', {
    where,
    found: part,
    expected:
      'characters, classes, groups, alternatives and repetitions; ^ and $ at the ends; the flags i, s and u',
  });
