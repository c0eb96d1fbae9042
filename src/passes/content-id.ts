/**
 * Names for tensors that passes make: a hash of what they hold, so that equal tensors share a name and compiling twice
 * gives the same names. The mixing is that of MurmurHash3_x86_128 (Appleby, public domain), which needs nothing but
 * 32-bit arithmetic; it guards against accidents only, and whoever stores tensors by it compares their contents.
 */
import type { TensorData } from '../base/tensor.js';
import { tensorBytes } from '../base/tensor.js';

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
const [C0, C1, C2, C3] = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93];

function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * The words of `bytes`, in fours: a last block that is not full is filled with zeros. They are looked at where they lie, if that is
 * possible.
 */
function blocksOf(bytes: Uint8Array): Int32Array {
  const length = Math.ceil(bytes.length / 16) * 4;
  if (bytes.byteOffset % 4 === 0 && bytes.length === 4 * length)
    return new Int32Array(bytes.buffer, bytes.byteOffset, length);
  const words = new Int32Array(length);
  new Uint8Array(words.buffer).set(bytes);
  return words;
}

/** The 128-bit hash of some bytes, in hex. */
export function hashBytes(bytes: Uint8Array): string {
  const words = blocksOf(bytes);
  let [a, b, c, d] = [0, 0, 0, 0];
  // Each word in its lane: the weights of a network are many.
  for (let i = 0; i < words.length; i += 4) {
    a = rotate(a ^ Math.imul(rotate(Math.imul(words[i], C0), 15), C1), 19);
    a = (Math.imul((a + b) | 0, 5) + 0x561ccd1b) | 0;
    b = rotate(b ^ Math.imul(rotate(Math.imul(words[i + 1], C1), 16), C2), 17);
    b = (Math.imul((b + c) | 0, 5) + 0x0bcaa747) | 0;
    c = rotate(c ^ Math.imul(rotate(Math.imul(words[i + 2], C2), 17), C3), 15);
    c = (Math.imul((c + d) | 0, 5) + 0x96cd1c35) | 0;
    d = rotate(d ^ Math.imul(rotate(Math.imul(words[i + 3], C3), 18), C0), 13);
    d = (Math.imul((d + a) | 0, 5) + 0x32ac3b17) | 0;
  }
  const h = [a, b, c, d];
  const spread = (): void => {
    h[0] = (h[0] + h[1] + h[2] + h[3]) | 0;
    for (let lane = 1; lane < 4; lane++) h[lane] = (h[lane] + h[0]) | 0;
  };
  // The length tells a block that is not full from one with zeros.
  for (let lane = 0; lane < 4; lane++) h[lane] ^= bytes.length;
  spread();
  for (let lane = 0; lane < 4; lane++) h[lane] = finish(h[lane]);
  spread();
  return h.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** A name for a tensor by its content, e.g. `folded:f32[64,3]:0123...`. */
export const contentId = (tensor: TensorData): string =>
  `folded:${tensor.dtype}[${tensor.shape.join(',')}]:${hashBytes(tensorBytes(tensor))}`;
