/**
 * The types of ggml a second time, as loops that go through a block in the order of its bytes and push weight after weight, the way
 * llama.cpp has them: another form than `src/llm/quants`, which asks for each weight where its bits are.
 */
import type { GgmlTypeName } from '../../../src/llm/quants/types.js';

/** f16 from its fields, by arithmetic. */
function half(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

type Loop = (x: Uint8Array) => number[];

const u16 = (x: Uint8Array, at: number): number => x[at] | (x[at + 1] << 8);
const i8 = (byte: number): number => (byte << 24) >> 24;
const f = Math.fround;

/** The lower nibbles of 16 bytes, then the upper ones. */
const nibbles = (x: Uint8Array, at: number): number[] => {
  const bytes = [...x.subarray(at, at + 16)];
  return [...bytes.map((byte) => byte % 16), ...bytes.map((byte) => Math.floor(byte / 16))];
};
const bit = (x: Uint8Array, at: number, i: number): number => (x[at + (i >> 3)] >> (i % 8)) & 1;

const KVALUES = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
const E2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6];

/** The eight scales and minima that Q4_K and Q5_K have in 12 bytes. */
function scalesAndMins(q: Uint8Array): readonly [number[], number[]] {
  const [scales, mins]: [number[], number[]] = [[], []];
  for (let j = 0; j < 4; j++) {
    scales.push(q[j] % 64);
    mins.push(q[j + 4] % 64);
  }
  for (let j = 0; j < 4; j++) {
    scales.push((q[j + 8] % 16) + 16 * Math.floor(q[j] / 64));
    mins.push(Math.floor(q[j + 8] / 16) + 16 * Math.floor(q[j + 4] / 64));
  }
  return [scales, mins];
}

const float = (bits: number): number => new Float32Array(Uint32Array.of(bits).buffer)[0];

