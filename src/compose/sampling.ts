/**
 * Images read at computed places between their elements. Places are f32 coordinates, counted in elements, one value for each
 * spatial axis; -0.5 is the border of the first element.
 */
import { HeddleError } from '../base/errors.js';
import { elementCount, rowMajorStrides } from '../base/tensor.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { printType, staticShape } from '../ir/types.js';
import { range } from './axes.js';
import { broadcastTo, withScalar } from './broadcast.js';
import { sliceAxis } from './movement.js';
import { checkTable } from './tables.js';

export type SamplePadding = 'zeros' | 'border' | 'reflection';
export type SampleMode = 'nearest' | 'linear' | 'cubic';

/** One element of an axis that counts: its index, its weight (1 where there is none), and where it is no padding. */
interface Tap {
  readonly index: Value;
  readonly weight?: Value;
  readonly inside?: Value;
}

/** Makes an f32 index of an element, which may be beyond the ends, an element's. */
type TapAt = (index: Value) => Tap;

/** Images of which places are read. */
export interface Samples {
  /** [N, C, ...spatial], floats, or any dtype for taps without weights. */
  readonly x: Value;
  /** i32: for each place, the number of its image. */
  readonly image: Value;
  /** For each spatial axis, its taps at all places. */
  readonly taps: readonly (readonly Tap[])[];
}

/** The weighted sums of the taps, axis by axis, the first outermost: places [...P] give [...P, C]. */
export function sampleTaps(b: Emitter, { x, image, taps }: Samples): Value {
  const [n, c, ...spatial] = staticShape(x.type.shape) as [number, number, ...number[]];
  const last = b.permute(x, [0, ...range(2, spatial.length + 2), 1]);
  const rows = b.reshape(last, [n * elementCount(spatial), c]);
  const strides = rowMajorStrides(spatial);
  const places = image.type.shape;
  const channels = (value: Value): Value => b.broadcast(b.reshape(value, [...places, 1]), [...places, c]);
  const from = (axis: number, place: Value): Value => {
    if (axis === spatial.length) return b.emit('gather', [rows, place], { axis: 0 });
    const terms = taps[axis].map(({ index, weight, inside }) => {
      const inner = from(axis + 1, b.binary('add', place, withScalar(b, 'mul', index, strides[axis])));
      const kept = inside === undefined ? inner : b.select(channels(inside), inner, b.full(inner, 0));
      return weight === undefined ? kept : b.binary('mul', kept, channels(weight));
    });
    return terms.reduce((sum, term) => b.binary('add', sum, term));
  };
  return from(0, withScalar(b, 'mul', image, elementCount(spatial)));
}

/** The index as an element of an axis, whatever it is: clamped to its ends. */
const clampedIndex = (b: Emitter, index: Value, extent: number): Value =>
  withScalar(b, 'max', withScalar(b, 'min', b.cast(index, 'i32'), extent - 1), 0);

/** Back and forth between the borders: x itself within them, mirrored as often as needed beyond. */
function reflect(b: Emitter, x: Value, low: number, high: number): Value {
  const span = high - low;
  if (span === 0) return b.full(x, low);
  const below = withScalar(b, 'lt', x, low);
  const above = b.binary('lt', b.full(x, high), x);
  const distance = b.select(below, b.binary('sub', b.full(x, low), x), withScalar(b, 'sub', x, high));
  const times = b.unary('trunc', withScalar(b, 'div', distance, span));
  const rest = b.binary('sub', distance, withScalar(b, 'mul', times, span));
  const half = b.unary('trunc', withScalar(b, 'mul', times, 0.5));
  const isOdd = b.unary('not', b.binary('eq', withScalar(b, 'mul', half, 2), times));
  const fromLow = b.binary('xor', below, isOdd);
  const mirrored = b.select(
    fromLow,
    withScalar(b, 'add', rest, low),
    b.binary('sub', b.full(rest, high), rest),
  );
  return b.select(b.binary('or', below, above), mirrored, x);
}

