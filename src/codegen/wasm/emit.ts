/**
 * Scalar code as WebAssembly, for four invocations at a time. What the lanes of a quad have in common is computed once
 * (lanes.ts); the rest is held in vectors. A branch that only some lanes take runs with a mask: sets and stores leave the other
 * lanes alone, and loads of theirs read the first element of the buffer. Control flow on which all lanes agree stays control flow.
 */
import type { MathFn } from '../../numerics/math/index.js';
import type { Block, Instr, Prim, Ref, ScalarType } from '../ssa/instr.js';
import type { CodeBuilder } from './code.js';
import { isUniform, QUAD, type LaneClass, type LaneClasses } from './lanes.js';
import { Limits } from './limits.js';
import { magicFor } from './magic.js';
import type { Pointed, Pointer, Pointers } from './pointers.js';
import {
  isLanewise,
  isShift,
  NATIVE_MATH,
  SCALAR_PRIMS,
  VECTOR_PRIMS,
  VECTOR_SHIFTS,
  type LanewisePrim,
  type Recipe,
} from './prims.js';
import type { ValType, WasmInstr } from './opcodes.js';
import { classOf, formOf, storedForm, type Uses } from './uses.js';

/** Where kernels find what they do not compute; locals. */
export interface Surroundings {
  /** The number of a math function of the module, or of a primitive that is done lane by lane. */
  mathNumber(fn: MathFn, form: 'scalar' | 'vector'): number;
  lanewiseNumber(prim: LanewisePrim): number;
  /** Addresses of buffers. */
  readonly buffers: readonly number[];
  readonly array: (name: string) => { readonly address: number; readonly offset: number };
  /** Pushes a word of the record. */
  readonly param: (index: number) => void;
  readonly trip: (level: number) => void;
}

/** What is known of the code before any is emitted. */
export interface Facts {
  readonly classes: LaneClasses;
  readonly uses: Uses;
  readonly pointers: Pointers;
}

/** The lanes that run: all of them, or those of a mask in a local. */
type Mask = number | undefined;

type Push = () => void;

export const scalarValType = (type: ScalarType): ValType => (type === 'f32' ? 'f32' : 'i32');

/** `0, stride, 2 stride, 3 stride`. */
const ramp = (stride: number): readonly number[] =>
  Array.from({ length: QUAD }, (_, l) => Math.imul(stride, l));

export class Emitter {
  private readonly scalars: (Push | undefined)[] = [];
  private readonly vectors: (Push | undefined)[] = [];
  private readonly constants: (number | undefined)[] = [];
  private readonly variables: (number | undefined)[] = [];
  private readonly pointers = new Map<Pointer, number>();
  private readonly limits = new Limits();
  /** Comparisons with constants, by the ids of their results. */
  private readonly comparisons = new Map<number, { readonly value: Ref; readonly end: number }>();

  constructor(
    readonly out: CodeBuilder,
    private readonly facts: Facts,
    private readonly around: Surroundings,
  ) {}

  /** Declares that a local holds `ref`. */
  bind(ref: Ref, local: number): void {
    const forms = this.classOf(ref).kind === 'affine' ? this.scalars : this.vectors;
    forms[ref.id] = () => this.out.get(local);
  }

  block(block: Block, mask: Mask): void {
    for (const instr of block) this.instr(instr, mask);
  }

  // ---- values ----

  private classOf(ref: Ref): LaneClass {
    return classOf(this.facts.classes, ref);
  }

  private uniform(ref: Ref): boolean {
    return isUniform(this.classOf(ref));
  }

  private known(ref: Ref): number | undefined {
    const of = this.classOf(ref);
    return of.kind === 'affine' ? of.known : undefined;
  }

  /** Pushes what the lanes of an affine value have in common. */
  scalar(ref: Ref): void {
    const bits = this.constants[ref.id];
    const push = this.scalars[ref.id];
    if (push !== undefined) push();
    else if (bits === undefined) throw new Error(`kernel code uses %${ref.id} before its definition`);
    else this.out.op(ref.type === 'f32' ? 'f32.const' : 'i32.const', bits);
  }

