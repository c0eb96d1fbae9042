/** Pooling over regions of interest: parts of images whose corners are computed. */
import { HeddleError } from '../base/errors.js';
import type { Emitter, Value } from '../ir/emitter.js';
import { printType, staticShape } from '../ir/types.js';
import { broadcastTo, where, withScalar } from './broadcast.js';
import { sliceAxis } from './movement.js';

/** How many samples a bin has along an axis: one number for all regions, or i32 [R] of at most that number. */
export interface SampleCount {
  readonly most: number;
  readonly each?: Value;
}

export interface RoiAlignOptions {
  readonly mode: 'avg' | 'max';
  readonly output: readonly [height: number, width: number];
  /** Along height and width. */
  readonly samples: readonly [SampleCount, SampleCount];
  readonly spatialScale: number;
  /** Whether corners are moved by half an element, as middles of elements are counted; else regions are at least 1 long. */
  readonly halfPixel: boolean;
}

function requireRegions(x: Value, rois: Value, columns: number): readonly number[] {
  const shape = staticShape(x.type.shape);
  if (shape.length !== 4 || rois.type.shape.length !== 2 || rois.type.shape[1] !== columns)
    throw new HeddleError('SHAPE_MISMATCH', 'regions are rows of numbers, of images [N, C, H, W]', {
      found: `${printType(rois.type)} of ${printType(x.type)}`,
      expected: `[R, ${columns}]`,
    });
  return shape;
}

/** Column i of a matrix [R, k]: [R]. */
const columnOf = (b: Emitter, matrix: Value, i: number): Value =>
  b.reshape(sliceAxis(b, matrix, 1, i, 1), [matrix.type.shape[0]]);

/** `vector` [R] in a shape whose first axis it is. */
const byRegion = (b: Emitter, vector: Value, shape: readonly number[]): Value =>
  broadcastTo(b, b.reshape(vector, [shape[0], ...shape.slice(1).map(() => 1)]), shape);

/** Of regions along one axis: where each begins, and how long it is; [R]. */
export interface RegionSide {
  readonly start: Value;
  readonly length: Value;
}

/** The corners and lengths of regions [R, 4] = [[x1, y1, x2, y2], ...] along height and width. */
export function regionSides(
  b: Emitter,
  rois: Value,
  { spatialScale, halfPixel }: Pick<RoiAlignOptions, 'spatialScale' | 'halfPixel'>,
): readonly [RegionSide, RegionSide] {
  const corner = (i: number): Value => {
    const scaled = withScalar(b, 'mul', columnOf(b, rois, i), spatialScale);
    return halfPixel ? withScalar(b, 'sub', scaled, 0.5) : scaled;
  };
  const side = (i: number): RegionSide => {
    const start = corner(i);
    const length = b.binary('sub', corner(i + 2), start);
    return { start, length: halfPixel ? length : withScalar(b, 'max', length, 1) };
  };
  return [side(1), side(0)];
}

/** Samples along one axis: the elements on both sides, and what they count; which lie beyond the image, which are none. */
interface Line {
  readonly index: readonly [Value, Value];
  readonly weight: readonly [Value, Value];
  readonly beyond: Value;
  readonly unused: Value;
}

