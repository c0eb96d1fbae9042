/** Gathering, scattering and choosing, against loops over plain numbers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProtoAttribute, ProtoDType } from '../../../scripts/onnx-proto.mjs';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { fuzz } from '../../support/fuzz.js';
import { at, coordinates, naive, placeOf, type Naive } from '../../support/naive.js';
import { errorOf, given, known, oneNodeModel, random, resultOf, runNode, type Operand } from './support.js';

type Below = (below: number) => number;

/** Small whole numbers, so that sums and products in f32 are exact. */
const some = (shape: readonly number[], below: Below): Naive => naive(shape, () => below(9) - 4);
const operand = ({ shape, data }: Naive): Operand => given(shape, data);
/** Indices, known while importing or not. */
const indices = ({ shape, data }: Naive, isKnown: boolean): Operand =>
  isKnown ? known(shape, data) : given(shape, data, 'int64');
const shapeOf = (rank: number, below: Below): number[] => Array.from({ length: rank }, () => 1 + below(3));
const fromStart = (index: number, extent: number): number => (index < 0 ? index + extent : index);
const index = (extent: number, below: Below): number => below(2 * extent) - extent;

const property = (check: (below: Below, isKnown: boolean) => void): void =>
  fc.assert(fc.property(fc.nat(1e6), fc.boolean(), (seed, isKnown) => check(random(seed), isKnown)), fuzz(60)); // prettier-ignore

const COMBINE = {
  none: (_: number, y: number): number => y,
  add: (x: number, y: number): number => x + y,
  mul: (x: number, y: number): number => x * y,
  max: Math.max,
  min: Math.min,
};
const REDUCTIONS = Object.keys(COMBINE) as (keyof typeof COMBINE)[];

/** Indices along an axis, and, on other axes, no greater extents than `shape`. */
function alongAxis(shape: readonly number[], axis: number, below: Below): Naive {
  const picked = shape.map((extent, i) => (i === axis ? 1 + below(4) : 1 + below(extent)));
  return naive(picked, () => index(shape[axis], below));
}

test('GatherElements', () => {
  property((below, isKnown) => {
    const shape = shapeOf(1 + below(3), below);
    const axis = below(shape.length);
    const [x, picks] = [some(shape, below), alongAxis(shape, axis, below)];
    const expected = naive(picks.shape, (place) =>
      at(x, place.with(axis, fromStart(at(picks, place), shape[axis]))),
    );
    const attributes = { axis: axis - (isKnown ? 0 : shape.length) };
    expect(resultOf({ op: 'GatherElements', operands: [operand(x), indices(picks, isKnown)], attributes })).toEqual(expected); // prettier-ignore
  });
});

test.each(REDUCTIONS)('ScatterElements, %s: updates in row-major order', (reduction) => {
  property((below, isKnown) => {
    const shape = shapeOf(1 + below(3), below);
    const axis = below(shape.length);
    const [x, picks] = [some(shape, below), alongAxis(shape, axis, below)];
    const updates = some(picks.shape, below);
    const data = [...x.data];
    for (const place of coordinates(picks.shape)) {
      const to = placeOf(shape, place.with(axis, fromStart(at(picks, place), shape[axis])));
      data[to] = COMBINE[reduction](data[to], at(updates, place));
    }
    const operands = [operand(x), indices(picks, isKnown), operand(updates)];
    expect(resultOf({ op: 'ScatterElements', operands, attributes: { axis, reduction } })).toEqual({ shape, data }); // prettier-ignore
  });
});

/** Coordinates [...rest, k] in the axes of `shape` from `batch` on. */
function blocks(shape: readonly number[], batch: number, rest: readonly number[], below: Below): Naive {
  const depth = 1 + below(shape.length - batch);
  return naive([...rest, depth], (place) => index(shape[batch + place.at(-1)!], below));
}
const blockAt = ({ shape, data }: Naive, rest: readonly number[], extents: readonly number[]): number[] =>
  Array.from({ length: shape.at(-1)! }, (_, i) => fromStart(data[placeOf(shape, [...rest, i])], extents[i]));

