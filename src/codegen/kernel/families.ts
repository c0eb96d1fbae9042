/**
 * Kernels of a program for several sizes: those that differ in numbers only are one body, whose numbers are parameters where sizes
 * change them. Which ones that are, the same program for other sizes shows: its kernels are lowered beside the first ones, and
 * what differs becomes a parameter. A kernel whose structure or whose other numbers are new gets a body of its own, so a
 * number that the samples did not show costs a pipeline and never a wrong result.
 */
import type { Target } from '../../passes/target.js';
import type { Kernel, KernelBody } from './body.js';
import { findSlots, withParams, type SharedKernel, type Slots } from './share.js';
import { structureOf, type LiteralTypes, type Structure } from './structure.js';

/** Sizes show in integers, and in what means divide by. */
const TYPES: LiteralTypes = ['u32', 'f32'];

/** A body with parameters, and what a kernel has to have to be one of it. */
interface Family {
  readonly body: KernelBody;
  readonly slots: Slots;
  /** The literals of one of its kernels. */
  readonly literals: readonly number[];
}

/** Kernels that a family is made of, at most: the newest ones. */
const MAX_KIN = 256;

/** The kernels of the same program for other sizes. */
export type Samples = () => readonly (readonly Kernel[])[];

export class KernelFamilies {
  /** By the keys of their structures. */
  private readonly known = new Map<string, Family[]>();
  /** What families were made of, by what it is that their kernels have in common. */
  private readonly kin = new Map<string, Map<string, Structure>>();
  private readonly codes = new Map<KernelBody, string>();

  /** The bodies of kernels, in their order. `samples` are asked for where one is new. */
  share(kernels: readonly Kernel[], target: Target, samples: Samples): readonly SharedKernel[] {
    const structures = structuresOf(kernels);
    const known = kernels.map((kernel) => this.find(structures.get(kernel)!));
    if (known.includes(undefined)) this.extend(kernels, known, structures, target, samples);
    return kernels.map((kernel) => {
      const structure = structures.get(kernel)!;
      return shared(this.find(structure)!, structure);
    });
  }

  /**
   * Makes families for the kernels that have none: of those at the same place in the samples and in earlier plans, and for a kernel
   * that has one structure whatever the sizes, of all that have its structure.
   */
  private extend(
    kernels: readonly Kernel[],
    known: readonly (Family | undefined)[],
    structures: ReadonlyMap<Kernel, Structure>,
    target: Target,
    samples: Samples,
  ): void {
    const scopeOf = ({ shareable }: Kernel, at: number, key: string): string => (shareable ? key : `${at} ${key}`); // prettier-ignore
    const isNew = kernels.some(
      (kernel, at) =>
        known[at] === undefined && !this.kin.has(scopeOf(kernel, at, structures.get(kernel)!.key)),
    );
    // What was seen before shows what changes as well.
    const others = isNew ? samples().filter((sample) => sample.length === kernels.length) : [];
    const othersOf = others.map(structuresOf);
    const strangers = kernels.flatMap((kernel, at) => {
      if (known[at] !== undefined) return [];
      const own = structures.get(kernel)!;
      const twins = others.map((sample, i) => othersOf[i].get(sample[at])!);
      const kin = this.kinOf(scopeOf(kernel, at, own.key));
      for (const row of [own, ...twins]) if (row.key === own.key) kin.set(row.literals.join(), row);
      for (const text of [...kin.keys()].slice(0, -MAX_KIN)) kin.delete(text);
      return [{ body: kernel.body, own, kin }];
    });
    for (const { body, own, kin } of strangers) {
      if (this.find(own) !== undefined) continue;
      if (!this.add(body, own, [own, ...kin.values()], target)) this.add(body, own, [own], target);
    }
  }

  private kinOf(scope: string): Map<string, Structure> {
    const kin = this.kin.get(scope) ?? new Map<string, Structure>();
    this.kin.set(scope, kin);
    return kin;
  }

  /** What `print` makes of a body, once. */
  code(body: KernelBody, print: (body: KernelBody) => string): string {
    const code = this.codes.get(body) ?? print(body);
    this.codes.set(body, code);
    return code;
  }

  /** Adds the family that has all of `rows`; false where they differ in more numbers than there may be parameters. */
  private add(body: KernelBody, own: Structure, rows: readonly Structure[], { maxParams }: Target): boolean {
    const slots = findSlots(rows.map(({ literals }) => literals));
    if (slots.params.length > maxParams) return false;
    const isOne = slots.params.length === 0;
    const family = { body: isOne ? body : withParams(body, slots, TYPES), slots, literals: own.literals };
    this.known.set(own.key, [...(this.known.get(own.key) ?? []), family]);
    return true;
  }

  private find(structure: Structure): Family | undefined {
    return this.known.get(structure.key)?.find((family) => fits(family, structure));
  }
}

/** Kernels that stand in the list several times are looked at once. */
function structuresOf(kernels: readonly Kernel[]): ReadonlyMap<Kernel, Structure> {
  return new Map([...new Set(kernels)].map((kernel) => [kernel, structureOf(kernel.body, TYPES)]));
}

/** Whether a kernel of the same key has the numbers of the family where these are fixed, and one for each parameter. */
const fits = ({ slots, literals }: Family, structure: Structure): boolean =>
  structure.literals.every((bits, at) => {
    const slot = slots.of[at];
    return bits === (slot === undefined ? literals[at] : structure.literals[slots.params[slot]]);
  });

const shared = ({ body, slots }: Family, { literals }: Structure): SharedKernel => ({
  body,
  params: slots.params.map((at) => literals[at]),
});
