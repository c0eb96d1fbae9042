/** Integer operations where the IR defines what ONNX leaves open, or restricts to unsigned types. */
import type { OnnxBuilder, Ref } from '../builder.js';
import { where } from '../scalar.js';

type Known = readonly number[] | undefined;

const INT_MIN = -0x80000000;

/**
 * A divisor in place of `b` with which ONNX defines what the IR does: x / 0 = x and x rem 0 = 0 are x / 1 and x rem 1,
 * and so is the one quotient that overflows, -2^31 / -1 = -2^31.
 */
export function safeDivisor(g: OnnxBuilder, a: Ref, b: Ref, known: Known): Ref {
  const one = g.scalar(b.dtype, 1);
  if (b.dtype === 'uint32')
    return known?.every((value) => value >>> 0 !== 0) === true ? b : g.like('Max', [b, one]);
  if (known?.every((value) => (value | 0) !== 0 && (value | 0) !== -1) === true) return b;
  const equals = (x: Ref, value: number): Ref => g.node('Equal', [x, g.scalar('int32', value)], 'bool');
  const overflow = g.node('And', [equals(a, INT_MIN), equals(b, -1)], 'bool');
  return where(g, g.node('Or', [equals(b, 0), overflow], 'bool'), one, b);
}

/** Shift counts, as unsigned numbers modulo 32. */
function counts(g: OnnxBuilder, b: Ref, known: Known): Ref {
  const unsigned = g.cast(b, 'uint32');
  const small = known?.every((value) => value >= 0 && value < 32) === true;
  return small ? unsigned : g.like('BitwiseAnd', [unsigned, g.scalar('uint32', 31)]);
}

const shift = (g: OnnxBuilder, x: Ref, count: Ref, direction: 'LEFT' | 'RIGHT'): Ref =>
  g.like('BitShift', [x, count], { direction });

/** BitShift is defined on unsigned integers only. */
export function shiftLeft(g: OnnxBuilder, a: Ref, b: Ref, known: Known): Ref {
  return g.cast(shift(g, g.cast(a, 'uint32'), counts(g, b, known), 'LEFT'), a.dtype);
}

/** Signed integers shift copies of their sign in: all bits of a negative one are flipped before and after. */
export function shiftRight(g: OnnxBuilder, a: Ref, b: Ref, known: Known): Ref {
  const count = counts(g, b, known);
  if (a.dtype === 'uint32') return shift(g, a, count, 'RIGHT');
  const [none, all] = [g.scalar('int32', 0), g.scalar('int32', -1)];
  const signs = where(g, g.node('Less', [a, none], 'bool'), all, none);
  const flipped = g.cast(g.like('BitwiseXor', [a, signs]), 'uint32');
  return g.like('BitwiseXor', [g.cast(shift(g, flipped, count, 'RIGHT'), 'int32'), signs]);
}
