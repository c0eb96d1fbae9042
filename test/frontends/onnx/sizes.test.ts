/** Operators whose results have as many elements as data say: known data, and shapes that the model declares. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  encodeModel,
  node,
  port,
  type ProtoAttribute,
  type ProtoDType,
} from '../../../scripts/onnx-proto.mjs';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import { fuzz } from '../../support/fuzz.js';
import { at, coordinates, naive, type Naive } from '../../support/naive.js';
import { errorOf, given, importVerified, known, oneNodeModel, random, runNode, type OneNode, type Operand } from './support.js'; // prettier-ignore

type Below = (below: number) => number;
const property = (check: (below: Below) => void): void =>
  fc.assert(fc.property(fc.nat(1e6), (seed) => check(random(seed))), fuzz(60)); // prettier-ignore

const some = (shape: readonly number[], values: readonly number[], below: Below): Naive =>
  naive(shape, () => values[below(values.length)]);
const shapeOf = (rank: number, below: Below): number[] => Array.from({ length: rank }, () => 1 + below(3));
const constant = ({ shape, data }: Naive, dtype: ProtoDType = 'float'): Operand => known(shape, data, dtype);

interface Result {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}
const results = (spec: OneNode): Result[] =>
  runNode(spec).map(({ shape, data }) => ({ shape, data: Array.from(data, Number) }));

interface Computed {
  readonly op: string;
  readonly x: Naive;
  readonly shapes: readonly (readonly (number | string)[])[];
  readonly dtypes?: readonly ProtoDType[];
  readonly attributes?: Readonly<Record<string, ProtoAttribute>>;
}

/** The results of a node of float data that the model is given, and shapes that it declares. */
function declared({ op, x, shapes, dtypes = ['float'], attributes = {} }: Computed): {
  results: Result[];
  notes: readonly string[];
} {
  const names = shapes.map((_, i) => `y${i}`);
  const graph = {
    name: op,
    node: [node(op, ['x'], names, attributes)],
    input: [port('x', 'float', x.shape)],
    output: names.map((name, i) => port(name, dtypes[i], shapes[i])),
  };
  const program = importVerified(encodeModel(graph, { opset: 21 }));
  const inputs = { x: { dtype: 'f32', shape: x.shape, data: Float32Array.from(x.data) } } as const;
  const { outputs } = interpret(program, inputs);
  return {
    results: names.map((name) => ({
      shape: outputs[name].shape,
      data: Array.from(outputs[name].data, Number),
    })),
    notes: program.notes,
  };
}

test('NonZero', () => {
  property((below) => {
    const x = some(shapeOf(1 + below(3), below), [0, -0, 1, NaN, -2], below);
    const places = coordinates(x.shape).filter((place) => at(x, place) !== 0);
    const expected = {
      shape: [x.shape.length, places.length],
      data: x.shape.flatMap((_, axis) => places.map((place) => place[axis])),
    };
    expect(results({ op: 'NonZero', operands: [constant(x)], outputs: ['int64'] })).toEqual([expected]);
    const found = declared({ op: 'NonZero', x, shapes: [expected.shape], dtypes: ['int64'] });
    expect(found.results).toEqual([expected]);
    expect(found.notes[0]).toContain(`${places.length} elements along axis 1, as the model declares`);
  });
});

test('Compress', () => {
  property((below) => {
    const x = some(shapeOf(1 + below(3), below), [1, 2, 3], below);
    const axis = below(x.shape.length);
    const condition = some([1 + below(x.shape[axis])], [0, 1], below);
    const kept = condition.data.flatMap((holds, i) => (holds === 1 ? [i] : []));
    const expected = naive(x.shape.with(axis, kept.length), (place) =>
      at(x, place.with(axis, kept[place[axis]])),
    );
    const spec = { op: 'Compress', operands: [given(x.shape, x.data), constant(condition, 'bool')], attributes: { axis } }; // prettier-ignore
    expect(results(spec)).toEqual([expected]);
  });
  const flat = { op: 'Compress', operands: [known([2, 2], [1n, 2n, 3n, 2n ** 60n]), known([4], [0, 1, 0, 1], 'bool')], outputs: ['int64'] as const }; // prettier-ignore
  expect(results(flat)).toEqual([{ shape: [2], data: [2, 2 ** 60] }]);
  expect(results({ op: 'Compress', operands: [given([3], [1, 2, 3]), known([0], [], 'bool')] })).toEqual([{ shape: [0], data: [] }]); // prettier-ignore
});

