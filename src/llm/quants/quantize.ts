/** Quantises weights, as llama.cpp's reference does but in doubles: the files load there. */
import { HeddleError } from '../../base/errors.js';
import { toHalf } from '../../numerics/math/half.js';
import { preserveLang } from '../../numerics/js-lang.js';
import { halfAt } from './plain.js';
import { affineScale, nearest, symmetricScale } from './search.js';
import { GGML_TYPES, type GgmlTypeName } from './types.js';

/** One block of weights to its bytes, at `at`. */
type EncodeBlock = (x: Float32Array, out: DataView, at: number) => void;

/** Writes x as f16 and gives the number that it is there. */
function putHalf(out: DataView, at: number, x: number): number {
  out.setUint16(at, toHalf(preserveLang, Math.fround(x)), true);
  return halfAt(out, at);
}

/** Halves go away from 0. */
const rounded = (x: number): number => Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

const encodeQ8: EncodeBlock = (x, out, at) => {
  const d = Math.fround(x.reduce((most, each) => Math.max(most, Math.abs(each)), 0) / 127);
  const inverse = d === 0 ? 0 : Math.fround(1 / d);
  putHalf(out, at, d);
  x.forEach((each, j) => out.setInt8(at + 2 + j, clamp(rounded(Math.fround(each * inverse)), -128, 127)));
};

const encodeQ4: EncodeBlock = (x, out, at) => {
  const peak = x.reduce((most, each) => (Math.abs(each) > Math.abs(most) ? each : most), 0);
  const d = Math.fround(peak / -8);
  const inverse = d === 0 ? 0 : Math.fround(1 / d);
  putHalf(out, at, d);
  const q = (each: number): number => clamp(Math.trunc(each * inverse + 8.5), 0, 15);
  for (let j = 0; j < 16; j++) out.setUint8(at + 2 + j, q(x[j]) | (q(x[j + 16]) << 4));
};

const encodeQ4K: EncodeBlock = (x, out, at) => {
  const groups = Array.from({ length: 8 }, (_, i) => affineScale(x.subarray(32 * i, 32 * i + 32), 15));
  const [scale, min] = [0, 1].map((part) => groups.reduce((most, each) => Math.max(most, each[part]), 0));
  const d = putHalf(out, at, scale / 63);
  const dmin = putHalf(out, at + 2, min / 63);
  const part = (value: number, most: number): number => (most > 0 ? Math.min(63, nearest((63 * value) / most)) : 0); // prettier-ignore
  groups.forEach(([ownScale, ownMin], group) => {
    const [s, m] = [part(ownScale, scale), part(ownMin, min)];
    putScaleAndMin(out, at + 4, group, s, m);
    const [own, offset] = [d * s, dmin * m];
    for (let l = 0; l < 32; l++) {
      const q = own === 0 ? 0 : clamp(nearest((x[32 * group + l] + offset) / own), 0, 15);
      const place = at + 16 + 32 * (group >> 1) + l;
      out.setUint8(place, out.getUint8(place) | (q << (4 * (group & 1))));
    }
  });
};

/** The inverse of `scaleAndMin`. */
function putScaleAndMin(out: DataView, at: number, group: number, scale: number, min: number): void {
  const add = (i: number, bits: number): void => out.setUint8(at + i, out.getUint8(at + i) | bits);
  if (group < 4) {
    add(group, scale);
    add(group + 4, min);
    return;
  }
  add(group + 4, (scale & 15) | ((min & 15) << 4));
  add(group - 4, (scale >> 4) << 6);
  add(group, (min >> 4) << 6);
}

const encodeQ6K: EncodeBlock = (x, out, at) => {
  const scales = Array.from({ length: 16 }, (_, i) => symmetricScale(x.subarray(16 * i, 16 * i + 16), 32));
  const peak = scales.reduce((most, each) => (Math.abs(each) > Math.abs(most) ? each : most), 0);
  const d = putHalf(out, at + 208, peak === 0 ? 0 : peak / -128);
  scales.forEach((scale, group) => {
    const s = peak === 0 ? 0 : clamp(nearest((-128 * scale) / peak), -128, 127);
    out.setInt8(at + 192 + group, s);
    for (let l = 0; l < 16; l++) {
      const own = d * s;
      const q = own === 0 ? 32 : 32 + clamp(nearest(x[16 * group + l] / own), -32, 31);
      putSixBits(out, at, 16 * group + l, q);
    }
  });
};

function putSixBits(out: DataView, at: number, j: number, q: number): void {
  const [half, quarter, l] = [j >> 7, (j >> 5) & 3, j & 31];
  const add = (place: number, bits: number): void => out.setUint8(place, out.getUint8(place) | bits);
  add(at + 64 * half + 32 * (quarter & 1) + l, (q & 15) << (4 * (quarter >> 1)));
  add(at + 128 + 32 * half + l, (q >> 4) << (2 * quarter));
}

const ENCODERS = {
  Q8_0: encodeQ8,
  Q4_0: encodeQ4,
  Q4_K: encodeQ4K,
  Q6_K: encodeQ6K,
} as const satisfies Partial<Record<GgmlTypeName, EncodeBlock>>;

export type QuantizedType = keyof typeof ENCODERS;
export const QUANTIZED_TYPES = Object.keys(ENCODERS) as readonly QuantizedType[];

/** The bytes of whole blocks of weights. Throws WEIGHT_INVALID where they fill none, or are not finite. */
export function quantize(type: QuantizedType, weights: Float32Array): Uint8Array<ArrayBuffer> {
  const { weights: block, bytes } = GGML_TYPES[type];
  if (weights.length % block !== 0 || !weights.every(Number.isFinite))
    throw new HeddleError('WEIGHT_INVALID', 'the weights cannot be quantised', {
      found: weights.length % block === 0 ? 'weights that are not finite' : `${weights.length} weights`,
      expected: `finite weights in blocks of ${block}`,
    });
  const out = new Uint8Array((weights.length / block) * bytes);
  const view = new DataView(out.buffer);
  for (let i = 0; i * block < weights.length; i++)
    ENCODERS[type](weights.subarray(i * block, (i + 1) * block), view, i * bytes);
  return out;
}
