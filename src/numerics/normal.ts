/**
 * Cheap tests that show, from the values alone, that no operation of a loop meets a subnormal. Such a loop gives the
 * same bits on every device.
 */
import { ABS_MASK, f32FromBits, HIDDEN_BIT, INF_BITS, MIN_NORMAL } from './bits.js';

/**
 * Numbers of at least this magnitude are multiples of 2^-125. So are their sums, before and after rounding: a sum of
 * them, in any order, is zero or normal.
 */
const LEAST_SUMMAND = 2 ** -102;

const patterns = (lanes: Float32Array): Int32Array =>
  new Int32Array(lanes.buffer, lanes.byteOffset, lanes.length);

/**
 * Whether some |x| is in (0, 2^-126]. The limit itself counts, as a result that was rounded up to it from below is a
 * zero on a flushing device.
 */
export function touchesSubnormals(lanes: Float32Array): boolean {
  const bits = patterns(lanes);
  // Subtracting 1 takes a zero out of reach: it becomes the largest unsigned number.
  for (let i = 0; i < bits.length; i++) if (((bits[i] & ABS_MASK) - 1) >>> 0 < HIDDEN_BIT) return true;
  return false;
}

/** The least non-zero magnitude; Infinity if there is none. NaNs do not count. */
export function leastMagnitude(lanes: Float32Array): number {
  const bits = patterns(lanes);
  let least = INF_BITS - 1;
  for (let i = 0; i < bits.length; i++) least = Math.min(least, ((bits[i] & ABS_MASK) - 1) >>> 0);
  return f32FromBits(least + 1);
}

/** No sum of numbers whose least non-zero magnitude is `least` meets a subnormal, whatever its order. */
export const sumsStayNormal = (least: number): boolean => least >= LEAST_SUMMAND;

/** No product of up to `count` such numbers does. Rounding never takes a product below a power of two. */
export const productsStayNormal = (least: number, count: number): boolean =>
  least >= 1 || (least >= MIN_NORMAL && Math.floor(Math.log2(least)) * count >= -126);

/** No sum of products of two such numbers does, with every product rounded. */
export const dotsStayNormal = (leastA: number, leastB: number): boolean =>
  leastA >= MIN_NORMAL && leastB >= MIN_NORMAL && sumsStayNormal(leastA * leastB);
