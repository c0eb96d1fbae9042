/**
 * Regular expressions of RE2, in time linear in the text: all ways to match are followed at once, as in Thompson's construction
 * (Regular Expression Search Algorithm, CACM 1968). JavaScript's own would take exponential time for some.
 */
import { HeddleError } from '../../../base/errors.js';

/** Where a match may be: places in the program that read a character, jump, or assert something. */
type Instruction =
  | { readonly kind: 'read'; readonly accepts: (character: string) => boolean }
  | { readonly kind: 'split'; readonly to: number; readonly other: number }
  | {
      readonly kind: 'assert';
      readonly holds: (before: string | undefined, after: string | undefined) => boolean;
    }
  | { readonly kind: 'match' };

/** Instructions of a part, whose jumps are relative to its start. */
type Part = readonly Instruction[];

/** Instructions that a pattern may have. */
const MOST = 20_000;
const MOST_DEPTH = 100;

/** Whether a whole text matches `pattern`. Throws ONNX_INVALID for what is no pattern, LIMIT_EXCEEDED for one that is too large. */
export function compileRegex(pattern: string): (text: string) => boolean {
  const program: readonly Instruction[] = [...new Parser(pattern).parse(), { kind: 'match' }];
  return (text) => run(program, Array.from(text));
}

function run(program: readonly Instruction[], characters: readonly string[]): boolean {
  let places = new Set<number>([0]);
  for (let i = 0; i <= characters.length; i++) {
    // The set grows while it is walked.
    for (const place of places) {
      const instruction = program[place];
      if (instruction.kind === 'split') places.add(place + instruction.to).add(place + instruction.other);
      if (instruction.kind === 'assert' && instruction.holds(characters[i - 1], characters[i])) places.add(place + 1); // prettier-ignore
    }
    if (i === characters.length) break;
    const next = new Set<number>();
    for (const place of places) {
      const instruction = program[place];
      if (instruction.kind === 'read' && instruction.accepts(characters[i])) next.add(place + 1);
    }
    places = next;
  }
  return places.has(program.length - 1);
}

const isWord = (character: string | undefined): boolean => character !== undefined && /\w/.test(character);
const atEdge = (before: string | undefined, after: string | undefined): boolean => isWord(before) !== isWord(after); // prettier-ignore

/** Escapes that stand for a class, whose characters are ASCII. */
const CLASSES: Readonly<Record<string, RegExp>> = {
  d: /^[0-9]$/u,
  D: /^[^0-9]$/u,
  s: /^[\t\n\f\r ]$/u,
  S: /^[^\t\n\f\r ]$/u,
  w: /^[0-9A-Za-z_]$/u,
  W: /^[^0-9A-Za-z_]$/u,
};
const ESCAPED: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v', a: '\x07' };

/** Any one of `parts`, in `size` instructions: each but the last begins with a way to the next, and ends with one to the end. */
function eitherOf(parts: readonly Part[], size: number): Part {
  const program: Instruction[] = [];
  parts.forEach((part, i) => {
    const isLast = i === parts.length - 1;
    if (!isLast) program.push({ kind: 'split', to: 1, other: part.length + 2 });
    for (const instruction of part) program.push(instruction);
    const end = size - program.length;
    if (!isLast) program.push({ kind: 'split', to: end, other: end });
  });
  return program;
}

class Parser {
  private readonly characters: readonly string[];
  private at = 0;
  private depth = 0;

  constructor(private readonly pattern: string) {
    this.characters = Array.from(pattern);
  }

  parse(): Part {
    const part = this.alternatives();
    if (this.at < this.characters.length) this.refuse('an unmatched )');
    return part;
  }

  private refuse(what: string): never {
    throw new HeddleError('ONNX_INVALID', 'not a pattern', {
      where: `attribute pattern, character ${this.at}`,
      found: `${what} in ${JSON.stringify(this.pattern.slice(0, 80))}`,
      expected: 'the syntax of RE2, without flags and named classes',
    });
  }

  private peek(): string | undefined {
    return this.characters[this.at];
  }

  private take(expected?: string): boolean {
    if (this.peek() !== expected) return false;
    this.at++;
    return true;
  }

  private sized(part: Part): Part {
    return part.length > MOST ? this.tooLarge() : part;
  }

  private tooLarge(): never {
    throw new HeddleError('LIMIT_EXCEEDED', 'the pattern is too large', { where: 'attribute pattern' });
  }

  private alternatives(): Part {
    if (++this.depth > MOST_DEPTH)
      throw new HeddleError('LIMIT_EXCEEDED', 'the groups of the pattern are nested too deeply', { where: 'attribute pattern' }); // prettier-ignore
    const parts = [this.sequence()];
    let size = parts[0].length;
    while (this.take('|')) {
      const part = this.sequence();
      parts.push(part);
      if ((size += part.length + 2) > MOST) this.tooLarge();
    }
    this.depth--;
    return eitherOf(parts, size);
  }

  private sequence(): Part {
    const parts: Instruction[] = [];
    while (this.at < this.characters.length && this.peek() !== '|' && this.peek() !== ')') {
      for (const instruction of this.repeated(this.atom())) parts.push(instruction);
      this.sized(parts);
    }
    return parts;
  }

  private repeated(part: Part): Part {
    let result = part;
    for (;;) {
      const [least, most] = this.counts() ?? [-1, 0];
      if (least < 0) return result;
      this.take('?');
      result = this.times(result, least, most);
    }
  }