function tapAt(b: Emitter, padding: SamplePadding, extent: number, low: number, high: number): TapAt {
  switch (padding) {
    case 'zeros':
      return (index) => {
        const inside = b.binary(
          'and',
          b.binary('le', b.full(index, 0), index),
          withScalar(b, 'le', index, extent - 1),
        );
        return { index: clampedIndex(b, index, extent), inside };
      };
    case 'border':
      return (index) => ({ index: clampedIndex(b, index, extent) });
    case 'reflection':
      return (index) => ({ index: clampedIndex(b, reflect(b, index, low, high), extent) });
  }
}

/** Keys' kernel with a = -0.75, for elements at distances 1 + r, r, 1 - r and 2 - r. */
function cubicWeights(b: Emitter, r: Value): readonly Value[] {
  const a = -0.75;
  const polynomial = (x: Value, first: number, ...others: readonly number[]): Value =>
    others.reduce<Value>((sum, c) => withScalar(b, 'add', b.binary('mul', sum, x), c), b.full(x, first));
  const near = (x: Value): Value => polynomial(x, a + 2, -(a + 3), 0, 1);
  const far = (x: Value): Value => polynomial(x, a, -5 * a, 8 * a, -4 * a);
  const rest = b.binary('sub', b.full(r, 1), r);
  return [far(withScalar(b, 'add', r, 1)), near(r), near(rest), far(withScalar(b, 'add', rest, 1))];
}

function tapsAt(b: Emitter, x: Value, mode: SampleMode, at: TapAt): readonly Tap[] {
  if (mode === 'nearest') return [at(x)];
  const base = b.unary('floor', x);
  const r = b.binary('sub', x, base);
  const weights = mode === 'cubic' ? cubicWeights(b, r) : [b.binary('sub', b.full(r, 1), r), r];
  const first = mode === 'cubic' ? -1 : 0;
  return weights.map((weight, i) => ({ ...at(withScalar(b, 'add', base, first + i)), weight }));
}

/** The number of the image of each place [N, ...P]. */
const imageOf = (b: Emitter, shape: readonly number[]): Value =>
  b.emit('iota', [], { dtype: 'i32', shape, axis: 0 });

/** Moves the channels of [N, ...P, C] behind N. */
const channelsFirst = (b: Emitter, x: Value): Value => {
  const rank = x.type.shape.length;
  return b.permute(x, [0, rank - 1, ...range(1, rank - 1)]);
};

export interface GridSampleOptions {
  readonly mode: SampleMode;
  readonly padding: SamplePadding;
  /** Whether -1 and 1 are the middles of the first and last elements; else their borders. */
  readonly alignCorners: boolean;
}

/**
 * x [N, C, ...spatial] at the places of grid [N, ...P, r], of which the last spatial axis comes first: [N, C, ...P]. -1 and 1
 * are the ends of an axis. Halves round to even; f16 is computed in f32. Throws SHAPE_MISMATCH.
 */
