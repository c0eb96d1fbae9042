/**
 * How the interpreter holds tensors: one number for each element, in the typed array whose stores round or wrap to the
 * element type. f16 has no such array, so its values are f32 numbers on the f16 grid; an op computes them in f32 and
 * the result is rounded once, at its end (see evaluate.ts).
 */
import type { DType } from '../base/dtype.js';
import type { TensorData } from '../base/tensor.js';
import { fromHalf, roundF16, toHalf } from '../numerics/math/index.js';
import { preserveLang } from '../numerics/js-lang.js';

export interface LaneArrays {
  readonly f32: Float32Array;
  readonly f16: Float32Array;
  readonly i32: Int32Array;
  readonly u32: Uint32Array;
  readonly bool: Uint8Array;
}
export type Lanes = LaneArrays[DType];

/** A tensor inside the interpreter; `lanes` is row-major, and nobody writes to it once its op is done. */
export interface Operand {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly lanes: Lanes;
  /** Set for the value of an op with several results. */
  readonly parts?: readonly Operand[];
}

const LANE_CONSTRUCTORS: {
  readonly [D in DType]: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => LaneArrays[D];
} = { f32: Float32Array, f16: Float32Array, i32: Int32Array, u32: Uint32Array, bool: Uint8Array };

/** `length` lanes of zeros. */
export function allocateLanes<D extends DType>(dtype: D, length: number): LaneArrays[D] {
  const constructor = LANE_CONSTRUCTORS[dtype];
  return new constructor(new ArrayBuffer(length * (dtype === 'bool' ? 1 : 4)), 0, length);
}

/** The same memory read as another 32-bit dtype. */
export function reinterpretLanes<D extends DType>(dtype: D, lanes: Lanes): LaneArrays[D] {
  return new LANE_CONSTRUCTORS[dtype](lanes.buffer, lanes.byteOffset, lanes.length);
}

/** The lanes of a host tensor; shares its memory except for f16. */
export function toLanes(tensor: TensorData): Lanes {
  // Every other dtype is held on the host in the array that is its lanes; one of another realm is read as one of this.
  if (tensor.dtype !== 'f16')
    return tensor.data instanceof LANE_CONSTRUCTORS[tensor.dtype]
      ? tensor.data
      : reinterpretLanes(tensor.dtype, tensor.data as Lanes);
  const lanes = allocateLanes('f16', tensor.data.length);
  tensor.data.forEach((half, i) => (lanes[i] = fromHalf(preserveLang, half)));
  return lanes;
}

/** The host tensor with the given lanes; shares their memory except for f16. */
export function toTensorData({ dtype, shape, lanes }: Operand): TensorData {
  const data = dtype === 'f16' ? Uint16Array.from(lanes, (x) => toHalf(preserveLang, x)) : lanes;
  return { dtype, shape, data };
}

/**
 * A number of the IR (an element of a constant, the value of a pad) as an element of `dtype`: rounded to nearest for
 * floats (to f16 by way of f32), truncated and wrapped modulo 2^32 for integers, `!= 0` for bool.
 */
export function literal(dtype: DType, value: number): number {
  switch (dtype) {
    case 'f32':
      return Math.fround(value);
    case 'f16':
      return roundF16(preserveLang, Math.fround(value));
    case 'i32':
      return value | 0;
    case 'u32':
      return value >>> 0;
    case 'bool':
      return value !== 0 ? 1 : 0;
  }
}

/** Rounds every lane to the f16 grid, in place. */
export function roundLanesToF16(lanes: Lanes): void {
  for (let i = 0; i < lanes.length; i++) lanes[i] = roundF16(preserveLang, lanes[i]);
}
