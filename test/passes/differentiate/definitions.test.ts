/** Where derivatives do not exist, or are easily lost: what docs/numerics.md defines. */
import { describe, expect, test } from 'vitest';
import { interpret } from '../../../src/interpreter/index.js';
import type { GraphBuilder, GraphValue } from '../../../src/ir/builder.js';
import type { Graph } from '../../../src/ir/graph.js';
import type { BinaryOp, OpAttrs, Reducer, UnaryOp } from '../../../src/ir/ops.js';
import { numbers, tensor } from '../../interpreter/support.js';
import type { Elements } from '../../support/evaluate-f64.js';
import { graphOf } from '../../support/specimen.js';
import { derivative, derive, gradientsAt, uniform, type Point } from './support.js';

const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

const graphFor = (
  shapes: Readonly<Record<string, readonly number[]>>,
  define: (b: GraphBuilder, ...params: GraphValue[]) => GraphValue,
): Graph =>
  graphOf((b) => {
    const params = Object.entries(shapes).map(([name, shape]) => b.param(name, 'f32', shape));
    b.output('y', define(b, ...params));
  });

const ofUnary = (op: UnaryOp, x: Elements): Elements =>
  gradientsAt(graphFor({ x: [x.length] }, (b, v) => b.unary(op, v)), { x }).x; // prettier-ignore

const binaryGraph = (op: BinaryOp, count: number): Graph =>
  graphFor({ x: [count], y: [count] }, (b, x, y) => b.binary(op, x, y));
const ofBinary = (op: BinaryOp, x: Elements, y: Elements): Point =>
  gradientsAt(binaryGraph(op, x.length), { x, y });

describe('functions of one number', () => {
  test('abs has no slope at 0', () => expect(ofUnary('abs', [-2, -0, 0, 3])).toEqual([-1, 0, 0, 1]));
  test.each(['sign', 'floor', 'ceil', 'round', 'trunc'] as const)('%s has no slope anywhere', (op) =>
    expect(ofUnary(op, [-1.5, -1, 0, 0.5, 2])).toEqual([0, 0, 0, 0, 0]),
  );
  test('sqrt and log are infinitely steep at 0', () => {
    expect(ofUnary('sqrt', [0, 4])).toEqual([inf, 0.25]);
    expect(ofUnary('log', [0, 4])).toEqual([inf, 0.25]);
  });
  test('functions that level off end without NaN', () => {
    for (const op of ['tanh', 'sigmoid', 'erf'] as const)
      expect(ofUnary(op, [-inf, -1e4, 1e4, inf])).toEqual([0, 0, 0, 0]);
    expect(ofUnary('exp', [-inf])).toEqual([0]);
  });
});

describe('min and max', () => {
  test.each(['min', 'max'] as const)('%s shares a tie equally, signs of zero being no difference', (op) => {
    expect(ofBinary(op, [1, 0, -0], [1, -0, 0])).toEqual({ x: [0.5, 0.5, 0.5], y: [0.5, 0.5, 0.5] });
  });
  test('give nothing where an operand is a NaN', () => {
    expect(ofBinary('max', [nan, 1], [1, nan])).toEqual({ x: [0, 0], y: [0, 0] });
  });
  test('clamping has half a slope at its borders, as it is a min of a max', () => {
    const clamp = graphFor({ x: [5] }, (b, x) => b.binary('min', b.binary('max', x, b.full(x, 0)), b.full(x, 1))); // prettier-ignore
    expect(gradientsAt(clamp, { x: [-1, 0, 0.5, 1, 2] }).x).toEqual([0, 0.5, 1, 0.5, 0]);
  });
  test('infinite cotangents do not leak', () => {
    const graph = binaryGraph('max', 2);
    expect(gradientsAt(graph, { x: [1, 2], y: [2, 1] }, { 'ct:y': [inf, -inf] })).toEqual({
      x: [0, -inf],
      y: [inf, 0],
    });
  });
});

