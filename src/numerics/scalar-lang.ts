/**
 * The language in which every scalar function of Heddle is written, once.
 *
 * A function is generic in its carrier types ("tagless final"): instantiated with numbers it *runs* (js-lang.ts),
 * instantiated with expression nodes it *prints* as WGSL. All backends therefore compute the same operations in the
 * same order, which is what makes their results equal bit for bit.
 *
 *     F   an f32 value
 *     I   a 32-bit integer pattern; signedness belongs to the operation, not to the value
 *     B   a truth value
 *
 * The primitives are those that a GPU can be trusted, or made, to compute exactly. Anything where real drivers differ
 * (float comparison, min, max, negation, rounding, wide int-to-float conversion) is absent, and defined in math/ by
 * integer operations.
 *
 * Integer operands may be given as literals. An instance whose `I` is itself a number type must therefore be the
 * evaluating one; symbolic instances use objects.
 */
export interface ScalarLang<F, I, B> {
  /** The constant `value`, which must be an f32 already: NaN, infinities, -0 and subnormals are allowed. */
  fconst(value: number): F;
  /** The constant with the low 32 bits of `value`. */
  iconst(value: number): I;

  // Each of these five rounds once, to nearest even. On a device that flushes subnormals, inputs and results flush.
  add(a: F, b: F): F;
  sub(a: F, b: F): F;
  mul(a: F, b: F): F;
  div(a: F, b: F): F;
  sqrt(a: F): F;

  /** The pattern of `a`. Never flushes. */
  bits(a: F): I;
  /** The f32 with pattern `a`. Never flushes. */
  float(a: I | number): F;
  /** Signed integer to f32. Only used where it is exact: |a| <= 2^24. */
  i2f(a: I): F;
  /** f32 to signed integer, truncating. Only used for values in (-2^31, 2^31), where no device saturates. */
  f2i(a: F): I;

  // Wrapping arithmetic modulo 2^32.
  iadd(a: I | number, b: I | number): I;
  isub(a: I | number, b: I | number): I;
  imul(a: I | number, b: I | number): I;
  iand(a: I | number, b: I | number): I;
  ior(a: I | number, b: I | number): I;
  ixor(a: I | number, b: I | number): I;
  // Shift counts count modulo 32 (a value whose count is out of range is computed, but never selected).
  ishl(a: I | number, count: I | number): I;
  /** Logical shift: zeros come in. */
  ishr(a: I | number, count: I | number): I;
  /** Arithmetic shift: copies of the sign come in. */
  isar(a: I | number, count: I | number): I;
  /** Count of leading zeros, 32 for zero. */
  iclz(a: I): I;
  /** Unsigned remainder. `b` is never zero where the result matters. */
  urem(a: I, b: I): I;

  ltu(a: I | number, b: I | number): B;
  lts(a: I | number, b: I | number): B;
  ieq(a: I | number, b: I | number): B;
  band(a: B, b: B): B;
  bor(a: B, b: B): B;
  bnot(a: B): B;

  /** Both values are computed; the one not chosen may be anything, NaN included. */
  select(cond: B, whenTrue: F, whenFalse: F): F;
  iselect(cond: B, whenTrue: I | number, whenFalse: I | number): I;

  /** Computes one side only. A symbolic instance traces both, and joins the tuples value by value. */
  branch<T extends readonly (F | I)[]>(cond: B, whenTrue: () => T, whenFalse: () => T): T;
  /** `state = init; while (more(state)) state = step(state)`. A symbolic instance traces `more` and `step` once. */
  loop<T extends readonly (F | I)[]>(init: T, more: (state: T) => B, step: (state: T) => T): T;
}
