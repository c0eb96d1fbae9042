/**
 * Blocks of 32 weights with one scale each (ggml's QK4_0 to QK8_0). Weight j and weight j + 16 share a byte. Products of a scale (11
 * significant bits) and a weight of at most 8 bits are exact in f32, so each result is rounded once, by the addition if there is one.
 */
import { halfAt, type DecodeBlock } from './plain.js';

const HALF = 16;

/** d * (q - 8): f16 d, then 16 bytes of two 4-bit weights. */
export const decodeQ4: DecodeBlock = (bytes, at, out, to) => {
  const d = halfAt(bytes, at);
  for (let j = 0; j < HALF; j++) {
    const pair = bytes.getUint8(at + 2 + j);
    out[to + j] = d * ((pair & 15) - 8);
    out[to + j + HALF] = d * ((pair >> 4) - 8);
  }
};

/** d * q + m: f16 d and m, then 16 bytes. */
export const decodeQ41: DecodeBlock = (bytes, at, out, to) => {
  const [d, m] = [halfAt(bytes, at), halfAt(bytes, at + 2)];
  for (let j = 0; j < HALF; j++) {
    const pair = bytes.getUint8(at + 4 + j);
    out[to + j] = d * (pair & 15) + m;
    out[to + j + HALF] = d * (pair >> 4) + m;
  }
};

/** The fifth bits of weights j and j + 16. */
const fifth = (high: number, j: number): number => ((high >>> j) & 1) << 4;

/** d * (q - 16): f16 d, 32 fifth bits, 16 bytes. */
export const decodeQ5: DecodeBlock = (bytes, at, out, to) => {
  const d = halfAt(bytes, at);
  const high = bytes.getUint32(at + 2, true);
  for (let j = 0; j < HALF; j++) {
    const pair = bytes.getUint8(at + 6 + j);
    out[to + j] = d * (((pair & 15) | fifth(high, j)) - 16);
    out[to + j + HALF] = d * (((pair >> 4) | fifth(high, j + HALF)) - 16);
  }
};

/** d * q + m: f16 d and m, 32 fifth bits, 16 bytes. */
export const decodeQ51: DecodeBlock = (bytes, at, out, to) => {
  const [d, m] = [halfAt(bytes, at), halfAt(bytes, at + 2)];
  const high = bytes.getUint32(at + 4, true);
  for (let j = 0; j < HALF; j++) {
    const pair = bytes.getUint8(at + 8 + j);
    out[to + j] = d * ((pair & 15) | fifth(high, j)) + m;
    out[to + j + HALF] = d * ((pair >> 4) | fifth(high, j + HALF)) + m;
  }
};

/** d * q: f16 d, 32 signed bytes. */
export const decodeQ8: DecodeBlock = (bytes, at, out, to) => {
  const d = halfAt(bytes, at);
  for (let j = 0; j < 32; j++) out[to + j] = d * bytes.getInt8(at + 2 + j);
};