  /** Pushes all lanes. */
  vector(ref: Ref): void {
    const push = this.vectors[ref.id];
    if (push !== undefined) return push();
    const bits = this.constants[ref.id];
    if (bits !== undefined) return this.out.splat(ref.type === 'bool' ? -bits : bits);
    this.widened(ref, () => this.scalar(ref));
  }

  /** Pushes all lanes of an affine value whose base `push` pushes. */
  private widened(ref: Ref, push: Push): void {
    const { out } = this;
    const of = this.classOf(ref);
    if (ref.type === 'bool') {
      out.i32(0);
      push();
      out.op('i32.sub');
    } else push();
    out.op(ref.type === 'f32' ? 'f32x4.splat' : 'i32x4.splat');
    if (of.kind !== 'affine' || of.stride === 0) return;
    out.op('v128.const', ...ramp(of.stride));
    out.op('i32x4.add');
  }

  /** Pushes a value in a form. */
  private form(ref: Ref, form: 'scalar' | 'vector'): void {
    if (form === 'scalar') this.scalar(ref);
    else this.vector(ref);
  }

  /** Defines `ref` as what `push` pushes, in the form that its class has. `inline`: it may be pushed later, and anew. */
  private define(ref: Ref, push: Push, inline: boolean): void {
    const { scalar, vector, escaped } = this.facts.uses;
    const [scalarUses, vectorUses] = [scalar[ref.id] ?? 0, vector[ref.id] ?? 0];
    if (scalarUses + vectorUses === 0) return;
    const isAffine = this.classOf(ref).kind === 'affine';
    const { out } = this;
    if (inline && scalarUses + vectorUses === 1 && !escaped.has(ref.id)) {
      (isAffine ? this.scalars : this.vectors)[ref.id] = push;
      return;
    }
    if (!isAffine) {
      push();
      const local = out.keep('v128');
      this.vectors[ref.id] = () => out.get(local);
      return;
    }
    if (scalarUses > 0) {
      push();
      const local = out.keep(scalarValType(ref.type));
      this.scalars[ref.id] = () => out.get(local);
    }
    if (vectorUses > 0) {
      this.widened(ref, scalarUses > 0 ? () => this.scalar(ref) : push);
      const local = out.keep('v128');
      this.vectors[ref.id] = () => out.get(local);
    }
  }

  // ---- instructions ----

  private instr(instr: Instr, mask: Mask): void {
    const { out, around } = this;
    // Code that is emitted twice, with a mask and without, defines its values anew.
    if ('ref' in instr) this.scalars[instr.ref.id] = this.vectors[instr.ref.id] = undefined;
    switch (instr.kind) {
      case 'const':
        return this.constant(instr);
      case 'param':
        return this.define(instr.ref, () => around.param(instr.index), false);
      case 'trip':
        return this.define(instr.ref, () => around.trip(instr.level), false);
      case 'prim':
        this.limits.define(instr);
        if (instr.prim === 'ltu') this.compared(instr);
        return this.define(instr.ref, () => this.prim(instr), true);
      case 'call':
        return this.define(instr.ref, () => this.call(instr), false);
      case 'load':
        return this.load(instr, mask);
      case 'store':
        return this.store(instr, mask);
      case 'arrayLoad':
        return this.define(instr.ref, () => this.arrayLoad(instr, mask), false);
      case 'arrayStore':
        return this.arrayStore(instr, mask);
      case 'var': {
        const form = formOf(this.classOf(instr.ref));
        const local = out.local(form === 'vector' ? 'v128' : scalarValType(instr.ref.type));
        this.variables[instr.ref.id] = local;
        this.form(instr.init, form);
        return out.op('local.set', local);
      }
      case 'get': {
        const local = this.variables[instr.variable.id]!;
        if (instr.immediate) return this.bind(instr.ref, local);
        return this.define(instr.ref, () => out.get(local), false);
      }
      case 'set':
        return this.set(instr, mask);
      case 'for':
        return this.for(instr, mask);
      case 'while':
        return this.while(instr, mask);
      case 'if':
        return this.if(instr, mask);
      case 'quadBroadcast':
        return this.define(instr.ref, () => this.quadBroadcast(instr), false);
      case 'barrier':
        throw new Error('quads of a workgroup run one after the other: targets for them make no barriers');
    }
  }

