/** Values of kernel code in the two forms that they have here: the base that all lanes share, and all four lanes. */
import { fault } from '../../base/errors.js';
import type { MathFn } from '../../numerics/math/index.js';
import type { Ref, ScalarType } from '../ssa/instr.js';
import type { CodeBuilder } from './code.js';
import { isUniform, QUAD, type LaneClass, type LaneClasses } from './lanes.js';
import type { Pointers } from './pointers.js';
import type { LanewisePrim } from './prims.js';
import type { ValType } from './opcodes.js';
import { classOf, type Uses } from './uses.js';

/** Where code finds what it does not compute. Numbers are those of locals, but for functions. */
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

/** Emits code that leaves a value on the stack. */
export type Push = () => void;

export const scalarValType = (type: ScalarType): ValType => (type === 'f32' ? 'f32' : 'i32');

/** `0, stride, 2 stride, 3 stride`. */
export const ramp = (stride: number): readonly number[] =>
  Array.from({ length: QUAD }, (_, l) => Math.imul(stride, l));

/** Bytes of words, of the eight of two vectors. */
export const bytesOf = (words: readonly number[]): readonly number[] =>
  words.flatMap((word) => [0, 1, 2, 3].map((byte) => 4 * word + byte));

/** Knows where values are, and pushes them. */
export class Values {
  protected readonly scalars: (Push | undefined)[] = [];
  protected readonly vectors: (Push | undefined)[] = [];
  protected readonly constants: (number | undefined)[] = [];

  constructor(
    readonly out: CodeBuilder,
    protected readonly facts: Facts,
    protected readonly around: Surroundings,
  ) {}

  /** Declares that a local holds `ref`. */
  bind(ref: Ref, local: number): void {
    const forms = this.classOf(ref).kind === 'affine' ? this.scalars : this.vectors;
    forms[ref.id] = () => this.out.get(local);
  }

  protected classOf(ref: Ref): LaneClass {
    return classOf(this.facts.classes, ref);
  }

  protected uniform(ref: Ref): boolean {
    return isUniform(this.classOf(ref));
  }

  protected known(ref: Ref): number | undefined {
    const of = this.classOf(ref);
    return of.kind === 'affine' ? of.known : undefined;
  }

  /** Pushes what the lanes of an affine value have in common. */
  scalar(ref: Ref): void {
    const bits = this.constants[ref.id];
    const push = this.scalars[ref.id];
    if (push !== undefined) push();
    else if (bits === undefined) fault('kernel code uses a value before its definition', `%${ref.id}`);
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
  protected widened(ref: Ref, push: Push): void {
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
  protected form(ref: Ref, form: 'scalar' | 'vector'): void {
    if (form === 'scalar') this.scalar(ref);
    else this.vector(ref);
  }

  /** Defines `ref` as what `push` pushes, in the form that its class has. `inline`: it may be pushed later, and anew. */
  protected define(ref: Ref, push: Push, inline: boolean): void {
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
}
