/**
 * Normalizations. The order of operations is part of each definition: it is what interpreter and device agree on, and
 * it is chosen so that everything which depends on parameters alone can be computed before the graph runs.
 */
import type { Emitter, Value } from '../ir/emitter.js';
import { HeddleError } from '../base/errors.js';
import { isStatic } from '../ir/dim.js';
import { printType, staticShape } from '../ir/types.js';
import { range } from './axes.js';
import { binaryBroadcast, broadcastTo, perChannel, withScalar } from './broadcast.js';
import { usefulWindow } from './window.js';
import { rootOfSquares } from './math.js';
import { mean, sumOfAbsolutes, sumOfSquares } from './reduce.js';

/** Per-channel parameters, all [C]. */
export interface BatchNormParams {
  readonly scale: Value;
  readonly bias: Value;
  readonly mean: Value;
  readonly variance: Value;
  readonly epsilon: number;
}

/**
 * Batch normalization at inference over axis 1: y = x * s + t, with s = scale / sqrt(variance + epsilon) and
 * t = bias - mean * s. Both factors are functions of the parameters, so constant folding leaves a multiply and an add.
 */
export function batchNorm(b: Emitter, x: Value, params: BatchNormParams): Value {
  const deviation = b.unary('sqrt', withScalar(b, 'add', params.variance, params.epsilon));
  const s = b.binary('div', params.scale, deviation);
  const t = b.binary('sub', params.bias, b.binary('mul', params.mean, s));
  return affinePerChannel(b, x, s, t);
}

/** x * s + t with vectors over axis 1. */
export function affinePerChannel(b: Emitter, x: Value, s: Value, t: Value): Value {
  const rank = x.type.shape.length;
  const scaled = binaryBroadcast(b, 'mul', x, perChannel(b, s, rank));
  return binaryBroadcast(b, 'add', scaled, perChannel(b, t, rank));
}

export interface Standardized {
  /** (x - mean) * inverseDeviation */
  readonly normalized: Value;
  /** With the reduced axes kept as extents of 1. */
  readonly mean: Value;
  readonly variance: Value;
  readonly inverseDeviation: Value;
}

/** Zero mean and unit variance over `axes`: (x - m) * (1 / sqrt(mean((x - m)^2) + epsilon)). */
export function standardize(b: Emitter, x: Value, axes: readonly number[], epsilon: number): Standardized {
  const keep = { axes, keepDims: true };
  const center = mean(b, x, keep);
  const centered = b.binary('sub', x, broadcastTo(b, center, x.type.shape));
  const spread = mean(b, b.binary('mul', centered, centered), keep);
  const inverseDeviation = inverseRoot(b, spread, epsilon);
  const normalized = b.binary('mul', centered, broadcastTo(b, inverseDeviation, x.type.shape));
  return { normalized, mean: center, variance: spread, inverseDeviation };
}

/** 1 / sqrt(x + epsilon) */
function inverseRoot(b: Emitter, x: Value, epsilon: number): Value {
  const root = b.unary('sqrt', withScalar(b, 'add', x, epsilon));
  return b.binary('div', b.full(root, 1), root);
}

/** Layer normalization over the axes from `axis` on; scale and bias broadcast to `x`. */
export function layerNorm(
  b: Emitter,
  x: Value,
  axis: number,
  scale: Value | undefined,
  bias: Value | undefined,
  epsilon = 1e-5,
): Standardized & { readonly result: Value } {
  const parts = standardize(b, x, range(axis, x.type.shape.length), epsilon);
  return { ...parts, result: affine(b, parts.normalized, scale, bias) };
}

/** x * (1 / sqrt(mean(x^2) + epsilon)) * scale over the axes from `axis` on. */
export function rmsNorm(b: Emitter, x: Value, axis: number, scale: Value | undefined, epsilon = 1e-5): Value {
  const factor = inverseRootMeanSquare(b, x, axis, epsilon);
  const normalized = b.binary('mul', x, broadcastTo(b, factor, x.type.shape));
  return affine(b, normalized, scale, undefined);
}

/** 1 / sqrt(mean(x^2) + epsilon) over the axes from `axis` on, which are kept as extents of 1. */
export function inverseRootMeanSquare(b: Emitter, x: Value, axis: number, epsilon: number): Value {
  const axes = range(axis, x.type.shape.length);
  const power = mean(b, b.binary('mul', x, x), { axes, keepDims: true });
  return inverseRoot(b, power, epsilon);
}

/** x * scale + bias, with what broadcasts to `x`. */
export function affine(b: Emitter, x: Value, scale: Value | undefined, bias: Value | undefined): Value {
  const scaled = scale === undefined ? x : binaryBroadcast(b, 'mul', x, scale);
  return bias === undefined ? scaled : binaryBroadcast(b, 'add', scaled, bias);
}

