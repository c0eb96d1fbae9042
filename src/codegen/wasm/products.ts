/**
 * Sums of products in kernel code, which no subnormal can enter where the factors are large enough: for such operands a kernel that
 * flushes subnormals need not flush there (src/numerics/normal.ts has the proof).
 */
import { ABS_MASK } from '../../numerics/bits.js';
import type { Block, Instr, Ref } from '../ssa/instr.js';
import { blocksOf } from '../ssa/walk.js';

export interface SumsOfProducts {
  /** The additions and multiply-adds, by the ids of their results. */
  readonly operations: ReadonlySet<number>;
  /** The buffers whose elements are multiplied with each other. */
  readonly factors: readonly (readonly [number, number])[];
}

/** What a value is known to be: an element of a buffer, or zero; or a sum of products of such. */
type Known = { readonly kind: 'element'; readonly buffer: number | undefined } | { readonly kind: 'sum' };

/** The sums of products in `block`; undefined where there are none. */
export function findSumsOfProducts(block: Block): SumsOfProducts | undefined {
  const others = new Set<string>();
  for (;;) {
    const search = new Search(others);
    search.visit(block);
    // What was taken for a place of sums turned out not to be one: what followed from that is in doubt.
    if (search.refuted.size > 0) for (const place of search.refuted) others.add(place);
    else return search.result();
  }
}

const variable = ({ id }: Ref): string => `%${id}`;

class Search {
  readonly refuted = new Set<string>();
  private readonly known = new Map<number, Known>();
  private readonly operations = new Set<number>();
  private readonly factors = new Map<string, readonly [number, number]>();

  /** `others`: variables and arrays that hold something else than sums. */
  constructor(private readonly others: ReadonlySet<string>) {}

  visit(block: Block): void {
    for (const instr of block) {
      const known = this.meaning(instr);
      if (known !== undefined && 'ref' in instr) this.known.set(instr.ref.id, known);
      if (instr.kind === 'var' && !this.isSum(instr.init)) this.refute(variable(instr.ref));
      if (instr.kind === 'set' && !this.isSum(instr.value)) this.refute(variable(instr.variable));
      if (instr.kind === 'arrayStore' && !this.isSum(instr.value)) this.refute(instr.array);
      for (const inner of blocksOf(instr)) this.visit(inner);
    }
  }

  /** Undefined where no operation is a multiply-add: nothing would be gained. */
  result(): SumsOfProducts | undefined {
    if (this.factors.size === 0) return undefined;
    return { operations: this.operations, factors: [...this.factors.values()] };
  }

  private refute(place: string): void {
    if (!this.others.has(place)) this.refuted.add(place);
  }

  private isSum({ id }: Ref): boolean {
    const known = this.known.get(id);
    return known?.kind === 'sum' || (known?.kind === 'element' && known.buffer === undefined);
  }

  private meaning(instr: Instr): Known | undefined {
    switch (instr.kind) {
      case 'const':
        return (instr.bits & ABS_MASK) === 0 && instr.ref.type === 'f32'
          ? { kind: 'element', buffer: undefined }
          : undefined;
      case 'load':
        return instr.ref.type === 'f32' ? { kind: 'element', buffer: instr.buffer } : undefined;
      case 'quadBroadcast':
        return this.known.get(instr.value.id);
      case 'get':
        return this.place(instr.ref, variable(instr.variable));
      case 'arrayLoad':
        return this.place(instr.ref, instr.array);
      case 'prim':
        return this.operation(instr);
      default:
        return undefined;
    }
  }

  private place({ type }: Ref, place: string): Known | undefined {
    return type === 'f32' && !this.others.has(place) ? { kind: 'sum' } : undefined;
  }

  private operation({ ref, prim, args }: Extract<Instr, { kind: 'prim' }>): Known | undefined {
    if (prim === 'opaque') return this.known.get(args[0].id);
    if (prim === 'select') return this.either(args[1], args[2]);
    if (prim === 'add' && this.isSum(args[0]) && this.isSum(args[1])) return this.sum(ref);
    if (prim !== 'mac' || !this.isSum(args[0])) return undefined;
    const [a, b] = [this.known.get(args[1].id), this.known.get(args[2].id)];
    if (a?.kind !== 'element' || b?.kind !== 'element') return undefined;
    if (a.buffer !== undefined && b.buffer !== undefined)
      this.factors.set(`${a.buffer} ${b.buffer}`, [a.buffer, b.buffer]);
    return this.sum(ref);
  }

  private sum({ id }: Ref): Known {
    this.operations.add(id);
    return { kind: 'sum' };
  }

  /** A choice between two elements of one buffer, or one and zero. */
  private either(first: Ref, second: Ref): Known | undefined {
    const [a, b] = [this.known.get(first.id), this.known.get(second.id)];
    if (this.isSum(first) && this.isSum(second) && (a?.kind === 'sum' || b?.kind === 'sum'))
      return { kind: 'sum' };
    if (a?.kind !== 'element' || b?.kind !== 'element') return undefined;
    if (a.buffer === undefined || a.buffer === b.buffer) return b;
    return b.buffer === undefined ? a : undefined;
  }
}