describe('Unique', () => {
  const same = (p: readonly number[], q: readonly number[]): boolean =>
    p.every((value, i) => value === q[i] || (Number.isNaN(value) && Number.isNaN(q[i])));
  /** NaN above everything. */
  const compare = (p: readonly number[], q: readonly number[]): number => {
    const i = p.findIndex((value, k) => !same([value], [q[k]]));
    if (i === -1) return 0;
    return Number.isNaN(p[i]) ? 1 : Number.isNaN(q[i]) ? -1 : p[i] - q[i];
  };

  test('slices along an axis or all elements, in either order', () => {
    property((below) => {
      const x = some(shapeOf(1 + below(3), below), [0, 1, 2, NaN], below);
      const axis = below(2) === 0 ? undefined : below(x.shape.length);
      const sorted = below(2);
      const n = axis === undefined ? x.data.length : x.shape[axis];
      const slices = Array.from({ length: n }, (_, i) =>
        axis === undefined
          ? [x.data[i]]
          : coordinates(x.shape.with(axis, 1)).map((place) => at(x, place.with(axis, i))),
      );
      const firsts = slices.flatMap((slice, i) =>
        slices.findIndex((other) => same(other, slice)) === i ? [i] : [],
      );
      if (sorted === 1) firsts.sort((i, j) => compare(slices[i], slices[j]));
      const inverse = slices.map((slice) => firsts.findIndex((i) => same(slices[i], slice)));
      const counts = firsts.map((_, k) => inverse.filter((which) => which === k).length);
      const y =
        axis === undefined
          ? { shape: [firsts.length], data: firsts.map((i) => x.data[i]) }
          : naive(x.shape.with(axis, firsts.length), (place) => at(x, place.with(axis, firsts[place[axis]])));
      const line = (data: readonly number[]): Result => ({ shape: [data.length], data });
      const expected = [y, line(firsts), line(inverse), line(counts)];
      const attributes = { sorted, ...(axis === undefined ? {} : { axis }) };
      const dtypes = ['float', 'int64', 'int64', 'int64'] as const;
      expect(results({ op: 'Unique', operands: [constant(x)], attributes, outputs: dtypes })).toEqual(
        expected,
      );
      const shapes = expected.map(({ shape }) => shape);
      expect(declared({ op: 'Unique', x, shapes, dtypes, attributes }).results).toEqual(expected);
    });
  });
});

