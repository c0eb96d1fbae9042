/**
 * Code as a device that flushes subnormals runs it: float operations see a zero in place of a subnormal operand, and give one in
 * place of a result that rounding to 24 bits leaves below 2^-126 (src/numerics/subnormals.ts). WebAssembly keeps subnormals, so
 * that this is spelled out, with integer operations and one product more for each product and quotient.
 */
import { ABS_MASK, HIDDEN_BIT, INF_BITS, SIGN_BIT } from '../../numerics/bits.js';
import { FLOAT_ARITHMETIC, PRIM_TYPES, type Block, type Instr, type Prim, type Ref } from '../ssa/instr.js';
import { blocksOf, operandsOf, withParts } from '../ssa/walk.js';

type PrimInstr = Extract<Instr, { kind: 'prim' }>;

/** 2^32, and what becomes of 2^-126 times that: products so much larger are rounded as with an unbounded exponent. */
const SCALE = 0x4f800000;
const SCALED_LIMIT = 0x10800000;

/** Words that the code uses. */
const CONSTANTS = { abs: ABS_MASK, sign: SIGN_BIT, least: HIDDEN_BIT, scale: SCALE, limit: SCALED_LIMIT } as const; // prettier-ignore

/**
 * `block` that flushes. Its own values have ids below `values`, and so have all of the result below the returned number. The
 * operations in `normal` meet no subnormal, and stay as they are.
 */
export function flushing(
  block: Block,
  values: number,
  normal: ReadonlySet<number> = new Set(),
): { readonly block: Block; readonly values: number } {
  const flusher = new Flusher(values, normal, flushedValues(block));
  return { block: flusher.whole(block), values: flusher.values };
}

class Flusher {
  private readonly constants: Readonly<Record<keyof typeof CONSTANTS, Ref>>;

  constructor(
    public values: number,
    private readonly normal: ReadonlySet<number>,
    private readonly flushed: ReadonlySet<number>,
  ) {
    const word = (): Ref => ({ id: this.values++, type: 'u32' });
    const [abs, sign, least, limit] = [word(), word(), word(), word()];
    this.constants = { abs, sign, least, limit, scale: { id: this.values++, type: 'f32' } };
  }

  whole(block: Block): Block {
    const constants = Object.entries(this.constants).map(([name, ref]): Instr => ({
      kind: 'const',
      ref,
      bits: CONSTANTS[name as keyof typeof CONSTANTS],
    }));
    return [...constants, ...this.block(block)];
  }

  private block(block: Block): Block {
    return block.flatMap((instr): Block => {
      if (instr.kind === 'prim' && FLOAT_ARITHMETIC.has(instr.prim) && !this.normal.has(instr.ref.id))
        return this.arithmetic(instr);
      const blocks = blocksOf(instr);
      if (blocks.length === 0) return [instr];
      return [
        withParts(
          instr,
          operandsOf(instr),
          blocks.map((inner) => this.block(inner)),
        ),
      ];
    });
  }

  private arithmetic({ ref, prim, args }: PrimInstr): Block {
    const out: Instr[] = [];
    const [a, b, c] = args.map((arg) => (this.flushed.has(arg.id) ? arg : this.flush(out, arg)));
    switch (prim) {
      case 'mac':
        this.sum(out, 'add', [a, this.scaled(out, 'mul', b, c)], ref);
        return out;
      case 'mul':
      case 'div':
        this.scaled(out, prim, a, b, ref);
        return out;
      case 'add':
      case 'sub':
        this.sum(out, prim, [a, b], ref);
        return out;
      default:
        // No root is subnormal.
        out.push({ kind: 'prim', ref, prim, args: [a] });
        return out;
    }
  }

  private prim(out: Instr[], prim: Prim, ...args: readonly Ref[]): Ref {
    const ref = { id: this.values++, type: PRIM_TYPES[prim] };
    out.push({ kind: 'prim', ref, prim, args });
    return ref;
  }

  /** Sums and differences that are subnormal are exact. */
  private sum(out: Instr[], prim: 'add' | 'sub', args: readonly Ref[], ref: Ref): void {
    this.flush(out, this.prim(out, prim, ...args), ref);
  }

  /** A product or quotient, which is judged by that of 2^32 times `a`: where that overflows, this is far from subnormal. */
  private scaled(out: Instr[], prim: 'mul' | 'div', a: Ref, b: Ref, ref?: Ref): Ref {
    const { scale, limit } = this.constants;
    const result = this.prim(out, prim, a, b);
    const larger = this.prim(out, prim, this.prim(out, 'mul', a, scale), b);
    return this.zeroWhere(out, this.isBelow(out, larger, limit), result, ref);
  }

  /** `value`, or a zero of its sign where it is subnormal; as `ref`, if given. */
  private flush(out: Instr[], value: Ref, ref?: Ref): Ref {
    return this.zeroWhere(out, this.isBelow(out, value, this.constants.least), value, ref);
  }

  private isBelow(out: Instr[], value: Ref, limit: Ref): Ref {
    return this.prim(
      out,
      'ltu',
      this.prim(out, 'iand', this.prim(out, 'bits', value), this.constants.abs),
      limit,
    );
  }

  private zeroWhere(out: Instr[], cond: Ref, value: Ref, ref?: Ref): Ref {
    const sign = this.prim(out, 'iand', this.prim(out, 'bits', value), this.constants.sign);
    const zero = this.prim(out, 'float', sign);
    if (ref === undefined) return this.prim(out, 'select', cond, zero, value);
    out.push({ kind: 'prim', ref, prim: 'select', args: [cond, zero, value] });
    return ref;
  }
}

/** The values of `block` that are never subnormal: results of arithmetic that flushes, constants, and what they are chosen from. */
function flushedValues(block: Block): ReadonlySet<number> {
  const flushed = new Set<number>();
  const doubtful = new Set<number>();
  let before: number;
  do {
    before = doubtful.size;
    flushed.clear();
    visit(block, flushed, doubtful);
  } while (doubtful.size > before);
  return flushed;
}

/** `doubtful`: the variables that may hold a subnormal, as far as is known. */
function visit(block: Block, flushed: Set<number>, doubtful: Set<number>): void {
  const isFlushed = ({ id }: Ref): boolean => flushed.has(id);
  for (const instr of block) {
    if (instr.kind === 'const' && !isSubnormal(instr.bits)) flushed.add(instr.ref.id);
    if (instr.kind === 'prim' && isNormalPrim(instr, isFlushed)) flushed.add(instr.ref.id);
    if (instr.kind === 'var' && !isFlushed(instr.init)) doubtful.add(instr.ref.id);
    if (instr.kind === 'set' && !isFlushed(instr.value)) doubtful.add(instr.variable.id);
    if (instr.kind === 'get' && !doubtful.has(instr.variable.id)) flushed.add(instr.ref.id);
    for (const inner of blocksOf(instr)) visit(inner, flushed, doubtful);
  }
}

function isNormalPrim({ prim, args }: PrimInstr, isFlushed: (ref: Ref) => boolean): boolean {
  if (prim === 'select') return isFlushed(args[1]) && isFlushed(args[2]);
  if (prim === 'opaque') return isFlushed(args[0]);
  return prim === 'i2f' || FLOAT_ARITHMETIC.has(prim);
}

const isSubnormal = (bits: number): boolean => (bits & INF_BITS) === 0 && (bits & ABS_MASK) !== 0;
