/**
 * Random numbers from keys. A key and a shape always give the same numbers, on every machine: there is no hidden state.
 * Use every key once; `split` makes new ones.
 *
 * The generator is Threefry-2x32 with 20 rounds (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011).
 */
import { shown } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import { f32Bits, f32FromBits } from '../../numerics/bits.js';
import { printType } from '../../ir/types.js';
import { checkNumber, checkShape, checkTensors } from '../arguments.js';
import { asExpr, EXPRS } from '../expressions/expr.js';
import { fromData } from './factories.js';
import { concat } from './functions.js';
import { named } from './core.js';
import { Tensor } from './tensor.js';

/** A key: u32[2], or a seed that stands for `key(seed)`. */
export type Key = Tensor | number;

/** The key of a seed, an integer from 0 to 2^53. u32[2]: the high word, the low word. */
export function key(seed: number): Tensor {
  if (!Number.isSafeInteger(seed) || seed < 0)
    throw new HeddleError('ATTRIBUTE_INVALID', 'a seed is an integer from 0 to 2^53 - 1', {
      found: shown`${seed}`,
    });
  return fromData({ dtype: 'u32', shape: [2], data: Uint32Array.of(Math.floor(seed / 2 ** 32), seed >>> 0) });
}

function checkedKey(given: Key): Tensor {
  if (typeof given === 'number') return key(given);
  checkTensors('random', { 'the key': given });
  if (given.dtype !== 'u32' || given.size !== 2 || given.rank !== 1)
    throw new HeddleError('DTYPE_MISMATCH', 'the value is not a key', {
      found: printType(given.expr.type),
      expected: 'u32[2], from random.key(seed) or random.split',
    });
  return given;
}

/** u32 of `shape`, every bit random. */
export function bits(from: Key, shape: readonly number[]): Tensor {
  checkShape('random', shape);
  return named(
    'random',
    () =>
      new Tensor(asExpr(EXPRS.emit('random', [checkedKey(from).exprFor('random')], { shape: [...shape] }))),
  );
}

/** `count` new keys, up to 100,000. Throws LIMIT_EXCEEDED for more. */
export function split(from: Key, count = 2): Tensor[] {
  return bits(from, [count, 2])
    .split(count)
    .map((row) => row.reshape(2));
}

/** A new key for each number: of a step, a layer, a worker. `data`: an integer, or an i32 or u32 scalar. */
export function foldIn(from: Key, data: number | Tensor): Tensor {
  if (typeof data === 'number' && !(Number.isInteger(data) && data >= 0 && data < 2 ** 32))
    throw new HeddleError('ATTRIBUTE_INVALID', 'foldIn takes integers from 0 to 2^32 - 1', {
      found: shown`${data}`,
    });
  if (typeof data !== 'number') checkTensors('foldIn', { data });
  const number =
    typeof data === 'number' ? fromData({ dtype: 'u32', shape: [], data: Uint32Array.of(data) }) : data;
  const low = number.cast('u32').reshape(1);
  return bits(bits(from, [2]).xor(concat([low.mul(0), low])), [2]);
}

/** f32 in [0, 1): 24 random bits each; or in [low, high). */
export function uniform(from: Key, shape: readonly number[], low = 0, high = 1): Tensor {
  checkNumber('uniform', 'low', low);
  checkNumber('uniform', 'high', high);
  const unit = bits(from, shape)
    .shiftRight(8)
    .cast('f32')
    .mul(2 ** -24);
  if (low === 0 && high === 1) return unit;
  // The rounding of the sum must not reach the end that is excluded.
  return unit
    .mul(high - low)
    .add(low)
    .maximum(low)
    .minimum(below(high));
}

/** The greatest f32 below `x`. */
function below(x: number): number {
  const value = Math.fround(x);
  if (value < x) return value;
  const pattern = f32Bits(value);
  return value > 0 ? f32FromBits(pattern - 1) : value < 0 ? f32FromBits(pattern + 1) : -(2 ** -149);
}

/** f32 of mean 0 and variance 1, by Box and Muller's transform. */
export function normal(from: Key, shape: readonly number[]): Tensor {
  checkShape('normal', shape);
  const [radius, angle] = bits(from, [2, ...shape])
    .shiftRight(8)
    .cast('f32')
    .split(2);
  // In (0, 1], so that the logarithm is finite.
  const u = radius
    .add(1)
    .mul(2 ** -24)
    .reshape(shape);
  const turn = angle.mul(2 ** -24 * 2 * Math.PI).reshape(shape);
  return u.log().mul(-2).sqrt().mul(turn.cos());
}

/** i32 in [low, high). */
export function randint(from: Key, shape: readonly number[], low: number, high: number): Tensor {
  if (!Number.isInteger(low) || !Number.isInteger(high) || high <= low || high - low > 2 ** 24)
    throw new HeddleError('ATTRIBUTE_INVALID', 'randint needs integers low < high, at most 2^24 apart', {
      found: shown`[${low}, ${high})`,
    });
  return uniform(from, shape)
    .mul(high - low)
    .floor()
    .cast('i32')
    .minimum(high - low - 1)
    .add(low);
}

/** bool, true with probability `p`. */
export function bernoulli(from: Key, p: number, shape: readonly number[]): Tensor {
  checkNumber('bernoulli', 'p', p);
  return uniform(from, shape).less(p);
}

/** i32[n]: 0 to n - 1 in random order. */
export const permutation = (from: Key, n: number): Tensor => bits(from, [n]).argsort();

/** f32 of Gumbel's distribution: -log(-log(u)). */
export function gumbel(from: Key, shape: readonly number[]): Tensor {
  // 23 bits and a half: in (0, 1), both ends excluded, so that both logarithms are finite.
  const u = bits(from, shape)
    .shiftRight(9)
    .cast('f32')
    .add(0.5)
    .mul(2 ** -23);
  return u.log().neg().log().neg();
}

/** i32: an index along `axis` of logits, drawn with the probabilities softmax(logits). */
export function categorical(from: Key, logits: Tensor, axis = -1): Tensor {
  checkTensors('categorical', { 'the second argument': logits });
  return logits.add(gumbel(from, logits.shape)).argmax({ axis });
}
