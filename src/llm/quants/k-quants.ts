/**
 * The "k-quants": blocks of 256 weights in groups of 16 or 32, whose scales are small integers times a scale of the block. A weight
 * is (d * scale) * q - (dmin * min). All products but those of Q8_K are exact in f32; the subtraction rounds.
 */
import { halfAt, type DecodeBlock } from './plain.js';

/** 16 scales and minima of 4 bits, 64 bytes of four 2-bit weights, f16 d and dmin. */
export const decodeQ2K: DecodeBlock = (bytes, at, out, to) => {
  const [d, dmin] = [halfAt(bytes, at + 80), halfAt(bytes, at + 82)];
  for (let group = 0; group < 16; group++) {
    const packed = bytes.getUint8(at + group);
    const [scale, min] = [d * (packed & 15), dmin * (packed >> 4)];
    // Groups of one half of the block share bytes: two by two, each pair two bits further.
    const start = at + 16 + 32 * (group >> 3) + 16 * (group & 1);
    const shift = group & 6;
    for (let l = 0; l < 16; l++)
      out[to + 16 * group + l] = scale * ((bytes.getUint8(start + l) >> shift) & 3) - min;
  }
};

/** The 6-bit scale of a group of Q3_K: four bits in the first eight bytes, two in the last four. */
export const scaleOfQ3K = (bytes: DataView, at: number, group: number): number => {
  const low = (bytes.getUint8(at + (group & 7)) >> (4 * (group >> 3))) & 15;
  const high = (bytes.getUint8(at + 8 + (group & 3)) >> (2 * (group >> 2))) & 3;
  return (low | (high << 4)) - 32;
};

/** 32 bytes of third bits, 64 bytes of four 2-bit weights, 12 bytes of scales, f16 d. */
export const decodeQ3K: DecodeBlock = (bytes, at, out, to) => {
  const d = halfAt(bytes, at + 108);
  for (let group = 0; group < 16; group++) {
    const scale = d * scaleOfQ3K(bytes, at + 96, group);
    const inRow = 16 * (group & 1);
    const start = at + 32 + 32 * (group >> 3) + inRow;
    for (let l = 0; l < 16; l++) {
      const low = (bytes.getUint8(start + l) >> (group & 6)) & 3;
      const high = (bytes.getUint8(at + inRow + l) >> (group >> 1)) & 1;
      out[to + 16 * group + l] = scale * (low - (high === 1 ? 0 : 4));
    }
  }
};

/** The 6-bit scale and minimum of a group of 32, as Q4_K and Q5_K pack them into 12 bytes from `at` on. */
export function scaleAndMin(
  bytes: DataView,
  at: number,
  group: number,
): readonly [scale: number, min: number] {
  const byte = (i: number): number => bytes.getUint8(at + i);
  if (group < 4) return [byte(group) & 63, byte(group + 4) & 63];
  return [
    (byte(group + 4) & 15) | ((byte(group - 4) >> 6) << 4),
    (byte(group + 4) >> 4) | ((byte(group) >> 6) << 4),
  ];
}

/** f16 d and dmin, 12 bytes of scales and minima, 128 bytes of two 4-bit weights. */
export const decodeQ4K: DecodeBlock = (bytes, at, out, to) => {
  const [d, dmin] = [halfAt(bytes, at), halfAt(bytes, at + 2)];
  for (let group = 0; group < 8; group++) {
    const [scale, min] = scaleAndMin(bytes, at + 4, group);
    const [own, offset] = [d * scale, dmin * min];
    const start = at + 16 + 32 * (group >> 1);
    for (let l = 0; l < 32; l++) {
      const q = (bytes.getUint8(start + l) >> (4 * (group & 1))) & 15;
      out[to + 32 * group + l] = own * q - offset;
    }
  }
};

/** As Q4_K, with 32 bytes of fifth bits before the weights. */
export const decodeQ5K: DecodeBlock = (bytes, at, out, to) => {
  const [d, dmin] = [halfAt(bytes, at), halfAt(bytes, at + 2)];
  for (let group = 0; group < 8; group++) {
    const [scale, min] = scaleAndMin(bytes, at + 4, group);
    const [own, offset] = [d * scale, dmin * min];
    const start = at + 48 + 32 * (group >> 1);
    for (let l = 0; l < 32; l++) {
      const low = (bytes.getUint8(start + l) >> (4 * (group & 1))) & 15;
      const high = (bytes.getUint8(at + 16 + l) >> group) & 1;
      out[to + 32 * group + l] = own * (low | (high << 4)) - offset;
    }
  }
};

/** 128 bytes of low nibbles, 64 bytes of four 2-bit high parts, 16 signed scales, f16 d. */
export const decodeQ6K: DecodeBlock = (bytes, at, out, to) => {
  const d = halfAt(bytes, at + 208);
  for (let i = 0; i < 256; i++) {
    const [half, quarter, l] = [i >> 7, (i >> 5) & 3, i & 31];
    const low = (bytes.getUint8(at + 64 * half + 32 * (quarter & 1) + l) >> (4 * (quarter >> 1))) & 15;
    const high = (bytes.getUint8(at + 128 + 32 * half + l) >> (2 * quarter)) & 3;
    out[to + i] = d * bytes.getInt8(at + 192 + (i >> 4)) * ((low | (high << 4)) - 32);
  }
};

/** f32 d, 256 signed bytes, sums that nobody needs here. The product rounds. */
export const decodeQ8K: DecodeBlock = (bytes, at, out, to) => {
  const d = bytes.getFloat32(at, true);
  for (let i = 0; i < 256; i++) out[to + i] = d * bytes.getInt8(at + 4 + i);
};
