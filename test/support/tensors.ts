/** Tensors of difficult values from a seed: the same seed and flavour always give the same tensor. */
import { allocateHost, type DType } from '../../src/base/dtype.js';
import { elementCount, type TensorData } from '../../src/base/tensor.js';
import { f32FromBits } from '../../src/numerics/bits.js';
import { preserveLang } from '../../src/numerics/js-lang.js';
import { toHalf } from '../../src/numerics/math/index.js';
import { EDGE_F32, EDGE_I32 } from '../numerics/hostile.js';

/**
 * `plain`: small integers. `usual`: magnitudes such as real data has, inexact in every operation. `tiny`: around the
 * subnormals. `hostile`: edge cases and random patterns among usual numbers.
 */
export const FLAVOURS = ['plain', 'usual', 'hostile', 'tiny'] as const;
export type Flavour = (typeof FLAVOURS)[number];

/** A stream of uniform 32-bit patterns (mulberry32). */
export function randomBits(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

type Draw = (bits: () => number) => number;

const oneOf = (list: readonly number[], bits: () => number): number => list[bits() % list.length];
const usual: Draw = (bits) => Math.fround((bits() / 2 ** 31 - 1) * 2.5);

const FLOATS: Readonly<Record<Flavour, Draw>> = {
  plain: (bits) => (bits() % 9) - 4,
  usual,
  hostile: (bits) => {
    const kind = bits() % 8;
    if (kind < 3) return oneOf(EDGE_F32, bits);
    return kind === 3 ? f32FromBits(bits() | 0) : usual(bits);
  },
  tiny: (bits) => Math.fround((bits() / 2 ** 31 - 1) * 2 ** (-100 - (bits() % 50))),
};

const INTS: Readonly<Record<Flavour, Draw>> = {
  plain: (bits) => (bits() % 9) - 2,
  usual: (bits) => (bits() % 41) - 8,
  hostile: (bits) => (bits() % 2 === 0 ? oneOf(EDGE_I32, bits) : bits() | 0),
  tiny: (bits) => (bits() % 5) - 2,
};

const DRAWS: Readonly<Record<DType, (flavour: Flavour) => Draw>> = {
  f32: (flavour) => FLOATS[flavour],
  f16: (flavour) => (bits) => toHalf(preserveLang, FLOATS[flavour === 'tiny' ? 'usual' : flavour](bits)),
  i32: (flavour) => INTS[flavour],
  u32: (flavour) => (bits) => INTS[flavour](bits) >>> 0,
  bool: () => (bits) => bits() % 2,
};

export function tensorOf(
  dtype: DType,
  shape: readonly number[],
  seed = 1,
  flavour: Flavour = 'usual',
): TensorData {
  const bits = randomBits(Math.imul(seed + 1, 0x9e3779b1));
  const draw = DRAWS[dtype](flavour);
  const data = allocateHost(dtype, elementCount(shape));
  for (let i = 0; i < data.length; i++) data[i] = draw(bits);
  return { dtype, shape, data };
}

/** A tensor by the patterns of its elements: floats as unsigned bits, the rest as numbers. */
export function words(dtype: DType, shape: readonly number[], patterns: readonly number[]): TensorData {
  if (dtype === 'f32') return { dtype, shape, data: new Float32Array(Uint32Array.from(patterns).buffer) };
  const data = allocateHost(dtype, elementCount(shape));
  data.set(patterns);
  return { dtype, shape, data };
}
