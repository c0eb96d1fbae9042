/** Ways through grammars. */
import { DEAD, type GrammarMachine } from '../../../src/llm/grammar/machine.js';
import type { Grammar, GrammarNode } from '../../../src/llm/grammar/node.js';

export const grammar = (root: GrammarNode): Grammar => ({ root, rules: new Map() });

/** Whether a text is one of the grammar. */
export function accepts(machine: GrammarMachine, text: string): boolean {
  let state = machine.start;
  for (const byte of new TextEncoder().encode(text)) state = machine.step(state, byte);
  return machine.accepts(state);
}

/** A text of the grammar, by choices that `random` makes; undefined where it becomes longer than `most` bytes. */
export function wander(machine: GrammarMachine, random: () => number, most = 400): string | undefined {
  const bytes: number[] = [];
  let state = machine.start;
  for (;;) {
    const open = Array.from({ length: 256 }, (_, byte) => byte).filter(
      (byte) => machine.step(state, byte) !== DEAD,
    );
    if (open.length === 0 && !machine.accepts(state)) throw new Error(`a dead end after ${new TextDecoder().decode(Uint8Array.from(bytes))}`); // prettier-ignore
    if (machine.accepts(state) && (open.length === 0 || random() < 0.3)) return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes)); // prettier-ignore
    if (bytes.length > most) return undefined;
    // Quotes and brackets are a few of many: without a hand nothing would end.
    const ends = open.filter((byte) => '"]},:'.includes(String.fromCharCode(byte)));
    const among = ends.length > 0 && random() < 0.4 ? ends : open;
    const byte = among[Math.floor(random() * among.length)];
    bytes.push(byte);
    state = machine.step(state, byte);
  }
}