export const LOOPS: Readonly<Record<GgmlTypeName, Loop>> = {
  F32: (x) => [float(u16(x, 0) + 65536 * u16(x, 2))],
  F16: (x) => [half(u16(x, 0))],
  BF16: (x) => [float(65536 * u16(x, 0))],
  Q4_0: (x) => nibbles(x, 2).map((q) => f(half(u16(x, 0)) * (q - 8))),
  Q4_1: (x) => nibbles(x, 4).map((q) => f(f(half(u16(x, 0)) * q) + half(u16(x, 2)))),
  Q5_0: (x) => nibbles(x, 6).map((q, i) => f(half(u16(x, 0)) * (q + 16 * bit(x, 2, i) - 16))),
  Q5_1: (x) => nibbles(x, 8).map((q, i) => f(f(half(u16(x, 0)) * (q + 16 * bit(x, 4, i))) + half(u16(x, 2)))),
  Q8_0: (x) => [...x.subarray(2)].map((byte) => f(half(u16(x, 0)) * i8(byte))),
  Q2_K(x) {
    const out: number[] = [];
    let is = 0;
    for (const q of [16, 48])
      for (let shift = 0; shift < 8; shift += 2)
        for (const part of [0, 16]) {
          const scale = x[is++];
          for (let l = 0; l < 16; l++)
            out.push(f(f(f(half(u16(x, 80)) * (scale % 16)) * ((x[q + part + l] >> shift) & 3)) - f(half(u16(x, 82)) * (scale >> 4)))); // prettier-ignore
        }
    return out;
  },
  Q3_K(x) {
    const packed = [...x.subarray(96, 108)];
    const scales = Array.from({ length: 16 }, (_, i) => {
      const low = i < 8 ? packed[i] % 16 : packed[i - 8] >> 4;
      return low + 16 * ((packed[8 + (i % 4)] >> (2 * Math.floor(i / 4))) % 4) - 32;
    });
    const out: number[] = [];
    let [is, m] = [0, 1];
    for (const q of [32, 64])
      for (let shift = 0; shift < 8; shift += 2, m *= 2)
        for (const part of [0, 16]) {
          const dl = f(half(u16(x, 108)) * scales[is++]);
          for (let l = 0; l < 16; l++)
            out.push(f(dl * (((x[q + part + l] >> shift) % 4) - (x[part + l] & m ? 0 : 4))));
        }
    return out;
  },
  Q4_K(x) {
    const [scales, mins] = scalesAndMins(x.subarray(4, 16));
    const [d, min] = [half(u16(x, 0)), half(u16(x, 2))];
    const out: number[] = [];
    for (let j = 0, q = 16; j < 8; j += 2, q += 32) {
      for (let l = 0; l < 32; l++) out.push(f(f(f(d * scales[j]) * (x[q + l] % 16)) - f(min * mins[j])));
      for (let l = 0; l < 32; l++) out.push(f(f(f(d * scales[j + 1]) * (x[q + l] >> 4)) - f(min * mins[j + 1])));
    }
    return out;
  },
  Q5_K(x) {
    const [scales, mins] = scalesAndMins(x.subarray(4, 16));
    const [d, min] = [half(u16(x, 0)), half(u16(x, 2))];
    const out: number[] = [];
    for (let j = 0, q = 48, u = 1; j < 8; j += 2, q += 32, u *= 4) {
      const one = (k: number, low: number, high: boolean): number =>
        f(f(f(d * scales[k]) * (low + (high ? 16 : 0))) - f(min * mins[k]));
      for (let l = 0; l < 32; l++) out.push(one(j, x[q + l] % 16, (x[16 + l] & u) > 0));
      for (let l = 0; l < 32; l++) out.push(one(j + 1, x[q + l] >> 4, (x[16 + l] & (2 * u)) > 0));
    }
    return out;
  },
  Q6_K(x) {
    const d = half(u16(x, 208));
    const out = new Array<number>(256);
    for (const n of [0, 1])
      for (let l = 0; l < 32; l++) {
        const [ql, qh, sc] = [64 * n, 128 + 32 * n + l, 192 + 8 * n + (l >> 4)];
        const low = [x[ql + l] % 16, x[ql + l + 32] % 16, x[ql + l] >> 4, x[ql + l + 32] >> 4];
        low.forEach((q, k) => {
          out[128 * n + 32 * k + l] = f(f(d * i8(x[sc + 2 * k])) * (q + 16 * ((x[qh] >> (2 * k)) % 4) - 32));
        });
      }
    return out;
  },
  Q8_K: (x) => [...x.subarray(4, 260)].map((byte) => f(float(u16(x, 0) + 65536 * u16(x, 2)) * i8(byte))),
  IQ4_NL: (x) => nibbles(x, 2).map((q) => f(half(u16(x, 0)) * KVALUES[q])),
  IQ4_XS: (x) =>
    Array.from({ length: 8 }, (_, ib) => {
      const low = ib % 2 ? x[4 + (ib >> 1)] >> 4 : x[4 + (ib >> 1)] % 16;
      const dl = f(half(u16(x, 0)) * (low + 16 * ((u16(x, 2) >> (2 * ib)) % 4) - 32));
      return nibbles(x, 8 + 16 * ib).map((q) => f(dl * KVALUES[q]));
    }).flat(),
  MXFP4: (x) => nibbles(x, 1).map((q) => f((q > 8 ? -1 : 1) * E2M1[q % 8] * 2 ** (x[0] - 127))),
  TQ1_0(x) {
    const d = half(u16(x, 52));
    const out: number[] = [];
    for (const [start, length, digits] of [[0, 32, 5], [32, 16, 5], [48, 4, 4]] as const)
      for (let n = 0, pow = 1; n < digits; n++, pow *= 3)
        for (let m = 0; m < length; m++) out.push(f(Math.floor((((x[start + m] * pow) % 256) * 3) / 256 - 1) * d)); // prettier-ignore
    return out;
  },
  TQ2_0(x) {
    const out: number[] = [];
    for (const j of [0, 32])
      for (let l = 0; l < 4; l++)
        for (let m = 0; m < 32; m++) out.push(f((Math.floor(x[j + m] / 4 ** l) % 4 - 1) * half(u16(x, 64)))); // prettier-ignore
    return out;
  },
}; // prettier-ignore
