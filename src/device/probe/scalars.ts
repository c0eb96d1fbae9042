/** What the instructions of suites mean. The same as the evaluating ScalarLang of src/numerics, on numbers alone; a test compares them. */
import { f32Bits, f32FromBits } from '../../numerics/bits.js';
import { flushInput, roundFlush, type SubnormalMode } from '../../numerics/subnormals.js';
import type { ScalarOp } from '../../plan/suite.js';

/** 0 is false. */
export type Scalar = (x: number, y: number, z: number) => number;

/** The operations as a device of the given mode does them. */
export function scalarsOf(mode: SubnormalMode): Readonly<Record<ScalarOp, Scalar>> {
  const isFlushing = mode === 'flush';
  const round = isFlushing ? roundFlush : Math.fround;
  const operand = isFlushing ? flushInput : (x: number): number => x;
  return {
    add: (x, y) => round(operand(x) + operand(y)),
    sub: (x, y) => round(operand(x) - operand(y)),
    mul: (x, y) => round(operand(x) * operand(y)),
    div: (x, y) => round(operand(x) / operand(y)),
    sqrt: (x) => round(Math.sqrt(operand(x))),
    bits: f32Bits,
    float: f32FromBits,
    i2f: (x) => Math.fround(x | 0),
    f2i: (x) => x | 0,
    iadd: (x, y) => (x + y) | 0,
    isub: (x, y) => (x - y) | 0,
    imul: Math.imul,
    iand: (x, y) => x & y,
    ior: (x, y) => x | y,
    ixor: (x, y) => x ^ y,
    ishl: (x, y) => x << y,
    ishr: (x, y) => x >>> y,
    isar: (x, y) => x >> y,
    iclz: Math.clz32,
    udiv: (x, y) => ((x >>> 0) / (y >>> 0)) | 0,
    urem: (x, y) => ((x >>> 0) % (y >>> 0)) | 0,
    ltu: (x, y) => Number(x >>> 0 < y >>> 0),
    lts: (x, y) => Number((x | 0) < (y | 0)),
    ieq: (x, y) => Number((x | 0) === (y | 0)),
    select: (x, y, z) => (x === 0 ? z : y),
  };
}
