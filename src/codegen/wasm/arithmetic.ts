/** Primitives and calls, on what lanes have in common or on all four. */
import { fault } from '../../base/errors.js';
import type { Instr, Prim, Ref } from '../ssa/instr.js';
import { fieldAsFloat, fieldOf } from './fields.js';
import { Limits } from './limits.js';
import { magicFor } from './magic.js';
import type { WasmInstr } from './opcodes.js';
import {
  isLanewise,
  isShift,
  NATIVE_MATH,
  SCALAR_PRIMS,
  VECTOR_PRIMS,
  VECTOR_SHIFTS,
  type Recipe,
} from './prims.js';
import { formOf } from './uses.js';
import { bytesOf, Values } from './values.js';

type PrimInstr = Extract<Instr, { kind: 'prim' }>;

const HIGH_WORDS = bytesOf([1, 3, 5, 7]);

export class Arithmetic extends Values {
  protected readonly limits = new Limits();
  /** Comparisons with constants, by the ids of their results. */
  private readonly comparisons = new Map<number, { readonly value: Ref; readonly end: number }>();
  /** The primitives so far, by the ids of their results. */
  private readonly operations: (PrimInstr | undefined)[] = [];

  protected constant({ ref, bits }: Extract<Instr, { kind: 'const' }>): void {
    const { out } = this;
    this.constants[ref.id] = bits;
    this.limits.set(ref, bits >>> 0);
    // A vector that V8 builds anew wherever it stands, unless it is zero.
    const uses = this.facts.uses.vector[ref.id] ?? 0;
    if (uses < 2 && !this.facts.uses.escaped.has(ref.id)) return;
    if (uses === 0 || bits === 0) return;
    this.vector(ref);
    const local = out.keep('v128');
    this.vectors[ref.id] = () => out.get(local);
  }

  private recipe({ order, code }: Recipe, args: readonly Ref[], form: 'scalar' | 'vector'): void {
    for (const at of order ?? args.keys()) this.form(args[at], form);
    this.raw(code);
  }

  private raw(code: readonly WasmInstr[]): void {
    for (const { op, immediates } of code) this.out.op(op, ...immediates);
  }

  protected prim(instr: PrimInstr): void {
    const { ref, prim, args } = instr;
    if (this.classOf(ref).kind === 'affine') return this.scalarPrim(prim, args);
    const { out } = this;
    const [first, second] = args;
    if (isShift(prim) && this.uniform(second)) {
      this.vector(first);
      this.scalar(second);
      return out.op(VECTOR_SHIFTS[prim]);
    }
    if ((prim === 'udiv' || prim === 'urem') && this.divide(prim, first, this.known(second))) return;
    if (isLanewise(prim)) {
      for (const arg of args) this.vector(arg);
      return out.op('call', this.around.lanewiseNumber(prim));
    }
    if (first.type === 'bool' && args.length === 3 && this.uniform(first)) {
      this.vector(args[1]);
      this.vector(args[2]);
      this.scalar(first);
      return out.op('select');
    }
    this.recipe(VECTOR_PRIMS[prim], args, 'vector');
  }

  private scalarPrim(prim: Prim, args: readonly Ref[]): void {
    const divisor = args.length === 2 ? this.known(args[1]) : undefined;
    if ((prim === 'udiv' || prim === 'urem') && divisor !== undefined && divisor !== 0) {
      this.scalar(args[0]);
      this.out.i32(divisor);
      return this.out.op(prim === 'udiv' ? 'i32.div_u' : 'i32.rem_u');
    }
    const form = SCALAR_PRIMS[prim];
    if (!('expand' in form)) return this.recipe(form, args, 'scalar');
    const locals = args.map((arg): WasmInstr => {
      this.scalar(arg);
      return { op: 'local.get', immediates: [this.out.keep('i32')] };
    });
    this.raw(form.expand(...locals));
  }

