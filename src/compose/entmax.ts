/** Relatives of softmax that give exact zeros. Both shift by the maximum first; axes are static. */
import type { Emitter, Value } from '../ir/emitter.js';
import { broadcastTo, scalarWith, withScalar } from './broadcast.js';
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

/** Of Newton's steps, so that the sum is 1 but for roundings, for a thousand numbers and any alpha. */
const STEPS = 8;

/**
 * alpha-entmax: p = max((alpha - 1) z - tau, 0)^m, m = 1 / (alpha - 1), with the tau for which the sum is 1, for alpha from 1
 * (softmax) to 2 (sparsemax). Peters, Niculae and Martins, "Sparse sequence-to-sequence models" (2019).
 *
 * They halve an interval to find tau. The m-norm of the positive parts, which is to be 1, is convex in tau and nearly a line:
 * Newton's method on it rises to the solution from below, and takes a third of the powers.
 */
export function entmax(b: Emitter, x: Value, axis: number, alpha: number): Value {
  if (alpha <= 1) return softmax(b, x, axis);
  if (alpha >= 2) return sparsemax(b, x, axis);
  const z = withScalar(b, 'mul', shifted(b, x, axis), alpha - 1);
  const fixed = constantOf(b, z);
  const exponent = 1 / (alpha - 1);
  const along = { axes: [axis], keepDims: true };
  // The greatest of z is 0, and alone makes a sum of 1 here.
  let tau = b.full(maximum(b, fixed, along), -1);
  for (let i = 0; i < STEPS; i++) {
    const positive = positivePart(b, fixed, tau).positive;
    const slopes = power(b, positive, exponent - 1);
    const total = sum(b, b.binary('mul', slopes, positive), along);
    const excess = scalarWith(b, 'sub', 1, power(b, total, -1 / exponent));
    const step = b.binary('div', b.binary('mul', total, excess), sum(b, slopes, along));
    tau = b.binary('add', tau, step);
  }
  return powersAbove(b, z, tau, exponent, axis);
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

const constantOf = (b: Emitter, x: Value): Value => b.emit('stopGradient', [x], {});

/**
 * max(z - tau, 0)^exponent after one more of Newton's steps, on the sum itself. tau is found without derivatives; the step,
 * whose denominator is a constant to them, gives the derivative that tau has as the solution.
 */
function powersAbove(b: Emitter, z: Value, tau: Value, exponent: number, axis: number): Value {
  const along = { axes: [axis], keepDims: true };
  const start = constantOf(b, tau);
  const { positive, isAbove } = positivePart(b, z, start);
  const slope =
    exponent === 1
      ? b.cast(isAbove, z.type.dtype)
      : withScalar(b, 'mul', power(b, positive, exponent - 1), exponent);
  const missing = withScalar(b, 'sub', sum(b, power(b, positive, exponent), along), 1);
  const step = b.binary('div', missing, constantOf(b, sum(b, slope, along)));
  return power(b, positivePart(b, z, b.binary('add', start, step)).positive, exponent);
}

/** x^exponent, for the exponents of the most usual alphas, 2 and 1.5, without a power. */
function power(b: Emitter, x: Value, exponent: number): Value {
  if (exponent === 1) return x;
  if (exponent === 2) return b.binary('mul', x, x);
  if (exponent === -0.5) return scalarWith(b, 'div', 1, b.unary('sqrt', x));
  return withScalar(b, 'pow', x, exponent);
}

/** max(z - tau, 0), where no gradient flows at 0. */
function positivePart(b: Emitter, z: Value, tau: Value): { positive: Value; isAbove: Value } {
  const difference = b.binary('sub', z, broadcastTo(b, tau, z.type.shape));
  const isAbove = scalarWith(b, 'lt', 0, difference);
  return { positive: b.select(isAbove, difference, b.full(z, 0)), isAbove };
}