describe('rem', () => {
  test('counts how often the divisor fits, at whole multiples too', () => {
    expect(ofBinary('rem', [7, 6, -7, 2], [3, 3, 3, inf])).toEqual({ x: [1, 1, 1, 1], y: [-2, -2, 2, 0] });
  });
  test('counts exactly where f32 quotients are rounded', () => {
    const draw = uniform(1);
    const x = Array.from({ length: 500 }, () => Math.fround(draw([-50, 50])));
    const y = x.map(() => Math.fround(draw([0.1, 1])));
    // The last quotient rounds up to the next integer.
    x.push(Math.fround(1 - 2 ** -24));
    y.push(2 ** -20);
    const shape = [x.length];
    const { outputs } = interpret(
      { graph: derive(binaryGraph('rem', x.length), ['y']).graph, weights: new Map() },
      { x: tensor('f32', shape, x), y: tensor('f32', shape, y), 'ct:y': tensor('f32', shape, x.map(() => 1)) },
    );
    expect(numbers(outputs['grad:y']).map((q) => q + 0)).toEqual(x.map((v, i) => -Math.trunc(v / y[i]) + 0));
  }); // prettier-ignore
});

describe('pow', () => {
  test('by its base', () => {
    const x = [0, 0, 0, 0, -0, -2, -2, 1e-300, 3];
    const y = [0, 1, 2, 3, 0, 0, 3, 0, 0];
    expect(ofBinary('pow', x, y).x).toEqual([0, 1, 0, 0, 0, 0, 12, 0, 0]);
  });
  test('by its exponent', () => {
    expect(ofBinary('pow', [0, 0, 0, 1, Math.E], [0, 1, 2.5, 7, 1]).y).toEqual([0, 0, 0, 0, Math.E]);
    expect(ofBinary('pow', [-2], [2]).y).toEqual([nan]);
  });
  test.each([
    ['f32', [1e-39, 0, 1e-30]],
    ['f16', [6e-8, 0, 6e-5]],
  ] as const)('in %s with exponent 0 next to 0, where reciprocals overflow', (dtype, x) => {
    const graph = graphOf((b) => b.output('z', b.binary('pow', b.param('x', dtype, [3]), b.param('y', dtype, [3])))); // prettier-ignore
    const { outputs } = interpret(
      { graph: derive(graph, ['x']).graph, weights: new Map() },
      { x: tensor(dtype, [3], x), y: tensor(dtype, [3], [0, 0, 0]), 'ct:z': tensor(dtype, [3], [1, 1, 1]) },
    );
    expect(numbers(outputs['grad:x'])).toEqual([0, 0, 0]);
  });
  test('second derivatives at 0, the exponent known or not', () => {
    const exponents = [0, 1, 2, 3, 4];
    const x = exponents.map(() => 0);
    const ct_y = exponents.map(() => 1);
    const unknown = derivative(binaryGraph('pow', 5));
    const bases = { 'ct:grad:y': x };
    expect(gradientsAt(unknown, { x, y: exponents, 'ct:y': ct_y }, bases).x).toEqual([0, 0, 2, 0, 0]);
    const known = exponents.map((p) => {
      const graph = graphFor({ x: [1] }, (b, v) => b.binary('pow', v, b.full(v, p)));
      return gradientsAt(derivative(graph), { x: [0], 'ct:y': [1] }).x[0];
    });
    expect(known).toEqual([0, 0, 2, 0, 0]);
  });
  test('by base and exponent, where the exponent is 0', () => {
    // d/dy (y x^(y-1)) = 1/x at y = 0
    const mixed = derivative(binaryGraph('pow', 1));
    expect(gradientsAt(mixed, { x: [4], y: [0], 'ct:y': [1] }, { 'ct:grad:y': [0] }).y).toEqual([0.25]);
  });
});

const reduction = (kind: Reducer, shape: readonly number[], axes: readonly number[]): Graph =>
  graphFor({ x: shape }, (b, x) => b.reduce(kind, x, axes));

