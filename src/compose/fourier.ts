/** Discrete Fourier transforms as products with matrices of cosines and sines. */
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { printType, staticShape } from '../ir/types.js';
import { range } from './axes.js';
import { scalarWith, withScalar } from './broadcast.js';
import { concat, sliceAxis } from './movement.js';

export interface DftOptions {
  /** Elements along the axis, which is cut or padded with zeros to them. */
  readonly length: number;
  readonly inverse: boolean;
  /**
   * Real signals: only the first length / 2 + 1 frequencies, of which the others are conjugates, are given or, where `inverse`,
   * taken; the signal is real then.
   */
  readonly onesided: boolean;
}

/** Products of two indices are exact in i32. */
const MAX_LENGTH = 32_768;

/**
 * The transform along `axis` of x [..., 1 or 2], whose last axis has real and imaginary parts; so has that of the result, but for
 * the real one of a onesided inverse. Angles are exact multiples of 2 pi / length before they are rounded. f32.
 */
export function dft(b: Emitter, x: Value, axis: number, { length, inverse, onesided }: DftOptions): Value {
  const shape = staticShape(x.type.shape);
  const last = shape.length - 1;
  if (!(length >= 1 && length <= MAX_LENGTH) || axis < 0 || axis >= last || ![1, 2].includes(shape[last]))
    throw new HeddleError('SHAPE_MISMATCH', 'the signal cannot be transformed', {
      found: `${length} elements of ${printType(x.type)}`,
      expected: `[..., 1] or [..., 2], another axis than the last, and up to ${MAX_LENGTH} elements`,
    });
  const half = Math.floor(length / 2) + 1;
  const used = Math.min(shape[axis], inverse && onesided ? half : length);
  const signal = sliceAxis(b, x, axis, 0, used);
  const basis = basisOf(b, used, shape[last], { length, inverse, onesided });
  // Zeros that the signal is padded with add nothing.
  const product = b.emit('dot', [signal, basis], {
    lhsBatch: [],
    rhsBatch: [],
    lhsContract: [axis, last],
    rhsContract: [0, 1],
  });
  // [..., K, parts] with the other axes in front: K goes where the axis was.
  const rank = shape.length;
  const order = [...range(0, axis), rank - 2, ...range(axis, rank - 2), rank - 1];
  return b.permute(product, order);
}

/** [n, parts, K, parts of the result]: what each part of each element adds to each part of each result. */
function basisOf(b: Emitter, used: number, parts: number, { length, inverse, onesided }: DftOptions): Value {
  const half = Math.floor(length / 2) + 1;
  const results = onesided && !inverse ? half : length;
  const shape = [used, results];
  const place = (axis: number): Value => b.emit('iota', [], { dtype: 'i32', shape, axis });
  const turns = b.binary('mul', place(0), place(1));
  const [cosines, sines] = circle(b, b.binary('rem', turns, b.full(turns, length)), length);
  const factor = inverse ? 1 / length : 1;
  /** Frequencies that stand for their conjugates as well count twice. */
  const scaled = (x: Value): Value => {
    if (!inverse) return x;
    const whole = withScalar(b, 'mul', x, factor);
    if (!onesided) return whole;
    const first = place(0);
    const once = [0, ...(length % 2 === 0 ? [length / 2] : [])]
      .map((k) => withScalar(b, 'eq', first, k))
      .reduce((p, q) => b.binary('or', p, q));
    return b.select(once, whole, b.binary('add', whole, whole));
  };
  const [cosine, sine] = [scaled(cosines), scaled(sines)];
  const minus = b.unary('neg', sine);
  const rows = [
    [cosine, inverse ? sine : minus],
    [inverse ? minus : sine, cosine],
  ].slice(0, parts);
  const column = (x: Value): Value => b.reshape(x, [used, 1, results, 1]);
  const isReal = inverse && onesided;
  return concat(
    b,
    rows.map((row) => concat(b, row.slice(0, isReal ? 1 : 2).map(column), 3)),
    1,
  );
}

/**
 * Cosines and sines of 2 pi i / n in f32, for integers i in [0, n). They have the symmetries of the circle, to the bit: angles
 * are reduced to [0, pi / 4] as integers, so that what cancels in exact arithmetic does here.
 */
function circle(b: Emitter, i: Value, n: number): readonly [cosine: Value, sine: Value] {
  const quarters = withScalar(b, 'mul', i, 4);
  const quadrant = withScalar(b, 'div', quarters, n);
  const rest = withScalar(b, 'rem', quarters, n);
  const mirrored = b.binary('sub', b.full(rest, n), rest);
  const isFar = b.binary('lt', mirrored, rest);
  const angle = withScalar(b, 'mul', b.cast(b.binary('min', rest, mirrored), 'f32'), Math.PI / 2 / n);
  const [c, s] = [b.unary('cos', angle), b.unary('sin', angle)];
  const [x, y] = [b.select(isFar, s, c), b.select(isFar, c, s)];
  const isOdd = withScalar(b, 'eq', withScalar(b, 'and', quadrant, 1), 1);
  const signed = (value: Value, isNegative: Value): Value =>
    b.select(isNegative, b.unary('neg', value), value);
  const isMiddle = withScalar(b, 'eq', withScalar(b, 'and', withScalar(b, 'add', quadrant, 1), 2), 2);
  return [
    signed(b.select(isOdd, y, x), isMiddle),
    signed(b.select(isOdd, x, y), scalarWith(b, 'le', 2, quadrant)),
  ];
}

/** Frames [..., frames, length] of x [..., T], which begin `step` elements after each other. */
export function framesOf(b: Emitter, x: Value, length: number, step: number): Value {
  const shape = staticShape(x.type.shape);
  const total = shape[shape.length - 1];
  const frames = Math.floor((total - length) / step) + 1;
  if (!(length >= 1 && step >= 1 && frames >= 1))
    throw new HeddleError('SHAPE_MISMATCH', 'the signal has no frames', {
      found: `frames of ${length} elements, ${step} after each other, of ${total}`,
    });
  const places = [frames, length];
  const place = (axis: number): Value => b.emit('iota', [], { dtype: 'i32', shape: places, axis });
  const index = b.binary('add', withScalar(b, 'mul', place(0), step), place(1));
  return b.emit('gather', [x, index], { axis: shape.length - 1 });
}
