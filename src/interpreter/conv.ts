/**
 * Convolution as dot products. The taps of a result, in the order channel of the group, then kernel position
 * (row-major), are the terms of a dot product in the order of matmul.ts.
 *
 * Coordinates are those of the dilated operand: its elements stand at multiples of `lhsDilation`, in every axis and on
 * beyond its ends. A tap at any other coordinate falls into a hole: it does not exist, and is not counted in the blocks
 * of the accumulation. A tap at a multiple outside of the operand is padding: a term with x = +0. So which taps exist
 * depends on a result's coordinate modulo lhsDilation only, and without lhsDilation all of them do. A result none of whose
 * taps reads an element of the operand is a sum of nothing, +0, whatever its weights are.
 */
import { elementCount, rowMajorStrides } from '../base/tensor.js';
import { convAxes, coversElement } from '../ir/coverage.js';
import type { OpAttrs } from '../ir/ops.js';
import type { ConvOp } from '../ir/contraction.js';
import { columnsOf, termRanges } from './blocks.js';
import { allocateLanes, type Lanes } from './lanes.js';
import { matmulFor } from './matmul.js';
import { allocateResult, type EvalRule } from './rule.js';
import { fillSlab } from './strided.js';

/** About as many elements of patches, and of results, are held at a time. */
const BLOCK_ELEMENTS = 1 << 17;
const PADDING = -1;

/** Along one axis, the results whose taps exist at the same kernel positions. */
interface Phase {
  readonly results: readonly number[];
  readonly taps: readonly number[];
}

/** The geometry of one spatial axis. */
interface Axis {
  readonly phases: readonly Phase[];
  /** The coordinate in the operand that a tap of a result reads, or PADDING. */
  source(result: number, tap: number): number;
}

function axisOf(attrs: OpAttrs['conv'], axis: number, extent: number, kernel: number, results: number): Axis {
  const dilation = attrs.lhsDilation[axis];
  const coordinate = (result: number, tap: number): number =>
    result * attrs.strides[axis] + tap * attrs.rhsDilation[axis] - attrs.padLow[axis];
  const phases = new Map<string, { results: number[]; taps: number[] }>();
  for (let result = 0; result < results; result++) {
    const taps = range(kernel).filter((tap) => coordinate(result, tap) % dilation === 0);
    const phase = phases.get(taps.join()) ?? { results: [], taps };
    phases.set(taps.join(), phase);
    phase.results.push(result);
  }
  const source = (result: number, tap: number): number => {
    const index = coordinate(result, tap) / dilation;
    return index >= 0 && index < extent ? index : PADDING;
  };
  return { phases: [...phases.values()], source };
}

const range = (length: number): number[] => Array.from({ length }, (_, i) => i);

