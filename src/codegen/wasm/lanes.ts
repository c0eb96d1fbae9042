/**
 * What the four invocations of a quad have in common, as ISPC finds it out (Pharr and Mark, "ispc: A SPMD compiler for
 * high-performance CPU programming", InPar 2012). A value is affine where lane l has `base + stride * l` (modulo 2^32): only the
 * base is computed, once for all four. Stride 0 is a uniform value, of any type; stride 1 an index of neighbours. All other
 * values are varying, and held as vectors.
 */
import { ensure } from '../../base/errors.js';
import type { Block, Instr, Ref } from '../ssa/instr.js';

/** Lanes of a vector. */
export const QUAD = 4;

export type LaneClass =
  | {
      readonly kind: 'affine';
      readonly stride: number;
      /** A power of two that divides the base. */
      readonly align: number;
      /** The value, where it is known. */
      readonly known?: number;
    }
  | { readonly kind: 'varying' };

export const VARYING: LaneClass = { kind: 'varying' };
export const UNIFORM: LaneClass = { kind: 'affine', stride: 0, align: 1 };

type Affine = Extract<LaneClass, { kind: 'affine' }>;

const MAX_ALIGN = 2 ** 31;
const alignOf = (value: number): number => (value === 0 ? MAX_ALIGN : (value & -value) >>> 0);
const affine = (stride: number, align: number): Affine => ({ kind: 'affine', stride: stride | 0, align });
export const constantClass = (bits: number): Affine => ({ ...affine(0, alignOf(bits)), known: bits >>> 0 });

export const isUniform = (of: LaneClass): boolean => of.kind === 'affine' && of.stride === 0;

/** The classes of all values of a body, by their ids. */
export type LaneClasses = readonly (LaneClass | undefined)[];

/**
 * Classifies what `block` computes. `given`: what it finds. A variable is varying where a set of it may reach some lanes and
 * not others; since that depends on other classes, the code is gone through until nothing changes.
 */
export function classify(block: Block, given: ReadonlyMap<number, LaneClass>): LaneClasses {
  const analysis = new Analysis(given);
  do analysis.changed = false;
  while ((analysis.visit(block, 0), analysis.changed));
  return analysis.classes;
}

class Analysis {
  readonly classes: (LaneClass | undefined)[] = [];
  /** Whether a value has another class than code may have seen that was gone through before. */
  changed = false;
  /** How many branches and loops that some lanes may leave are around the declaration of a variable. */
  private readonly depths: number[] = [];

  constructor(private readonly given: ReadonlyMap<number, LaneClass>) {
    for (const [id, of] of given) this.classes[id] = of;
  }

  visit(block: Block, depth: number): void {
    for (const instr of block) this.instr(instr, depth);
  }

  private of({ id }: Ref): LaneClass {
    const found = this.classes[id];
    ensure(found !== undefined, 'INTERNAL', `kernel code uses %${id} before its definition`);
    return found;
  }

  private put({ id }: Ref, found: LaneClass): void {
    const old = this.classes[id];
    const joined = old === undefined ? found : join(old, found);
    if (old !== undefined && same(old, joined)) return;
    this.classes[id] = joined;
    this.changed ||= old !== undefined;
  }

  /** The class of what is computed from scratch in each sweep. */
  private define({ id }: Ref, found: LaneClass): void {
    const old = this.classes[id];
    if (old !== undefined && same(old, found)) return;
    this.classes[id] = found;
    this.changed ||= old !== undefined;
  }

  private instr(instr: Instr, depth: number): void {
    switch (instr.kind) {
      case 'const':
        return this.define(instr.ref, constantClass(instr.bits));
      case 'param':
      case 'trip':
        return this.define(instr.ref, UNIFORM);
      case 'prim':
        return this.define(instr.ref, this.prim(instr));
      case 'call':
        return this.define(instr.ref, instr.args.every((arg) => isUniform(this.of(arg))) ? UNIFORM : VARYING);
      case 'load':
        return this.define(instr.ref, isUniform(this.of(instr.index)) ? UNIFORM : VARYING);
      case 'arrayLoad':
        return this.define(instr.ref, VARYING);
      case 'var':
        this.depths[instr.ref.id] = depth;
        return this.put(instr.ref, withoutKnown(this.of(instr.init)));
      case 'get':
        return this.define(instr.ref, withoutKnown(this.of(instr.variable)));
      case 'set':
        return this.put(
          instr.variable,
          depth > this.depths[instr.variable.id] ? VARYING : withoutKnown(this.of(instr.value)),
        );
      case 'for': {
        const bounds = [instr.from, instr.to, instr.step].map((ref) => this.of(ref));
        const [from, , step] = bounds as Affine[];
        const isOne = bounds.every(isUniform);
        const own = this.given.get(instr.ref.id);
        if (own === undefined)
          this.put(instr.ref, isOne ? affine(0, Math.min(from.align, step.align)) : VARYING);
        return this.visit(instr.body, isOne ? depth : depth + 1);
      }
      case 'while': {
        // The test comes first, and its condition may depend on what the body sets: the next sweep sees that.
        const known = this.classes[instr.cond.id];
        const inner = known === undefined || isUniform(known) ? depth : depth + 1;
        this.changed ||= known === undefined;
        this.visit(instr.test, inner);
        return this.visit(instr.body, inner);
      }
      case 'if': {
        const inner = isUniform(this.of(instr.cond)) ? depth : depth + 1;
        this.visit(instr.then, inner);
        return this.visit(instr.else, inner);
      }
      case 'store':
      case 'arrayStore':
      case 'barrier':
        return;
      case 'quadBroadcast':
        return this.define(instr.ref, UNIFORM);
    }
  }