  private constant({ ref, bits }: Extract<Instr, { kind: 'const' }>): void {
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

  private prim(instr: Extract<Instr, { kind: 'prim' }>): void {
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

  private call({ ref, fn, args }: Extract<Instr, { kind: 'call' }>): void {
    if (fn === 'device_quotient' || fn === 'device_root') throw new Error(`kernels do not call ${fn}`);
    const form = formOf(this.classOf(ref));
    const native = NATIVE_MATH[fn];
    if (native !== undefined) return this.recipe(native[form], args, form);
    for (const arg of args) this.form(arg, form);
    this.out.op('call', this.around.mathNumber(fn, form));
  }

  private quadBroadcast({ value, lane }: Extract<Instr, { kind: 'quadBroadcast' }>): void {
    if (this.uniform(value)) return this.scalar(value);
    this.vector(value);
    this.out.op(value.type === 'f32' ? 'f32x4.extract_lane' : 'i32x4.extract_lane', lane);
    if (value.type !== 'bool') return;
    this.out.i32(1);
    this.out.op('i32.and');
  }

  private set({ variable, value }: Extract<Instr, { kind: 'set' }>, mask: Mask): void {
    const { out } = this;
    const local = this.variables[variable.id]!;
    const form = formOf(this.classOf(variable));
    this.form(value, form);
    if (mask !== undefined && form === 'vector') {
      out.get(local);
      out.get(mask);
      out.op('v128.bitselect');
    }
    out.op('local.set', local);
  }

  // ---- memory ----

  /** Pushes the address of the element of an affine index, and returns the offset that belongs to it. */
  private address(instr: Extract<Instr, { kind: 'load' | 'store' }>): number {
    const { out } = this;
    const pointed = this.facts.pointers.ofAccess.get(instr);
    const local = pointed && this.pointers.get(pointed.pointer);
    if (pointed !== undefined && local !== undefined) {
      out.get(local);
      return offsetOf(pointed);
    }
    this.scalar(instr.index);
    out.i32(2);
    out.op('i32.shl');
    out.get(this.around.buffers[instr.buffer]);
    out.op('i32.add');
    return 0;
  }

  /** Addresses of all lanes, in a local; those that do not run have that of the first element. */
  private addresses(index: Ref, base: Push, words: number, mask: Mask): number {
    const { out } = this;
    this.vector(index);
    if (mask !== undefined) {
      out.get(mask);
      out.op('v128.and');
    }
    out.i32(2 + Math.log2(words));
    out.op('i32x4.shl');
    base();
    out.op('i32x4.splat');
    out.op('i32x4.add');
    return out.keep('v128');
  }

  private load(instr: Extract<Instr, { kind: 'load' }>, mask: Mask): void {
    const { out } = this;
    const { ref, index, buffer } = instr;
    const of = this.classOf(index);
    const { scalar, vector } = this.facts.uses;
    if ((scalar[ref.id] ?? 0) + (vector[ref.id] ?? 0) === 0) return;
    if (of.kind === 'affine' && of.stride === 0) {
      if ((scalar[ref.id] ?? 0) === 0 && ref.type !== 'bool') {
        out.op('v128.load32_splat', this.address(instr));
        const local = out.keep('v128');
        this.vectors[ref.id] = () => out.get(local);
        return;
      }
      return this.define(
        ref,
        () => out.op(ref.type === 'f32' ? 'f32.load' : 'i32.load', this.address(instr)),
        false,
      );
    }
    this.define(ref, () => this.loadLanes(instr, of, buffer, mask), false);
  }

  private loadLanes(
    instr: Extract<Instr, { kind: 'load' }>,
    of: LaneClass,
    buffer: number,
    mask: Mask,
  ): void {
    const { out } = this;
    if (of.kind === 'affine' && of.stride === 1) return out.op('v128.load', this.address(instr));
    if (of.kind === 'affine' && of.stride === 2 && mask === undefined) {
      // Every other element of eight; the last one is not used, and may lie behind the buffer.
      const offset = this.address(instr);
      const at = out.keep('i32');
      for (const half of [0, 16]) {
        out.get(at);
        out.op('v128.load', offset + half);
      }
      return out.op('i8x16.shuffle', ...EVEN_WORDS);
    }
    const base = (): void => out.get(this.around.buffers[buffer]);
    if (of.kind !== 'affine') return this.gather(this.addresses(instr.index, base, 1, mask));
    out.i32(this.address(instr));
    out.op('i32.add');
    out.op('i32x4.splat');
    out.op('v128.const', ...ramp(4 * of.stride));
    out.op('i32x4.add');
    if (mask !== undefined) {
      base();
      out.op('i32x4.splat');
      out.get(mask);
      out.op('v128.bitselect');
    }
    this.gather(out.keep('v128'));
  }

  /** Loads a word from each of four addresses. */
  private gather(addresses: number): void {
    const { out } = this;
    const result = out.local('v128');
    for (let lane = 0; lane < QUAD; lane++) {
      out.get(addresses);
      out.op('i32x4.extract_lane', lane);
      if (lane === 0) out.op('v128.load32_zero', 0);
      else {
        out.get(result);
        out.op('v128.load32_lane', 0, lane);
      }
      if (lane < QUAD - 1) out.op('local.set', result);
    }
  }

  /** Stores a word at each of four addresses, of those lanes that run. */
  private scatter(address: (lane: number) => void, value: number, mask: Mask): void {
    const { out } = this;
    const store = (lane: number): void => {
      address(lane);
      out.get(value);
      out.op('v128.store32_lane', 0, lane);
    };
    if (mask === undefined) {
      for (let lane = 0; lane < QUAD; lane++) store(lane);
      return;
    }
    out.get(mask);
    out.op('i32x4.bitmask');
    const bits = out.keep('i32');
    for (let lane = 0; lane < QUAD; lane++) {
      out.get(bits);
      out.i32(1 << lane);
      out.op('i32.and');
      out.if(() => store(lane));
    }
  }

  private store(instr: Extract<Instr, { kind: 'store' }>, mask: Mask): void {
    const { out } = this;
    const { index, value } = instr;
    const of = this.classOf(index);
    if (storedForm(instr, this.facts.classes) === 'scalar') {
      const offset = this.address(instr);
      this.scalar(value);
      return out.op(value.type === 'f32' ? 'f32.store' : 'i32.store', offset);
    }
    if (of.kind === 'affine' && of.stride === 1 && mask === undefined) {
      const offset = this.address(instr);
      this.vector(value);
      return out.op('v128.store', offset);
    }
    this.vector(value);
    const stored = out.keep('v128');
    if (of.kind === 'affine') {
      const offset = this.address(instr);
      out.i32(offset);
      out.op('i32.add');
      const at = out.keep('i32');
      const address = (lane: number): void => {
        out.get(at);
        out.i32(4 * lane * of.stride);
        out.op('i32.add');
      };
      return this.scatter(address, stored, mask);
    }
    const addresses = this.addresses(index, () => out.get(this.around.buffers[instr.buffer]), 1, mask);
    this.scatter((lane) => this.extract(addresses, lane), stored, mask);
  }

  private extract(local: number, lane: number): void {
    this.out.get(local);
    this.out.op('i32x4.extract_lane', lane);
  }

  // Elements of a private array lie as vectors, those of all lanes side by side.

  /** Pushes the address of an element of which all lanes have their own, and returns its offset. */
  private arrayAddress(name: string, index: Ref): number {
    const { out } = this;
    const { address, offset } = this.around.array(name);
    const known = this.known(index);
    out.get(address);
    if (known !== undefined) return offset + known * 16;
    this.scalar(index);
    out.i32(4);
    out.op('i32.shl');
    out.op('i32.add');
    return offset;
  }

  private arrayAddresses(name: string, index: Ref, mask: Mask): number {
    const { out } = this;
    const { address, offset } = this.around.array(name);
    const first = this.addresses(
      index,
      () => {
        out.get(address);
        out.i32(offset);
        out.op('i32.add');
      },
      QUAD,
      mask,
    );
    out.get(first);
    out.op('v128.const', ...ramp(4));
    out.op('i32x4.add');
    return out.keep('v128');
  }

  private arrayLoad({ array, index }: Extract<Instr, { kind: 'arrayLoad' }>, mask: Mask): void {
    if (this.uniform(index)) this.out.op('v128.load', this.arrayAddress(array, index));
    else this.gather(this.arrayAddresses(array, index, mask));
  }

  private arrayStore({ array, index, value }: Extract<Instr, { kind: 'arrayStore' }>, mask: Mask): void {
    const { out } = this;
    if (!this.uniform(index)) {
      this.vector(value);
      const stored = out.keep('v128');
      const addresses = this.arrayAddresses(array, index, mask);
      return this.scatter((lane) => this.extract(addresses, lane), stored, mask);
    }
    const offset = this.arrayAddress(array, index);
    this.vector(value);
    if (mask !== undefined) {
      out.op('v128.load', this.arrayAddress(array, index));
      out.get(mask);
      out.op('v128.bitselect');
    }
    out.op('v128.store', offset);
  }

  // ---- control flow ----

  private if(instr: Extract<Instr, { kind: 'if' }>, mask: Mask): void {
    const { out } = this;
    const { cond, then, else: otherwise } = instr;
    if (this.uniform(cond)) {
      this.scalar(cond);
      const taken = (): void => this.narrowed(cond, () => this.block(then, mask));
      return out.if(taken, otherwise.length === 0 ? undefined : () => this.block(otherwise, mask));
    }
    this.vector(cond);
    const lanes = out.keep('v128');
    const some = (): void => {
      this.some(lanes, mask, false, then, cond);
      if (otherwise.length > 0) this.some(lanes, mask, true, otherwise);
    };
    // Most quads take a branch together. Code without a mask is worth having where much is done.
    if (mask !== undefined || !then.some(isMuch)) return some();
    out.get(lanes);
    out.op('i32x4.all_true');
    out.if(() => this.narrowed(cond, () => this.block(then, undefined)), some);
  }

  /** Runs a branch for the lanes of a mask in which the condition holds, or does not, unless there are none. */
  private some(lanes: number, mask: Mask, negated: boolean, block: Block, cond?: Ref): void {
    const { out } = this;
    if (mask === undefined && !negated) out.get(lanes);
    else if (mask === undefined) {
      out.get(lanes);
      out.op('v128.not');
    } else {
      out.get(mask);
      out.get(lanes);
      out.op(negated ? 'v128.andnot' : 'v128.and');
    }
    const own = out.keep('v128');
    out.get(own);
    out.op('v128.any_true');
    out.if(() => {
      if (cond === undefined) this.block(block, own);
      else this.narrowed(cond, () => this.block(block, own));
    });
  }

  private compared({ ref, args: [value, end] }: Extract<Instr, { kind: 'prim' }>): void {
    const known = this.known(end);
    if (known !== undefined) this.comparisons.set(ref.id, { value, end: known });
  }

  /** Runs `body` with what follows from `cond` about the sizes of numbers. */
  private narrowed(cond: Ref, body: () => void): void {
    const compared = this.comparisons.get(cond.id);
    if (compared === undefined) body();
    else this.limits.below(compared.value, compared.end, body);
  }

  private for(instr: Extract<Instr, { kind: 'for' }>, mask: Mask): void {
    const { out } = this;
    const { ref, from, to, step, body } = instr;
    if (![from, to, step].every((bound) => this.uniform(bound))) return this.varyingFor(instr, mask);
    this.limits.set(ref, Math.max(this.limits.of(to) - 1, 0));
    out.scoped(() => {
      const i = out.local('i32');
      this.bindLoop(ref, i);
      this.scalar(from);
      out.op('local.set', i);
      const moving = this.startPointers(instr);
      const more = (): void => {
        out.get(i);
        this.scalar(to);
        out.op('i32.lt_u');
      };
      const loop = (): void => {
        out.op('loop');
        out.scoped(() => {
          this.block(body, mask);
          for (const { local, bytes } of moving) this.advance(local, () => out.i32(bytes));
          this.advance(i, () => this.scalar(step));
          more();
          out.op('br_if', 0);
        });
        out.op('end');
      };
      const [first, end] = [this.known(from), this.known(to)];
      if (first !== undefined && end !== undefined && first < end) return loop();
      more();
      out.if(loop);
    });
  }

  /** The variable of a loop, whose base is in a local. Where vectors of it are needed, they are made in each place. */
  private bindLoop(ref: Ref, local: number): void {
    this.scalars[ref.id] = () => this.out.get(local);
  }

  private advance(local: number, by: () => void): void {
    this.out.get(local);
    by();
    this.out.op('i32.add');
    this.out.op('local.set', local);
  }

  /** Puts the pointers of a loop in locals, and returns those that move. */
  private startPointers(
    instr: Extract<Instr, { kind: 'for' }>,
  ): { readonly local: number; readonly bytes: number }[] {
    const { out } = this;
    const step = this.known(instr.step) ?? 0;
    return (this.facts.pointers.ofLoop.get(instr) ?? []).flatMap((pointer) => {
      out.get(this.around.buffers[pointer.buffer]);
      const term = (ref: Ref, factor: number): void => {
        this.scalar(ref);
        out.i32(4 * factor);
        out.op('i32.mul');
        out.op('i32.add');
      };
      for (const { ref, factor } of pointer.terms) term(ref, factor);
      if (pointer.step !== 0) term(instr.from, pointer.step);
      out.i32(4 * pointer.constant);
      out.op('i32.add');
      const local = out.keep('i32');
      this.pointers.set(pointer, local);
      const bytes = 4 * pointer.step * step;
      return bytes === 0 ? [] : [{ local, bytes }];
    });
  }

  /** A loop whose lanes run different numbers of trips: it goes on until none is left. */
  private varyingFor({ ref, from, to, step, body }: Extract<Instr, { kind: 'for' }>, mask: Mask): void {
    const { out } = this;
    out.scoped(() => {
      const i = out.local('v128');
      this.vector(from);
      out.op('local.set', i);
      this.vectors[ref.id] = () => out.get(i);
      const live = this.allLanes(mask);
      out.op('loop');
      out.scoped(() => {
        out.get(i);
        this.vector(to);
        out.op('i32x4.lt_u');
        this.keepLive(live);
        out.if(() => {
          this.block(body, live);
          out.get(i);
          this.vector(step);
          out.op('i32x4.add');
          out.op('local.set', i);
          out.op('br', 1);
        });
      });
      out.op('end');
    });
  }

  /** A mask of the lanes that run, in a local of its own. */
  private allLanes(mask: Mask): number {
    if (mask === undefined) this.out.splat(-1);
    else this.out.get(mask);
    return this.out.keep('v128');
  }

  /** live &= (the mask on the stack); pushes whether any lane is left. */
  private keepLive(live: number): void {
    const { out } = this;
    out.get(live);
    out.op('v128.and');
    out.op('local.tee', live);
    out.op('v128.any_true');
  }

  private while({ test, cond, body }: Extract<Instr, { kind: 'while' }>, mask: Mask): void {
    const { out } = this;
    out.scoped(() => {
      const live = this.uniform(cond) ? undefined : this.allLanes(mask);
      out.op('loop');
      out.scoped(() => {
        this.block(test, live ?? mask);
        if (live === undefined) this.scalar(cond);
        else {
          this.vector(cond);
          this.keepLive(live);
        }
        out.if(() => {
          this.block(body, live ?? mask);
          out.op('br', 1);
        });
      });
      out.op('end');
    });
  }
}

const offsetOf = ({ pointer, constant }: Pointed): number => 4 * (constant - pointer.constant);

/** Whether code that runs for some lanes only costs much more than for all of them. */
const isMuch = ({ kind }: Instr): boolean =>
  kind === 'load' || kind === 'store' || kind === 'for' || kind === 'while' || kind === 'if';

/** Bytes of words, of the eight of two vectors. */
const bytesOf = (words: readonly number[]): readonly number[] =>
  words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte));
const HIGH_WORDS = bytesOf([1, 3, 5, 7]);
const EVEN_WORDS = bytesOf([0, 2, 4, 6]);
