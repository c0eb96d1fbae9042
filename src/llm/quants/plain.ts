/** Types whose blocks are single numbers. */
import { fromHalf } from '../../numerics/math/half.js';
import { preserveLang } from '../../numerics/js-lang.js';

/** The weights of one block, from `at` in `bytes`, to `to` in `out`. Each is rounded once, to f32, as ggml does it. */
export type DecodeBlock = (bytes: DataView, at: number, out: Float32Array, to: number) => void;

/** The f32 that an f16 equals. */
export const halfAt = (bytes: DataView, at: number): number =>
  fromHalf(preserveLang, bytes.getUint16(at, true));

/** Bits are moved as integers, so that NaNs keep their payloads. */
const setBits = (out: Float32Array, to: number, bits: number): void => {
  new DataView(out.buffer, out.byteOffset).setUint32(4 * to, bits, true);
};

export const decodeF32: DecodeBlock = (bytes, at, out, to) => setBits(out, to, bytes.getUint32(at, true));
export const decodeBf16: DecodeBlock = (bytes, at, out, to) => setBits(out, to, bytes.getUint16(at, true) << 16); // prettier-ignore
export const decodeF16: DecodeBlock = (bytes, at, out, to) => {
  out[to] = halfAt(bytes, at);
};
