/**
 * Dot products of rows: the kernel of dot and conv. Every result is accumulated in one order, whatever computes it:
 * blocks of DOT_BLOCK consecutive terms are summed in sequence from -0, each product and
 * each sum rounded, and the sums of the blocks are summed in sequence from -0.
 */
import { isFloat, type DType } from '../base/dtype.js';
import { DOT_BLOCK } from '../ir/accumulation.js';
import type { F32Arithmetic } from './arithmetic.js';
import { reinterpretLanes, type Lanes } from './lanes.js';
import { dotsStayNormal, leastMagnitude } from '../numerics/normal.js';

/** Sizes of a product: out[i, j] is the dot product of row i of a [m, k] and row j of b [n, k]. */
export interface MatmulSizes {
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

/** Fills out [m, n], row-major, from a and b, row-major. */
export type Matmul = (a: Lanes, b: Lanes, out: Lanes, sizes: MatmulSizes) => void;

/** The dot product of the k elements at `aStart` and at `bStart`. */
type RowDot<T extends Lanes> = (a: T, aStart: number, b: T, bStart: number, k: number) => number;

/**
 * The fastest kernel that is right for operands with the elements of `a` and `b` (in any arrangement, zeros added):
 * floats go through `f32` unless their magnitudes show that no subnormal can occur.
 */
export function matmulFor(dtype: DType, a: Lanes, b: Lanes, f32: F32Arithmetic): Matmul {
  if (a instanceof Float32Array && b instanceof Float32Array && isFloat(dtype)) {
    const plain = dotsStayNormal(leastMagnitude(a), leastMagnitude(b));
    const multiply = plain ? floatMatmul : rowByRow(carefulDot(f32));
    return (x, y, out, sizes) => multiply(x as Float32Array, y as Float32Array, out as Float32Array, sizes);
  }
  // Modulo 2^32 signed and unsigned arithmetic are the same, and order does not matter.
  const multiply = rowByRow(integerDot);
  const words = (lanes: Lanes): Int32Array => reinterpretLanes('i32', lanes);
  return (x, y, out, sizes) => multiply(words(x), words(y), words(out), sizes);
}

function rowByRow<T extends Lanes>(dot: RowDot<T>) {
  return (a: T, b: T, out: T, { m, n, k }: MatmulSizes): void => {
    for (let i = 0; i < m; i++) for (let j = 0; j < n; j++) out[i * n + j] = dot(a, i * k, b, j * k, k);
  };
}

const integerDot: RowDot<Int32Array> = (a, aStart, b, bStart, k) => {
  let sum = 0;
  for (let i = 0; i < k; i++) sum = (sum + Math.imul(a[aStart + i], b[bStart + i])) | 0;
  return sum;
};

const carefulDot =
  (f32: F32Arithmetic): RowDot<Float32Array> =>
  (a, aStart, b, bStart, k) => {
    let total = -0;
    for (let block = 0; block < k; block += DOT_BLOCK) {
      const end = Math.min(block + DOT_BLOCK, k);
      let sum = -0;
      for (let i = block; i < end; i++) sum = f32.add(sum, f32.mul(a[aStart + i], b[bStart + i]));
      total = f32.add(total, sum);
    }
    return total;
  };

const f = Math.fround;

const plainDot: RowDot<Float32Array> = (a, aStart, b, bStart, k) => {
  let total = f(-0);
  for (let block = 0; block < k; block += DOT_BLOCK) {
    const end = Math.min(block + DOT_BLOCK, k);
    let sum = f(-0);
    for (let i = block; i < end; i++) sum = f(sum + f(a[aStart + i] * b[bStart + i]));
    total = f(total + sum);
  }
  return total;
};

/** plainDot, but two rows of each side at a time: half the loads, and four chains of additions instead of one. */
function floatMatmul(a: Float32Array, b: Float32Array, out: Float32Array, { m, n, k }: MatmulSizes): void {
  const [evenM, evenN] = [m - (m % 2), n - (n % 2)];
  for (let i = 0; i < evenM; i += 2) {
    for (let j = 0; j < evenN; j += 2) dotTwoByTwo(a, i * k, b, j * k, k, out, i * n + j, n);
    if (evenN < n) for (const row of [i, i + 1]) out[row * n + evenN] = plainDot(a, row * k, b, evenN * k, k);
  }
  if (evenM < m) for (let j = 0; j < n; j++) out[evenM * n + j] = plainDot(a, evenM * k, b, j * k, k);
}

function dotTwoByTwo(
  a: Float32Array,
  aStart: number,
  b: Float32Array,
  bStart: number,
  k: number,
  out: Float32Array,
  at: number,
  outStep: number,
): void {
  let total00 = f(-0);
  let total01 = f(-0);
  let total10 = f(-0);
  let total11 = f(-0);
  for (let block = 0; block < k; block += DOT_BLOCK) {
    const end = Math.min(block + DOT_BLOCK, k);
    let sum00 = f(-0);
    let sum01 = f(-0);
    let sum10 = f(-0);
    let sum11 = f(-0);
    for (let i = block; i < end; i++) {
      const a0 = a[aStart + i];
      const a1 = a[aStart + k + i];
      const b0 = b[bStart + i];
      const b1 = b[bStart + k + i];
      sum00 = f(sum00 + f(a0 * b0));
      sum01 = f(sum01 + f(a0 * b1));
      sum10 = f(sum10 + f(a1 * b0));
      sum11 = f(sum11 + f(a1 * b1));
    }
    total00 = f(total00 + sum00);
    total01 = f(total01 + sum01);
    total10 = f(total10 + sum10);
    total11 = f(total11 + sum11);
  }
  out[at] = total00;
  out[at + 1] = total01;
  out[at + outStep] = total10;
  out[at + outStep + 1] = total11;
}
