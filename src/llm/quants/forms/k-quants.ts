/** Forms of blocks of 256 weights in groups with small integers as scales. */
import { withScalar } from '../../../compose/broadcast.js';
import { repeatedRows } from '../../../compose/packed.js';
import type { Emitter, Value } from '../../../ir/emitter.js';
import { scaleAndMin, scaleOfQ3K } from '../k-quants.js';
import { halfAt } from '../plain.js';
import { every, fields, integers, packBlocks, scaled, scales, signedBytes, toFloat, type BlockPlane, type PackedForm } from './form.js'; // prettier-ignore

/**
 * Words of integers of `bits` bits: integer i is bits shift + ... of byte at + i, for `count` of them; words from `to` on.
 */
export function packFields(
  block: DataView,
  at: number,
  { bits, shift, count }: { readonly bits: number; readonly shift: number; readonly count: number },
  words: Uint32Array,
  to: number,
): void {
  const [each, mask] = [32 / bits, 2 ** bits - 1];
  for (let word = 0; word * each < count; word++) {
    let packed = 0;
    for (let i = each - 1; i >= 0; i--)
      packed = (packed << bits) | ((block.getUint8(at + word * each + i) >> shift) & mask);
    words[to + word] = packed;
  }
}

/** (d * scale) * q - (dmin * min): factors are scales and minima of groups in turn, scales are d and dmin of blocks in turn. */
function minusMinima(b: Emitter, q: Value, factors: Value, scale: Value, group: number): Value {
  const numbers = toFloat(b, factors);
  const factor = (which: number): Value =>
    b.binary('mul', repeatedRows(b, every(b, scale, which, 2), 256 / group), every(b, numbers, which, 2));
  return b.binary('sub', scaled(b, factor(0), toFloat(b, q), group), repeatedRows(b, factor(1), group));
}

/** Scales and minima of groups of 16 are nibbles, as in files. */
const Q2_K_PLANES = [integers('pairs', 2), { ...integers('factors', 4), weights: 64 }, scales('scales', 128)];

export const Q2_K: PackedForm = {
  planes: Q2_K_PLANES,
  pack: packBlocks('Q2_K', Q2_K_PLANES, (block, at, [pairs, factors, scale]) => {
    scale.floats[0] = halfAt(block, at + 80);
    scale.floats[1] = halfAt(block, at + 82);
    for (let i = 0; i < 4; i++) factors.words[i] = block.getUint32(at + 4 * i, true);
    packPairs(block, at + 16, pairs.words);
  }),
  unpack: (b, [pairs, factors, scale]) =>
    minusMinima(b, fields(b, pairs, 2), fields(b, factors, 4), scale, 16),
};

/** 64 bytes of pairs of bits, of which the lowest ones of 32 bytes come first. */
function packPairs(block: DataView, at: number, words: Uint32Array): void {
  for (let group = 0; group < 8; group++)
    packFields(block, at + 32 * (group >> 2), { bits: 2, shift: 2 * (group & 3), count: 32 }, words, 2 * group); // prettier-ignore
}

/** Third bits; scales of groups of 16, one signed byte each; d of blocks of 256. */
const Q3_K_PLANES = [
  integers('pairs', 2),
  integers('thirds', 1),
  { ...integers('factors', 8), weights: 64 },
  scales('scales', 256),
];

/** (d * scale) * (q - 4) */
export const Q3_K: PackedForm = {
  planes: Q3_K_PLANES,
  pack: packBlocks('Q3_K', Q3_K_PLANES, (block, at, [pairs, thirds, factors, scale]) => {
    scale.floats[0] = halfAt(block, at + 108);
    for (let group = 0; group < 8; group++)
      packFields(block, at, { bits: 1, shift: group, count: 32 }, thirds.words, group);
    packPairs(block, at + 32, pairs.words);
    for (let i = 0; i < 4; i++) {
      let word = 0;
      for (let j = 3; j >= 0; j--) word = (word << 8) | (scaleOfQ3K(block, at + 96, 4 * i + j) & 255);
      factors.words[i] = word;
    }
  }),
  unpack(b, [pairs, thirds, factors, scale]) {
    const high = withScalar(b, 'shl', fields(b, thirds, 1), 2);
    const q = withScalar(b, 'sub', toFloat(b, b.binary('or', fields(b, pairs, 2), high)), 4);
    const factor = b.binary('mul', repeatedRows(b, scale, 16), toFloat(b, signedBytes(b, factors)));
    return scaled(b, factor, q, 16);
  },
};

/** Scales and minima of groups of 32 are bytes. */
const Q4_K_PLANES = [
  integers('nibbles', 4),
  { ...integers('factors', 8), weights: 64 },
  scales('scales', 128),
];

