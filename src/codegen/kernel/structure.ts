/**
 * Kernels compared. The structure of a body is what is left of it without its unsigned literals, and without what depends on
 * how it was built: numbers of values, unused code, the place where something is computed. It takes linear time.
 */
import type { Block, Instr, Ref } from '../ssa/instr.js';
import { blocksOf, operandsOf } from '../ssa/walk.js';
import { FIRST_REF, type KernelBody } from './body.js';

export interface Structure {
  /** Bodies of one key compute the same, but for their literals. */
  readonly key: string;
  /** Where literals are used, in an order that belongs to the key. */
  readonly literals: readonly Literal[];
}

/** An unsigned constant as the operand of an instruction. */
export interface Literal {
  readonly bits: number;
  readonly instr: Instr;
  readonly position: number;
}

export const structureOf = (body: KernelBody): Structure => new Walk(body).structure();

/** Goes through effects and reads as they come, and into what is computed for them where it is first used. */
class Walk {
  private readonly parts: string[] = [];
  private readonly literals: Literal[] = [];
  private readonly pure = new Map<number, Pure>();
  private readonly numbers = new Map<number, number>();

  constructor(private readonly body: KernelBody) {}

  structure(): Structure {
    const { bindings, arrays, params, block } = this.body;
    for (const { access, type } of bindings) this.parts.push(access, type);
    for (const { name, type, length, space } of arrays) this.parts.push(space, name, type, String(length));
    this.parts.push(String(params));
    this.block(block);
    return { key: this.parts.join(' '), literals: this.literals };
  }

  private block(block: Block): void {
    this.parts.push('{');
    for (const instr of block) {
      if (isPure(instr)) this.pure.set(instr.ref.id, instr);
      else this.effect(instr);
    }
    this.parts.push('}');
  }

  private effect(instr: Instr): void {
    const nested = (): void => blocksOf(instr).forEach((block) => this.block(block));
    this.parts.push(this.head(instr));
    if (instr.kind === 'while') nested();
    this.operands(instr);
    if ('ref' in instr) this.number(instr.ref);
    if (instr.kind !== 'while') nested();
  }

  private operands(instr: Instr): void {
    operandsOf(instr).forEach((ref, position) => this.operand(ref, instr, position));
  }

  private operand(ref: Ref, user: Instr, position: number): void {
    const pure = this.pure.get(ref.id);
    if (pure?.kind === 'const' && ref.type === 'u32') {
      this.literals.push({ bits: pure.bits, instr: user, position });
      this.parts.push('#');
    } else if (pure?.kind === 'const' || pure?.kind === 'param') this.parts.push(this.head(pure));
    else if (pure === undefined || this.numbers.has(ref.id)) this.parts.push(this.nameOf(ref));
    else {
      this.parts.push(this.head(pure));
      this.operands(pure);
      this.number(ref);
    }
  }

  private number(ref: Ref): void {
    this.numbers.set(ref.id, this.numbers.size);
  }

  private nameOf(ref: Ref): string {
    return ref.id < FIRST_REF ? `$${ref.id}` : `%${this.numbers.get(ref.id)}`;
  }

  /** All of an instruction but its operands and blocks. */
  private head(instr: Instr): string {
    switch (instr.kind) {
      case 'const':
        return `${instr.ref.type}:${instr.bits}`;
      case 'param':
        return `param:${instr.index}`;
      case 'prim':
        return instr.prim;
      case 'call':
        return `${instr.fn}()`;
      case 'load':
      case 'store':
        return `${instr.kind}:${instr.buffer}`;
      case 'arrayLoad':
      case 'arrayStore':
        return `${instr.kind}:${instr.array}`;
      case 'get':
      case 'set':
        return `${instr.kind}:${this.nameOf(instr.variable)}`;
      case 'var':
      case 'for':
      case 'while':
      case 'if':
      case 'barrier':
        return instr.kind;
    }
  }
}

type Pure = Extract<Instr, { readonly kind: 'const' | 'param' | 'prim' | 'call' }>;

const isPure = (instr: Instr): instr is Pure =>
  instr.kind === 'const' || instr.kind === 'param' || instr.kind === 'prim' || instr.kind === 'call';
