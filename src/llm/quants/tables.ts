/** Types whose weights are picked from a table, or are -1, 0 and 1. All products are exact in f32, but for MXFP4's least ones. */
import { halfAt, type DecodeBlock } from './plain.js';

/** ggml's `kvalues_iq4nl`. */
export const IQ4_VALUES: readonly number[] = [
  -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
];

/** Twice the values of FP4 E2M1; -0 counts as 0, as in ggml. */
export const FP4_VALUES: readonly number[] = [0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12];

/** 32 weights in 16 bytes from `at` on: table[q] times `scale`. */
function decodePairs(
  table: readonly number[],
  scale: number,
  bytes: DataView,
  at: number,
  out: Float32Array,
  to: number,
): void {
  for (let j = 0; j < 16; j++) {
    const pair = bytes.getUint8(at + j);
    out[to + j] = scale * table[pair & 15];
    out[to + j + 16] = scale * table[pair >> 4];
  }
}

/** f16 d, 16 bytes. */
export const decodeIq4Nl: DecodeBlock = (bytes, at, out, to) =>
  decodePairs(IQ4_VALUES, halfAt(bytes, at), bytes, at + 2, out, to);

/** The scale of a group of a block of IQ4_XS. */
export function scaleOfIq4Xs(bytes: DataView, at: number, group: number): number {
  const low = (bytes.getUint8(at + 4 + (group >> 1)) >> (4 * (group & 1))) & 15;
  const high = (bytes.getUint16(at + 2, true) >> (2 * group)) & 3;
  return (low | (high << 4)) - 32;
}

/** f16 d, the high and low bits of eight 6-bit scales, 128 bytes. */
export const decodeIq4Xs: DecodeBlock = (bytes, at, out, to) => {
  const d = halfAt(bytes, at);
  for (let group = 0; group < 8; group++) {
    const scale = d * scaleOfIq4Xs(bytes, at, group);
    decodePairs(IQ4_VALUES, scale, bytes, at + 8 + 16 * group, out, to + 32 * group);
  }
};

/** An exponent of 8 bits (E8M0), 16 bytes. The scale is 2^(e - 128), half of OCP's since the table has twice the values. */
export const decodeMxfp4: DecodeBlock = (bytes, at, out, to) =>
  decodePairs(FP4_VALUES, 2 ** (bytes.getUint8(at) - 128), bytes, at + 1, out, to);

/** The digit, 0 to 2, at place `n` of a byte that holds five of base 3 as a fraction of 256. */
export const trit = (byte: number, n: number): number => (((byte * 3 ** n) & 255) * 3) >> 8;

/** The byte and the place in it of each digit of a block of TQ1_0: 48 bytes of five, 4 bytes of four. */
export function eachTq1Digit(each: (byte: number, place: number) => void): void {
  for (const [start, length, digits] of TQ1_RUNS)
    for (let place = 0; place < digits; place++)
      for (let byte = start; byte < start + length; byte++) each(byte, place);
}

const TQ1_RUNS = [
  [0, 32, 5],
  [32, 16, 5],
  [48, 4, 4],
] as const;

/** 52 bytes of base-3 digits, f16 d. */
export const decodeTq1: DecodeBlock = (bytes, at, out, to) => {
  const d = halfAt(bytes, at + 52);
  let next = to;
  eachTq1Digit((byte, place) => {
    out[next++] = d * (trit(bytes.getUint8(at + byte), place) - 1);
  });
};

/** 64 bytes of four 2-bit digits, f16 d. */
export const decodeTq2: DecodeBlock = (bytes, at, out, to) => {
  const d = halfAt(bytes, at + 64);
  for (let i = 0; i < 256; i++) {
    const [half, place, m] = [i >> 7, (i >> 5) & 3, i & 31];
    out[to + i] = d * (((bytes.getUint8(at + 32 * half + m) >> (2 * place)) & 3) - 1);
  }
};