/** Samples [R, bins, most] of each region along one axis. */
function lineOf(
  b: Emitter,
  { start, length }: RegionSide,
  extent: number,
  bins: number,
  { most, each }: SampleCount,
): Line {
  const shape = [start.type.shape[0] as number, bins, most];
  const along = (axis: number): Value => b.cast(b.emit('iota', [], { dtype: 'i32', shape, axis }), 'f32');
  const count =
    each === undefined
      ? b.constant('f32', shape, most)
      : byRegion(b, withScalar(b, 'max', b.cast(each, 'f32'), 1), shape);
  const bin = byRegion(b, withScalar(b, 'div', length, bins), shape);
  const within = b.binary('div', b.binary('mul', withScalar(b, 'add', along(2), 0.5), bin), count);
  const place = b.binary(
    'add',
    b.binary('add', byRegion(b, start, shape), b.binary('mul', along(1), bin)),
    within,
  );
  const beyond = b.binary('or', withScalar(b, 'lt', place, -1), b.binary('lt', b.full(place, extent), place));
  const used =
    each === undefined
      ? b.constant('bool', shape, 1)
      : b.binary('lt', along(2), byRegion(b, b.cast(each, 'f32'), shape));
  const y = withScalar(b, 'min', withScalar(b, 'max', place, 0), extent - 1);
  const low = b.unary('floor', y);
  const upper = b.binary('sub', y, low);
  const high = withScalar(b, 'min', withScalar(b, 'add', low, 1), extent - 1);
  return {
    index: [b.cast(low, 'i32'), b.cast(high, 'i32')],
    weight: [b.binary('sub', b.full(upper, 1), upper), upper],
    beyond,
    unused: b.unary('not', used),
  };
}

/**
 * x [N, C, H, W], rois [R, 4] = [[x1, y1, x2, y2], ...], image i32 [R]: [R, C, ...output]. Each bin of a region is the mean of
 * samples between the elements, or, with `max`, the greatest of their weighted elements, as ONNX has it. Samples more than 1
 * beyond the image count as 0. He et al., Mask R-CNN, arxiv.org/abs/1703.06870.
 */
export function roiAlign(b: Emitter, x: Value, rois: Value, image: Value, options: RoiAlignOptions): Value {
  const [n, c, h, w] = requireRegions(x, rois, 4);
  const [height, width] = options.output;
  const [down, across] = options.samples;
  const r = rois.type.shape[0] as number;
  const [vertical, horizontal] = regionSides(b, b.cast(rois, 'f32'), options);
  const [rows, columns] = [lineOf(b, vertical, h, height, down), lineOf(b, horizontal, w, width, across)];
  const grid = [r, height, down.most, width, across.most];
  const ofRow = (value: Value): Value => b.broadcast(b.reshape(value, [r, height, down.most, 1, 1]), grid);
  const ofColumn = (value: Value): Value =>
    b.broadcast(b.reshape(value, [r, 1, 1, width, across.most]), grid);
  const elements = b.reshape(b.permute(b.cast(x, 'f32'), [0, 2, 3, 1]), [n * h * w, c]);
  const first = withScalar(b, 'mul', byRegion(b, image, grid), h * w);
  const channels = (value: Value): Value => b.broadcast(b.reshape(value, [...grid, 1]), [...grid, c]);
  const corners = ([0, 1] as const).flatMap((i) =>
    ([0, 1] as const).map((j) => {
      const row = withScalar(b, 'mul', ofRow(rows.index[i]), w);
      const place = b.binary('add', first, b.binary('add', row, ofColumn(columns.index[j])));
      const weight = b.binary('mul', ofRow(rows.weight[i]), ofColumn(columns.weight[j]));
      return b.binary('mul', b.emit('gather', [elements, place], { axis: 0 }), channels(weight));
    }),
  );
  const combined = corners.reduce((p, q) => b.binary(options.mode === 'avg' ? 'add' : 'max', p, q));
  const beyond = b.binary('or', ofRow(rows.beyond), ofColumn(columns.beyond));
  const samples = b.select(channels(beyond), b.full(combined, 0), combined);
  const unused = channels(b.binary('or', ofRow(rows.unused), ofColumn(columns.unused)));
  return b.cast(b.permute(pooled(b, samples, unused, options), [0, 3, 1, 2]), x.type.dtype);
}

