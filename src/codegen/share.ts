/**
 * Kernels that differ in numbers only become one: the numbers that differ are read from a small uniform instead of
 * standing in the text. Drivers take a second to compile a large kernel, and a network has few kinds of layers.
 */
import type { LoweredKernel } from './lower/context.js';

/**
 * Words of parameters that a kernel may have. A family that needs more shares nothing, even where a single odd member is to
 * blame: every one keeps its own text.
 */
const MAX_PARAMS = 64;

/** A kernel as it will be compiled, with its values for the parameters of that text. */
export interface SharedKernel {
  readonly code: string;
  readonly params: readonly number[];
}

const LITERAL = /\b(\d+)u\b/g;
const BODY = 'fn main(';

/** The text with a hole for each unsigned literal of the main function, and what stands in the holes. */
function cut(code: string): { template: string; literals: readonly number[] } {
  const start = code.indexOf(BODY);
  const literals: number[] = [];
  const body = code.slice(start).replace(LITERAL, (_, digits: string) => {
    literals.push(Number(digits));
    return '\0';
  });
  return { template: code.slice(0, start) + body, literals };
}

/**
 * Finds kernels of one form, among those marked `shareable`; the rest keep their numbers. A kernel may stand in the list
 * several times.
 */
export function shareKernels(kernels: readonly LoweredKernel[]): ReadonlyMap<LoweredKernel, SharedKernel> {
  const families = new Map<string, Member[]>();
  const shared = new Map<LoweredKernel, SharedKernel>();
  for (const kernel of new Set(kernels)) {
    shared.set(kernel, { code: kernel.code, params: [] });
    if (!kernel.shareable) continue;
    const { template, literals } = cut(kernel.code);
    const family = families.get(template) ?? [];
    families.set(template, family);
    family.push({ kernel, literals });
  }
  for (const [template, family] of families) {
    const slots = findSlots(family.map(({ literals }) => literals));
    if (slots.params.length === 0 || slots.params.length > MAX_PARAMS) continue;
    const code = fill(template, family[0], slots);
    for (const { kernel, literals } of family)
      shared.set(kernel, { code, params: slots.params.map((at) => literals[at]) });
  }
  return shared;
}

/** A kernel of a family, with the numbers that stand in its text. */
interface Member {
  readonly kernel: LoweredKernel;
  readonly literals: readonly number[];
}

/** Which literals differ within a family; literals that always agree with each other share a slot. */
interface Slots {
  /** For each literal its slot, or -1 where all members have the same number. */
  readonly of: readonly number[];
  /** For each slot a literal that stands for it. */
  readonly params: readonly number[];
}

function findSlots(rows: readonly (readonly number[])[]): Slots {
  const known = new Map<string, number>();
  const params: number[] = [];
  const of = rows[0].map((first, at) => {
    if (rows.every((row) => row[at] === first)) return -1;
    const key = rows.map((row) => row[at]).join();
    const slot = known.get(key) ?? params.push(at) - 1;
    known.set(key, slot);
    return slot;
  });
  return { of, params };
}

function fill(template: string, { kernel, literals }: Member, slots: Slots): string {
  let at = 0;
  const text = template.replace(/\0/g, () => {
    const slot = slots.of[at];
    const literal = `${literals[at++]}u`;
    return slot < 0 ? literal : `params[${slot >> 2}].${'xyzw'[slot & 3]}`;
  });
  const binding = kernel.bindings.length + 1;
  const words = Math.ceil(slots.params.length / 4);
  return `@group(0) @binding(${binding}) var<uniform> params: array<vec4u, ${words}>;\n${text}`;
}
