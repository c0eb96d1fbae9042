/** Grammars as instructions of a machine with a stack (Thompson's construction, with calls for rules). */
import { HeddleError } from '../../base/errors.js';
import type { Grammar, GrammarNode } from './node.js';

export type Instruction =
  | { readonly kind: 'byte'; readonly first: number; readonly last: number; readonly next: number }
  /** Goes on at all of these. */
  | { readonly kind: 'split'; readonly next: readonly number[] }
  /** Goes on at a rule, and where that ends, at `next`. */
  | { readonly kind: 'call'; readonly rule: number; readonly next: number }
  | { readonly kind: 'end' };

export interface GrammarProgram {
  readonly code: readonly Instruction[];
  readonly start: number;
}

/** Instructions that a grammar may need: repetitions are written out. */
const MOST_INSTRUCTIONS = 500_000;

/** Throws LLM_GRAMMAR where a grammar is too large. */
export function grammarProgram({ root, rules }: Grammar): GrammarProgram {
  const code: Instruction[] = [{ kind: 'end' }];
  const entries = new Map<string, number>();
  const push = (instruction: Instruction): number => {
    if (code.length >= MOST_INSTRUCTIONS)
      throw new HeddleError('LLM_GRAMMAR', 'the grammar is too large', {
        expected: `at most ${MOST_INSTRUCTIONS} steps; a repetition counts as often as it may be repeated`,
      });
    return code.push(instruction) - 1;
  };
  /** The instruction at which `node` begins, if `next` follows it. */
  const emit = (node: GrammarNode, next: number): number => {
    switch (node.kind) {
      case 'byte':
        return push({ kind: 'byte', first: node.first, last: node.last, next });
      case 'sequence':
        return node.parts.reduceRight((after, part) => emit(part, after), next);
      case 'choice':
        return push({ kind: 'split', next: node.options.map((option) => emit(option, next)) });
      case 'repeat':
        return emitRepeat(node.body, node.min, node.max, next);
      case 'rule':
        return push({ kind: 'call', rule: ruleAt(node.name), next });
    }
  };
  const emitRepeat = (body: GrammarNode, min: number, max: number, next: number): number => {
    let at = next;
    if (max === Infinity) {
      const back = push({ kind: 'split', next: [] });
      code[back] = { kind: 'split', next: [emit(body, back), next] };
      at = back;
    } else for (let i = min; i < max; i++) at = push({ kind: 'split', next: [emit(body, at), next] });
    for (let i = 0; i < min; i++) at = emit(body, at);
    return at;
  };
  const ruleAt = (name: string): number => {
    const known = entries.get(name);
    if (known !== undefined) return known;
    const entry = push({ kind: 'split', next: [] });
    entries.set(name, entry);
    code[entry] = { kind: 'split', next: [emit(rules.get(name)!, 0)] };
    return entry;
  };
  const start = emit(root, 0);
  return { code, start };
}