const convRule =
  (split: boolean): EvalRule<ConvOp> =>
  (call) => {
    const { attrs } = call;
    const shape = split ? call.shape.slice(1) : call.shape;
    const [x, w] = call.inputs;
    const groups = attrs.groups;
    const [images, outChannels] = shape;
    const channels = w.shape[1];
    const [inSpace, kernel, outSpace] = [x.shape, w.shape, shape].map((extents) => extents.slice(2));
    const [inSize, kernelSize, outSize] = [inSpace, kernel, outSpace].map(elementCount);
    const m = outChannels / groups;
    const multiply = matmulFor(call.dtype, x.lanes, w.lanes, call.f32);
    const out = allocateResult(call);

    const axes = outSpace.map((results, axis) => axisOf(attrs, axis, inSpace[axis], kernel[axis], results));
    for (const phases of product(axes.map((axis) => axis.phases))) {
      const taps = product(phases.map((phase) => phase.taps));
      const pixelCount = elementCount(phases.map((phase) => phase.results.length));
      const k = channels * taps.length;
      const columns = taps.map((tap) => flatten(tap, kernel));
      const weights = selectTaps(w.lanes, outChannels * channels, kernelSize, columns);
      const block = Math.max(8, Math.floor(BLOCK_ELEMENTS / Math.max(k, m, 1)));
      for (let first = 0; first < pixelCount; first += block) {
        const n = Math.min(block, pixelCount - first);
        const pixels = range(n).map((i) => pixelOf(phases, first + i));
        const sources = sourcesOf(axes, inSpace, pixels, taps);
        const places = pixels.map((pixel) => flatten(pixel, outSpace));
        const patches = allocateLanes(x.dtype, n * k);
        const tile = allocateLanes(call.dtype, m * n);
        for (let slab = 0; slab < images * groups; slab++) {
          const group = slab % groups;
          gatherPatches(x.lanes, slab * channels * inSize, inSize, sources, channels, taps.length, patches);
          const rows = weights.subarray(group * m * k, (group + 1) * m * k);
          for (const range of termRanges(k, split)) {
            const sizes = { m, n, k: range.to - range.from };
            multiply(columnsOf(rows, k, range), columnsOf(patches, k, range), tile, sizes);
            const first = (range.number * images * groups + slab) * m;
            for (let i = 0; i < m; i++)
              for (let j = 0; j < n; j++) out[(first + i) * outSize + places[j]] = tile[i * n + j];
          }
        }
      }
    }
    if (split) return out;
    if (channels === 0) return out.fill(0);
    convAxes(attrs, x.shape, w.shape, outSpace).forEach((axis, at) => {
      for (let result = 0; result < axis.results; result++)
        if (!coversElement(axis, result)) fillSlab(out, shape, at + 2, result, 0);
    });
    return out;
  };

export const conv = convRule(false);
export const splitKConv = convRule(true);

/** Every choice of one item from each list, the last list running fastest. */
function product<T>(lists: readonly (readonly T[])[]): T[][] {
  return lists.reduce<T[][]>(
    (heads, list) => heads.flatMap((head) => list.map((item) => [...head, item])),
    [[]],
  );
}

/** The coordinate of result number `index`, row-major, among those of `phases`. */
function pixelOf(phases: readonly Phase[], index: number): number[] {
  const strides = rowMajorStrides(phases.map((phase) => phase.results.length));
  return phases.map(({ results }, axis) => results[Math.floor(index / strides[axis]) % results.length]);
}

/** The row-major index of a coordinate. */
const flatten = (at: readonly number[], shape: readonly number[]): number =>
  at.reduce((index, coordinate, axis) => index * shape[axis] + coordinate, 0);

/** The columns `taps` of a matrix with `rows` rows of `length` elements. */
function selectTaps(matrix: Lanes, rows: number, length: number, taps: readonly number[]): Lanes {
  if (taps.length === length) return matrix;
  const selected = matrix.slice(0, rows * taps.length);
  for (let row = 0, at = 0; row < rows; row++)
    for (const tap of taps) selected[at++] = matrix[row * length + tap];
  return selected;
}

/** For every pixel and every tap of it, the place of the element read, in one channel; or PADDING. */
function sourcesOf(
  axes: readonly Axis[],
  inSpace: readonly number[],
  pixels: readonly (readonly number[])[],
  taps: readonly (readonly number[])[],
): Int32Array {
  const sources = new Int32Array(pixels.length * taps.length);
  let at = 0;
  for (const pixel of pixels) {
    for (const tap of taps) {
      let place = 0;
      for (let axis = 0; axis < axes.length && place !== PADDING; axis++) {
        const coordinate = axes[axis].source(pixel[axis], tap[axis]);
        place = coordinate === PADDING ? PADDING : place * inSpace[axis] + coordinate;
      }
      sources[at++] = place;
    }
  }
  return sources;
}

/** Fills patches [pixel, channel, tap] from the channels that start at `start`. */
function gatherPatches(
  x: Lanes,
  start: number,
  channelSize: number,
  sources: Int32Array,
  channels: number,
  taps: number,
  patches: Lanes,
): void {
  let at = 0;
  for (let pixel = 0; pixel < sources.length; pixel += taps) {
    for (let channel = 0; channel < channels; channel++) {
      const base = start + channel * channelSize;
      for (let tap = 0; tap < taps; tap++) {
        const source = sources[pixel + tap];
        patches[at++] = source === PADDING ? 0 : x[base + source];
      }
    }
  }
}
