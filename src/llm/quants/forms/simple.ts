/** Forms of blocks of 32 weights with a scale, an f16 in files. */
import { withScalar } from '../../../compose/broadcast.js';
import { repeatedRows } from '../../../compose/packed.js';
import type { Emitter, Value } from '../../../ir/emitter.js';
import { halfAt } from '../plain.js';
import { fields, integers, packBlocks, scaled, scales, signedBytes, toFloat, type PackedForm, type PackRows } from './form.js'; // prettier-ignore
import { halfOf } from '../half.js';

/** Halves (u16) of a block of Q8_0: a scale, 32 bytes. */
const Q8_HALVES = 17;

/**
 * Four rows at a time, so that what is written side by side lies side by side. As fast as memory; most files are of this type.
 */
const packQ8: PackRows = (bytes, columns, [words, scale], stride) => {
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
  const floats = new Float32Array(scale.buffer, scale.byteOffset, scale.length);
  const row = (columns / 32) * Q8_HALVES;
  const rows = halves.length / row;
  let first = 0;
  for (; first + 4 <= rows; first += 4)
    for (let block = 0; block * Q8_HALVES < row; block++) {
      const a = first * row + block * Q8_HALVES;
      const [b, c, d] = [a + row, a + 2 * row, a + 3 * row];
      const at = block * stride + first;
      floats[at] = halfOf(halves[a]);
      floats[at + 1] = halfOf(halves[b]);
      floats[at + 2] = halfOf(halves[c]);
      floats[at + 3] = halfOf(halves[d]);
      for (let j = 1, to = 8 * block * stride + first; j < Q8_HALVES; j += 2, to += stride) {
        words[to] = halves[a + j] | (halves[a + j + 1] << 16);
        words[to + 1] = halves[b + j] | (halves[b + j + 1] << 16);
        words[to + 2] = halves[c + j] | (halves[c + j + 1] << 16);
        words[to + 3] = halves[d + j] | (halves[d + j + 1] << 16);
      }
    }
  for (; first < rows; first++)
    for (let block = 0; block * Q8_HALVES < row; block++) {
      const a = first * row + block * Q8_HALVES;
      floats[block * stride + first] = halfOf(halves[a]);
      for (let j = 1, to = 8 * block * stride + first; j < Q8_HALVES; j += 2, to += stride)
        words[to] = halves[a + j] | (halves[a + j + 1] << 16);
    }
};

/** d * q */
export const Q8: PackedForm = {
  planes: [integers('bytes', 8), scales('scales', 32)],
  pack: packQ8,
  unpack: (b, [bytes, scale]) => scaled(b, scale, toFloat(b, signedBytes(b, bytes)), 32),
};

/**
 * 16 bytes from `at` on with two of 32 weights each, whose lower one is among the first 16: as words of eight weights that follow each
 * other.
 */
export function packNibbles(block: DataView, at: number, words: Uint32Array): void {
  for (let i = 0; i < 2; i++) {
    let [low, high] = [0, 0];
    for (let j = 7; j >= 0; j--) {
      const pair = block.getUint8(at + 8 * i + j);
      low = (low << 4) | (pair & 15);
      high = (high << 4) | (pair >> 4);
    }
    words[i] = low;
    words[i + 2] = high;
  }
}

const Q4_PLANES = [integers('nibbles', 4), scales('scales', 32)];

/** d * (q - 8) */
export const Q4: PackedForm = {
  planes: Q4_PLANES,
  pack: packBlocks('Q4_0', Q4_PLANES, (block, at, [nibbles, scale]) => {
    scale.floats[0] = halfAt(block, at);
    packNibbles(block, at + 2, nibbles.words);
  }),
  unpack: (b, [nibbles, scale]) =>
    scaled(b, scale, withScalar(b, 'sub', toFloat(b, fields(b, nibbles, 4)), 8), 32),
};

const Q4_1_PLANES = [integers('nibbles', 4), scales('scales', 32), scales('minima', 32)];

/** d * q + m: the product is exact, the sum rounds. */
export const Q4_1: PackedForm = {
  planes: Q4_1_PLANES,
  pack: packBlocks('Q4_1', Q4_1_PLANES, (block, at, [nibbles, scale, minimum]) => {
    scale.floats[0] = halfAt(block, at);
    minimum.floats[0] = halfAt(block, at + 2);
    packNibbles(block, at + 4, nibbles.words);
  }),
  unpack: (b, [nibbles, scale, minimum]) =>
    b.binary('add', scaled(b, scale, toFloat(b, fields(b, nibbles, 4)), 32), repeatedRows(b, minimum, 32)),
};

/** Integers of five bits, the fifth in a plane of its own. */
const five = (b: Emitter, nibbles: Value, fifths: Value): Value =>
  b.binary('or', fields(b, nibbles, 4), withScalar(b, 'shl', fields(b, fifths, 1), 4));

const Q5_0_PLANES = [integers('nibbles', 4), integers('fifths', 1), scales('scales', 32)];

/** d * (q - 16) */
export const Q5_0: PackedForm = {
  planes: Q5_0_PLANES,
  pack: packBlocks('Q5_0', Q5_0_PLANES, (block, at, [nibbles, fifths, scale]) => {
    scale.floats[0] = halfAt(block, at);
    fifths.words[0] = block.getUint32(at + 2, true);
    packNibbles(block, at + 6, nibbles.words);
  }),
  unpack: (b, [nibbles, fifths, scale]) =>
    scaled(b, scale, withScalar(b, 'sub', toFloat(b, five(b, nibbles, fifths)), 16), 32),
};

const Q5_1_PLANES = [...Q5_0_PLANES, scales('minima', 32)];

/** d * q + m */
export const Q5_1: PackedForm = {
  planes: Q5_1_PLANES,
  pack: packBlocks('Q5_1', Q5_1_PLANES, (block, at, [nibbles, fifths, scale, minimum]) => {
    scale.floats[0] = halfAt(block, at);
    minimum.floats[0] = halfAt(block, at + 2);
    fifths.words[0] = block.getUint32(at + 4, true);
    packNibbles(block, at + 8, nibbles.words);
  }),
  unpack: (b, [nibbles, fifths, scale, minimum]) =>
    b.binary('add', scaled(b, scale, toFloat(b, five(b, nibbles, fifths)), 32), repeatedRows(b, minimum, 32)),
};