describe('reductions', () => {
  test.each(['min', 'max'] as const)('%s shares equally among ties', (kind) => {
    const x = kind === 'max' ? [3, 1, 3, 3, -1, 0, -0, -2] : [1, 3, 1, 1, 4, 0, -0, 2];
    expect(gradientsAt(reduction(kind, [2, 4], [1]), { x }, { 'ct:y': [6, 1] }).x).toEqual([2, 0, 2, 2, 0, 0.5, 0.5, 0]); // prettier-ignore
    const all = gradientsAt(reduction(kind, [2, 2, 2], [0, 2]), { x: [1, 1, 2, 2, 1, 1, 2, 2] }).x;
    expect(all).toEqual(new Array(8).fill(0.25));
  });
  test('a maximum that is a NaN gives nothing', () => {
    expect(gradientsAt(reduction('max', [3], [0]), { x: [1, nan, 2] }).x).toEqual([0, 0, 0]);
  });
  test('more ties than f16 can count', () => {
    const count = 70_000;
    const graph = graphOf((b) => b.output('y', b.reduce('max', b.param('x', 'f16', [count]), [0])));
    const x = tensor('f16', [count], new Array<number>(count).fill(1));
    const inputs = { x, 'ct:y': tensor('f16', [], [7]) };
    const gradient = numbers(interpret({ graph: derive(graph, ['x']).graph, weights: new Map() }, inputs).outputs['grad:x']); // prettier-ignore
    // 7 / 70,000, rounded to f16.
    expect(new Set(gradient)).toEqual(new Set([1.0001659393310547e-4]));
  });
  test.each([
    [[0, 2, 3], [6, 0, 0]],
    [[0, 0, 3], [0, 0, 0]],
    [[1, 0, 5], [0, 5, 0]],
    [[2, 3, 4], [12, 8, 6]],
  ])('the product of %j', (x, expected) => {
    expect(gradientsAt(reduction('prod', [3], [0]), { x }).x).toEqual(expected);
    const windows = { window: [3], strides: [1], dilations: [1], padLow: [0], padHigh: [0] };
    const window = graphFor({ x: [3] }, (b, v) => b.emit('reduceWindow', [v], { kind: 'prod', ...windows }));
    expect(gradientsAt(window, { x }).x).toEqual(expected);
    const scan = { kind: 'prod', axis: 0, exclusive: false, reverse: false } as const;
    const running = graphFor({ x: [3] }, (b, v) => b.emit('scan', [v], scan));
    expect(gradientsAt(running, { x }, { 'ct:y': [0, 0, 1] }).x).toEqual(expected);
  }); // prettier-ignore
  test('running products go on behind zeros', () => {
    const attrs = { kind: 'prod', axis: 0, exclusive: false, reverse: false } as const;
    const graph = graphFor({ x: [4] }, (b, v) => b.emit('scan', [v], attrs));
    // y = (a, ab, abc, abcd) at a = 2, b = 0, c = 3, d = 5
    expect(gradientsAt(graph, { x: [2, 0, 3, 5] }).x).toEqual([1, 2 + 6 + 30, 0, 0]);
  });
  test('second derivatives of a product with zeros', () => {
    const second = derivative(reduction('prod', [3], [0]));
    // The gradient is (bc, ac, ab); the cotangent (1, 1, 1) gives (b + c, a + c, a + b).
    expect(gradientsAt(second, { x: [0, 0, 3], 'ct:y': [1] }).x).toEqual([3, 3, 0]);
  });
});

describe('windows and scans', () => {
  const pool = (kind: 'max' | 'min', attrs: Partial<OpAttrs['reduceWindow']>, shape: readonly number[]): Graph => {
    const each = (n: number): number[] => shape.map(() => n);
    const all = { window: each(2), strides: each(1), dilations: each(1), padLow: each(0), padHigh: each(0) };
    return graphFor({ x: shape }, (b, x) => b.emit('reduceWindow', [x], { kind, ...all, ...attrs }));
  }; // prettier-ignore
  test.each(['max', 'min'] as const)('%s pooling chooses the first of equals', (kind) => {
    expect(gradientsAt(pool(kind, {}, [4]), { x: [1, 1, 1, 1] }).x).toEqual([1, 1, 1, 0]);
    expect(gradientsAt(pool(kind, { strides: [2] }, [4]), { x: [1, 1, 1, 1] }).x).toEqual([1, 0, 1, 0]);
    expect(gradientsAt(pool(kind, {}, [2, 2]), { x: [5, 5, 5, 5] }).x).toEqual([1, 0, 0, 0]);
    const x = kind === 'max' ? [1, 2, 2, 0] : [3, 2, 2, 4];
    expect(gradientsAt(pool(kind, {}, [2, 2]), { x }).x).toEqual([0, 1, 0, 0]);
  });
  test('pooling chooses a NaN, as its result is one', () => {
    expect(gradientsAt(pool('max', {}, [3]), { x: [1, nan, 2] }).x).toEqual([0, 2, 0]);
  });
  test('padding wins nothing', () => {
    expect(gradientsAt(pool('max', { padLow: [1], padHigh: [1] }, [2]), { x: [-5, -7] }).x).toEqual([2, 1]);
  });
  const running = (kind: 'max' | 'min', exclusive: boolean, reverse: boolean): Graph =>
    graphFor({ x: [5] }, (b, x) => b.emit('scan', [x], { kind, axis: 0, exclusive, reverse }));
  test.each(['max', 'min'] as const)('a running %s belongs to the first that reached it', (kind) => {
    const x = (kind === 'max' ? [1, 3, 2, 3, 4] : [4, 2, 3, 2, 1]) as Elements;
    const cts = { 'ct:y': [1, 2, 4, 8, 16] };
    expect(gradientsAt(running(kind, false, false), { x }, cts).x).toEqual([1, 14, 0, 0, 16]);
    expect(gradientsAt(running(kind, true, false), { x }, cts).x).toEqual([2, 28, 0, 0, 0]);
    expect(gradientsAt(running(kind, false, true), { x }, cts).x).toEqual([0, 0, 0, 0, 31]);
  });
  test('a running maximum that starts with -infinity belongs to the first element', () => {
    expect(gradientsAt(running('max', false, false), { x: [-inf, -inf, 0, 0, 1] }).x).toEqual([
      2, 0, 2, 0, 1,
    ]);
  });
});