  private prim({ prim, args }: Extract<Instr, { kind: 'prim' }>): LaneClass {
    const classes = args.map((arg) => this.of(arg));
    if (classes.some(({ kind }) => kind === 'varying')) return VARYING;
    const [a, b] = classes as Affine[];
    const uniform = (classes as Affine[]).every(({ stride }) => stride === 0);
    switch (prim) {
      case 'iadd':
        return affine(a.stride + b.stride, Math.min(a.align, b.align));
      case 'isub':
        return affine(a.stride - b.stride, Math.min(a.align, b.align));
      case 'imul':
        return product(a, b);
      case 'ishl':
        return b.known === undefined ? uniformOr(uniform) : product(a, constantClass(2 ** (b.known & 31)));
      case 'ishr':
        if (b.known === undefined) return uniformOr(uniform);
        return quotient(a, 2 ** (b.known & 31)) ?? uniformOr(uniform);
      case 'udiv':
        return b.known === undefined ? uniformOr(uniform) : (quotient(a, b.known) ?? uniformOr(uniform));
      case 'urem':
        return b.known === undefined ? uniformOr(uniform) : (remainder(a, b.known) ?? uniformOr(uniform));
      case 'iand': {
        const mask = b.known ?? a.known;
        const other = b.known === undefined ? b : a;
        const isLow = mask !== undefined && mask < 2 ** 31 && (mask & (mask + 1)) === 0;
        return (isLow ? remainder(other, mask + 1) : undefined) ?? uniformOr(uniform);
      }
      case 'ltu':
        // Lanes of one block of four are all below a multiple of four, or none is.
        return uniform || (b.stride === 0 && inOneBlock(a, b.align)) ? UNIFORM : VARYING;
      case 'iselect': {
        const [cond, whenTrue, whenFalse] = classes as Affine[];
        if (cond.stride !== 0 || whenTrue.stride !== whenFalse.stride) return VARYING;
        return affine(whenTrue.stride, Math.min(whenTrue.align, whenFalse.align));
      }
      case 'umin':
      case 'umax':
        return uniform ? affine(0, Math.min(a.align, b.align)) : VARYING;
      case 'iopaque':
        return withoutKnown(a);
      default:
        return uniformOr(uniform);
    }
  }
}

const uniformOr = (uniform: boolean): LaneClass => (uniform ? UNIFORM : VARYING);

function withoutKnown(of: LaneClass): LaneClass {
  return of.kind === 'affine' ? affine(of.stride, of.align) : of;
}

function product(a: Affine, b: Affine): LaneClass {
  const align = Math.min(a.align * b.align, MAX_ALIGN);
  if (a.stride === 0 && b.stride === 0) return affine(0, align);
  const [other, factor] = b.known === undefined ? [b, a.known] : [a, b.known];
  return factor === undefined ? VARYING : affine(Math.imul(other.stride, factor), align);
}

/** Whether all lanes are in one block of `size` numbers, of those that begin at multiples of it. */
const inOneBlock = ({ stride, align }: Affine, size: number): boolean =>
  stride >= 0 && isPowerOfTwo(stride) && QUAD * stride <= Math.min(align, size);

const isPowerOfTwo = (n: number): boolean => (n & (n - 1)) === 0;

/**
 * a / by. With a stride s that is a power of two, a base of 4 s q, and a divisor of 4 s r, the quotient is q / r in all lanes.
 * Undefined where it is something else.
 */
function quotient(a: Affine, by: number): LaneClass | undefined {
  if (a.stride === 0) return by === 0 ? UNIFORM : affine(0, isPowerOfTwo(by) ? Math.max(1, a.align / by) : 1);
  return by !== 0 && inOneBlock(a, alignOf(by)) ? affine(0, 1) : undefined;
}

/** a % by, of which the same holds. */
function remainder(a: Affine, by: number): LaneClass | undefined {
  if (a.stride === 0) return by === 0 ? UNIFORM : affine(0, Math.min(a.align, alignOf(by)));
  return by !== 0 && inOneBlock(a, alignOf(by))
    ? affine(a.stride, Math.min(a.align, alignOf(by)))
    : undefined;
}

function join(a: LaneClass, b: LaneClass): LaneClass {
  if (a.kind === 'varying' || b.kind === 'varying' || a.stride !== b.stride) return VARYING;
  return affine(a.stride, Math.min(a.align, b.align));
}

const same = (a: LaneClass, b: LaneClass): boolean =>
  a.kind === 'varying' || b.kind === 'varying'
    ? a.kind === b.kind
    : a.stride === b.stride && a.align === b.align && a.known === b.known;
