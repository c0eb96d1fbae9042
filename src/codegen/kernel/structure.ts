/**
 * Kernels compared. The structure of a body is what is left of it without its literals, and without what depends on how it was
 * built: numbers of values, unused code, the place where something is computed. It takes linear time.
 */
import {
  PRIM_TYPES,
  type Block,
  type Callee,
  type Instr,
  type Prim,
  type Ref,
  type ScalarType,
} from '../ssa/instr.js';
import { blocksOf, isPure, operandsOf, type Pure } from '../ssa/walk.js';
import { FIRST_REF, type KernelBody } from './body.js';

export interface Structure {
  /** Bodies of one key compute the same, but for their literals. */
  readonly key: string;
  /** Constants as bits, once for each use as an operand, in an order that belongs to the key. */
  readonly literals: readonly number[];
}

/** Where a literal is used. */
export interface Use {
  readonly instr: Instr;
  readonly position: number;
}

/** Which constants are literals: other ones belong to the structure. */
export type LiteralTypes = readonly ScalarType[];

export function structureOf(body: KernelBody, types: LiteralTypes = ['u32']): Structure {
  const literals: number[] = [];
  const key = new Walk(body, types, (bits) => literals.push(bits)).key();
  return { key, literals };
}

/** The uses of the literals of a body, in the order of {@link Structure.literals}. */
export function literalUses(body: KernelBody, types: LiteralTypes = ['u32']): Use[] {
  const uses: Use[] = [];
  new Walk(body, types, (_, instr, position) => uses.push({ instr, position })).key();
  return uses;
}

/** Bodies of one structure have one outline, which takes less time: what surrounds the code, and how many effects and reads it has. */
export const outlineOf = (body: KernelBody): string => `${frameOf(body)}${effectsIn(body.block)}`;

const frameOf = ({ bindings, arrays, functions, params }: KernelBody): string =>
  JSON.stringify([bindings, arrays, functions, params]);

function effectsIn(block: Block): number {
  let effects = 0;
  for (const instr of block) {
    if (isPure(instr)) continue;
    effects++;
    for (const inner of blocksOf(instr)) effects += effectsIn(inner);
  }
  return effects;
}

type Kind = Instr['kind'];
/** What may stand in a key: kinds of instructions (constants by their type) and, in the place of an operand, `literal` or `value`. */
type Symbol = Exclude<Kind, 'const' | 'prim'> | ScalarType | Prim | 'literal' | 'value' | 'end';

const SYMBOLS: readonly Symbol[] = [
  ...(Object.keys(PRIM_TYPES) as Prim[]),
  ...(['param', 'trip', 'call', 'load', 'store', 'arrayLoad', 'arrayStore', 'var', 'get', 'set'] as const),
  ...(['for', 'while', 'if', 'barrier', 'quadBroadcast'] as const),
  ...(['f32', 'u32', 'bool', 'literal', 'value', 'end'] as const),
];
const CODES = Object.fromEntries(SYMBOLS.map((symbol, code) => [symbol, code])) as Readonly<
  Record<Symbol, number>
>;

/**
 * Goes through effects and reads as they come, and into what is computed for them where it is first used. A key is a list of
 * symbols, each followed by the numbers that belong to it and then by its operands.
 */
class Walk {
  private readonly codes: number[] = [];
  private readonly pure: Pure[];
  /** The numbers of values, from 1 on in the order of their appearance; 0 for those that have not appeared. */
  private readonly numbers: Uint32Array;
  private count = 0;

  constructor(
    private readonly body: KernelBody,
    private readonly types: LiteralTypes,
    private readonly onLiteral: (bits: number, instr: Instr, position: number) => void,
  ) {
    this.pure = new Array<Pure>(body.values);
    this.numbers = new Uint32Array(body.values);
    for (let id = 0; id < FIRST_REF; id++) this.number(id);
  }

  key(): string {
    this.block(this.body.block);
    return frameOf(this.body) + textOf(this.codes);
  }

  private block(block: Block): void {
    for (const instr of block) {
      if (isPure(instr)) this.pure[instr.ref.id] = instr;
      else this.effect(instr);
    }
    this.codes.push(CODES.end);
  }

  private effect(instr: Effect): void {
    this.codes.push(CODES[instr.kind]);
    if (instr.kind === 'load' || instr.kind === 'store') this.word(instr.buffer);
    else if (instr.kind === 'arrayLoad' || instr.kind === 'arrayStore')
      this.word(this.body.arrays.findIndex(({ name }) => name === instr.array));
    else if (instr.kind === 'get' || instr.kind === 'set') this.word(this.numbers[instr.variable.id]);
    else if (instr.kind === 'quadBroadcast') this.word(instr.lane);
    if (instr.kind === 'while') this.blocks(instr);
    this.operands(instr);
    if ('ref' in instr) this.number(instr.ref.id);
    if (instr.kind !== 'while') this.blocks(instr);
  }

  private blocks(instr: Instr): void {
    for (const block of blocksOf(instr)) this.block(block);
  }

  private operands(instr: Instr): void {
    const operands = operandsOf(instr);
    for (let i = 0; i < operands.length; i++) this.operand(operands[i], instr, i);
  }

  private operand({ id }: Ref, user: Instr, position: number): void {
    const known = this.numbers[id];
    if (known !== 0) {
      this.codes.push(CODES.value);
      this.word(known);
      return;
    }
    const instr = this.pure[id];
    switch (instr.kind) {
      case 'const':
        if (this.types.includes(instr.ref.type)) {
          if (instr.ref.type !== 'u32') this.codes.push(CODES[instr.ref.type]);
          this.codes.push(CODES.literal);
          this.onLiteral(instr.bits, user, position);
        } else {
          this.codes.push(CODES[instr.ref.type]);
          this.word(instr.bits);
        }
        return;
      case 'param':
        this.codes.push(CODES.param);
        this.word(instr.index);
        return;
      case 'trip':
        this.codes.push(CODES.trip);
        this.word(instr.level);
        return;
      case 'call':
        this.codes.push(CODES.call);
        this.word((this.body.functions as readonly Callee[]).indexOf(instr.fn));
        break;
      case 'prim':
        this.codes.push(CODES[instr.prim]);
    }
    this.operands(instr);
    this.number(id);
  }

  private number(id: number): void {
    this.numbers[id] = ++this.count;
  }

  /** 32 bits, as two characters of a key. */
  private word(bits: number): void {
    this.codes.push(bits >>> 16, bits & 0xffff);
  }
}

type Effect = Exclude<Instr, Pure>;

/** Codes as characters. */
function textOf(codes: readonly number[]): string {
  let text = '';
  for (const code of codes) text += String.fromCharCode(code);
  return text;
}
