/**
 * Addresses that go along with a loop: accesses whose indices differ by constants only have one pointer, which moves on with each
 * trip, and an offset each. In a loop within another one, a pointer starts from one that goes along with the outer loop. (V8 does
 * not reduce the strength of what it is given.)
 */
import type { Block, Instr, Ref } from '../ssa/instr.js';
import { blocksOf } from '../ssa/walk.js';
import { isUniform, type LaneClasses } from './lanes.js';

/** A sum of values times constants, and a constant, modulo 2^32. */
interface Linear {
  readonly constant: number;
  readonly terms: readonly Term[];
}

interface Term {
  readonly ref: Ref;
  readonly factor: number;
}

/** An element of a buffer that moves on by `step` for each step of a loop's variable, in words. */
export interface Pointer {
  readonly buffer: number;
  readonly terms: readonly Term[];
  /** The least constant of its accesses. */
  constant: number;
  readonly step: number;
  /** Where it starts, but for its constant, if a pointer of the loop around this one is near; else at the sum of the terms. */
  readonly start?: Pointed;
}

/** An access through a pointer. */
export interface Pointed {
  readonly pointer: Pointer;
  /** What its index has beside the terms, in words. */
  readonly constant: number;
}

export interface Pointers {
  /** What each loop keeps. */
  readonly ofLoop: ReadonlyMap<Instr, readonly Pointer[]>;
  readonly ofAccess: ReadonlyMap<Instr, Pointed>;
}

/** Of the sixteen general registers of x86-64, those that engines leave for addresses: more pointers would lie in memory. */
const ADDRESS_REGISTERS = 10;

type Loop = Extract<Instr, { kind: 'for' }>;

/** Finds the pointers of the loops of `block`. */
export function findPointers(block: Block, classes: LaneClasses): Pointers {
  const finder = new Finder(classes);
  finder.visit(block, undefined);
  return finder;
}

interface Context {
  readonly loop: Loop;
  /** That of the loop around it. */
  readonly outer: Context | undefined;
  /** What changes within the loop. */
  readonly own: ReadonlySet<number>;
  readonly known: Map<string, Pointer>;
  readonly found: Pointer[];
}

class Finder implements Pointers {
  readonly ofLoop = new Map<Instr, readonly Pointer[]>();
  readonly ofAccess = new Map<Instr, Pointed>();
  private readonly definitions: (Instr | undefined)[] = [];
  private readonly linear: (Linear | undefined)[] = [];
  private blocks = 0;

  constructor(private readonly classes: LaneClasses) {}

  visit(block: Block, context: Context | undefined): void {
    const number = this.blocks++;
    for (const instr of block) {
      if ('ref' in instr) this.definitions[instr.ref.id] = instr;
      if (instr.kind === 'load' || instr.kind === 'store') this.access(instr, context, number);
      else if (instr.kind === 'for') this.visit(instr.body, this.enter(instr, context));
      else if (instr.kind === 'while') for (const inner of blocksOf(instr)) this.visit(inner, undefined);
      else for (const inner of blocksOf(instr)) this.visit(inner, context);
    }
  }

  private enter(loop: Loop, outer: Context | undefined): Context | undefined {
    const isOne = [loop.from, loop.to, loop.step].every(({ id }) => {
      const of = this.classes[id];
      return of !== undefined && isUniform(of);
    });
    if (!isOne || this.constantOf(loop.step) === undefined) return undefined;
    const own = new Set<number>();
    collect(loop.body, own);
    const found: Pointer[] = [];
    this.ofLoop.set(loop, found);
    return { loop, outer, own, known: new Map(), found };
  }

  private constantOf({ id }: Ref): number | undefined {
    const of = this.classes[id];
    return of?.kind === 'affine' ? of.known : undefined;
  }

  private access(
    instr: Extract<Instr, { kind: 'load' | 'store' }>,
    context: Context | undefined,
    block: number,
  ): void {
    if (context === undefined || this.classes[instr.index.id]?.kind !== 'affine') return;
    // One block is run as a whole or not at all: its pointers are valid where it is run.
    const pointed = this.point(context, instr.buffer, this.linearOf(instr.index), `${block}`);
    if (pointed !== undefined) this.ofAccess.set(instr, pointed);
  }

  /** A pointer of a loop to an index, where that moves with the loop alone. Those of one `user` share pointers. */
  private point(
    context: Context,
    buffer: number,
    { constant, terms }: Linear,
    user: string,
  ): Pointed | undefined {
    const { loop, outer, own, known, found } = context;
    const fixed = terms.filter(({ ref }) => ref.id !== loop.ref.id);
    if (fixed.some(({ ref }) => own.has(ref.id))) return undefined;
    const step = terms.find(({ ref }) => ref.id === loop.ref.id)?.factor ?? 0;
    const key = [user, buffer, step, ...fixed.flatMap(({ ref, factor }) => [ref.id, factor])].join();
    let pointer: Pointer | undefined = known.get(key);
    if (pointer === undefined) {
      if (found.length === ADDRESS_REGISTERS) return undefined;
      const first = sum({ constant: 0, terms: fixed }, scaled(this.linearOf(loop.from), step), 1);
      const start = outer && this.point(outer, buffer, first, 'start');
      pointer = { buffer, terms: fixed, constant, step, ...(start === undefined ? {} : { start }) };
      known.set(key, pointer);
      found.push(pointer);
    }
    pointer.constant = Math.min(pointer.constant, constant);
    return { pointer, constant };
  }

  private linearOf(ref: Ref): Linear {
    return (this.linear[ref.id] ??= this.computeLinear(ref));
  }

  private computeLinear(ref: Ref): Linear {
    const known = this.constantOf(ref);
    if (known !== undefined) return { constant: known | 0, terms: [] };
    const instr = this.definitions[ref.id];
    if (instr?.kind === 'prim') {
      const [a, b] = instr.args;
      if (instr.prim === 'iadd') return sum(this.linearOf(a), this.linearOf(b), 1);
      if (instr.prim === 'isub') return sum(this.linearOf(a), this.linearOf(b), -1);
      if (instr.prim === 'imul') {
        const [x, y] = [this.constantOf(a), this.constantOf(b)];
        if (y !== undefined) return scaled(this.linearOf(a), y);
        if (x !== undefined) return scaled(this.linearOf(b), x);
      }
      const shift = instr.prim === 'ishl' ? this.constantOf(b) : undefined;
      if (shift !== undefined) return scaled(this.linearOf(a), 1 << (shift & 31));
    }
    return { constant: 0, terms: [{ ref, factor: 1 }] };
  }
}

/** a + sign * b, the terms by the ids of their values. */
function sum(a: Linear, b: Linear, sign: 1 | -1): Linear {
  const factors = new Map(a.terms.map((term) => [term.ref.id, term]));
  for (const { ref, factor } of b.terms) {
    const old = factors.get(ref.id)?.factor ?? 0;
    factors.set(ref.id, { ref, factor: (old + sign * factor) | 0 });
  }
  const terms = [...factors.values()]
    .filter(({ factor }) => factor !== 0)
    .sort((p, q) => p.ref.id - q.ref.id);
  return { constant: (a.constant + sign * b.constant) | 0, terms };
}

const scaled = ({ constant, terms }: Linear, by: number): Linear => ({
  constant: Math.imul(constant, by),
  terms: terms.map(({ ref, factor }) => ({ ref, factor: Math.imul(factor, by) })),
});

function collect(block: Block, into: Set<number>): void {
  for (const instr of block) {
    if ('ref' in instr) into.add(instr.ref.id);
    for (const inner of blocksOf(instr)) collect(inner, into);
  }
}
