/** What corrected division and square root share: an operand as significand and exponent. */
import { FRACTION_MASK, HIDDEN_BIT } from '../bits.js';
import type { SubnormalMode } from '../subnormals.js';
import type { ScalarLang } from '../scalar-lang.js';

export interface Normalized<I> {
  /** 23 bits below the leading one. */
  readonly fraction: I;
  /** Exponent with the usual bias 127; less than 1 for a subnormal operand. */
  readonly exponent: I;
}

/** Takes a magnitude apart. If the device flushes, the caller treats subnormals as zeros, and no case is needed. */
export function normalize<F, I, B>(s: ScalarLang<F, I, B>, mag: I, mode: SubnormalMode): Normalized<I> {
  if (mode === 'flush') return { fraction: s.iand(mag, FRACTION_MASK), exponent: s.ishr(mag, 23) };
  const subnormal = s.ltu(mag, HIDDEN_BIT);
  const pattern = s.iselect(subnormal, s.bits(s.i2f(mag)), mag);
  const offset = s.iselect(subnormal, -149, 0);
  return { fraction: s.iand(pattern, FRACTION_MASK), exponent: s.iadd(s.ishr(pattern, 23), offset) };
}

/** Whether the device reads the magnitude as zero. */
export function readsAsZero<F, I, B>(s: ScalarLang<F, I, B>, mag: I, mode: SubnormalMode): B {
  return mode === 'flush' ? s.ltu(mag, HIDDEN_BIT) : s.ieq(mag, 0);
}