test('GatherND', () => {
  property((below, isKnown) => {
    const shape = shapeOf(1 + below(4), below);
    const batch = below(Math.min(shape.length, 3));
    const kept = [...shape.slice(0, batch), ...shapeOf(below(3), below)];
    const [x, picks] = [some(shape, below), blocks(shape, batch, kept, below)];
    const depth = picks.shape.at(-1)!;
    const expected = naive([...kept, ...shape.slice(batch + depth)], (place) => {
      const block = blockAt(picks, place.slice(0, kept.length), shape.slice(batch));
      return at(x, [...place.slice(0, batch), ...block, ...place.slice(kept.length)]);
    });
    const operands = [operand(x), indices(picks, isKnown)];
    expect(resultOf({ op: 'GatherND', operands, attributes: { batch_dims: batch } })).toEqual(expected);
  });
});

test.each(REDUCTIONS)('ScatterND, %s: updates in row-major order', (reduction) => {
  property((below, isKnown) => {
    const shape = shapeOf(1 + below(3), below);
    const rest = shapeOf(below(3), below);
    const [x, picks] = [some(shape, below), blocks(shape, 0, rest, below)];
    const updates = some([...rest, ...shape.slice(picks.shape.at(-1))], below);
    const data = [...x.data];
    for (const place of coordinates(updates.shape)) {
      const to = placeOf(shape, [...blockAt(picks, place.slice(0, rest.length), shape), ...place.slice(rest.length)]); // prettier-ignore
      data[to] = COMBINE[reduction](data[to], at(updates, place));
    }
    const operands = [operand(x), indices(picks, isKnown), operand(updates)];
    expect(resultOf({ op: 'ScatterND', operands, attributes: { reduction } })).toEqual({ shape, data });
  });
});

test('TopK orders as documented: NaN is the greatest, the first of equal elements comes first', () => {
  const hostile = [0, -0, 1, -1, NaN, Infinity, -Infinity, 2];
  /** Whether x comes before y where the greatest comes first. */
  const before = (x: number, y: number): boolean => (Number.isNaN(x) ? !Number.isNaN(y) : x > y);
  property((below) => {
    const shape = shapeOf(1 + below(3), below);
    const axis = below(shape.length);
    const extent = shape[axis] + below(4);
    const x = naive(shape.with(axis, extent), () => hostile[below(hostile.length)]);
    const [k, largest] = [below(extent + 1), below(2)];
    const ordered = (place: readonly number[]): number[] => {
      const line = Array.from({ length: extent }, (_, i) => at(x, place.with(axis, i)));
      const compare = (i: number, j: number): number =>
        before(line[i], line[j]) ? -1 : before(line[j], line[i]) ? 1 : 0;
      return line.map((_, i) => i).sort((i, j) => (largest === 1 ? compare(i, j) : compare(j, i)) || i - j);
    };
    const places = naive(shape.with(axis, k), (place) => ordered(place)[place[axis]]);
    const values = naive(places.shape, (place) => at(x, place.with(axis, at(places, place))));
    const [found, foundPlaces] = runNode({
      op: 'TopK',
      operands: [operand(x), known([1], [k])],
      attributes: { axis, largest },
      outputs: ['float', 'int64'],
    });
    expect(Array.from(foundPlaces.data)).toEqual(places.data);
    expect(Array.from(found.data)).toEqual(values.data);
  });
});

test('OneHot', () => {
  property((below, isKnown) => {
    const shape = shapeOf(below(3), below);
    const depth = 1 + below(4);
    const axis = below(shape.length + 1);
    const picks = naive(shape, () => below(2 * depth + 4) - depth - 2);
    const expected = naive(shape.toSpliced(axis, 0, depth), (place) =>
      fromStart(at(picks, place.toSpliced(axis, 1)), depth) === place[axis] ? 7 : -3,
    );
    const operands = [indices(picks, isKnown), known([], [depth]), given([2], [-3, 7])];
    expect(resultOf({ op: 'OneHot', operands, attributes: { axis } })).toEqual(expected);
  });
});

