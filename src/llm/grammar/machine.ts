/**
 * Follows a text through a grammar, byte by byte. A state is everything that the text so far may be: places in the grammar, each
 * with the rules that it is inside of. States are found when they are first needed and have numbers, so that whoever goes the same way
 * again finds the step in a table.
 */
import { HeddleError } from '../../base/errors.js';
import type { Grammar } from './node.js';
import { productive } from './productive.js';
import { grammarProgram, type GrammarProgram } from './program.js';

/** Where rules that are under way go on. */
interface Stack {
  readonly id: number;
  readonly next: number;
  readonly below: Stack | undefined;
  readonly depth: number;
}

/** A place that waits for a byte. */
interface Place {
  readonly at: number;
  readonly stack: Stack | undefined;
}

interface State {
  readonly places: readonly Place[];
  readonly accepts: boolean;
  /** The state after each byte; -1 where it is not known yet. */
  readonly after: Int32Array;
}

/** Rules that may be inside of each other, such as arrays in arrays: deeper texts are not allowed. */
const MOST_DEPTH = 512;

/** The state that no text leads to: nothing follows it. */
export const DEAD = 0;

export class GrammarMachine {
  private readonly program: GrammarProgram;
  private readonly states: State[] = [{ places: [], accepts: false, after: new Int32Array(256) }];
  private readonly known = new Map<string, number>([['', DEAD]]);
  private readonly stacks = new Map<string, Stack>();
  /** The state of the empty text. */
  readonly start: number;

  /** Throws LLM_GRAMMAR where a grammar is too large, or has no text. */
  constructor(grammar: Grammar) {
    this.program = grammarProgram(productive(grammar));
    this.start = this.state([{ at: this.program.start, stack: undefined }]);
    if (this.start === DEAD)
      throw new HeddleError('LLM_GRAMMAR', 'no text is allowed', {
        expected: 'a grammar with at least one text',
      });
  }

  /** How many states are known. */
  get size(): number {
    return this.states.length;
  }

  /** The state after one more byte; {@link DEAD} where no text of the grammar has it there. */
  step(state: number, byte: number): number {
    const { places, after } = this.states[state];
    if (after[byte] >= 0) return after[byte];
    const next: Place[] = [];
    for (const { at, stack } of places) {
      const instruction = this.program.code[at];
      if (instruction.kind === 'byte' && instruction.first <= byte && byte <= instruction.last)
        next.push({ at: instruction.next, stack });
    }
    return (after[byte] = this.state(next));
  }

  /** Whether the text so far is a text of the grammar. */
  accepts(state: number): boolean {
    return this.states[state].accepts;
  }

  /** Whether the text so far is a text of the grammar, and the beginning of no other. */
  isComplete(state: number): boolean {
    return this.accepts(state) && this.states[state].places.length === 0;
  }

  /** The number of the state of these places and of all that they lead to without a byte. */
  private state(places: readonly Place[]): number {
    const { code } = this.program;
    const seen = new Set<string>();
    const waiting: [key: string, place: Place][] = [];
    const open = [...places];
    let accepts = false;
    for (let place = open.pop(); place !== undefined; place = open.pop()) {
      const { at, stack } = place;
      const key = `${at}.${stack?.id ?? 0}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const instruction = code[at];
      switch (instruction.kind) {
        case 'byte':
          waiting.push([key, place]);
          break;
        case 'split':
          for (const next of instruction.next) open.push({ at: next, stack });
          break;
        case 'call':
          if ((stack?.depth ?? 0) < MOST_DEPTH)
            open.push({ at: instruction.rule, stack: this.pushed(instruction.next, stack) });
          break;
        case 'end':
          if (stack === undefined) accepts = true;
          else open.push({ at: stack.next, stack: stack.below });
      }
    }
    waiting.sort(([a], [b]) => (a < b ? -1 : 1));
    const key = waiting.map(([each]) => each).join(' ') + (accepts ? '!' : '');
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const number = this.states.length;
    this.states.push({
      places: waiting.map(([, place]) => place),
      accepts,
      after: new Int32Array(256).fill(-1),
    });
    this.known.set(key, number);
    return number;
  }

  /** A call whose rule is the last of another needs no place to go back to. */
  private pushed(next: number, below: Stack | undefined): Stack | undefined {
    if (this.program.code[next].kind === 'end' && below !== undefined) return below;
    const key = `${next}.${below?.id ?? 0}`;
    const known = this.stacks.get(key);
    if (known !== undefined) return known;
    const made = { id: this.stacks.size + 1, next, below, depth: (below?.depth ?? 0) + 1 };
    this.stacks.set(key, made);
    return made;
  }
}
