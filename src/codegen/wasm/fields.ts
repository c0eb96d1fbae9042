/**
 * Bits of a word that are an integer, as floats. Where they lie in the lower 23 bits they need no conversion: under the exponent
 * of a power of two they are the fraction of a float that lies as far above that power as the integer is large, so that the difference is
 * exact. That takes two operations of bits and a subtraction in place of two shifts and a conversion, for which processors have
 * fewer units; of integers without a sign, which x86 cannot convert, V8 makes eight instructions.
 */
import { f32Bits } from '../../numerics/bits.js';
import type { Instr, Ref } from '../ssa/instr.js';

type PrimInstr = Extract<Instr, { kind: 'prim' }>;

/** Bits of the fraction of an f32. */
const FRACTION_BITS = 23;

/** Bits of a word: `length` of them from bit `start` on. */
export interface Field {
  readonly word: Ref;
  readonly start: number;
  readonly length: number;
  readonly signed: boolean;
}

/** A field is float((word & mask) ^ flip) - float(offset). */
export interface FieldAsFloat {
  readonly mask: number;
  readonly flip: number;
  readonly offset: number;
}

/** What the search for a field has to know of a value. */
export interface Surveyed {
  /** The operation that gives it, where nothing else uses it. */
  definition(ref: Ref): PrimInstr | undefined;
  /** Its bits, where they are known. */
  known(ref: Ref): number | undefined;
}

/** The field that `value` is; undefined where it is none. */
export function fieldOf(value: Ref, surveyed: Surveyed): Field | undefined {
  const found = surveyed.definition(value);
  if (found === undefined || found.args.length !== 2) return undefined;
  const [first, second] = found.args;
  const bits = surveyed.known(second);
  if (bits === undefined) return undefined;
  if (found.prim === 'iand') return masked(first, bits, surveyed);
  if (found.prim !== 'isar' && found.prim !== 'ishr') return undefined;
  if (bits < 1 || bits > 31) return undefined;
  const signed = found.prim === 'isar';
  const length = 32 - bits;
  const up = shifted(first, 'ishl', surveyed);
  if (up === undefined) return { word: first, start: bits, length, signed };
  return up.by > bits ? undefined : { word: up.word, start: bits - up.by, length, signed };
}

/** The lowest bits of a word, which may be shifted down before. */
function masked(value: Ref, mask: number, surveyed: Surveyed): Field | undefined {
  const length = 32 - Math.clz32(mask);
  if (length === 0 || length === 32 || mask >>> 0 !== 2 ** length - 1) return undefined;
  const down = shifted(value, 'ishr', surveyed);
  if (down === undefined || down.by + length > 32) return { word: value, start: 0, length, signed: false };
  return { word: down.word, start: down.by, length, signed: false };
}

function shifted(
  value: Ref,
  prim: 'ishl' | 'ishr',
  surveyed: Surveyed,
): { readonly word: Ref; readonly by: number } | undefined {
  const found = surveyed.definition(value);
  if (found?.prim !== prim) return undefined;
  const by = surveyed.known(found.args[1]);
  return by === undefined || by < 1 || by > 31 ? undefined : { word: found.args[0], by };
}

/** Undefined where a field reaches above the fraction of a float. */
export function fieldAsFloat({ start, length, signed }: Field): FieldAsFloat | undefined {
  if (start + length > FRACTION_BITS) return undefined;
  // Between this power of two and the next, floats lie a unit of the field's lowest bit apart.
  const power = 2 ** (FRACTION_BITS - start);
  // With its highest bit flipped, an integer with a sign is so much above the least of its length.
  const least = signed ? 2 ** (length - 1) : 0;
  return {
    mask: (2 ** length - 1) << start,
    flip: f32Bits(power) | (least << start),
    offset: f32Bits(power + least),
  };
}