describe('NonMaxSuppression', () => {
  const corners = [
    0, 0, 1, 1, 0, 0.1, 1, 1.1, 0, -0.1, 1, 0.9, 0, 10, 1, 11, 0, 10.1, 1, 11.1, 0, 100, 1, 101,
  ];
  const scores = [0.9, 0.75, 0.6, 0.95, 0.5, 0.3];
  const run = (most: number, attributes = {}, boxes: readonly number[] = corners): readonly number[] => {
    const operands = [known([1, 6, 4], boxes, 'float'), known([1, 1, 6], scores, 'float'), known([1], [most]), known([1], [0.5], 'float'), known([1], [0.4], 'float')]; // prettier-ignore
    return results({ op: 'NonMaxSuppression', operands, attributes, outputs: ['int64'] })[0].data;
  };
  test('the greatest scores first, without what overlaps them', () => {
    expect(run(3)).toEqual([0, 0, 3, 0, 0, 0]);
    expect(run(1)).toEqual([0, 0, 3]);
    expect(run(0)).toEqual([]);
  });
  test('corners in any order, and boxes by their middles', () => {
    const flipped = corners.map((_, i) => corners[i - (i % 4) + ((i + 2) % 4)]);
    expect(run(3, {}, flipped)).toEqual([0, 0, 3, 0, 0, 0]);
    const middles = corners.map((value, i) => (i % 4 < 2 ? (value + corners[i + 2]) / 2 : 1));
    expect(run(3, { center_point_box: 1 }, middles)).toEqual([0, 0, 3, 0, 0, 0]);
  });
  test('of computed boxes as many as the model declares; what is left is -1', () => {
    const model = (rows: number | string): Uint8Array =>
      encodeModel(
        {
          name: 'nms',
          node: [node('NonMaxSuppression', ['boxes', 'scores', 'most', 'overlap'], ['y'])],
          initializer: [],
          input: [port('boxes', 'float', [1, 6, 4]), port('scores', 'float', [1, 1, 6]), port('most', 'int64', [1]), port('overlap', 'float', [1])], // prettier-ignore
          output: [port('y', 'int64', [rows, 3])],
        },
        { opset: 21 },
      );
    const most = { dtype: 'i32', shape: [1], data: Int32Array.of(6) } as const;
    const program = importVerified(model(4), { weights: new Map([['most', most]]) });
    const { outputs } = interpret(program, {
      boxes: { dtype: 'f32', shape: [1, 6, 4], data: Float32Array.from(corners) },
      scores: { dtype: 'f32', shape: [1, 1, 6], data: Float32Array.from(scores) },
      overlap: { dtype: 'f32', shape: [1], data: Float32Array.of(0.5) },
    });
    expect(Array.from(outputs.y.data)).toEqual([0, 0, 3, 0, 0, 0, 0, 0, 5, -1, -1, -1]);
    errorOf('ONNX_DYNAMIC_SHAPE', () => importOnnx(model('rows'), { weights: new Map([['most', most]]) }));
    errorOf('ONNX_INVALID', () => importOnnx(model(7), { weights: new Map([['most', most]]) }));
  });
});

test('Einsum takes an ellipsis, letters that repeat, several operands, and spaces', () => {
  const einsum = (equation: string, ...operands: readonly Operand[]): Result =>
    results({ op: 'Einsum', operands, attributes: { equation } })[0];
  const square = given([2, 2], [1, 2, 3, 4]);
  expect(einsum('ii->i', square)).toEqual({ shape: [2], data: [1, 4] });
  expect(einsum('...ij->...ji', given([1, 2, 2], [1, 2, 3, 4]))).toEqual({
    shape: [1, 2, 2],
    data: [1, 3, 2, 4],
  });
  expect(einsum(' ij , jk , kl -> il ', square, square, square)).toEqual({
    shape: [2, 2],
    data: [37, 54, 81, 118],
  });
  expect(einsum('ij', square)).toEqual({ shape: [2, 2], data: [1, 2, 3, 4] });
  errorOf('ATTRIBUTE_INVALID', () => einsum('ij,jk', square));
  errorOf('SHAPE_MISMATCH', () => einsum('ij,ij', square, given([2, 3], [1, 2, 3, 4, 5, 6])));
});

test('what depends on data is refused where nothing says how long it is', () => {
  for (const op of ['NonZero', 'Unique'])
    errorOf('ONNX_DYNAMIC_SHAPE', () => importOnnx(oneNodeModel({ op, operands: [given([2], [0, 1])], outputs: [op === 'NonZero' ? 'int64' : 'float'] }))); // prettier-ignore
  const long = [given([2], [1, 2]), known([3], [1, 0, 1], 'bool')];
  errorOf('SHAPE_MISMATCH', () => importOnnx(oneNodeModel({ op: 'Compress', operands: long })));
});
