/** Where materialised values lie: strided views of storage buffers. */
import { fault } from '../../base/errors.js';
import type { DType } from '../../base/dtype.js';
import { dimMul, isStatic, type Dim } from '../../ir/dim.js';
import { indexVar, linearize, signOfTerm, type Index } from '../../ir/index-expr.js';
import type { SsaBuilder } from '../ssa/builder.js';
import type { Ref } from '../ssa/instr.js';
import { scalarTypeOf } from './scalar-rules.js';

/** Element (i0, i1, ...) lies at `offset + sum of i * stride` words of its buffer. */
export interface View<D extends Dim = number> {
  readonly dtype: DType;
  readonly shape: readonly D[];
  readonly strides: readonly D[];
  readonly offset: D;
  /** How many words the view moves on per trip of the loop at each level; none outside of loops. */
  readonly moving?: readonly number[];
}

/** A view in a binding of the kernel. */
export interface Access {
  readonly buffer: number;
  readonly view: View<Dim>;
}

/** The SSA value of index expressions; shared subexpressions are emitted once a block. */
export class IndexEmitter {
  private readonly variables = new Map<string, Ref>();

  constructor(private readonly s: SsaBuilder) {}

  /**
   * `ref`, which lies in [0, extent), as a variable, which is the same for the same value and range and no other. `name`
   * begins its name in keys, by which terms of equal coefficients are sorted.
   */
  variable(ref: Ref, extent: Dim, name = ''): Index {
    const constant = this.s.known(ref);
    // The range belongs to the name: one value may be known to lie in different ranges in different places.
    const key = `${name}${constant === undefined ? `%${ref.id}` : `#${constant}`}<${String(extent)}`;
    this.variables.set(key, ref);
    return indexVar(key, extent);
  }

  /** Makes `ref` the variable `name` of an index that a pass has made. */
  define(name: string, ref: Ref): void {
    this.variables.set(name, ref);
  }

  emit(index: Index): Ref {
    const { s } = this;
    let sum: Ref | undefined;
    for (const { atom, coefficient } of index.terms) {
      const value =
        atom.kind === 'var'
          ? this.valueOf(atom.name)
          : atom.kind === 'div'
            ? s.udiv(this.emit(atom.of), atom.by)
            : s.urem(this.emit(atom.of), atom.by);
      const isAdded = signOfTerm(coefficient) > 0;
      const scaled = s.imul(value, isAdded ? coefficient : dimMul(-1, coefficient));
      if (sum === undefined) sum = isAdded ? scaled : s.isub(index.constant, scaled);
      else sum = isAdded ? s.iadd(sum, scaled) : s.isub(sum, scaled);
    }
    if (sum === undefined) return s.iconst(index.constant);
    // A leading negative term has taken the constant already (terms are sorted, so then all are negative).
    return signOfTerm(index.terms[0].coefficient) < 0 ? sum : addSigned(s, sum, index.constant);
  }

  private valueOf(name: string): Ref {
    const ref = this.variables.get(name);
    if (ref === undefined) fault('an index variable is not defined', name);
    return ref;
  }
}

const addSigned = (s: SsaBuilder, a: Ref, constant: Dim): Ref =>
  isStatic(constant) && constant < 0 ? s.isub(a, -constant) : s.iadd(a, constant);

export const viewIndex = (view: View<Dim>, index: readonly Index[]): Index =>
  linearize(index, view.strides, view.offset);

/** The number that stands for `value` where the view moves: the sum of what it has moved, or `value` alone. */
export function moved(s: SsaBuilder, { moving = [] }: View<Dim>, value: Ref): Ref {
  return moving.reduce(
    (at, words, level) => (words === 0 ? at : s.iadd(at, s.imul(s.trip(level), words))),
    value,
  );
}

/** Reads an element; bools are stored as words. */
export function loadElement(s: SsaBuilder, access: Access, index: Ref): Ref {
  const type = scalarTypeOf(access.view.dtype);
  if (type !== 'bool') return s.load(access.buffer, type, index);
  return s.bnot(s.ieq(s.load(access.buffer, 'u32', index), 0));
}

export function storeElement(s: SsaBuilder, access: Access, index: Ref, value: Ref): void {
  s.store(access.buffer, index, value.type === 'bool' ? s.iselect(value, 1, 0) : value);
}
