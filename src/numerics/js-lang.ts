/**
 * ScalarLang on JavaScript numbers: the meaning of the language, and what the interpreter runs.
 *
 * F is a number holding an f32, I an int32, B a boolean. There is one instance for each way in which devices treat
 * subnormals. They are classes, and not object literals, so that V8 gives each its own hidden class and can inline
 * the methods into the functions of math/.
 */
import { f32Bits, f32FromBits } from './bits.js';
import type { ScalarLang } from './scalar-lang.js';
import { flushInput, roundFlush, type SubnormalMode } from './subnormals.js';

export { flushInput, roundFlush, type SubnormalMode };

class PreserveLang implements ScalarLang<number, number, boolean> {
  fconst(value: number): number {
    return value;
  }
  iconst(value: number): number {
    return value | 0;
  }

  add(a: number, b: number): number {
    return Math.fround(a + b);
  }
  sub(a: number, b: number): number {
    return Math.fround(a - b);
  }
  mul(a: number, b: number): number {
    return Math.fround(a * b);
  }
  div(a: number, b: number): number {
    return Math.fround(a / b);
  }
  sqrt(a: number): number {
    return Math.fround(Math.sqrt(a));
  }

  bits(a: number): number {
    return f32Bits(a);
  }
  float(a: number): number {
    return f32FromBits(a);
  }
  i2f(a: number): number {
    return Math.fround(a | 0);
  }
  f2i(a: number): number {
    return a | 0;
  }

  iadd(a: number, b: number): number {
    return (a + b) | 0;
  }
  isub(a: number, b: number): number {
    return (a - b) | 0;
  }
  imul(a: number, b: number): number {
    return Math.imul(a, b);
  }
  iand(a: number, b: number): number {
    return a & b;
  }
  ior(a: number, b: number): number {
    return a | b;
  }
  ixor(a: number, b: number): number {
    return a ^ b;
  }
  ishl(a: number, count: number): number {
    return a << count;
  }
  ishr(a: number, count: number): number {
    return (a >>> count) | 0;
  }
  isar(a: number, count: number): number {
    return a >> count;
  }
  iclz(a: number): number {
    return Math.clz32(a);
  }
  urem(a: number, b: number): number {
    return ((a >>> 0) % (b >>> 0)) | 0;
  }

  ltu(a: number, b: number): boolean {
    return a >>> 0 < b >>> 0;
  }
  lts(a: number, b: number): boolean {
    return (a | 0) < (b | 0);
  }
  ieq(a: number, b: number): boolean {
    return (a | 0) === (b | 0);
  }
  band(a: boolean, b: boolean): boolean {
    return a && b;
  }
  bor(a: boolean, b: boolean): boolean {
    return a || b;
  }
  bnot(a: boolean): boolean {
    return !a;
  }

  select(cond: boolean, whenTrue: number, whenFalse: number): number {
    return cond ? whenTrue : whenFalse;
  }
  iselect(cond: boolean, whenTrue: number, whenFalse: number): number {
    return (cond ? whenTrue : whenFalse) | 0;
  }
  branch<T>(cond: boolean, whenTrue: () => T, whenFalse: () => T): T {
    return cond ? whenTrue() : whenFalse();
  }
  loop<T>(init: T, more: (state: T) => boolean, step: (state: T) => T): T {
    let state = init;
    while (more(state)) state = step(state);
    return state;
  }
}

class FlushLang extends PreserveLang {
  override add(a: number, b: number): number {
    return roundFlush(flushInput(a) + flushInput(b));
  }
  override sub(a: number, b: number): number {
    return roundFlush(flushInput(a) - flushInput(b));
  }
  override mul(a: number, b: number): number {
    return roundFlush(flushInput(a) * flushInput(b));
  }
  override div(a: number, b: number): number {
    return roundFlush(flushInput(a) / flushInput(b));
  }
  override sqrt(a: number): number {
    return roundFlush(Math.sqrt(flushInput(a)));
  }
}

/** The evaluating instance of ScalarLang. */
export type JsLang = ScalarLang<number, number, boolean>;

export const preserveLang: JsLang = new PreserveLang();
export const flushLang: JsLang = new FlushLang();

/** The instance that computes as a device of the given mode does. */
export function jsLang(mode: SubnormalMode): JsLang {
  return mode === 'preserve' ? preserveLang : flushLang;
}