/** The samples [R, height, most, width, most, C] of each bin as one; 0 where there are none. */
function pooled(
  b: Emitter,
  samples: Value,
  unused: Value,
  { mode, samples: counts }: RoiAlignOptions,
): Value {
  if (mode === 'max') {
    const greatest = b.reduce('max', b.select(unused, b.full(samples, -Infinity), samples), [2, 4]);
    const isEmpty = b.reduce('min', unused, [2, 4]);
    return b.select(isEmpty, b.full(greatest, 0), greatest);
  }
  const total = b.reduce('sum', b.select(unused, b.full(samples, 0), samples), [2, 4]);
  const shape = staticShape(total.type.shape);
  const count = counts.reduce<Value>(
    (product, { most, each }) => {
      const own = each === undefined ? b.full(product, most) : withScalar(b, 'max', b.cast(each, 'f32'), 1);
      return b.binary('mul', product, own);
    },
    b.constant('f32', [shape[0]], 1),
  );
  return b.binary('div', total, byRegion(b, count, shape));
}

/** Half away from zero, as C's round. */
function roundHalfAway(b: Emitter, x: Value): Value {
  const half = b.select(withScalar(b, 'lt', x, 0), b.full(x, -0.5), b.full(x, 0.5));
  return b.unary('trunc', b.binary('add', x, half));
}

/**
 * x [N, C, H, W], rois [R, 5] = [[image, x1, y1, x2, y2], ...]: [R, C, ...output]. A region, of elements with both corners,
 * is cut into bins, which may overlap, and each gives its greatest element; 0 where it has none. Girshick, Fast R-CNN,
 * arxiv.org/abs/1504.08083.
 */
export function maxRoiPool(
  b: Emitter,
  x: Value,
  rois: Value,
  output: readonly [height: number, width: number],
  spatialScale: number,
): Value {
  const [, c, h, w] = requireRegions(x, rois, 5);
  const r = rois.type.shape[0] as number;
  const regions = b.cast(rois, 'f32');
  const corner = (i: number): Value =>
    roundHalfAway(b, withScalar(b, 'mul', columnOf(b, regions, i), spatialScale));
  const image = b.cast(columnOf(b, regions, 0), 'i32');
  const images = b.emit('gather', [x, image], { axis: 0 });
  /** bool [R, bins, extent]: the elements of each bin along one axis. */
  const binsOf = (start: Value, end: Value, bins: number, extent: number): Value => {
    const shape = [r, bins, extent];
    const along = (axis: number): Value => b.cast(b.emit('iota', [], { dtype: 'i32', shape, axis }), 'f32');
    const length = withScalar(b, 'max', withScalar(b, 'add', b.binary('sub', end, start), 1), 1);
    const size = byRegion(b, withScalar(b, 'div', length, bins), shape);
    const from = byRegion(b, start, shape);
    const low = b.binary('add', b.unary('floor', b.binary('mul', along(1), size)), from);
    const next = b.binary('mul', withScalar(b, 'add', along(1), 1), size);
    const high = b.binary('add', b.unary('ceil', next), from);
    return b.binary('and', b.binary('le', low, along(2)), b.binary('lt', along(2), high));
  };
  const [height, width] = output;
  const rows = binsOf(corner(2), corner(4), height, h);
  const columns = binsOf(corner(1), corner(3), width, w);
  const least = b.constant(x.type.dtype, [], -Infinity);
  const inRows = where(b, b.reshape(rows, [r, 1, height, h, 1]), b.reshape(images, [r, c, 1, h, w]), least);
  const tall = b.reduce('max', inRows, [3]);
  const inColumns = where(
    b,
    b.reshape(columns, [r, 1, 1, width, w]),
    b.reshape(tall, [r, c, height, 1, w]),
    least,
  );
  const greatest = b.reduce('max', inColumns, [4]);
  const any = (mask: Value): Value => b.reduce('max', mask, [2]);
  const isFull = b.binary(
    'and',
    b.broadcast(b.reshape(any(rows), [r, height, 1]), [r, height, width]),
    b.broadcast(b.reshape(any(columns), [r, 1, width]), [r, height, width]),
  );
  return where(b, b.reshape(isFull, [r, 1, height, width]), greatest, b.constant(x.type.dtype, [], 0));
}
