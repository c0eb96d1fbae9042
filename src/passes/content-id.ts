/**
 * Names for tensors that passes make: a hash of what they hold, so that equal tensors share a name and compiling twice
 * gives the same names. The mixing is that of MurmurHash3_x86_128 (Appleby, public domain), which needs nothing but
 * 32-bit arithmetic; it guards against accidents only, and whoever stores tensors by it compares their contents.
 */
import type { TensorData } from '../base/tensor.js';
import { tensorBytes } from '../base/tensor.js';

const rotate = (x: number, by: number): number => (x << by) | (x >>> (32 - by));
const C = [0x239b961b, 0xab0e9789, 0x38b34ae5, 0xa1e38b93] as const;
/** Per lane: how far its word and its state are rotated, and what is added. */
const WORD_ROTATIONS = [15, 16, 17, 18] as const;
const STATE_ROTATIONS = [19, 17, 15, 13] as const;
const ADDENDS = [0x561ccd1b, 0x0bcaa747, 0x96cd1c35, 0x32ac3b17] as const;

const scramble = (word: number, lane: number): number =>
  Math.imul(rotate(Math.imul(word, C[lane]), WORD_ROTATIONS[lane]), C[(lane + 1) % 4]);

function finish(h: number): number {
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** The 128-bit hash of some bytes, in hex. */
export function hashBytes(bytes: Uint8Array): string {
  const h = [0, 0, 0, 0];
  // A last block that is not full is filled with zeros; the length, which enters at the end, tells them apart.
  const words = new Int32Array(Math.ceil(bytes.length / 16) * 4);
  new Uint8Array(words.buffer).set(bytes);
  for (let i = 0; i < words.length; i += 4) {
    for (let lane = 0; lane < 4; lane++) {
      const mixed = rotate(h[lane] ^ scramble(words[i + lane], lane), STATE_ROTATIONS[lane]);
      h[lane] = (Math.imul((mixed + h[(lane + 1) % 4]) | 0, 5) + ADDENDS[lane]) | 0;
    }
  }
  const spread = (): void => {
    h[0] = (h[0] + h[1] + h[2] + h[3]) | 0;
    for (let lane = 1; lane < 4; lane++) h[lane] = (h[lane] + h[0]) | 0;
  };
  for (let lane = 0; lane < 4; lane++) h[lane] ^= bytes.length;
  spread();
  for (let lane = 0; lane < 4; lane++) h[lane] = finish(h[lane]);
  spread();
  return h.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

/** A name for a tensor by its content, e.g. `folded:f32[64,3]:0123...`. */
export const contentId = (tensor: TensorData): string =>
  `folded:${tensor.dtype}[${tensor.shape.join(',')}]:${hashBytes(tensorBytes(tensor))}`;
