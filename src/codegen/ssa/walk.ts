/** What an instruction is made of, for whoever goes through code without caring what it does. Exhaustive by type. */
import type { Block, Instr, Ref } from './instr.js';

const NONE: readonly never[] = [];

/** Instructions whose value depends on their operands alone, and which do nothing else. */
export type Pure = Extract<Instr, { readonly kind: 'const' | 'param' | 'trip' | 'prim' | 'call' }>;

export const isPure = (instr: Instr): instr is Pure =>
  instr.kind === 'const' ||
  instr.kind === 'param' ||
  instr.kind === 'trip' ||
  instr.kind === 'prim' ||
  instr.kind === 'call';

/** The values that an instruction uses. Those of `while` are used at the end of its test. Variables are not values. */
export function operandsOf(instr: Instr): readonly Ref[] {
  switch (instr.kind) {
    case 'prim':
    case 'call':
      return instr.args;
    case 'load':
    case 'arrayLoad':
      return [instr.index];
    case 'store':
    case 'arrayStore':
      return [instr.index, instr.value];
    case 'var':
      return [instr.init];
    case 'set':
    case 'quadBroadcast':
      return [instr.value];
    case 'for':
      return [instr.from, instr.to, instr.step];
    case 'while':
    case 'if':
      return [instr.cond];
    case 'const':
    case 'param':
    case 'trip':
    case 'get':
    case 'barrier':
      return NONE;
  }
}

/** The blocks inside of an instruction, in the order in which they run. */
export function blocksOf(instr: Instr): readonly Block[] {
  if (instr.kind === 'for') return [instr.body];
  if (instr.kind === 'if') return [instr.then, instr.else];
  return instr.kind === 'while' ? [instr.test, instr.body] : NONE;
}

/** `instr` with other operands and blocks, as many and in the order of {@link operandsOf} and {@link blocksOf}. */
export function withParts(instr: Instr, operands: readonly Ref[], blocks: readonly Block[]): Instr {
  switch (instr.kind) {
    case 'prim':
    case 'call':
      return { ...instr, args: operands };
    case 'load':
    case 'arrayLoad':
      return { ...instr, index: operands[0] };
    case 'store':
    case 'arrayStore':
      return { ...instr, index: operands[0], value: operands[1] };
    case 'var':
      return { ...instr, init: operands[0] };
    case 'set':
    case 'quadBroadcast':
      return { ...instr, value: operands[0] };
    case 'for':
      return { ...instr, from: operands[0], to: operands[1], step: operands[2], body: blocks[0] };
    case 'while':
      return { ...instr, cond: operands[0], test: blocks[0], body: blocks[1] };
    case 'if':
      return { ...instr, cond: operands[0], then: blocks[0], else: blocks[1] };
    case 'const':
    case 'param':
    case 'trip':
    case 'get':
    case 'barrier':
      return instr;
  }
}
