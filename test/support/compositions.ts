/** The usual layers in the ops of the IR, for tests of how they are compiled. */
import type { GraphBuilder } from '../../src/ir/builder.js';
import type { GraphValue } from '../../src/ir/builder.js';
import { shapeOf } from './graph-world.js';

/** A reduction of the last axis, spread over it again. */
export function rowWise(b: GraphBuilder, kind: 'sum' | 'max', x: GraphValue): GraphValue {
  const shape = shapeOf(x);
  const reduced = b.reduce(kind, x, [shape.length - 1]);
  return b.broadcast(b.reshape(reduced, [...shape.slice(0, -1), 1]), shape);
}

export function softmax(b: GraphBuilder, x: GraphValue): GraphValue {
  const e = b.unary('exp', b.binary('sub', x, rowWise(b, 'max', x)));
  return b.binary('div', e, rowWise(b, 'sum', e));
}

const rowMean = (b: GraphBuilder, x: GraphValue): GraphValue =>
  b.binary('div', rowWise(b, 'sum', x), b.full(x, shapeOf(x)[shapeOf(x).length - 1]));

export function layerNorm(b: GraphBuilder, x: GraphValue): GraphValue {
  const centred = b.binary('sub', x, rowMean(b, x));
  const variance = rowMean(b, b.binary('mul', centred, centred));
  return b.binary('div', centred, b.unary('sqrt', b.binary('add', variance, b.full(x, 1e-5))));
}

export function rmsNorm(b: GraphBuilder, x: GraphValue): GraphValue {
  const square = rowMean(b, b.binary('mul', x, x));
  return b.binary('div', x, b.unary('sqrt', b.binary('add', square, b.full(x, 1e-6))));
}

/** 3x3, stride 1, same size. */
export const conv3x3 = (b: GraphBuilder, x: GraphValue, w: GraphValue): GraphValue =>
  b.emit('conv', [x, w], {
    strides: [1, 1],
    padLow: [1, 1],
    padHigh: [1, 1],
    lhsDilation: [1, 1],
    rhsDilation: [1, 1],
    groups: 1,
  });

export const relu = (b: GraphBuilder, x: GraphValue): GraphValue => b.binary('max', x, b.full(x, 0));

/** A value for each channel of [N, C, H, W]. */
export const perChannel = (b: GraphBuilder, values: GraphValue, like: GraphValue): GraphValue =>
  b.broadcast(b.reshape(values, [1, shapeOf(values)[0], 1, 1]), shapeOf(like));
