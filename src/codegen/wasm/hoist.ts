/**
 * Moves what a loop computes anew in each trip, though it is always the same, in front of the loop: V8 does not. Only what has
 * no effect and cannot fail is moved.
 */
import type { Block, Instr } from '../ssa/instr.js';
import { blocksOf, isPure, operandsOf, withParts } from '../ssa/walk.js';

/** `block` with what does not change in its loops in front of them. */
export function hoisted(block: Block): Block {
  return block.flatMap((instr): readonly Instr[] => {
    const blocks = blocksOf(instr);
    if (blocks.length === 0) return [instr];
    const inner = blocks.map(hoisted);
    if (instr.kind === 'if') return [withParts(instr, operandsOf(instr), inner)];
    const own = new Set<number>('ref' in instr ? [instr.ref.id] : []);
    for (const each of inner) collect(each, own);
    const front: Instr[] = [];
    const rest = inner.map((each) =>
      each.filter((candidate) => {
        if (!isPure(candidate) || operandsOf(candidate).some(({ id }) => own.has(id))) return true;
        own.delete(candidate.ref.id);
        front.push(candidate);
        return false;
      }),
    );
    return [...front, withParts(instr, operandsOf(instr), rest)];
  });
}

function collect(block: Block, into: Set<number>): void {
  for (const instr of block) {
    if ('ref' in instr) into.add(instr.ref.id);
    for (const inner of blocksOf(instr)) collect(inner, into);
  }
}
