/** Which tokens may follow, by a tree of all tokens: what they begin with in common is looked at once. */
import { DEAD, type GrammarMachine } from './machine.js';

/** The tokens of a vocabulary as a tree of bytes. Nodes have numbers from 1 on; the root is 0. */
export class TokenTree {
  private readonly bytes: number[] = [0];
  private readonly child: number[] = [0];
  private readonly sibling: number[] = [0];
  private readonly tokens: (number[] | undefined)[] = [undefined];

  /** `bytesOf` gives nothing for tokens that add nothing to a text: they are no part of the tree. */
  constructor(
    readonly size: number,
    bytesOf: (token: number) => Uint8Array,
  ) {
    const nodes = new Map<number, number>();
    for (let token = 0; token < size; token++) {
      let at = 0;
      const bytes = bytesOf(token);
      for (const byte of bytes) {
        const key = at * 256 + byte;
        let next = nodes.get(key);
        if (next === undefined) {
          next = this.bytes.push(byte) - 1;
          this.sibling.push(this.child[at]);
          this.child.push(0);
          this.tokens.push(undefined);
          this.child[at] = next;
          nodes.set(key, next);
        }
        at = next;
      }
      if (bytes.length > 0) (this.tokens[at] ??= []).push(token);
    }
  }

  /** A bit for each token that may follow in `state`. */
  following(machine: GrammarMachine, state: number): Uint32Array {
    const bits = new Uint32Array(Math.ceil(this.size / 32));
    // Children of nodes that can be reached, with the state of the node.
    const open: [node: number, state: number][] = [[this.child[0], state]];
    for (let top = open.pop(); top !== undefined; top = open.pop())
      for (let node = top[0]; node !== 0; node = this.sibling[node]) {
        const next = machine.step(top[1], this.bytes[node]);
        if (next === DEAD) continue;
        for (const token of this.tokens[node] ?? []) bits[token >>> 5] |= 1 << (token & 31);
        if (this.child[node] !== 0) open.push([this.child[node], next]);
      }
    return bits;
  }
}