export function gridSample(b: Emitter, x: Value, grid: Value, options: GridSampleOptions): Value {
  const [n, c, ...spatial] = staticShape(x.type.shape) as [number, number, ...number[]];
  const places = staticShape(grid.type.shape).slice(0, -1);
  if (
    spatial.length === 0 ||
    grid.type.shape.length !== x.type.shape.length ||
    grid.type.shape.at(-1) !== spatial.length ||
    places[0] !== n
  )
    // prettier-ignore
    throw new HeddleError('SHAPE_MISMATCH', 'the grid does not fit the images', {
      found: `${printType(grid.type)} for ${printType(x.type)}`,
      expected: '[N, ...places, r] for [N, C, ...r axes]',
    });
  if (elementCount([...places, c]) === 0) return b.constant(x.type.dtype, [n, c, ...places.slice(1)], 0);
  if (spatial.includes(0))
    throw new HeddleError('SHAPE_MISMATCH', 'images without elements cannot be sampled', { found: printType(x.type) }); // prettier-ignore
  const { mode, padding, alignCorners } = options;
  const wide = b.cast(grid, 'f32');
  const taps = spatial.map((extent, axis) => {
    const [low, high] = alignCorners ? [0, extent - 1] : [-0.5, extent - 0.5];
    const part = sliceAxis(b, wide, places.length, spatial.length - 1 - axis, 1);
    const normal = withScalar(b, 'add', b.reshape(part, places), 1);
    const exact = alignCorners
      ? withScalar(b, 'mul', withScalar(b, 'mul', normal, 0.5), extent - 1)
      : withScalar(b, 'mul', withScalar(b, 'sub', withScalar(b, 'mul', normal, extent), 1), 0.5);
    const place = mode === 'nearest' ? b.unary('round', exact) : exact;
    const at = tapAt(b, padding, extent, low, high);
    return tapsAt(b, bounded(b, place, padding, extent, low, high), mode, at);
  });
  const source = mode === 'nearest' ? x : b.cast(x, 'f32');
  const sampled = sampleTaps(b, { x: source, image: imageOf(b, places), taps });
  return b.cast(channelsFirst(b, sampled), x.type.dtype);
}

/** Places beyond the borders, as the padding has them. */
function bounded(
  b: Emitter,
  x: Value,
  padding: SamplePadding,
  extent: number,
  low: number,
  high: number,
): Value {
  if (padding === 'zeros') return x;
  if (padding === 'reflection') return reflect(b, x, low, high);
  const outside = b.binary('or', withScalar(b, 'lt', x, low), b.binary('lt', b.full(x, high), x));
  return b.select(outside, withScalar(b, 'max', withScalar(b, 'min', x, extent - 1), 0), x);
}

/** Linear interpolation at places [N, ...P] of each spatial axis of x [N, C, ...spatial]; beyond it lie zeros: [N, C, ...P]. */
export function sampleLinear(b: Emitter, x: Value, places: readonly Value[]): Value {
  const spatial = staticShape(x.type.shape).slice(2);
  const taps = spatial.map((extent, axis) =>
    tapsAt(b, places[axis], 'linear', tapAt(b, 'zeros', extent, 0, 0)),
  );
  const shape = staticShape(places[0].type.shape);
  return channelsFirst(b, sampleTaps(b, { x, image: imageOf(b, shape), taps }));
}

/**
 * Places for {@link gridSample}: theta [N, r, r + 1] applied to the middles of the elements of images of those extents, or,
 * with `alignCorners`, to places from -1 to 1 inclusive: [N, ...spatial, r].
 */
export function affineGrid(
  b: Emitter,
  theta: Value,
  spatial: readonly number[],
  alignCorners: boolean,
): Value {
  const r = spatial.length;
  const n = theta.type.shape[0] as number;
  const wide = b.cast(theta, 'f32');
  const shape = [n, ...spatial, r];
  const column = (i: number): Value => {
    const part = b.reshape(sliceAxis(b, wide, 2, i, 1), [n, ...spatial.map(() => 1), r]);
    return b.broadcast(part, shape);
  };
  const terms = range(0, r).map((i) => {
    const axis = r - 1 - i;
    const extent = spatial[axis];
    checkTable('a grid', extent);
    const along = range(0, extent).map((k) =>
      alignCorners ? (extent === 1 ? -1 : (2 * k) / (extent - 1) - 1) : (2 * k + 1) / extent - 1,
    );
    const list = b.reshape(b.constant('f32', [extent], along), shape.map((_, j) => (j === axis + 1 ? extent : 1))); // prettier-ignore
    return b.binary('mul', column(i), broadcastTo(b, list, shape));
  });
  const sum = [...terms, column(r)].reduce((total, term) => b.binary('add', total, term));
  return b.cast(sum, theta.type.dtype);
}
