/**
 * Resizing by interpolation, axis by axis, with every choice of ONNX's Resize: which coordinate of the operand an element of
 * the result lies at, and which elements around it count how much. Both are known numbers; only the weighted sums are
 * computed.
 */
import type { Emitter, Value } from '../ir/emitter.js';
import { range } from './axes.js';
import { broadcastTo, where } from './broadcast.js';
import { takeKnown } from './indexing.js';
import { checkTable } from './tables.js';

export const COORDINATES = [
  'half_pixel',
  'half_pixel_symmetric',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'tf_half_pixel_for_nn',
  'tf_crop_and_resize',
] as const;
export type Coordinates = (typeof COORDINATES)[number];

/** `simple`: up where the axis becomes longer, down else. */
export const ROUNDINGS = ['round_prefer_floor', 'round_prefer_ceil', 'floor', 'ceil', 'simple'] as const;
export type Rounding = (typeof ROUNDINGS)[number];

export type Interpolation = 'nearest' | 'linear' | 'cubic';

/** One axis that changes. */
export interface AxisResize {
  readonly axis: number;
  readonly extent: number;
  readonly size: number;
  /** Elements of the result for one of the operand; size / extent, exactly, where it is left out. */
  readonly scale?: number;
  /** Of tf_crop_and_resize: the part of the axis that is resized; 0 is the first element, 1 the last. */
  readonly roi?: readonly [start: number, end: number];
}

export interface ResizeOptions {
  readonly interpolation: Interpolation;
  readonly coordinates: Coordinates;
  /** Of `nearest`. */
  readonly rounding: Rounding;
  /** Of `cubic`: the a of Keys' kernel. */
  readonly cubicA: number;
  /** Elements beyond the ends have no weight, and the others' weights sum to 1; else they are copies of the ends. */
  readonly excludeOutside: boolean;
  /** Where an axis becomes shorter, the kernel grows by as much; not of `nearest`. */
  readonly antialias: boolean;
  /** Of tf_crop_and_resize: what the result has where the coordinate is beyond an end. */
  readonly extrapolation: number;
}

/** Where element `i` of the result lies among those of the operand. */
function coordinateOf(mode: Coordinates, axis: AxisResize, i: number): number {
  const { extent, size, scale } = axis;
  const width = scale === undefined ? size : scale * extent;
  const divided = (x: number): number => (scale === undefined ? (x * extent) / size : x / scale);
  switch (mode) {
    case 'half_pixel':
      return divided(i + 0.5) - 0.5;
    case 'half_pixel_symmetric':
      return (extent / 2) * (1 - size / width) + divided(i + 0.5) - 0.5;
    case 'pytorch_half_pixel':
      return size > 1 ? divided(i + 0.5) - 0.5 : 0;
    case 'align_corners':
      return size > 1 ? (i * (extent - 1)) / (width - 1) : 0;
    case 'asymmetric':
      return divided(i);
    case 'tf_half_pixel_for_nn':
      return divided(i + 0.5);
    case 'tf_crop_and_resize': {
      const [start, end] = axis.roi ?? [0, 1];
      const last = extent - 1;
      return size > 1 ? start * last + (i * (end - start) * last) / (width - 1) : 0.5 * (start + end) * last;
    }
  }
}

/** The same for the nearest element, in f32 where the scale is one: so 2 / (2 / 3) is 3, and no less. */
function nearestCoordinate(mode: Coordinates, axis: AxisResize, i: number): number {
  const { scale } = axis;
  const single = Math.fround;
  if (scale === undefined || single(scale) !== scale) return coordinateOf(mode, axis, i);
  switch (mode) {
    case 'half_pixel':
      return single(single((i + 0.5) / scale) - 0.5);
    case 'pytorch_half_pixel':
      return axis.size > 1 ? single(single((i + 0.5) / scale) - 0.5) : 0;
    case 'asymmetric':
      return single(i / scale);
    case 'tf_half_pixel_for_nn':
      return single((i + 0.5) / scale);
    default:
      return coordinateOf(mode, axis, i);
  }
}

const ROUND: Readonly<Record<Rounding, (x: number, shrinks: boolean) => number>> = {
  round_prefer_floor: (x) => Math.ceil(x - 0.5),
  round_prefer_ceil: (x) => Math.floor(x + 0.5),
  floor: Math.floor,
  ceil: Math.ceil,
  simple: (x, shrinks) => (shrinks ? Math.ceil(x) : Math.floor(x)),
};

/** The weight of an element at that distance. */
type Kernel = (distance: number) => number;

const linear: Kernel = (distance) => Math.max(0, 1 - distance);

/** R. Keys, Cubic convolution interpolation for digital image processing (1981), equation 4. */
const cubic =
  (a: number): Kernel =>
  (d) =>
    d <= 1 ? ((a + 2) * d - (a + 3)) * d * d + 1 : d < 2 ? ((a * d - 5 * a) * d + 8 * a) * d - 4 * a : 0;

/** Elements of the operand with their weights: lists of one length for all elements of the result. */
interface Tap {
  readonly positions: readonly number[];
  readonly weights: readonly number[];
}

const clamp = (position: number, extent: number): number => Math.max(0, Math.min(extent - 1, position));