  /** How often what stands before may be repeated; undefined where nothing is said. */
  private counts(): readonly [number, number] | undefined {
    if (this.take('*')) return [0, Infinity];
    if (this.take('+')) return [1, Infinity];
    if (this.take('?')) return [0, 1];
    const rest = this.characters.slice(this.at, this.at + 16).join('');
    const [all, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(rest) ?? [];
    if (all === undefined) return undefined;
    const range = [
      Number(least),
      most !== '' ? Number(most) : comma === '' ? Number(least) : Infinity,
    ] as const;
    if (range[1] < range[0] || range[0] > 1000 || (range[1] !== Infinity && range[1] > 1000))
      this.refuse(`the counts ${all}`);
    this.at += all.length;
    return range;
  }

  private times(part: Part, least: number, most: number): Part {
    const size = part.length * (most === Infinity ? least + 1 : most);
    if (size > MOST) return this.sized(new Array<Instruction>(MOST + 1).fill({ kind: 'match' }));
    const copies: Instruction[] = Array.from({ length: least }, () => part).flat();
    if (most === Infinity)
      return [...copies, { kind: 'split', to: 1, other: part.length + 2 }, ...part, { kind: 'split', to: -part.length - 1, other: 1 }]; // prettier-ignore
    const optional: Part = [{ kind: 'split', to: 1, other: part.length + 1 }, ...part];
    return this.sized([...copies, ...Array.from({ length: most - least }, () => optional).flat()]);
  }

  private atom(): Part {
    const character = this.characters[this.at++];
    switch (character) {
      case '(':
        return this.group();
      case '[':
        return [{ kind: 'read', accepts: this.bracket() }];
      case '.':
        return [{ kind: 'read', accepts: (each) => each !== '\n' }];
      case '^':
        return [{ kind: 'assert', holds: (before) => before === undefined }];
      case '$':
        return [{ kind: 'assert', holds: (_, after) => after === undefined }];
      case '*':
      case '+':
      case '?':
        return this.refuse(`nothing to repeat before ${character}`);
      case '\\':
        return [this.escape()];
      default:
        return [{ kind: 'read', accepts: (each) => each === character }];
    }
  }

  private group(): Part {
    if (this.take('?')) {
      const name = /^P?<[A-Za-z_]\w*>/.exec(this.characters.slice(this.at, this.at + 80).join(''))?.[0];
      if (name !== undefined) this.at += name.length;
      else if (!this.take(':')) this.refuse('a group of another kind');
    }
    const part = this.alternatives();
    if (!this.take(')')) this.refuse('a group without an end');
    return part;
  }

  private escape(): Instruction {
    const character = this.peek();
    if (character === 'b' || character === 'B' || character === 'A' || character === 'z') {
      this.at++;
      const holds = {
        b: atEdge,
        B: (before: string | undefined, after: string | undefined) => !atEdge(before, after),
        A: (before: string | undefined) => before === undefined,
        z: (_: string | undefined, after: string | undefined) => after === undefined,
      }[character];
      return { kind: 'assert', holds };
    }
    return { kind: 'read', accepts: this.escaped() };
  }

  /** After a backslash: the characters that are meant. */
  private escaped(): (character: string) => boolean {
    const character = this.characters[this.at++];
    if (character === undefined) return this.refuse('a \\ at the end');
    if (Object.hasOwn(CLASSES, character)) {
      const single = CLASSES[character];
      return (each) => single.test(each);
    }
    const literal = this.literal(character);
    return (each) => each === literal;
  }

  private literal(escaped: string): string {
    if (Object.hasOwn(ESCAPED, escaped)) return ESCAPED[escaped];
    if (escaped === 'x') {
      const rest = this.characters.slice(this.at, this.at + 8).join('');
      const [all, braced, plain] = /^(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))/.exec(rest) ?? [];
      const code = Number.parseInt(braced ?? plain ?? '', 16);
      if (all === undefined || code > 0x10ffff) return this.refuse('a \\x without a code');
      this.at += all.length;
      return String.fromCodePoint(code);
    }
    return /[A-Za-z0-9]/.test(escaped) ? this.refuse(`\\${escaped}`) : escaped;
  }

  /** After [: whether a character is among those that are listed. */
  private bracket(): (character: string) => boolean {
    const isNegated = this.take('^');
    const tests: ((character: string) => boolean)[] = [];
    let isFirst = true;
    for (; isFirst || this.peek() !== ']'; isFirst = false) {
      if (this.at >= this.characters.length) this.refuse('a [ without an end');
      if (this.peek() === '[' && this.characters[this.at + 1] === ':') this.refuse('a named class');
      if (this.peek() === '\\' && Object.hasOwn(CLASSES, this.characters[this.at + 1] ?? ' ')) {
        this.at++;
        tests.push(this.escaped());
        continue;
      }
      const low = this.single();
      const isRange = this.peek() === '-' && this.characters[this.at + 1] !== ']';
      if (isRange) this.at++;
      const high = isRange ? this.single() : low;
      const [least, most] = [low.codePointAt(0)!, high.codePointAt(0)!];
      if (most < least) this.refuse('a range that ends before it begins');
      tests.push((each) => least <= each.codePointAt(0)! && each.codePointAt(0)! <= most);
    }
    this.at++;
    return (each) => tests.some((test) => test(each)) !== isNegated;
  }

  private single(): string {
    const character = this.characters[this.at++];
    if (character === undefined) return this.refuse('a [ without an end');
    if (character !== '\\') return character;
    const escaped = this.characters[this.at++];
    return escaped === undefined ? this.refuse('a \\ at the end') : this.literal(escaped);
  }
}
