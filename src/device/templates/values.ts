/** Operands of the templates: the same words everywhere, and among them those that drivers get wrong. */
import { allocateHost, isFloat, type DType } from '../../base/dtype.js';
import { elementCount, type TensorData } from '../../base/tensor.js';
import { f32FromBits } from '../../numerics/bits.js';
import { preserveLang } from '../../numerics/js-lang.js';
import { toHalf } from '../../numerics/math/half.js';
import {
  INTEGER_WORDS,
  ordinaryWords,
  randomWords,
  SPECIAL_WORDS,
  SUBNORMAL_WORDS,
} from '../../numerics/probe-words.js';

/**
 * `hostile`: special values, ordinary numbers and arbitrary bits in turn. `ordinary`: floats from 1/32 to 32, integers
 * below 9. `rows`: for each index of the first axis in turn ordinary numbers, numbers around the subnormals, numbers whose
 * sums overflow, and hostile ones: a sum shows its order unless a single NaN has settled it.
 */
export type Values = 'hostile' | 'ordinary' | 'rows';

/** Halfway between two integers, and between two f16: where rounding has to decide. */
const HALFWAY_WORDS: readonly number[] = [
  0x3f000000, 0xbf000000, 0x3fc00000, 0x40200000, 0xc0600000, 0x4affffff, 0x4b000001, 0x3f801000, 0x3f803000,
  0xbf801000, 0x387fe000, 0x38800fff, 0x33000000, 0x477fefff, 0x477ff000, 0x4f000000, 0xcf000000, 0x4f800000,
];

const EDGES = [...SPECIAL_WORDS, ...SUBNORMAL_WORDS, ...HALFWAY_WORDS];

/** A float's word with its exponent moved into `count` exponents from `first` on. */
const within = (word: number, first: number, count: number): number =>
  ((word & 0x807fffff) | ((first + (((word >>> 23) & 0xff) % count)) << 23)) >>> 0;

type Draw = (i: number, random: number, ordinary: number) => number;

const hostileFloat: Draw = (i, random, ordinary) =>
  i % 3 === 0 ? EDGES[Math.floor(i / 3) % EDGES.length] : i % 3 === 1 ? ordinary : random;

/** Words of floats, by the kind of row. */
const FLOAT_ROWS: readonly Draw[] = [
  (_i, _random, ordinary) => ordinary,
  (i, random) => (i % 4 === 0 ? SUBNORMAL_WORDS[(i / 4) % 12] : within(random, 0, 4)),
  (_i, random) => within(random, 246, 8),
  hostileFloat,
];

const small = (random: number): number => (random % 17) - 8;
const hostileInteger: Draw = (i, random) =>
  i % 3 === 0 ? INTEGER_WORDS[(i / 3) % INTEGER_WORDS.length] : i % 3 === 1 ? small(random) : random;

function drawFor(dtype: DType, values: Values, row: number): Draw {
  if (!isFloat(dtype)) return values === 'hostile' ? hostileInteger : (_i, random) => small(random);
  if (values === 'ordinary') return FLOAT_ROWS[0];
  if (values === 'hostile') return hostileFloat;
  return (i, ...words) => FLOAT_ROWS[Math.floor(i / row) % FLOAT_ROWS.length](i % row, ...words);
}

/** What the host holds for a word. */
const CARRIERS: Readonly<Record<DType, (word: number) => number>> = {
  f32: f32FromBits,
  f16: (word) => toHalf(preserveLang, f32FromBits(word)),
  i32: (word) => word | 0,
  u32: (word) => word >>> 0,
  bool: (word) => word & 1,
};

/** A tensor of `values`; other seeds (from 1 on) give other words. */
export function valuesOf(dtype: DType, shape: readonly number[], values: Values, seed: number): TensorData {
  const data = allocateHost(dtype, elementCount(shape));
  const random = randomWords(Math.imul(seed, 0x9e3779b1), data.length);
  const ordinary = ordinaryWords(Math.imul(seed, 0x85ebca6b), data.length);
  const draw = drawFor(dtype, values, data.length / shape[0]);
  const carry = CARRIERS[dtype];
  for (let i = 0; i < data.length; i++) data[i] = carry(draw(i, random[i], ordinary[i]));
  return { dtype, shape, data };
}
