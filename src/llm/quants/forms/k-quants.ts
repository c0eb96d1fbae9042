/** Forms of blocks of 256 weights in groups with small integers as scales. */
import { withScalar } from '../../../compose/broadcast.js';
import { repeatedRows } from '../../../compose/packed.js';
import type { Value } from '../../../ir/emitter.js';
import { scaleAndMin } from '../k-quants.js';
import { halfAt } from '../plain.js';
import { every, fields, integers, packBlocks, scaled, scales, signedBytes, toFloat, type PackedForm } from './form.js'; // prettier-ignore

/**
 * Words of integers of `bits` bits: integer i is bits shift + ... of byte at + i, for `count` of them; words from `to` on.
 */
function packFields(
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

/** Scales and minima of groups of 32, one byte each, in turn; d and dmin of blocks of 256, in turn. */
const Q4_K_PLANES = [
  integers('nibbles', 4),
  { ...integers('factors', 8), weights: 64 },
  scales('scales', 128),
];

/** (d * scale) * q - (dmin * min) */
export const Q4_K: PackedForm = {
  planes: Q4_K_PLANES,
  pack: packBlocks('Q4_K', Q4_K_PLANES, (block, at, [nibbles, factors, scale]) => {
    scale.floats[0] = halfAt(block, at);
    scale.floats[1] = halfAt(block, at + 2);
    packScalesAndMins(block, at + 4, factors.words);
    for (let group = 0; group < 8; group++)
      packFields(block, at + 16 + 32 * (group >> 1), { bits: 4, shift: 4 * (group & 1), count: 32 }, nibbles.words, 4 * group); // prettier-ignore
  }),
  unpack(b, [nibbles, factors, scale]) {
    const bytes = toFloat(b, fields(b, factors, 8));
    const factor = (which: number): Value =>
      b.binary('mul', repeatedRows(b, every(b, scale, which, 2), 8), every(b, bytes, which, 2));
    const product = scaled(b, factor(0), toFloat(b, fields(b, nibbles, 4)), 32);
    return b.binary('sub', product, repeatedRows(b, factor(1), 32));
  },
};

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