  /** Quotient or remainder of unsigned lanes by a constant, where there is a way without dividing. */
  private divide(prim: 'udiv' | 'urem', dividend: Ref, divisor: number | undefined): boolean {
    const { out } = this;
    if (divisor === undefined || divisor === 0) return false;
    if ((divisor & (divisor - 1)) === 0) {
      this.vector(dividend);
      if (prim === 'udiv') {
        out.i32(Math.log2(divisor));
        out.op('i32x4.shr_u');
      } else {
        out.splat(divisor - 1);
        out.op('v128.and');
      }
      return true;
    }
    const magic = magicFor(divisor, this.limits.of(dividend));
    if (magic === undefined) return false;
    this.vector(dividend);
    const x = out.keep('v128');
    const half = (op: 'i64x2.extmul_low_i32x4_u' | 'i64x2.extmul_high_i32x4_u'): void => {
      out.get(x);
      out.splat(magic.factor);
      out.op(op);
    };
    if (prim === 'urem') out.get(x);
    half('i64x2.extmul_low_i32x4_u');
    half('i64x2.extmul_high_i32x4_u');
    out.op('i8x16.shuffle', ...HIGH_WORDS);
    if (magic.shift > 0) {
      out.i32(magic.shift);
      out.op('i32x4.shr_u');
    }
    if (prim === 'urem') {
      out.splat(divisor);
      out.op('i32x4.mul');
      out.op('i32x4.sub');
    }
    return true;
  }

  protected call({ ref, fn, args }: Extract<Instr, { kind: 'call' }>): void {
    if (fn === 'device_quotient' || fn === 'device_root') fault('kernels do not call this function', fn);
    const form = formOf(this.classOf(ref));
    if (form === 'vector' && (fn === 'i32ToF32' || fn === 'u32ToF32') && this.converted(args[0], fn)) return;
    const native = NATIVE_MATH[fn];
    if (native !== undefined) return this.recipe(native[form], args, form);
    for (const arg of args) this.form(arg, form);
    this.out.op('call', this.around.mathNumber(fn, form));
  }

  /** Lanes of integers as floats, where there is a way with less code than that of the function. */
  private converted(value: Ref, fn: 'i32ToF32' | 'u32ToF32'): boolean {
    const { out } = this;
    const field = fieldOf(value, {
      definition: (ref) => (this.isUsedOnce(ref) ? this.operations[ref.id] : undefined),
      known: (ref) => this.known(ref),
    });
    const code = field && !(field.signed && fn === 'u32ToF32') ? fieldAsFloat(field) : undefined;
    if (field !== undefined && code !== undefined) {
      this.vector(field.word);
      out.splat(code.mask);
      out.op('v128.and');
      out.splat(code.flip);
      out.op('v128.xor');
      out.splat(code.offset);
      out.op('f32x4.sub');
      return true;
    }
    // x86 has an instruction for integers with a sign only.
    if (fn === 'i32ToF32' || this.limits.of(value) >= 2 ** 31) return false;
    this.recipe(NATIVE_MATH.i32ToF32!.vector, [value], 'vector');
    return true;
  }

  private isUsedOnce({ id }: Ref): boolean {
    const { scalar, vector, escaped } = this.facts.uses;
    return vector[id] === 1 && (scalar[id] ?? 0) === 0 && !escaped.has(id);
  }

  protected quadBroadcast({ value, lane }: Extract<Instr, { kind: 'quadBroadcast' }>): void {
    if (this.uniform(value)) return this.scalar(value);
    this.vector(value);
    this.out.op(value.type === 'f32' ? 'f32x4.extract_lane' : 'i32x4.extract_lane', lane);
    if (value.type !== 'bool') return;
    this.out.i32(1);
    this.out.op('i32.and');
  }

  /** Notes what is known of a primitive. */
  protected noted(instr: PrimInstr): void {
    const { ref, prim, args } = instr;
    const second = args.length < 2 ? undefined : this.known(args[1]);
    this.limits.define(instr, second);
    this.operations[ref.id] = instr;
    if (prim === 'ltu' && second !== undefined) this.comparisons.set(ref.id, { value: args[0], end: second });
  }

  /** Runs `body` with what follows from `cond` about the sizes of numbers. */
  protected narrowed(cond: Ref, body: () => void): void {
    const compared = this.comparisons.get(cond.id);
    if (compared === undefined) body();
    else this.limits.below(compared.value, compared.end, body);
  }
}
