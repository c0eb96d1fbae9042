/** Positions in sequences, for attention. Coordinates come from iota: nothing is stored. */
import { HeddleError } from '../base/errors.js';
import type { DType } from '../base/dtype.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { printType, staticShape } from '../ir/types.js';
import { broadcastTo } from './broadcast.js';
import { concat, sliceAxis } from './movement.js';

export interface RopeOptions {
  /** Wavelengths are from 2 pi to 2 pi * base. Default 10000. */
  readonly base?: number;
  /** Pairs are neighbours (GPT-J, RoFormer) in place of halves (GPT-NeoX, Llama). Default false. */
  readonly interleaved?: boolean;
  /** The position of the first element; an i32 scalar where it changes from run to run. Default 0. */
  readonly offset?: Value | number;
  /** So many features, from the first, are turned; the others stay. Default: all. */
  readonly features?: number;
}

/**
 * Rotary embedding of x [..., T, D] (Su et al., "RoFormer", 2021): pair i of the features at position t is turned by the
 * angle t * base^(-2i / D). Angles, sines and cosines are f32 whatever x is. Throws SHAPE_MISMATCH unless the turned features
 * are an even number.
 */
export function rope(b: Emitter, x: Value, options: RopeOptions = {}): Value {
  const { base = 10000, interleaved = false, offset = 0 } = options;
  const shape = staticShape(x.type.shape);
  const axis = shape.length - 1;
  const turned = options.features ?? shape[axis] ?? 0;
  if (shape.length < 2 || turned % 2 !== 0 || turned < 2 || turned > shape[axis])
    throw new HeddleError('SHAPE_MISMATCH', 'rope turns pairs of features', {
      found: `${turned} features of ${printType(x.type)}`,
      expected: '[..., T, D], and an even number of features up to D',
    });
  const half = turned / 2;
  const angles = anglesOf(b, shape[axis - 1], half, base, offset);
  const factor = (op: 'cos' | 'sin'): Value => b.cast(b.unary(op, angles), x.type.dtype);
  return turnPairs(b, x, factor('cos'), factor('sin'), interleaved);
}

/**
 * Turns pairs of features of x [..., D] by the angles of which cosines and sines are given, with half as many features as are
 * turned: the first ones; the others stay. Both broadcast to [..., half]. Pairs are halves of what is turned, or neighbours.
 */
export function turnPairs(b: Emitter, x: Value, cosines: Value, sines: Value, interleaved: boolean): Value {
  const shape = staticShape(x.type.shape);
  const axis = shape.length - 1;
  const half = Number(cosines.type.shape.at(-1));
  const turned = 2 * half;
  const [cos, sin] = [cosines, sines].map((factor) =>
    broadcastTo(b, factor, [...shape.slice(0, axis), half]),
  );
  const part = (i: number): Value =>
    interleaved ? sliceAxis(b, x, axis, i, half, 2) : sliceAxis(b, x, axis, i * half, half);
  const [first, second] = [part(0), part(1)];
  const turnedFirst = b.binary('sub', b.binary('mul', first, cos), b.binary('mul', second, sin));
  const turnedSecond = b.binary('add', b.binary('mul', second, cos), b.binary('mul', first, sin));
  const result = interleaved
    ? interleave(b, turnedFirst, turnedSecond)
    : concat(b, [turnedFirst, turnedSecond], axis);
  if (turned === shape[axis]) return result;
  return concat(b, [result, sliceAxis(b, x, axis, turned, shape[axis] - turned)], axis);
}

/** f32 [T, half]: (t + offset) * base^(-i / half) */
function anglesOf(b: Emitter, length: number, half: number, base: number, offset: Value | number): Value {
  const positions = positionsOf(b, length, offset);
  const frequencies = Array.from({ length: half }, (_, i) => base ** (-i / half));
  return b.binary(
    'mul',
    b.broadcast(b.reshape(positions, [length, 1]), [length, half]),
    b.broadcast(b.constant('f32', [1, half], frequencies), [length, half]),
  );
}

/** f32 [T]: offset, offset + 1, ... */
function positionsOf(b: Emitter, length: number, offset: Value | number): Value {
  const places = b.emit('iota', [], { dtype: 'i32', shape: [length], axis: 0 });
  if (offset === 0) return b.cast(places, 'f32');
  const start = typeof offset === 'number' ? b.full(places, offset) : broadcastTo(b, offset, [length]);
  return b.cast(b.binary('add', places, start), 'f32');
}

/** x0, y0, x1, y1, ... along the last axis. */
function interleave(b: Emitter, x: Value, y: Value): Value {
  const { shape } = x.type;
  const columns = [x, y].map((value) => b.reshape(value, [...shape, 1]));
  const last = shape.length - 1;
  return b.reshape(concat(b, columns, shape.length), [...shape.slice(0, last), 2 * Number(shape[last])]);
}

/**
 * f32 [T, D] (Vaswani et al., 2017): at position t, feature 2i is sin(t / base^(2i / D)), feature 2i + 1 its cosine. Throws
 * SHAPE_MISMATCH for an odd number of features.
 */
export function sinusoidalPositions(
  b: Emitter,
  length: number,
  features: number,
  { base = 10000, offset = 0 }: Pick<RopeOptions, 'base' | 'offset'> = {},
): Value {
  if (features % 2 !== 0)
    throw new HeddleError('SHAPE_MISMATCH', 'sinusoidal positions have an even number of features', {
      found: `${features}`,
    });
  const angles = anglesOf(b, length, features / 2, base, offset);
  return interleave(b, b.unary('sin', angles), b.unary('cos', angles));
}

/**
 * The slopes of ALiBi (Press et al., "Train short, test long", 2021) for each of `heads` heads: 2^(-8i / heads), from i = 1
 * on, where `heads` is a power of two; else those of the power below, and then every other one of the power above.
 */
export function alibiSlopes(heads: number): number[] {
  const power = 2 ** Math.floor(Math.log2(heads));
  const slopes = (count: number): number[] =>
    Array.from({ length: count }, (_, i) => 2 ** ((-8 * (i + 1)) / count));
  const between = slopes(2 * power).filter((_, i) => i % 2 === 0);
  return [...slopes(power), ...between.slice(0, heads - power)];
}

/** [H, Tq, Tk], to add to scores: -slope * |distance|; the last query stands where the last key does. */
export function alibiBias(b: Emitter, heads: number, tq: number, tk: number, dtype: DType = 'f32'): Value {
  const shape = [heads, tq, tk];
  const place = (axis: number): Value => b.emit('iota', [], { dtype: 'i32', shape, axis });
  const distance = b.binary('sub', place(2), b.binary('add', place(1), b.constant('i32', shape, tk - tq)));
  const falling = b.unary('neg', b.cast(b.unary('abs', distance), 'f32'));
  const slopes = b.broadcast(b.constant('f32', [heads, 1, 1], alibiSlopes(heads)), shape);
  return b.cast(b.binary('mul', falling, slopes), dtype);
}