export const Q4_K: PackedForm = {
  planes: Q4_K_PLANES,
  pack: packBlocks('Q4_K', Q4_K_PLANES, (block, at, [nibbles, factors, scale]) => {
    packStart(block, at, factors, scale);
    packGroups(block, at + 16, nibbles.words);
  }),
  unpack: (b, [nibbles, factors, scale]) =>
    minusMinima(b, fields(b, nibbles, 4), fields(b, factors, 8), scale, 32),
};

const Q5_K_PLANES = [integers('nibbles', 4), integers('fifths', 1), ...Q4_K_PLANES.slice(1)];

export const Q5_K: PackedForm = {
  planes: Q5_K_PLANES,
  pack: packBlocks('Q5_K', Q5_K_PLANES, (block, at, [nibbles, fifths, factors, scale]) => {
    packStart(block, at, factors, scale);
    for (let group = 0; group < 8; group++)
      packFields(block, at + 16, { bits: 1, shift: group, count: 32 }, fifths.words, group);
    packGroups(block, at + 48, nibbles.words);
  }),
  unpack(b, [nibbles, fifths, factors, scale]) {
    const q = b.binary('or', fields(b, nibbles, 4), withScalar(b, 'shl', fields(b, fifths, 1), 4));
    return minusMinima(b, q, fields(b, factors, 8), scale, 32);
  },
};

/** How blocks of Q4_K and Q5_K begin: d, dmin, scales and minima. */
function packStart(block: DataView, at: number, factors: BlockPlane, scale: BlockPlane): void {
  scale.floats[0] = halfAt(block, at);
  scale.floats[1] = halfAt(block, at + 2);
  packScalesAndMins(block, at + 4, factors.words);
}

/** 128 bytes of two of 256 weights, whose lower ones are a group of 32 and whose upper ones the next. */
function packGroups(block: DataView, at: number, words: Uint32Array): void {
  for (let group = 0; group < 8; group++)
    packFields(block, at + 32 * (group >> 1), { bits: 4, shift: 4 * (group & 1), count: 32 }, words, 4 * group); // prettier-ignore
}

/** Two groups of 32 in a word. */
function packScalesAndMins(block: DataView, at: number, words: Uint32Array): void {
  for (let i = 0; i < 4; i++) {
    const [[scale, min], [scale2, min2]] = [scaleAndMin(block, at, 2 * i), scaleAndMin(block, at, 2 * i + 1)];
    words[i] = scale | (min << 8) | (scale2 << 16) | (min2 << 24);
  }
}

/** Four lower bits, two upper ones; scales of groups of 16, one signed byte each; d of blocks of 256. */
const Q6_K_PLANES = [
  integers('nibbles', 4),
  integers('pairs', 2),
  { ...integers('factors', 8), weights: 64 },
  scales('scales', 256),
];

/** (d * scale) * (q - 32) */
export const Q6_K: PackedForm = {
  planes: Q6_K_PLANES,
  pack: packBlocks('Q6_K', Q6_K_PLANES, (block, at, [nibbles, pairs, factors, scale]) => {
    scale.floats[0] = halfAt(block, at + 208);
    for (let i = 0; i < 4; i++) factors.words[i] = block.getUint32(at + 192 + 4 * i, true);
    for (let group = 0; group < 8; group++) {
      const [half, quarter] = [group >> 2, group & 3];
      packFields(block, at + 64 * half + 32 * (quarter & 1), { bits: 4, shift: 4 * (quarter >> 1), count: 32 }, nibbles.words, 4 * group); // prettier-ignore
      packFields(block, at + 128 + 32 * half, { bits: 2, shift: 2 * quarter, count: 32 }, pairs.words, 2 * group); // prettier-ignore
    }
  }),
  unpack(b, [nibbles, pairs, factors, scale]) {
    const low = fields(b, nibbles, 4);
    const high = withScalar(b, 'shl', fields(b, pairs, 2), 4);
    const q = withScalar(b, 'sub', toFloat(b, b.binary('or', low, high)), 32);
    const factor = b.binary('mul', repeatedRows(b, scale, 16), toFloat(b, signedBytes(b, factors)));
    return scaled(b, factor, q, 16);
  },
};

const Q8_K_PLANES = [integers('bytes', 8), scales('scales', 256)];

/** d * q, which rounds. A d that is subnormal is 0 on devices that flush subnormals. */
export const Q8_K: PackedForm = {
  planes: Q8_K_PLANES,
  pack: packBlocks('Q8_K', Q8_K_PLANES, (block, at, [bytes, scale]) => {
    scale.words[0] = block.getUint32(at, true);
    for (let i = 0; i < 64; i++) bytes.words[i] = block.getUint32(at + 4 + 4 * i, true);
  }),
  unpack: (b, [bytes, scale]) => scaled(b, scale, toFloat(b, signedBytes(b, bytes)), 256),
};
