/**
 * Kernels of a program for several sizes: those that differ in numbers only are one body, whose numbers are parameters where sizes
 * change them. Which ones that are, the same program for other sizes shows: its kernels are lowered beside the first ones, and
 * what differs becomes a parameter. A kernel whose structure or whose other numbers are new gets a body of its own, so a
 * number that the samples did not show costs a pipeline and never a wrong result.
 */
import type { Target } from '../../passes/target.js';
import type { KernelCode } from '../../plan/plan.js';
import type { Kernel, KernelBody } from './body.js';
import { NO_SLOTS, refineSlots, withParams, type SharedKernel, type Slots } from './share.js';
import { structureOf, type LiteralTypes, type Structure } from './structure.js';

/** Sizes show in integers, and in what means divide by. */
const TYPES: LiteralTypes = ['u32', 'f32'];

/** A body with parameters, and what a kernel has to have to be one of it. */
interface Family {
  readonly body: KernelBody;
  readonly slots: Slots;
  /** The literals of one of its kernels. */
  readonly literals: readonly number[];
  /** The plan that used it last. */
  latest: number;
}

/** Kernels that families are made of: in which numbers they differ so far. */
interface Kin {
  readonly slots: Slots;
  /** The literals of one of them. */
  readonly literals: readonly number[];
  /** The plan that added to them last. */
  readonly latest: number;
}

/** What none of so many plans in a row used is forgotten: sizes that never come again leave nothing behind. */
export const PLANS_REMEMBERED = 32;

/** The kernels of the same program for other sizes. */
export type Samples = () => readonly (readonly Kernel[])[];

export class KernelFamilies {
  /** By the keys of their structures. */
  private readonly known = new Map<string, Family[]>();
  /** What families were made of, by what it is that their kernels have in common. */
  private readonly kin = new Map<string, Kin>();
  private readonly codes = new WeakMap<KernelBody, KernelCode>();
  private plans = 0;

  /** How many families it knows, and what they were made of. */
  get size(): number {
    return [...this.known.values()].reduce((sum, { length }) => sum + length, this.kin.size);
  }

  /** The bodies of kernels, in their order. `samples` are asked for where one is new. */
  share(kernels: readonly Kernel[], target: Target, samples: Samples): readonly SharedKernel[] {
    this.plans++;
    const structures = structuresOf(kernels);
    const known = kernels.map((kernel) => this.find(structures.get(kernel)!));
    if (known.includes(undefined)) this.extend(kernels, known, structures, target, samples);
    const found = kernels.map((kernel, at) => {
      const structure = structures.get(kernel)!;
      const family = known[at] ?? this.find(structure)!;
      family.latest = this.plans;
      return shared(family, structure);
    });
    this.forget();
    return found;
  }

  private forget(): void {
    const isRecent = ({ latest }: Pick<Family, 'latest'>): boolean => latest > this.plans - PLANS_REMEMBERED;
    for (const [scope, kin] of this.kin) if (!isRecent(kin)) this.kin.delete(scope);
    for (const [key, families] of this.known) {
      const left = families.filter(isRecent);
      if (left.length === 0) this.known.delete(key);
      else if (left.length < families.length) this.known.set(key, left);
    }
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
      const scope = scopeOf(kernel, at, own.key);
      for (const row of [own, ...twins]) if (row.key === own.key) this.addKin(scope, row);
      return [{ body: kernel.body, own, scope }];
    });
    for (const { body, own, scope } of strangers) {
      if (this.find(own) !== undefined) continue;
      if (!this.add(body, own, this.kin.get(scope)!.slots, target)) this.add(body, own, NO_SLOTS, target);
    }
  }

  private addKin(scope: string, { literals }: Structure): void {
    const kin = this.kin.get(scope) ?? { slots: NO_SLOTS, literals };
    const slots = refineSlots(kin.slots, kin.literals, literals);
    this.kin.set(scope, { slots, literals: kin.literals, latest: this.plans });
  }

  /** What `print` makes of a body, once. */
  code(body: KernelBody, print: (body: KernelBody) => KernelCode): KernelCode {
    const code = this.codes.get(body) ?? print(body);
    this.codes.set(body, code);
    return code;
  }

  /** Adds the family of `slots`; false where these are more than there may be parameters. */
  private add(body: KernelBody, { key, literals }: Structure, slots: Slots, { maxParams }: Target): boolean {
    if (slots.params.length > maxParams) return false;
    const isOne = slots.params.length === 0;
    const family = {
      body: isOne ? body : withParams(body, slots, TYPES),
      slots,
      literals,
      latest: this.plans,
    };
    this.known.set(key, [...(this.known.get(key) ?? []), family]);
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