describe('indexing', () => {
  const scatter = (kind: OpAttrs['scatter']['kind'], at: readonly number[]): Graph =>
    graphFor({ x: [3], u: [at.length] }, (b, x, u) =>
      b.emit('scatter', [x, b.constant('i32', [at.length], at), u], { kind }),
    );
  test('a clamped index reads the element at the end', () => {
    const graph = graphFor({ x: [3] }, (b, x) =>
      b.emit('gather', [x, b.constant('i32', [4], [-5, 1, 9, 2])], { axis: 0 }),
    );
    expect(gradientsAt(graph, { x: [1, 2, 3] }, { 'ct:y': [1, 2, 4, 8] }).x).toEqual([1, 2, 12]);
  });
  const u = [10, 20, 30, 40];
  const cts = { 'ct:y': [1, 2, 4] };
  test('of updates of one element the last one wins; those outside are dropped', () => {
    const found = gradientsAt(scatter('set', [1, 1, -1, 3]), { x: [1, 2, 3], u }, cts);
    expect(found).toEqual({ x: [1, 0, 4], u: [0, 2, 0, 0] });
  });
  test('updates that are added all count', () => {
    const found = gradientsAt(scatter('add', [1, 1, -1, 0]), { x: [1, 2, 3], u }, cts);
    expect(found).toEqual({ x: [1, 2, 4], u: [2, 2, 0, 1] });
  });
  test('factors that are zero', () => {
    const found = gradientsAt(scatter('mul', [1, 1, 0, 2]), { x: [0, 2, 3], u: [0, 5, 7, 0] }, cts);
    expect(found).toEqual({ x: [7, 0, 0], u: [20, 0, 0, 12] });
  });
  test('extremes share with the old element and with one another', () => {
    const found = gradientsAt(scatter('max', [1, 1, 0, 1, -1]), { x: [5, 7, 3], u: [7, 7, 9, 1, 9] }, { 'ct:y': [1, 6, 4] });
    expect(found).toEqual({ x: [0, 2, 4], u: [2, 2, 1, 0, 0] });
  }); // prettier-ignore
});

describe('what holds gradients up', () => {
  test('stopGradient, and the way around it', () => {
    const graph = graphFor({ x: [1] }, (b, x) =>
      b.binary('mul', x, b.emit('stopGradient', [b.unary('exp', x)], {})),
    );
    expect(gradientsAt(graph, { x: [1] }).x).toEqual([Math.E]);
  });
  test('an op that only the legal stage makes', () => {
    const product = { lhsBatch: [], rhsBatch: [], lhsContract: [0], rhsContract: [0] };
    const graph = graphFor({ x: [1, 2] }, (b, x) => b.emit('splitKDot', [x, x], product));
    expect(() => derive(graph)).toThrow(expect.objectContaining({ code: 'IR_INVALID' }));
  });
  test('second derivatives of what has corners are 0', () => {
    const relu = graphFor({ x: [3] }, (b, x) => b.binary('max', x, b.full(x, 0)));
    expect(gradientsAt(derivative(relu), { x: [-1, 0, 1], 'ct:y': [1, 1, 1] }).x).toEqual([0, 0, 0]);
  });
});
