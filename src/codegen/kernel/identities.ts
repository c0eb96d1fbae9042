/**
 * Identities of integers, applied to a body as it is compiled. Kernels of one form keep their numbers while it is found out which of
 * them are one body (see `SsaBuilder.literal`); those that did not become parameters are known then: `x / 1` is x, `x % 1` is 0.
 * Floats are left alone.
 */
import type { Block, Instr, Prim, Ref } from '../ssa/instr.js';
import { blocksOf, operandsOf, withParts } from '../ssa/walk.js';
import type { KernelBody } from './body.js';

/** What an operation gives where one of its operands is this number: the other operand, or 0. */
interface Identity {
  readonly side: 'right' | 'either';
  readonly number: number;
  readonly gives: 'other' | 'zero';
}

const right = (number: number, gives: Identity['gives']): Identity => ({ side: 'right', number, gives });
const either = (number: number, gives: Identity['gives']): Identity => ({ side: 'either', number, gives });
const NO_SHIFT = [right(0, 'other')];
/** Division by zero is defined as WGSL defines it, which refuses a divisor that it can see to be zero. */
const QUOTIENT = [right(1, 'other'), right(0, 'other')];
const REMAINDER = [right(1, 'zero'), right(0, 'zero')];

const IDENTITIES: Readonly<Partial<Record<Prim, readonly Identity[]>>> = {
  iadd: [either(0, 'other')],
  isub: [right(0, 'other')],
  imul: [either(1, 'other'), either(0, 'zero')],
  iand: [either(0, 'zero'), either(0xffffffff, 'other')],
  ior: [either(0, 'other')],
  ixor: [either(0, 'other')],
  ishl: NO_SHIFT,
  ishr: NO_SHIFT,
  isar: NO_SHIFT,
  udiv: QUOTIENT,
  sdiv: QUOTIENT,
  urem: REMAINDER,
  srem: REMAINDER,
  umin: [either(0, 'zero'), either(0xffffffff, 'other')],
  umax: [either(0, 'other')],
};

/** `body` without operations that do nothing to integers; the same object where there are none. */
export function withoutIdentities(body: KernelBody): KernelBody {
  const block = new Identities().through(body.block);
  return block === body.block ? body : { ...body, block };
}

class Identities {
  /** Integers that are known, by the ids of their values. */
  private readonly known: (number | undefined)[] = [];
  /** Values that are others, by their ids. */
  private readonly same: (Ref | undefined)[] = [];

  through(block: Block): Block {
    let changed = false;
    const kept: Instr[] = [];
    for (const instr of block) {
      const result = this.simplify(instr);
      changed ||= result !== instr;
      if (result !== undefined) kept.push(result);
    }
    return changed ? kept : block;
  }

  /** `instr` in terms of what is left; undefined where its value is another. */
  private simplify(instr: Instr): Instr | undefined {
    if (instr.kind === 'const') {
      if (instr.ref.type === 'u32') this.known[instr.ref.id] = instr.bits;
      return instr;
    }
    const own = this.withOwn(instr);
    if (own.kind !== 'prim') return own;
    const [x, y] = own.args;
    for (const { side, number, gives } of IDENTITIES[own.prim] ?? []) {
      const other = this.known[y.id] === number ? x : side === 'either' && this.known[x.id] === number ? y : undefined; // prettier-ignore
      if (other === undefined) continue;
      if (gives === 'zero') return this.simplify({ kind: 'const', ref: own.ref, bits: 0 });
      this.same[own.ref.id] = other;
      return undefined;
    }
    return own;
  }

  private withOwn(instr: Instr): Instr {
    const blocks = blocksOf(instr);
    const inner = blocks.length === 0 ? blocks : blocks.map((block) => this.through(block));
    const operands = operandsOf(instr);
    const isSame = operands.every(({ id }) => this.same[id] === undefined) && inner.every((block, i) => block === blocks[i]); // prettier-ignore
    if (isSame) return instr;
    return withParts(instr, operands.map((ref) => this.same[ref.id] ?? ref), inner); // prettier-ignore
  }
}
