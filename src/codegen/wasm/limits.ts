/** Upper bounds of unsigned integers, found as code is emitted: quotients by constants become cheap where operands are small. */
import type { Instr, Ref } from '../ssa/instr.js';

const MAX_U32 = 2 ** 32 - 1;

export class Limits {
  private readonly largest: (number | undefined)[] = [];

  /** The largest number that `ref` may be. */
  of({ id }: Ref): number {
    return this.largest[id] ?? MAX_U32;
  }

  set({ id }: Ref, largest: number): void {
    this.largest[id] = Math.min(largest, MAX_U32);
  }

  /** Runs `body`, in which `ref` is known to be below `end`. */
  below(ref: Ref, end: number, body: () => void): void {
    const old = this.of(ref);
    this.set(ref, Math.min(old, Math.max(end - 1, 0)));
    body();
    this.set(ref, old);
  }

  /** Notes what is known of the result of a primitive. `by`: the second operand, where it is known. */
  define({ ref, prim, args }: Extract<Instr, { kind: 'prim' }>, by: number | undefined): void {
    if (ref.type !== 'u32') return;
    const [a, b, c] = args.map((arg) => this.of(arg));
    const bounded = ((): number => {
      switch (prim) {
        case 'iadd':
          return exact(a + b);
        case 'imul':
          return exact(a * b);
        case 'iand':
        case 'umin':
          return Math.min(a, b);
        case 'umax':
          return Math.max(a, b);
        case 'ishr':
          return by === undefined ? a : Math.floor(a / 2 ** (by & 31));
        case 'udiv':
        case 'iopaque':
          return a;
        case 'urem':
          return Math.min(a, Math.max(b - 1, 0));
        case 'iselect':
          return Math.max(b, c);
        default:
          return MAX_U32;
      }
    })();
    this.set(ref, bounded);
  }
}

/** A sum or product that may be modulo 2^32 has no bound. */
const exact = (value: number): number => (value <= MAX_U32 ? value : MAX_U32);
