/** What a builder knows to be computed: a table with the scopes of its blocks, and its keys. */
import { PRIM_TYPES, type Prim, type Ref, type ScalarType } from './instr.js';

/** A map whose entries last as long as the scope in which they were made; the innermost of one key counts. */
export class Scoped<K, V> {
  private readonly entries = new Map<K, V>();
  /** What to go back to at the end of scopes, in the order of the changes. */
  private readonly changes: (readonly [key: K, before: V | undefined])[] = [];
  private readonly starts: number[] = [];

  find(key: K): V | undefined {
    return this.entries.get(key);
  }

  put(key: K, value: V): void {
    // Nothing ends the outermost scope.
    if (this.starts.length > 0) this.changes.push([key, this.entries.get(key)]);
    this.entries.set(key, value);
  }

  open(): void {
    this.starts.push(this.changes.length);
  }

  close(): void {
    const start = this.starts.pop() ?? 0;
    while (this.changes.length > start) {
      const [key, before] = this.changes.pop()!;
      if (before === undefined) this.entries.delete(key);
      else this.entries.set(key, before);
    }
  }
}

type Kind = Prim | ScalarType | 'load';
const KINDS: readonly Kind[] = [...(Object.keys(PRIM_TYPES) as Prim[]), 'f32', 'u32', 'bool', 'load'];
const CODES = Object.fromEntries(KINDS.map((kind, code) => [kind, code])) as Readonly<Record<Kind, number>>;

/** Bits of an operand in a key that is a number. */
const WORD = 32;
const SMALL = 14;

/**
 * A key for `kind` with a word and a small number: a number, which takes no time to make, where it can be one. No two have the same: of
 * a number the lowest 32 bits are the word, the next 14 the small number.
 */
export function keyOfWords(kind: Kind, word: number, small = 0): number | string {
  if (small >= 2 ** SMALL) return `${kind} ${word} ${small}`;
  return (CODES[kind] * 2 ** SMALL + small) * 2 ** WORD + word;
}

/** A key for a pure instruction. */
export function keyOf(prim: Prim, args: readonly Ref[]): number | string {
  if (args.length === 1) return keyOfWords(prim, args[0].id);
  if (args.length === 2) return keyOfWords(prim, args[0].id, args[1].id);
  return `${prim}(${args.map(({ id }) => id).join()})`;
}
