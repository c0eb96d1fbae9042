/** Walking over boxes of elements that lie at regular distances in memory. */
import { elementCount, rowMajorStrides } from '../base/tensor.js';
import { reinterpretLanes, type Lanes } from './lanes.js';

/** Where the element at coordinate 0 stands, and how far apart neighbours along each axis are (in elements). */
export interface StridedLayout {
  readonly offset: number;
  readonly strides: readonly number[];
}

export const rowMajor = (shape: readonly number[]): StridedLayout => ({
  offset: 0,
  strides: rowMajorStrides(shape),
});

/** How far the element at a coordinate is from that at 0. */
export const placeOf = (coordinate: readonly number[], strides: readonly number[]): number =>
  coordinate.reduce((place, i, axis) => place + i * strides[axis], 0);

/** A box in two memories: `a[i]` and `b[i]` are the strides of an axis of `extents[i]` elements. */
interface Box {
  readonly extents: number[];
  readonly a: number[];
  readonly b: number[];
}

/** The same elements in the same order with as few axes as possible; always at least one. */
function coalesce(shape: readonly number[], a: readonly number[], b: readonly number[]): Box {
  const box: Box = { extents: [1], a: [0], b: [0] };
  shape.forEach((extent, axis) => {
    if (extent === 1) return;
    const last = box.extents.length - 1;
    // One step of the outer axis is a whole run of the inner one: they are one axis.
    const fuses = box.a[last] === extent * a[axis] && box.b[last] === extent * b[axis];
    const at = fuses || box.extents[last] === 1 ? last : last + 1;
    box.extents[at] = fuses ? box.extents[last] * extent : extent;
    box.a[at] = a[axis];
    box.b[at] = b[axis];
  });
  return box;
}

/**
 * Visits the elements of a box of `shape` in row-major order, in rows: `visit` gets the places of a row's first element
 * in both memories, its length, and the distances between its elements.
 */
export function forEachRow(
  shape: readonly number[],
  a: StridedLayout,
  b: StridedLayout,
  visit: (aStart: number, bStart: number, length: number, aStep: number, bStep: number) => void,
): void {
  if (shape.includes(0)) return;
  const box = coalesce(shape, a.strides, b.strides);
  const inner = box.extents.length - 1;
  const index = new Array<number>(inner).fill(0);
  let [aStart, bStart] = [a.offset, b.offset];
  for (;;) {
    visit(aStart, bStart, box.extents[inner], box.a[inner], box.b[inner]);
    let axis = inner - 1;
    for (; axis >= 0; axis--) {
      aStart += box.a[axis];
      bStart += box.b[axis];
      if (++index[axis] < box.extents[axis]) break;
      index[axis] = 0;
      aStart -= box.a[axis] * box.extents[axis];
      bStart -= box.b[axis] * box.extents[axis];
    }
    if (axis < 0) return;
  }
}

/** Copies a box of `shape` elements. Moves bit patterns, so that the payload of a NaN stays what it was. */
export function copyBox(
  shape: readonly number[],
  from: Lanes,
  source: StridedLayout,
  to: Lanes,
  target: StridedLayout,
): void {
  const [read, write] = [patterns(from), patterns(to)];
  forEachRow(shape, source, target, (at, place, length, step, stride) => {
    for (let i = 0; i < length; i++, at += step, place += stride) write[place] = read[at];
  });
}

const patterns = (lanes: Lanes): Int32Array | Uint8Array =>
  lanes instanceof Uint8Array ? lanes : reinterpretLanes('i32', lanes);

/** Fills the elements of a row-major tensor whose coordinate along `axis` is `at`. */
export function fillSlab(
  lanes: Lanes,
  shape: readonly number[],
  axis: number,
  at: number,
  value: number,
): void {
  const inner = elementCount(shape.slice(axis + 1));
  for (let start = at * inner; start < lanes.length; start += shape[axis] * inner)
    lanes.fill(value, start, start + inner);
}

/** The lines along one axis of a row-major tensor, numbered in row-major order of the other axes. */
export interface Lines {
  readonly count: number;
  readonly length: number;
  /** The distance between neighbours on a line. */
  readonly step: number;
  /** The place of a line's first element. */
  start(line: number): number;
}

export function linesAlong(shape: readonly number[], axis: number): Lines {
  const length = shape[axis];
  const step = elementCount(shape.slice(axis + 1));
  const count = elementCount(shape.slice(0, axis)) * step;
  return { count, length, step, start: (line) => Math.floor(line / step) * step * length + (line % step) };
}