/** Each channel of each image to zero mean and unit variance, then scale and bias per channel, both [C]. */
export function instanceNorm(b: Emitter, x: Value, scale: Value, bias: Value, epsilon = 1e-5): Value {
  const { normalized } = standardize(b, x, range(2, x.type.shape.length), epsilon);
  return affinePerChannel(b, normalized, scale, bias);
}

/** Channels in `groups` groups, each normalized as one; scale and bias are per channel, both [C]. */
export function groupNorm(
  b: Emitter,
  x: Value,
  groups: number,
  scale: Value,
  bias: Value,
  epsilon = 1e-5,
): Value {
  return affinePerChannel(b, standardizeGroups(b, x, groups, epsilon), scale, bias);
}

/** Channels in `groups` groups, each to zero mean and unit variance. */
export function standardizeGroups(b: Emitter, x: Value, groups: number, epsilon: number): Value {
  const [n, c, ...spatial] = x.type.shape;
  if (n === undefined || c === undefined || !isStatic(c) || groups < 1 || c % groups !== 0)
    throw new HeddleError('SHAPE_MISMATCH', 'the groups do not divide the channels', {
      found: `${groups} groups of ${printType(x.type)}`,
      expected: '[N, C, ...] with C divisible by the number of groups',
    });
  const grouped = b.reshape(x, [n, groups, c / groups, ...spatial]);
  const { normalized } = standardize(b, grouped, range(2, grouped.type.shape.length), epsilon);
  return b.reshape(normalized, x.type.shape);
}

/**
 * Zero mean and unit variance over `axes`, as (x - m) / (sqrt(mean((x - m)^2)) + epsilon). Where the root is 0, so is its
 * derivative.
 */
export function meanVarianceNorm(b: Emitter, x: Value, axes: readonly number[], epsilon = 1e-9): Value {
  const keep = { axes, keepDims: true };
  const centered = b.binary('sub', x, broadcastTo(b, mean(b, x, keep), x.type.shape));
  const deviation = rootOfSquares(b, mean(b, b.binary('mul', centered, centered), keep));
  return b.binary('div', centered, broadcastTo(b, withScalar(b, 'add', deviation, epsilon), x.type.shape));
}

/**
 * x divided by its 1-norm or 2-norm along `axis`; 0 where the norm is 0, and so is the derivative. That of the 2-norm is lost
 * where a sum of squares is subnormal: the square of its reciprocal, which is a factor on the way, overflows.
 */
export function lpNormalize(b: Emitter, x: Value, axis: number, p: 1 | 2): Value {
  const total = (p === 1 ? sumOfAbsolutes : sumOfSquares)(b, x, { axes: [axis], keepDims: true });
  const isZero = withScalar(b, 'eq', total, 0);
  // What is not chosen has a derivative, too.
  const positive = b.select(isZero, b.full(total, 1), total);
  const norm = broadcastTo(b, p === 1 ? positive : b.unary('sqrt', positive), x.type.shape);
  return b.select(broadcastTo(b, isZero, x.type.shape), b.full(x, 0), b.binary('div', x, norm));
}

export interface LrnParams {
  /** Channels in the window, centred on each. */
  readonly size: number;
  readonly alpha: number;
  readonly beta: number;
  readonly bias: number;
}

/** Local response normalization over axis 1: x / (bias + alpha / size * sum of x^2 over the window) ^ beta. */
export function lrn(b: Emitter, x: Value, { size, alpha, beta, bias }: LrnParams): Value {
  const rank = staticShape(x.type.shape).length;
  if (rank < 2 || !(size >= 1))
    throw new HeddleError('SHAPE_MISMATCH', 'a response is normalized over channels', {
      found: `${size} channels of ${printType(x.type)}`,
      expected: '[N, C, ...], and 1 channel or more',
    });
  const along = (amount: number, otherwise: number): number[] =>
    range(0, rank).map((axis) => (axis === 1 ? amount : otherwise));
  const { kernel, padLow, padHigh } = usefulWindow(staticShape([x.type.shape[1]]), {
    ...{ kernel: [size], strides: [1], dilations: [1] },
    ...{ padLow: [Math.floor((size - 1) / 2)], padHigh: [Math.ceil((size - 1) / 2)] },
  });
  const power = b.emit('reduceWindow', [b.binary('mul', x, x)], {
    kind: 'sum',
    window: along(kernel[0], 1),
    strides: along(1, 1),
    dilations: along(1, 1),
    padLow: along(padLow[0], 0),
    padHigh: along(padHigh[0], 0),
  });
  const base = withScalar(b, 'add', withScalar(b, 'mul', power, alpha / size), bias);
  return b.binary('div', x, withScalar(b, 'pow', base, beta));
}
