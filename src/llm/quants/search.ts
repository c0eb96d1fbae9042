/** The searches for scales of llama.cpp's k-quants, in doubles. */

/** To the nearest integer; halves to the even one. */
export function nearest(x: number): number {
  const low = Math.floor(x);
  const rest = x - low;
  if (rest !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

const clamp = (x: number, low: number, high: number): number => Math.min(high, Math.max(low, x));

/** Below this all weights count as 0. */
const NOTHING = 1e-15;

/**
 * The scale with which integers from -most to most - 1 are nearest to `x`, weights of greater magnitude counting more
 * (`make_qx_quants`).
 */
export function symmetricScale(x: Float32Array, most: number): number {
  let peak = 0;
  for (const each of x) if (Math.abs(each) > Math.abs(peak)) peak = each;
  if (Math.abs(peak) < NOTHING) return 0;
  let [scale, best] = [0, -1];
  for (const step of [0, -9, -8, -7, -6, -5, -4, -3, -2, -1, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    const inverse = -(most + 0.1 * step) / peak;
    let [xl, l2] = [0, 0];
    for (const each of x) {
      const l = clamp(nearest(inverse * each), -most, most - 1);
      xl += each * each * each * l;
      l2 += each * each * l * l;
    }
    if (l2 > 0 && xl * xl > best * l2) [scale, best] = [xl / l2, (xl * xl) / l2];
  }
  return scale;
}

/** Scale and minimum (which is subtracted) with which integers from 0 to `most` are nearest to `x` (`make_qkx2_quants`). */
export function affineScale(x: Float32Array, most: number): readonly [scale: number, min: number] {
  let [squares, high, low] = [0, x[0], Math.min(0, x[0])];
  for (const each of x) {
    squares += each * each;
    high = Math.max(high, each);
    low = Math.min(low, each);
  }
  if (high === low) return [0, -low];
  const typical = Math.sqrt(squares / x.length);
  const importance = (each: number): number => typical + Math.abs(each);
  const sum = (of: (each: number) => number): number => x.reduce((total, each) => total + of(each), 0);
  const [w, wx] = [sum(importance), sum((each) => importance(each) * each)];
  const rounded = (inverse: number, each: number): number => clamp(nearest(inverse * (each - low)), 0, most);
  const error = (inverse: number, scale: number, min: number): number =>
    sum((each) => importance(each) * (scale * rounded(inverse, each) + min - each) ** 2);
  const first = most / (high - low);
  let [scale, min, best] = [1 / first, low, error(first, 1 / first, low)];
  for (let step = 0; step <= 20; step++) {
    const inverse = (most - 1 + 0.1 * step) / (high - low);
    const l = sum((each) => importance(each) * rounded(inverse, each));
    const l2 = sum((each) => importance(each) * rounded(inverse, each) ** 2);
    const xl = sum((each) => importance(each) * rounded(inverse, each) * each);
    const determinant = w * l2 - l * l;
    if (determinant <= 0) continue;
    let [own, offset] = [(w * xl - wx * l) / determinant, (l2 * wx - l * xl) / determinant];
    if (offset > 0) [own, offset] = [xl / l2, 0];
    const found = error(inverse, own, offset);
    if (found < best) [scale, min, best] = [own, offset, found];
  }
  return [scale, -min];
}
