/** Integers of a few bits that lie in words, the first in the lowest bits; kernels take them apart where they read them. */
import type { Emitter, Value } from '../ir/emitter.js';
import { staticShape } from '../ir/types.js';
import { withScalar } from './broadcast.js';

export interface PackedIntegers {
  /** Of an integer: 1, 2, 4, 8, 16 or 32. */
  readonly bits: number;
  /** Whether integers have a sign, in two's complement. */
  readonly signed: boolean;
  /** Bits of a word that are in use, the lowest ones. */
  readonly of?: number;
}

/** u32 [..., n, ...] with n words along `axis`, as [..., n * of / bits, ...] integers: i32 where they have a sign, else u32. */
export function unpackIntegers(
  b: Emitter,
  words: Value,
  axis: number,
  { bits, signed, of = 32 }: PackedIntegers,
): Value {
  const { shape } = words.type;
  const [length] = staticShape([shape[axis]]) as [number];
  const each = of / bits;
  const [before, after] = [shape.slice(0, axis), shape.slice(axis + 1)];
  const dtype = signed ? 'i32' : 'u32';
  const typed = signed ? b.emit('bitcast', [words], { dtype }) : words;
  if (bits === 32) return typed;
  const apart = b.broadcast(b.reshape(typed, [...before, length, 1, ...after]), [...before, length, each, ...after]); // prettier-ignore
  const place = withScalar(b, 'mul', b.emit('iota', [], { dtype, shape: apart.type.shape, axis: axis + 1 }), bits); // prettier-ignore
  const integers = signed
    ? // Up so that its sign is the word's, and down again with it.
      withScalar(
        b,
        'shr',
        b.binary('shl', apart, b.binary('sub', b.full(place, 32 - bits), place)),
        32 - bits,
      )
    : withScalar(b, 'and', b.binary('shr', apart, place), 2 ** bits - 1);
  return b.reshape(integers, [...before, length * each, ...after]);
}

/** Each row of [n, columns] `times` times, one after the other. */
export function repeatedRows(b: Emitter, x: Value, times: number): Value {
  const [length, columns] = x.type.shape as readonly number[];
  return b.reshape(b.broadcast(b.reshape(x, [length, 1, columns]), [length, times, columns]), [length * times, columns]); // prettier-ignore
}

/** `integers` in words of 32 bits, the rest of the last one 0. */
export function packIntegers(integers: ArrayLike<number>, bits: number): Uint32Array {
  const each = 32 / bits;
  const words = new Uint32Array(Math.ceil(integers.length / each));
  if (bits === 8) {
    new Uint8Array(words.buffer).set(integers);
    return words;
  }
  const mask = 2 ** bits - 1;
  for (let i = 0; i < integers.length; i++)
    words[Math.floor(i / each)] |= (integers[i] & mask) << (bits * (i % each));
  return words;
}

/** The f32 that f16 patterns equal, in the lower halves of u32 whose upper halves are 0. Exact, subnormals too. */
export function halvesToFloats(b: Emitter, halves: Value): Value {
  const size = withScalar(b, 'and', halves, 0x7fff);
  const sign = withScalar(b, 'shl', withScalar(b, 'and', halves, 0x8000), 16);
  const wide = withScalar(b, 'shl', size, 13);
  const bits = b.select(withScalar(b, 'lt', size, HALF_INFINITY), withScalar(b, 'add', wide, REBIAS), withScalar(b, 'or', wide, FLOAT_INFINITY)); // prettier-ignore
  // Below 2^-14 a pattern counts units of 2^-24, whose f32 are normal.
  const small = b.emit('bitcast', [withScalar(b, 'mul', b.cast(size, 'f32'), 2 ** -24)], { dtype: 'u32' });
  const magnitude = b.select(withScalar(b, 'lt', size, LEAST_NORMAL_HALF), small, bits);
  return b.emit('bitcast', [b.binary('or', magnitude, sign)], { dtype: 'f32' });
}

const HALF_INFINITY = 0x7c00;
const LEAST_NORMAL_HALF = 0x0400;
const FLOAT_INFINITY = 0x7f800000;
/** From f16's bias of exponents, 15, to f32's, 127. */
const REBIAS = (127 - 15) << 23;
