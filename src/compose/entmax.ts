/** Relatives of softmax that give exact zeros. Both shift by the maximum first; axes are static. */
import type { Emitter, Value } from '../ir/emitter.js';
import { staticShape } from '../ir/types.js';
import { broadcastTo, withScalar } from './broadcast.js';
import { takeAlongAxis } from './indexing.js';
import { maximum, sum } from './reduce.js';
import { softmax } from './softmax.js';

/**
 * The point of the simplex that is nearest to x: max(z - tau, 0) with the tau for which the sum is 1. Martins and Astudillo,
 * "From softmax to sparsemax" (2016).
 */
export function sparsemax(b: Emitter, x: Value, axis: number): Value {
  const z = shifted(b, x, axis);
  const keep = { axes: [axis], keepDims: true };
  const fixed = constantOf(b, z);
  const order = b.emit('argsort', [fixed], { axis, descending: true });
  const sorted = takeAlongAxis(b, fixed, order, axis);
  const running = b.emit('scan', [sorted], { kind: 'sum', axis, exclusive: false, reverse: false });
  const place = b.emit('iota', [], { dtype: 'i32', shape: x.type.shape, axis });
  const rank = withScalar(b, 'add', b.cast(place, x.type.dtype), 1);
  // The k greatest are in the support, for the largest k with 1 + k z_k > z_1 + ... + z_k.
  const scaled = withScalar(b, 'add', b.binary('mul', rank, sorted), 1);
  const inSupport = b.binary('lt', running, scaled);
  const count = sum(b, b.cast(inSupport, x.type.dtype), keep);
  const total = sum(b, b.select(inSupport, sorted, b.full(sorted, 0)), keep);
  const tau = b.binary('div', withScalar(b, 'sub', total, 1), count);
  return powersAbove(b, z, tau, 1, axis);
}

/** Halvings of an interval of at most 1, before Newton's step squares what is left. */
const BISECTIONS = 20;

/**
 * alpha-entmax: max((alpha - 1) z - tau, 0)^(1 / (alpha - 1)) with the tau for which the sum is 1, for alpha from 1 (softmax)
 * to 2 (sparsemax). Peters, Niculae and Martins, "Sparse sequence-to-sequence models" (2019); by bisection, as Blondel,
 * Martins and Niculae, "Learning with Fenchel-Young losses" (2020).
 */
export function entmax(b: Emitter, x: Value, axis: number, alpha: number): Value {
  if (alpha <= 1) return softmax(b, x, axis);
  if (alpha >= 2) return sparsemax(b, x, axis);
  const z = withScalar(b, 'mul', shifted(b, x, axis), alpha - 1);
  const fixed = constantOf(b, z);
  const exponent = 1 / (alpha - 1);
  const [extent] = staticShape([x.type.shape[axis]]);
  const along = { axes: [axis], keepDims: true };
  let low = b.full(maximum(b, fixed, along), -1);
  let width = 1 - extent ** (1 - alpha);
  for (let i = 0; i < BISECTIONS; i++) {
    width /= 2;
    const middle = withScalar(b, 'add', low, width);
    const total = sum(b, powers(b, fixed, middle, exponent).power, along);
    low = b.select(b.binary('lt', total, b.full(total, 1)), low, middle);
  }
  return powersAbove(b, z, low, exponent, axis);
}

/**
 * The two mixed, as LOOM has it: (2 - alpha) softmax(x) + (alpha - 1) sparsemax(x), divided by its sum; for alpha outside of
 * 1 to 2, that one of both that is nearer.
 */
export function entmaxBlend(b: Emitter, x: Value, axis: number, alpha: number): Value {
  if (alpha <= 1) return softmax(b, x, axis);
  if (alpha >= 2) return sparsemax(b, x, axis);
  const dense = withScalar(b, 'mul', softmax(b, x, axis), 2 - alpha);
  const blend = b.binary('add', dense, withScalar(b, 'mul', sparsemax(b, x, axis), alpha - 1));
  const total = sum(b, blend, { axes: [axis], keepDims: true });
  return b.binary('div', blend, broadcastTo(b, total, x.type.shape));
}

function shifted(b: Emitter, x: Value, axis: number): Value {
  const top = constantOf(b, maximum(b, x, { axes: [axis], keepDims: true }));
  return b.binary('sub', x, broadcastTo(b, top, x.type.shape));
}

const constantOf = (b: Emitter, x: Value): Value => b.emit('barrier', [x], { role: 'stopGradient' });

/**
 * max(z - tau, 0)^exponent after one step of Newton's from `tau`, where the sum is not below 1. tau is found without
 * derivatives; the step, whose denominator is a constant to them, gives the derivative that tau has as the solution.
 */
function powersAbove(b: Emitter, z: Value, tau: Value, exponent: number, axis: number): Value {
  const along = { axes: [axis], keepDims: true };
  const start = constantOf(b, tau);
  const { power, slope } = powers(b, z, start, exponent);
  const missing = withScalar(b, 'sub', sum(b, power, along), 1);
  const step = b.binary('div', missing, constantOf(b, sum(b, slope, along)));
  return powers(b, z, b.binary('add', start, step), exponent).power;
}

/** max(z - tau, 0)^exponent, and what it falls by as tau grows. */
function powers(b: Emitter, z: Value, tau: Value, exponent: number): { power: Value; slope: Value } {
  const difference = b.binary('sub', z, broadcastTo(b, tau, z.type.shape));
  const isAbove = withScalar(b, 'lt', b.unary('neg', difference), 0);
  const positive = b.select(isAbove, difference, b.full(z, 0));
  if (exponent === 1) return { power: positive, slope: b.cast(isAbove, z.type.dtype) };
  const slope = withScalar(b, 'mul', withScalar(b, 'pow', positive, exponent - 1), exponent);
  return { power: withScalar(b, 'pow', positive, exponent), slope };
}
