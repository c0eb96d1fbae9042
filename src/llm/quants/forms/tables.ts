/** Forms of types whose weights are picked from a table, or are -1, 0 and 1. */
import { withScalar } from '../../../compose/broadcast.js';
import { packIntegers, repeatedRows } from '../../../compose/packed.js';
import type { Emitter, Value } from '../../../ir/emitter.js';
import { halfAt } from '../plain.js';
import { eachTq1Digit, FP4_VALUES, IQ4_VALUES, scaleOfIq4Xs, trit } from '../tables.js';
import { fields, integers, packBlocks, scaled, scales, signedBytes, toFloat, type PackedForm } from './form.js'; // prettier-ignore
import { packFields } from './k-quants.js';
import { packNibbles } from './simple.js';

/** i32 elements of a table of 16 signed bytes, which are four constants: no memory is read. */
function picked(b: Emitter, table: readonly number[], nibbles: Value): Value {
  const index = b.emit('bitcast', [nibbles], { dtype: 'i32' });
  const words = new Int32Array(
    packIntegers(
      Uint8Array.from(table, (each) => each & 255),
      8,
    ).buffer,
  );
  const [a, c, d, e] = Array.from(words, (word) => b.full(index, word));
  const below = (most: number): Value => withScalar(b, 'lt', index, most);
  const word = b.select(below(8), b.select(below(4), a, c), b.select(below(12), d, e));
  // Up so that the byte's sign is the word's, and down again with it.
  const place = withScalar(b, 'mul', withScalar(b, 'and', index, 3), 8);
  return withScalar(b, 'shr', b.binary('shl', word, b.binary('sub', b.full(index, 24), place)), 24);
}

const IQ4_NL_PLANES = [integers('nibbles', 4), scales('scales', 32)];

/** d * table[q] */
export const IQ4_NL: PackedForm = {
  planes: IQ4_NL_PLANES,
  pack: packBlocks('IQ4_NL', IQ4_NL_PLANES, (block, at, [nibbles, scale]) => {
    scale.floats[0] = halfAt(block, at);
    packNibbles(block, at + 2, nibbles.words);
  }),
  unpack: (b, [nibbles, scale]) =>
    scaled(b, scale, toFloat(b, picked(b, IQ4_VALUES, fields(b, nibbles, 4))), 32),
};

/** Scales of groups of 32, one signed byte each; d of blocks of 256. */
const IQ4_XS_PLANES = [
  integers('nibbles', 4),
  { ...integers('factors', 8), weights: 128 },
  scales('scales', 256),
];

/** (d * scale) * table[q] */
export const IQ4_XS: PackedForm = {
  planes: IQ4_XS_PLANES,
  pack: packBlocks('IQ4_XS', IQ4_XS_PLANES, (block, at, [nibbles, factors, scale]) => {
    scale.floats[0] = halfAt(block, at);
    factors.words.fill(0);
    for (let group = 0; group < 8; group++) {
      factors.words[group >> 2] |= (scaleOfIq4Xs(block, at, group) & 255) << (8 * (group & 3));
      packNibbles(block, at + 8 + 16 * group, nibbles.words.subarray(4 * group));
    }
  }),
  unpack(b, [nibbles, factors, scale]) {
    const factor = b.binary('mul', repeatedRows(b, scale, 8), toFloat(b, signedBytes(b, factors)));
    return scaled(b, factor, toFloat(b, picked(b, IQ4_VALUES, fields(b, nibbles, 4))), 32);
  },
};

/** Exponents of blocks, a word each: rows of most models have no multiple of four blocks. */
const MXFP4_PLANES = [integers('nibbles', 4), { ...integers('exponents', 32), weights: 32 }];

/**
 * 2^(e - 128) * table[q], as a product by two powers of two: the scale alone may be subnormal, and a device take it for 0, where what it
 * scales is not.
 */
export const MXFP4: PackedForm = {
  planes: MXFP4_PLANES,
  pack: packBlocks('MXFP4', MXFP4_PLANES, (block, at, [nibbles, exponents]) => {
    exponents.words[0] = block.getUint8(at);
    packNibbles(block, at + 1, nibbles.words);
  }),
  unpack(b, [nibbles, exponents]) {
    const power = withScalar(b, 'sub', b.emit('bitcast', [exponents], { dtype: 'i32' }), 128);
    const half = withScalar(b, 'shr', power, 1);
    const value = toFloat(b, picked(b, FP4_VALUES, fields(b, nibbles, 4)));
    const once = scaled(b, powerOfTwo(b, half), value, 32);
    return scaled(b, powerOfTwo(b, b.binary('sub', power, half)), once, 32);
  },
};

/** 2^n for i32 n from -126 to 127. */
const powerOfTwo = (b: Emitter, n: Value): Value =>
  b.emit('bitcast', [withScalar(b, 'shl', withScalar(b, 'add', n, 127), 23)], { dtype: 'f32' });

/** Digits 0 to 2, d of blocks of 256. */
const TERNARY_PLANES = [integers('pairs', 2), scales('scales', 256)];

/** d * (q - 1) */
const ternary = (b: Emitter, [pairs, scale]: readonly Value[]): Value =>
  scaled(b, scale, withScalar(b, 'sub', toFloat(b, fields(b, pairs, 2)), 1), 256);

export const TQ1_0: PackedForm = {
  planes: TERNARY_PLANES,
  pack: packBlocks('TQ1_0', TERNARY_PLANES, (block, at, [pairs, scale]) => {
    scale.floats[0] = halfAt(block, at + 52);
    pairs.words.fill(0);
    let next = 0;
    eachTq1Digit((byte, digit) => {
      pairs.words[next >> 4] |= trit(block.getUint8(at + byte), digit) << (2 * (next & 15));
      next++;
    });
  }),
  unpack: ternary,
};

export const TQ2_0: PackedForm = {
  planes: TERNARY_PLANES,
  pack: packBlocks('TQ2_0', TERNARY_PLANES, (block, at, [pairs, scale]) => {
    scale.floats[0] = halfAt(block, at + 64);
    for (let group = 0; group < 8; group++)
      packFields(block, at + 32 * (group >> 2), { bits: 2, shift: 2 * (group & 3), count: 32 }, pairs.words, 2 * group); // prettier-ignore
  }),
  unpack: ternary,
};
