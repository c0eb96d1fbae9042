/**
 * Kernels that differ in numbers only become one: the numbers that differ are parameters, read from a small uniform, instead
 * of constants of the body. Drivers take a second to compile a large kernel, and a network has few kinds of layers.
 */
import type { Target } from '../../passes/target.js';
import type { Block, Instr, Ref } from '../ssa/instr.js';
import { blocksOf, operandsOf, withParts } from '../ssa/walk.js';
import type { Kernel, KernelBody } from './body.js';
import { literalUses, outlineOf, structureOf, type LiteralTypes, type Structure } from './structure.js';

/** A body as it will be compiled, with a kernel's values for its parameters. */
export interface SharedKernel {
  readonly body: KernelBody;
  readonly params: readonly number[];
}

/** A kernel of a family, with its literals. */
interface Member extends Structure {
  readonly kernel: Kernel;
}

/**
 * Finds the kernels of one body: those that are equal and, among those marked `shareable`, those of one structure. A kernel
 * may stand in the list several times.
 */
export function shareKernels(
  kernels: readonly Kernel[],
  { maxParams }: Target,
): ReadonlyMap<Kernel, SharedKernel> {
  // Of the others none can be like a kernel whose outline is its own.
  const families = grouped([...new Set(kernels)], ({ body }) => outlineOf(body)).flatMap((alike) =>
    alike.length === 1 ? [[{ kernel: alike[0], ...UNSEEN }]] : familiesOf(alike),
  );
  const shared = families.flatMap((family) => {
    const differ = family.length > 1 && family[0].kernel.shareable;
    const slots = differ ? findSlots(family.map(({ literals }) => literals)) : NO_SLOTS;
    if (slots.params.length <= maxParams) return share(family, slots);
    return grouped(family, numbersOf).flatMap((equal) => share(equal, NO_SLOTS));
  });
  return new Map(shared);
}

/** The structure of a kernel of which nobody asks for it. */
const UNSEEN: Structure = { key: '', literals: [] };

/** Kernels of one structure and, where they are not marked `shareable`, of the same numbers. */
function familiesOf(kernels: readonly Kernel[]): readonly Member[][] {
  const members = kernels.map((kernel): Member => ({ kernel, ...structureOf(kernel.body) }));
  return grouped(members, (member) =>
    member.kernel.shareable ? member.key : `${member.key} ${numbersOf(member)}`,
  );
}

const numbersOf = ({ literals }: Member): string => literals.join();

function grouped<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return [...groups.values()];
}

/** Which literals differ within a family; literals that always agree with each other share a slot. */
export interface Slots {
  /** For each literal its slot; undefined where all members have the same number. */
  readonly of: readonly (number | undefined)[];
  /** For each slot a literal that stands for it. */
  readonly params: readonly number[];
}

/** Those of one row. */
export const NO_SLOTS: Slots = { of: [], params: [] };

/** The slots of literals that differ among `rows`. */
export const findSlots = (rows: readonly (readonly number[])[]): Slots =>
  rows.reduce((slots, row) => refineSlots(slots, rows[0], row), NO_SLOTS);

/** The slots of more rows: those that had `slots`, of which `first` is one, and `row`. */
export function refineSlots(slots: Slots, first: readonly number[], row: readonly number[]): Slots {
  const known = new Map<string, number>();
  const params: number[] = [];
  const of = first.map((literal, at) => {
    const old = slots.of[at];
    if (old === undefined && row[at] === literal) return undefined;
    const key = old === undefined ? `${literal} ${row[at]}` : `${old}: ${row[at]}`;
    const slot = known.get(key) ?? params.push(at) - 1;
    known.set(key, slot);
    return slot;
  });
  return { of, params };
}

/** Kernels in the order in which they are given, as they will be compiled. */
export type KernelSharing = (kernels: readonly Kernel[], target: Target) => readonly SharedKernel[];

/** {@link shareKernels} of the kernels of one plan. */
export const shareWithin: KernelSharing = (kernels, target) => {
  const shared = shareKernels(kernels, target);
  return kernels.map((kernel) => shared.get(kernel)!);
};

function share(family: readonly Member[], slots: Slots): (readonly [Kernel, SharedKernel])[] {
  const [{ kernel }] = family;
  const body = slots.params.length === 0 ? kernel.body : withParams(kernel.body, slots);
  return family.map((member) => [
    member.kernel,
    { body, params: slots.params.map((at) => member.literals[at]) },
  ]);
}

/** `body` with a parameter, after those that it has, in place of each literal that has a slot. Those of floats are read as their bits. */
export function withParams(body: KernelBody, slots: Slots, types?: LiteralTypes): KernelBody {
  const { length } = slots.params;
  const params = slots.params.map((_, slot): Ref => ({ id: body.values + slot, type: 'u32' }));
  const floats = slots.params.map((_, slot): Ref => ({ id: body.values + length + slot, type: 'f32' }));
  const operands = new Map<Instr, Ref[]>();
  const read = new Set<number>();
  literalUses(body, types).forEach(({ instr, position }, at) => {
    const slot = slots.of[at];
    if (slot === undefined) return;
    const changed = operands.get(instr) ?? [...operandsOf(instr)];
    const isFloat = changed[position].type === 'f32';
    if (isFloat) read.add(slot);
    changed[position] = (isFloat ? floats : params)[slot];
    operands.set(instr, changed);
  });
  const rebuilt = (block: Block): Block =>
    block.map((instr) => {
      const [changed, blocks] = [operands.get(instr), blocksOf(instr)];
      if (changed === undefined && blocks.length === 0) return instr;
      return withParts(instr, changed ?? operandsOf(instr), blocks.map(rebuilt));
    });
  const defined = params.map((ref, i): Instr => ({ kind: 'param', ref, index: body.params + i }));
  const asFloats = [...read].map((slot): Instr => ({ kind: 'prim', ref: floats[slot], prim: 'float', args: [params[slot]] })); // prettier-ignore
  return {
    ...body,
    params: body.params + length,
    values: body.values + 2 * length,
    block: [...defined, ...asFloats, ...rebuilt(body.block)],
  };
}
