/**
 * MurmurHash3 of 128 bits, in its variant for 32-bit machines (x86_128, seed 0). It finds damage, not malice: it needs no
 * promise, as SHA-256 of the platform does, and goes through a gigabyte in about a second. Any change within 16 bytes that
 * begin at a multiple of 16 is sure to be found.
 */

const C1 = 0x239b961b;
const C2 = 0xab0e9789;
const C3 = 0x38b34ae5;
const C4 = 0xa1e38b93;

const rotated = (x: number, by: number): number => (x << by) | (x >>> (32 - by));

function finished(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/** 32 hexadecimal digits, those of h1 to h4 in order. */
export function checksum(bytes: Uint8Array): string {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const whole = length - (length % 16);
  let [h1, h2, h3, h4] = [0, 0, 0, 0];
  for (let at = 0; at < whole; at += 16) {
    h1 ^= Math.imul(rotated(Math.imul(view.getInt32(at, true), C1), 15), C2);
    h1 = (Math.imul((rotated(h1, 19) + h2) | 0, 5) + 0x561ccd1b) | 0;
    h2 ^= Math.imul(rotated(Math.imul(view.getInt32(at + 4, true), C2), 16), C3);
    h2 = (Math.imul((rotated(h2, 17) + h3) | 0, 5) + 0x0bcaa747) | 0;
    h3 ^= Math.imul(rotated(Math.imul(view.getInt32(at + 8, true), C3), 17), C4);
    h3 = (Math.imul((rotated(h3, 15) + h4) | 0, 5) + 0x96cd1c35) | 0;
    h4 ^= Math.imul(rotated(Math.imul(view.getInt32(at + 12, true), C4), 18), C1);
    h4 = (Math.imul((rotated(h4, 13) + h1) | 0, 5) + 0x32ac3b17) | 0;
  }
  const rest = new DataView(new ArrayBuffer(16));
  for (let at = whole; at < length; at++) rest.setUint8(at - whole, bytes[at]);
  h4 ^= Math.imul(rotated(Math.imul(rest.getInt32(12, true), C4), 18), C1);
  h3 ^= Math.imul(rotated(Math.imul(rest.getInt32(8, true), C3), 17), C4);
  h2 ^= Math.imul(rotated(Math.imul(rest.getInt32(4, true), C2), 16), C3);
  h1 ^= Math.imul(rotated(Math.imul(rest.getInt32(0, true), C1), 15), C2);

  [h1, h2, h3, h4] = mixed(h1 ^ length, h2 ^ length, h3 ^ length, h4 ^ length);
  return mixed(finished(h1), finished(h2), finished(h3), finished(h4))
    .map((word) => (word >>> 0).toString(16).padStart(8, '0'))
    .join('');
}

function mixed(h1: number, h2: number, h3: number, h4: number): [number, number, number, number] {
  const sum = (h1 + h2 + h3 + h4) | 0;
  return [sum, (h2 + sum) | 0, (h3 + sum) | 0, (h4 + sum) | 0];
}