/** What each element along the axis is a weighted sum of. */
function tapsOf(axis: AxisResize, options: ResizeOptions): readonly Tap[] {
  const { extent, size, scale = size / extent } = axis;
  const [kernel, reach] = options.interpolation === 'cubic' ? [cubic(options.cubicA), 2] : [linear, 1];
  const stretch = options.antialias ? Math.min(1, scale) : 1;
  const half = Math.ceil(reach / stretch);
  checkTable('resizing', size * 2 * half);
  const offsets = range(1 - half, half + 1);
  const rows = range(0, size).map((i) => {
    const x = coordinateOf(options.coordinates, axis, i);
    const base = Math.floor(x);
    const weights = offsets.map((offset) => {
      const position = base + offset;
      const outside = options.excludeOutside && (position < 0 || position >= extent);
      return outside ? 0 : kernel(Math.abs(position - x) * stretch);
    });
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const normal = (options.antialias || options.excludeOutside) && total !== 0 ? total : 1;
    return { base, weights: weights.map((weight) => weight / normal) };
  });
  return offsets
    .map((offset, tap) => ({
      positions: rows.map(({ base }) => clamp(base + offset, extent)),
      weights: rows.map(({ weights }) => weights[tap]),
    }))
    .filter(({ weights }) => weights.some((weight) => weight !== 0));
}

/** `vector` along one axis of a tensor of that shape. */
const alongAxis = (b: Emitter, vector: Value, shape: readonly unknown[], axis: number): Value =>
  b.reshape(vector, shape.map((_, i) => (i === axis ? vector.type.shape[0] : 1))); // prettier-ignore

/** Taps that are added one by one; more are a reduction. */
const FEW = 8;

function interpolateAxis(b: Emitter, x: Value, axis: AxisResize, options: ResizeOptions): Value {
  const taps = tapsOf(axis, options);
  const { axis: at, size } = axis;
  const { shape, dtype } = x.type;
  if (taps.length <= FEW) {
    const terms = taps.map(({ positions, weights }) => {
      const taken = takeKnown(b, x, at, positions);
      if (weights.every((weight) => weight === 1)) return taken;
      const factors = alongAxis(b, b.constant(dtype, [size], weights), shape, at);
      return b.binary('mul', taken, broadcastTo(b, factors, taken.type.shape));
    });
    return terms.reduce((sum, term) => b.binary('add', sum, term));
  }
  const all = range(0, size).flatMap((i) => taps.map(({ positions }) => positions[i]));
  const weights = range(0, size).flatMap((i) => taps.map((tap) => tap.weights[i]));
  const apart = b.reshape(takeKnown(b, x, at, all), shape.toSpliced(at, 1, size, taps.length));
  const factors = b.reshape(
    b.constant(dtype, [size, taps.length], weights),
    apart.type.shape.map((dim, i) => (i === at || i === at + 1 ? dim : 1)),
  );
  return b.reduce('sum', b.binary('mul', apart, broadcastTo(b, factors, apart.type.shape)), [at + 1]);
}

/**
 * `x` with the given axes resized. `nearest` takes any dtype; other interpolations take floats, and compute f16 in f32.
 * Elements are sums over the taps of one axis, then of the next.
 */
export function resize(b: Emitter, x: Value, axes: readonly AxisResize[], options: ResizeOptions): Value {
  const { dtype } = x.type;
  const sized = axes.reduce<readonly (typeof x.type.shape)[number][]>(
    (shape, { axis, size }) => shape.with(axis, size),
    x.type.shape,
  );
  if (axes.some(({ size }) => size === 0)) return b.constant(dtype, sized, 0);
  const result =
    options.interpolation === 'nearest'
      ? axes.reduce((value, axis) => takeKnown(b, value, axis.axis, nearestPositions(axis, options)), x)
      : b.cast(
          axes.reduce((value, axis) => interpolateAxis(b, value, axis, options), b.cast(x, 'f32')),
          dtype,
        );
  return options.coordinates === 'tf_crop_and_resize' ? extrapolate(b, result, axes, options) : result;
}

const nearestPositions = (axis: AxisResize, { coordinates, rounding }: ResizeOptions): number[] => {
  const { extent, size, scale = size / extent } = axis;
  checkTable('resizing', size);
  return range(0, size).map((i) =>
    clamp(ROUND[rounding](nearestCoordinate(coordinates, axis, i), scale < 1), extent),
  );
};

/** Puts the extrapolation value where a coordinate lies beyond an end of its axis. */
function extrapolate(
  b: Emitter,
  x: Value,
  axes: readonly AxisResize[],
  { coordinates, extrapolation }: ResizeOptions,
): Value {
  const masks = axes.flatMap((axis) => {
    const beyond = range(0, axis.size).map((i) => {
      const at = coordinateOf(coordinates, axis, i);
      return at < 0 || at > axis.extent - 1 ? 1 : 0;
    });
    if (!beyond.includes(1)) return [];
    return [alongAxis(b, b.constant('bool', [axis.size], beyond), x.type.shape, axis.axis)];
  });
  return masks.reduce((value, mask) => where(b, mask, b.constant(x.type.dtype, [], extrapolation), value), x);
}
