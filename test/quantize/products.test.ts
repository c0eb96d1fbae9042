/** Products of quantised weights in integers: what they are by definition, and the same bits on every engine. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TensorData } from '../../src/base/tensor.js';
import { fromConfig, networkProgram } from '../../src/frontends/config/index.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import {
  dequantizeTensor,
  quantizeTensor,
  quantizeWeights,
  readQuantized,
  withQuantized,
  writeQuantized,
  type QuantizedTensor,
  type QuantizeOptions,
} from '../../src/quantize/index.js';
import { errorOf } from '../data/support.js';
import { differenceOf, expectSameBits } from '../support/differential.js';
import { fuzz } from '../support/fuzz.js';
import { wasmDifferences } from '../support/wasm.js';
import { f32 } from './support.js';

const INTEGER = { arithmetic: 'integer' } as const;

/** x [m, k] times w [n, k]', or w times x' where the weight stands first. */
function product(m: number, w: TensorData, isFirst: boolean): Program {
  const b = new GraphBuilder('product');
  const x = b.param('x', 'f32', [m, w.shape[1]]);
  const weight = b.weight('w', 'f32', w.shape);
  const attrs = { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [1] };
  b.output('y', b.emit('dot', isFirst ? [weight, x] : [x, weight], attrs));
  return { graph: b.build(), weights: new Map([['w', w]]) };
}

const f = Math.fround;

function nearestEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** The definition, in doubles where these are exact: y[i, j] for row i of x and row j of the weight. */
function expected(x: TensorData, tensor: QuantizedTensor): Float32Array {
  const [m, k] = x.shape;
  const [n] = tensor.shape;
  const unscaled = dequantizeTensor({ ...tensor, scales: tensor.scales.map(() => 1) });
  const y = new Float32Array(m * n);
  for (let i = 0; i < m; i++) {
    const row = Array.from(x.data.subarray(i * k, (i + 1) * k));
    const scale = row.reduce((most, each) => Math.max(most, Math.abs(each)), 0);
    const own = Math.max(f(scale / 127), 2 ** -126);
    const codes = row.map((each) => Math.max(-127, Math.min(127, nearestEven(f(each / own)))));
    for (let j = 0; j < n; j++) {
      const sum = codes.reduce((total, code, at) => total + code * unscaled.data[j * k + at], 0);
      const other = tensor.scales[tensor.granularity === 'channel' ? j : 0];
      y[i * n + j] = f(f(f(sum) * own) * f(other));
    }
  }
  return y;
}

const number = fc.oneof(
  { weight: 4, arbitrary: fc.float({ min: -4, max: 4, noNaN: true }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -0, 1, -1, 0.5, 127, 2 ** -100, 3e38, -3e38).map(f) },
);

const matrix = (rows: number, columns: number) =>
  fc
    .array(number, { minLength: rows * columns, maxLength: rows * columns })
    .map((values) => f32([rows, columns], values));

const anyScheme = fc.record({
  type: fc.constantFrom('int8', 'uint8', 'int4', 'uint4'),
  granularity: fc.constantFrom('tensor', 'channel'),
  zeroPoint: fc.boolean(),
}) satisfies fc.Arbitrary<QuantizeOptions>;

const cases = fc
  .record({ m: fc.integer({ min: 1, max: 3 }), k: fc.integer({ min: 1, max: 9 }), n: fc.integer({ min: 1, max: 5 }) })
  .chain(({ m, k, n }) => fc.tuple(matrix(m, k), matrix(n, k).map(({ shape, data }) => f32(shape, [...data].map((each) => (Math.abs(each) > 1e38 ? 1 : each)))))); // prettier-ignore

