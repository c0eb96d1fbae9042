/**
 * The five f32 operations whose results may depend on how a device treats subnormals, one call at a time, with an
 * account of where they may. The interpreter's fast loops bypass this class wherever numerics/normal.ts shows that there is
 * nothing to account for.
 */
import { MIN_NORMAL } from '../numerics/bits.js';
import { jsLang, type JsLang } from '../numerics/js-lang.js';
import type { SubnormalMode } from '../numerics/subnormals.js';

const isSubnormal = (x: number): boolean => x > -MIN_NORMAL && x < MIN_NORMAL && x !== 0;

export class F32Arithmetic {
  /**
   * Number of operations so far with a subnormal operand, or with an exact result that is below the normal numbers and
   * does not round to zero. While it is 0, a device that flushes subnormals and one that keeps them have computed the
   * same bits. (Where it is not, the number itself depends on the mode, as flushed values reach fewer operations.)
   */
  count = 0;
  private readonly lang: JsLang;

  constructor(readonly mode: SubnormalMode) {
    this.lang = jsLang(mode);
  }

  add(a: number, b: number): number {
    const exact = a + b;
    return this.mayDepend(a, b, exact) ? this.lang.add(a, b) : Math.fround(exact);
  }

  sub(a: number, b: number): number {
    const exact = a - b;
    return this.mayDepend(a, b, exact) ? this.lang.sub(a, b) : Math.fround(exact);
  }

  mul(a: number, b: number): number {
    const exact = a * b;
    return this.mayDepend(a, b, exact) ? this.lang.mul(a, b) : Math.fround(exact);
  }

  div(a: number, b: number): number {
    const exact = a / b;
    return this.mayDepend(a, b, exact) ? this.lang.div(a, b) : Math.fround(exact);
  }

  sqrt(a: number): number {
    const exact = Math.sqrt(a);
    return this.mayDepend(a, a, exact) ? this.lang.sqrt(a) : Math.fround(exact);
  }

  /** Counts if so. `exact` is the double result, which is below 2^-126 exactly where the true result is. */
  private mayDepend(a: number, b: number, exact: number): boolean {
    const depends = isSubnormal(a) || isSubnormal(b) || (isSubnormal(exact) && Math.fround(exact) !== 0);
    if (depends) this.count++;
    return depends;
  }
}