test('updates of small integers wrap', () => {
  const operands = [given([1], [120], 'int8'), known([2], [0, 0]), given([2], [100, 100], 'int8')];
  expect(resultOf({ op: 'ScatterElements', operands, attributes: { reduction: 'add' }, outputs: ['int8'] }).data).toEqual([64]); // prettier-ignore
});

const x = given([2, 3], [1, 2, 3, 4, 5, 6]);
type Refusal = readonly [
  what: string,
  op: string,
  operands: readonly Operand[],
  attributes?: Readonly<Record<string, ProtoAttribute>>,
  opset?: number,
];
const INVALID: readonly Refusal[] = [
  ['an index out of range', 'GatherElements', [x, known([1, 1], [3])], { axis: 1 }],
  ['a coordinate out of range', 'GatherND', [x, known([1, 2], [1, 3])]],
  ['more coordinates than axes', 'GatherND', [x, known([1, 3], [0, 0, 0])]],
  ['no coordinates', 'GatherND', [x, known([1, 0], [])]],
  ['too many batch axes', 'GatherND', [x, known([2, 1], [0, 0])], { batch_dims: 2 }],
  ['a scattered index out of range', 'ScatterND', [x, known([1, 1], [-3]), given([1, 3], [0, 0, 0])]],
  ['an unknown reduction', 'ScatterND', [x, known([1, 1], [0]), given([1, 3], [0, 0, 0])], { reduction: 'sum' }], // prettier-ignore
  ['max before version 18', 'ScatterND', [x, known([1, 1], [0]), given([1, 3], [0, 0, 0])], { reduction: 'max' }, 16], // prettier-ignore
  ['more elements than there are', 'TopK', [x, known([1], [4])]],
  ['fewer than none', 'TopK', [x, known([1], [-1])]],
  ['a depth of nothing', 'OneHot', [known([1], [0]), known([], [0]), given([2], [0, 1])]],
];

test('truth values are reduced as 0 and 1', () => {
  const reduced = (reduction: string): number[] =>
    resultOf({
      op: 'ScatterElements',
      operands: [
        given([4], [0, 0, 1, 1], 'bool'),
        known([4], [0, 1, 2, 3]),
        given([4], [0, 1, 0, 1], 'bool'),
      ],
      attributes: { reduction },
      outputs: ['bool'],
    }).data;
  expect(['add', 'max', 'mul', 'min'].map(reduced)).toEqual([
    [0, 1, 1, 1],
    [0, 1, 1, 1],
    [0, 0, 0, 1],
    [0, 0, 0, 1],
  ]);
});

describe('what is refused', () => {
  for (const [what, op, operands, attributes = {}, opset = 21] of INVALID)
    test(what, () => {
      const outputs: readonly ProtoDType[] = op === 'TopK' ? ['float', 'int64'] : ['float'];
      errorOf('ONNX_INVALID', () => importOnnx(oneNodeModel({ op, operands, attributes, opset, outputs })));
    });

  test('shapes that do not fit', () => {
    const refuse = (op: string, operands: readonly Operand[], attributes = {}): unknown =>
      errorOf('SHAPE_MISMATCH', () => importOnnx(oneNodeModel({ op, operands, attributes })));
    refuse('GatherElements', [x, known([3, 1], [0, 0, 0])], { axis: 1 });
    refuse('ScatterElements', [x, known([1, 1], [0]), given([1, 2], [0, 0])]);
    refuse('ScatterND', [x, known([1, 1], [0]), given([1, 2], [0, 0])]);
    refuse('GatherND', [x, known([3, 1], [0, 0, 0])], { batch_dims: 1 });
    refuse('OneHot', [known([1], [0]), known([], [2]), given([3], [0, 1, 2])]);
  });

  test('a number of elements that the graph computes', () => {
    errorOf('ONNX_DYNAMIC_SHAPE', () => importOnnx(oneNodeModel({ op: 'TopK', operands: [x, given([1], [1], 'int64')], outputs: ['float', 'int64'] }))); // prettier-ignore
  });
});