describe('a product in integers', () => {
  test('is the sum of products of codes, rescaled', () => {
    fc.assert(
      fc.property(cases, anyScheme, fc.boolean(), ([x, w], scheme, isFirst) => {
        const tensor = quantizeTensor(w, { ...scheme, axis: 0 });
        const tensors = new Map([['w', tensor]]);
        const { y } = interpret(withQuantized(product(x.shape[0], w, isFirst), tensors, INTEGER), {
          x,
        }).outputs;
        const [m, n] = [x.shape[0], w.shape[0]];
        const own = expected(x, tensor);
        const turned = isFirst ? own.map((_, at) => own[(at % m) * n + Math.floor(at / m)]) : own;
        expect(
          differenceOf(y, { dtype: 'f32', shape: isFirst ? [n, m] : [m, n], data: turned }),
        ).toBeUndefined();
      }),
      fuzz(200),
    );
  });

  test('is finite where the result is, whatever the product of the scales', () => {
    const w = f32([1, 3], [0, 0, 1e38]);
    const tensor = quantizeTensor(w, { type: 'int8', axis: 0 });
    const x = f32([2, 3], [1e6, 0, 0, 1e-31, 0, 1e-31]);
    const { y } = interpret(withQuantized(product(2, w, false), new Map([['w', tensor]]), INTEGER), {
      x,
    }).outputs;
    expect([...y.data]).toEqual([0, ...expected(x, tensor).slice(1)]);
    expect([...y.data].every(Number.isFinite)).toBe(true);
  });

  test('gives no number for a row with NaN or an infinity, and 0 for a row of zeros', () => {
    const w = f32([2, 3], [1, 2, 3, -1, -2, 0]);
    const tensors = new Map([['w', quantizeTensor(w, { type: 'int8', axis: 0 })]]);
    const x = f32([4, 3], [1, NaN, 1, 1, Infinity, 1, 0, 0, -0, 2 ** -140, 0, 0]);
    const { y } = interpret(withQuantized(product(4, w, false), tensors, INTEGER), { x }).outputs;
    expect([...y.data]).toEqual([NaN, NaN, NaN, NaN, 0, 0, 0, 0]);
  });
});

const network = fromConfig({
  input: [2, 6, 6],
  seed: 5,
  layers: [
    { type: 'conv2d', filters: 5, kernel_size: 3, activation: 'relu' },
    { type: 'dense', output_size: 19, activation: 'tanh' },
    { type: 'dense', output_size: 4 },
  ],
});

describe('a network in integers', () => {
  test.each([
    { type: 'int8', batch: 1 },
    { type: 'uint4', granularity: 'channel', zeroPoint: true, batch: 9 },
  ] as const)('has the same bits on every engine: %o', async ({ batch, ...scheme }) => {
    const program = await networkProgram(network, batch);
    const packed = withQuantized(program, quantizeWeights(program, scheme), INTEGER);
    const input = f32([batch, 2, 6, 6], Array.from({ length: batch * 72 }, (_, i) => Math.cos(i * i))); // prettier-ignore
    const f32Outputs = interpret(program, { input }).outputs.output.data;
    const outputs = interpret(packed, { input }).outputs.output.data;
    const limit = scheme.type === 'uint4' ? 0.4 : 0.05;
    outputs.forEach((each, i) => expect(Math.abs(each - f32Outputs[i])).toBeLessThan(limit));
    await expectSameBits({ program: packed, inputs: { input } });
    expect(await wasmDifferences(packed, [{ input }])).toEqual([]);
  });

  test('is one of integers in its file', async () => {
    const program = await networkProgram(network);
    const file = { ...INTEGER, quantized: quantizeWeights(program, { type: 'int8' }), tensors: new Map() };
    expect(readQuantized(writeQuantized(file))).toEqual(file);
    errorOf('USAGE', () => writeQuantized({ ...file, arithmetic: 'i8' as 'integer' }));
  });
});

test('products that integers cannot do stay f32, and where there is none that is an error', async () => {
  const program = await networkProgram(network);
  errorOf('USAGE', () => withQuantized(program, quantizeWeights(program, { type: 'int16' }), INTEGER));
  errorOf('USAGE', () => withQuantized(program, quantizeWeights(program, { type: 'int4' }), INTEGER));
  const mixed = new Map([
    ...quantizeWeights(program, { type: 'float8_e4m3' }),
    ...[...quantizeWeights(program, { type: 'int8' })].slice(0, 1),
  ]);
  const { nodes } = withQuantized(program, mixed, INTEGER).graph;
  const dtypes = nodes.flatMap(({ op, type }) => (op === 'dot' || op === 'conv' ? [type.dtype] : []));
  expect(dtypes).toEqual(['i32', 'f32', 'f32']);
});
