/** Operators on quantised tensors, against plain arithmetic written from the specification. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { encodeModel, node, port, tensor, type ProtoDType } from '../../../scripts/onnx-proto.mjs';
import {
  errorOf,
  given,
  known,
  oneNodeModel,
  resultOf,
  runNode,
  type OneNode,
  type Operand,
} from './support.js';

const RANGES = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
  uint4: [0, 15],
  int4: [-8, 7],
  uint2: [0, 3],
  int2: [-2, 1],
} as const;
type Quantized = keyof typeof RANGES;

const evenRound = (x: number): number => {
  const below = Math.floor(x);
  const rest = x - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 !== 0) ? below + 1 : below;
};
const f = Math.fround;
const saturate = (x: number, dtype: Quantized): number =>
  Math.min(Math.max(x, RANGES[dtype][0]), RANGES[dtype][1]);

const data = (dtype: Quantized, length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min: RANGES[dtype][0], max: RANGES[dtype][1] }), { minLength: length, maxLength: length }); // prettier-ignore
const dtypes = fc.constantFrom(...(Object.keys(RANGES) as Quantized[]));
const bytes = fc.constantFrom<('int8' | 'uint8')[]>('int8', 'uint8');
const scale = fc.constantFrom(0.5, 0.25, 0.1, 1, 3, 0.0078125, 7.3).map(f);
const floats = (length: number): fc.Arbitrary<number[]> =>
  fc.array(fc.float({ min: -1e4, max: 1e4, noNaN: true }), { minLength: length, maxLength: length });

const scalar = (value: number, dtype: ProtoDType = 'float'): Operand => given([], [value], dtype);

describe('QuantizeLinear and DequantizeLinear', () => {
  test('whole tensors in every integer type', () => {
    fc.assert(
      fc.property(dtypes, floats(5), scale, fc.nat(255), (dtype, x, s, zero) => {
        const point = saturate(zero, dtype);
        const expected = x.map((v) => saturate(evenRound(f(v / s)) + point, dtype));
        const operands = [given([5], x), scalar(s), known([], [point], dtype)];
        const found = resultOf({ op: 'QuantizeLinear', operands, opset: 25, outputs: [dtype] });
        expect(found.data.map((v) => v + 0)).toEqual(expected.map((v) => v + 0));
        const back = [known([5], expected, dtype), scalar(s), known([], [point], dtype)];
        expect(resultOf({ op: 'DequantizeLinear', operands: back, opset: 25 }).data).toEqual(
          expected.map((v) => f((v - point) * s)),
        );
      }),
    );
  });

  test('slices and blocks have scales of their own', () => {
    const x = given([2, 3], [1, 2, 3, 4, 5, 6]);
    const byAxis = [x, given([3], [1, 2, 3]), known([3], [0, 1, 2], 'uint8')];
    expect(resultOf({ op: 'QuantizeLinear', operands: byAxis, outputs: ['uint8'] }).data).toEqual([1, 2, 3, 4, 3, 4]); // prettier-ignore
    const blocks = [x, given([2, 2], [1, 2, 0.5, 3]), known([2, 2], [0, 0, 10, 0], 'uint8')];
    const blocked = { op: 'QuantizeLinear', operands: blocks, attributes: { axis: 1, block_size: 2 }, outputs: ['uint8'] } as const; // prettier-ignore
    expect(resultOf(blocked).data).toEqual([1, 2, 2, 18, 20, 2]);
    const rows = [x, given([1, 3], [1, 2, 3])];
    const down = { op: 'DequantizeLinear', operands: [known([2, 3], [1, 2, 3, 4, 5, 6], 'int4'), rows[1]], attributes: { axis: 0, block_size: 2 } } as const; // prettier-ignore
    expect(resultOf(down).data).toEqual([1, 4, 9, 4, 10, 18]);
  });

  test('the types of results, and the precision of the division', () => {
    const [x, s] = [given([1], [1000]), scalar(3)];
    const quantized = (attributes: OneNode['attributes'], outputs: ProtoDType[]): number[] =>
      resultOf({ op: 'QuantizeLinear', operands: [x, s], attributes: attributes ?? {}, opset: 23, outputs })
        .data;
    expect(quantized({ output_dtype: 5 }, ['int16'])).toEqual([333]);
    expect(quantized({ output_dtype: 17 }, ['float8e4m3fn'])).toEqual([320]);
    expect(quantized({ output_dtype: 4, precision: 16 }, ['uint16'])).toEqual([334]);
    const operands = [known([2], [0x40, 0xff], 'float8e5m2'), scalar(2)];
    expect(resultOf({ op: 'DequantizeLinear', operands, attributes: { output_dtype: 1 }, opset: 23 }).data) // prettier-ignore
      .toEqual([4, NaN]);
  });

  test('what does not fit is refused', () => {
    const x = given([2, 3], [1, 2, 3, 4, 5, 6]);
    const bad = (operands: Operand[], attributes: OneNode['attributes'] = {}): Uint8Array =>
      oneNodeModel({ op: 'QuantizeLinear', operands, attributes, outputs: ['uint8'] });
    errorOf('SHAPE_MISMATCH', () => importOnnx(bad([x, given([2], [1, 2])])));
    errorOf('SHAPE_MISMATCH', () => importOnnx(bad([x, given([2, 3], [1, 2, 3, 4, 5, 6])], { block_size: 2 }))); // prettier-ignore
    errorOf('ATTRIBUTE_INVALID', () => importOnnx(bad([x, given([3], [1, 2, 3])], { axis: 2 })));
    errorOf('ONNX_INVALID', () => importOnnx(bad([x, scalar(1), known([], [1], 'int8')], { output_dtype: 2 }))); // prettier-ignore
  });
});

test("a scale that is computed: the specification's examples", () => {
  const run = (x: number[]): number[][] =>
    runNode({
      op: 'DynamicQuantizeLinear',
      operands: [given([x.length], x)],
      outputs: ['uint8', 'float', 'uint8'],
    }).map((result) => Array.from(result.data));
  expect(run([0, 2, -3, -2.5, 1.34, 0.5])).toEqual([[153, 255, 0, 26, 221, 179], [f(5 / 255)], [153]]);
  expect(run([-1, -2.1, -1.3, -2.5, -3.34, -4])).toEqual([[191, 121, 172, 96, 42, 0], [f(4 / 255)], [255]]);
});

describe('products of integers', () => {
  test('matrices, with zero points for rows and columns', () => {
    fc.assert(
      fc.property(bytes, bytes, fc.integer({ min: 1, max: 200 }), (ta, tb, k) => {
        fc.assert(
          fc.property(data(ta, 2 * k), data(tb, k * 3), data(ta, 2), data(tb, 3), (a, b, za, zb) => {
            const operands = [given([2, k], a, ta), given([k, 3], b, tb), given([2], za, ta), given([3], zb, tb)]; // prettier-ignore
            const expected = [0, 1].flatMap((i) =>
              [0, 1, 2].map((j) => {
                let sum = 0;
                for (let t = 0; t < k; t++) sum += (a[i * k + t] - za[i]) * (b[t * 3 + j] - zb[j]);
                return sum;
              }),
            );
            expect(resultOf({ op: 'MatMulInteger', operands, outputs: ['int32'] }).data.map((v) => v + 0)).toEqual(expected.map((v) => v + 0)); // prettier-ignore
          }),
          { numRuns: 3 },
        );
      }),
      { numRuns: 10 },
    );
  });

  test('sums beyond 2^24 stay exact', () => {
    const k = 600;
    const operands = [given([1, k], new Array<number>(k).fill(255), 'uint8'), given([k, 1], Array.from({ length: k }, (_, i) => (i === 0 ? 1 : 255)), 'uint8')]; // prettier-ignore
    expect(resultOf({ op: 'MatMulInteger', operands, outputs: ['int32'] }).data).toEqual([255 + (k - 1) * 255 * 255]); // prettier-ignore
    const images = [given([1, k, 1], new Array<number>(k).fill(255), 'uint8'), given([1, k, 1], Array.from({ length: k }, (_, i) => (i === 0 ? 1 : 255)), 'uint8')]; // prettier-ignore
    expect(resultOf({ op: 'ConvInteger', operands: images, outputs: ['int32'] }).data).toEqual([255 + (k - 1) * 255 * 255]); // prettier-ignore
  });

  test('convolutions pad with the zero point', () => {
    const operands = [given([1, 1, 2, 2], [2, 3, 4, 5], 'uint8'), given([2, 1, 2, 2], [1, 1, 1, 1, 2, 2, 2, 2], 'uint8'), known([], [1], 'uint8'), known([2], [0, 1], 'uint8')]; // prettier-ignore
    const corner = resultOf({ op: 'ConvInteger', operands, attributes: { pads: [1, 1, 0, 0] }, outputs: ['int32'] }); // prettier-ignore
    expect(corner.data).toEqual([1, 3, 4, 10, 1, 3, 4, 10]);
  });

  test('QLinearConv and QLinearMatMul give the rounded quotient', () => {
    fc.assert(
      fc.property(
        data('uint8', 6),
        data('int8', 4),
        scale,
        scale,
        scale,
        fc.nat(255),
        (x, w, xs, ws, ys, yz) => {
          const points = [scalar(3, 'uint8'), scalar(-2, 'int8'), scalar(yz, 'uint8')];
          const operands = [given([1, 2, 3], x, 'uint8'), scalar(xs), points[0], given([2, 2, 1], w, 'int8'), scalar(ws), points[1], scalar(ys), points[2], given([2], [7, -9], 'int32')]; // prettier-ignore
          const unit = f(f(xs * ws) / ys);
          const expected = [0, 1].flatMap((o) =>
            [0, 1, 2].map((i) => {
              const sum = [0, 1].reduce(
                (all, c) => all + (x[c * 3 + i] - 3) * (w[o * 2 + c] + 2),
                [7, -9][o],
              );
              return saturate(evenRound(f(sum * unit)) + yz, 'uint8');
            }),
          );
          expect(resultOf({ op: 'QLinearConv', operands, outputs: ['uint8'] }).data).toEqual(expected);
        },
      ),
    );
  });
});

describe("onnxruntime's operators", () => {
  const microsoft = (
    op: string,
    operands: OneNode['operands'],
    attributes: OneNode['attributes'] = {},
    outputs: readonly ProtoDType[] = ['uint8'],
  ): number[] =>
    // prettier-ignore
    resultOf({ op, domain: 'com.microsoft', operands, attributes, outputs }).data;
  const q = (values: number[]): Operand => given([values.length], values, 'uint8');

  test('arithmetic, element by element', () => {
    const [a, b] = [q([130, 140, 0]), q([10, 20, 255])];
    const scales = [scalar(0.5), scalar(128, 'uint8'), b, scalar(0.25), scalar(10, 'uint8'), scalar(0.125), scalar(100, 'uint8')] as const; // prettier-ignore
    expect(microsoft('QLinearAdd', [a, ...scales])).toEqual([108, 168, 78]);
    expect(microsoft('QLinearMul', [a, ...scales])).toEqual([100, 220, 0]);
    const one = [scalar(0.5), scalar(128, 'uint8'), scalar(1 / 256), scalar(0, 'uint8')] as const;
    expect(microsoft('QLinearSigmoid', [q([128, 140, 0]), ...one])).toEqual([128, 255, 0]);
    expect(microsoft('QLinearLeakyRelu', [q([120, 138]), scalar(0.5), scalar(128, 'uint8'), scalar(0.25), scalar(50, 'uint8')], { alpha: { float: 0.5 } })).toEqual([42, 70]); // prettier-ignore
    const row = given([1, 2], [100, 100], 'uint8');
    expect(microsoft('QLinearSoftmax', [row, ...one], { opset: 13 })).toEqual([128, 128]);
  });

  test('means, concatenation and choice', () => {
    const [s, z] = [scalar(0.5), scalar(2, 'uint8')];
    const image = given([1, 1, 2, 2], [2, 4, 6, 12], 'uint8');
    expect(microsoft('QLinearGlobalAveragePool', [image, s, z, s, z])).toEqual([6]);
    expect(microsoft('QLinearAveragePool', [image, s, z, s, z], { kernel_shape: [1, 2] })).toEqual([3, 9]);
    const last = given([1, 2, 2, 1], [2, 4, 6, 12], 'uint8');
    expect(microsoft('QLinearGlobalAveragePool', [last, s, z, s, z], { channels_last: 1 })).toEqual([6]);
    expect(microsoft('QLinearConcat', [scalar(1), z, q([4]), s, z, q([2, 6]), scalar(2), z], { axis: 0 })).toEqual([3, 2, 10]); // prettier-ignore
    const cond = given([2], [1, 0], 'bool');
    expect(microsoft('QLinearWhere', [cond, q([4, 4]), s, z, q([6, 6]), scalar(2), z, scalar(1), z])).toEqual([3, 10]); // prettier-ignore
    expect(microsoft('MulInteger', [q([4, 3]), z, q([6, 1]), z], {}, ['int32'])).toEqual([8, -1]);
    expect(microsoft('ReduceSumInteger', [q([255, 255])], { axes: [0], keepdims: 0 }, ['uint32'])).toEqual([510]); // prettier-ignore
  });

  test('products with scales', () => {
    const a = given([1, 2], [3, 4], 'uint8');
    const b = given([2, 2], [1, -1, 2, 5], 'int8');
    const operands = [a, b, scalar(0.5), given([2], [2, 0.25]), scalar(1, 'uint8'), given([2], [0, 1], 'int8'), given([2], [1, -1])]; // prettier-ignore
    expect(microsoft('MatMulIntegerToFloat', operands, {}, ['float'])).toEqual([9, 0]);
    const dynamic = [given([1, 2], [0, 255]), b, scalar(1), undefined, given([2], [0, 1])];
    expect(microsoft('DynamicQuantizeMatMul', dynamic, {}, ['float'])).toEqual([510, 1276]);
    const gemm = [a, scalar(0.5), scalar(1, 'uint8'), b, scalar(2), scalar(0, 'int8'), given([2], [1, 1], 'int32')]; // prettier-ignore
    expect(microsoft('QGemm', gemm, {}, ['float'])).toEqual([9, 14]);
  });

  test.each([2, 4, 8])('weights of %i bits in blocks', (bits) => {
    const [n, k, block] = [3, 20, 16];
    const blocks = Math.ceil(k / block);
    const code = (i: number): number => (i * 7 + 3) % 2 ** bits;
    const codes = Array.from({ length: n * blocks * block }, (_, i) => code(i));
    const perByte = 8 / bits;
    const packed = Array.from({ length: codes.length / perByte }, (_, i) =>
      Array.from({ length: perByte }, (_, j) => codes[i * perByte + j] << (bits * j)).reduce((p, c) => p | c),
    );
    const scales = Array.from({ length: n * blocks }, (_, i) => f(0.5 + i));
    const a = Array.from({ length: 2 * k }, (_, i) => (i % 5) - 2);
    const operands = [given([2, k], a), known([n, blocks, (block * bits) / 8], packed, 'uint8'), known([n * blocks], scales, 'float')]; // prettier-ignore
    const expected = [0, 1].flatMap((row) =>
      Array.from({ length: n }, (_, j) => {
        let sum = 0;
        for (let t = 0; t < k; t++) {
          const at = j * blocks + Math.floor(t / block);
          sum += a[row * k + t] * (codes[j * blocks * block + t] - 2 ** (bits - 1)) * scales[at];
        }
        return sum;
      }),
    );
    const attributes = { K: k, N: n, bits, block_size: block };
    expect(microsoft('MatMulNBits', operands, attributes, ['float'])).toEqual(expected);
  });

  test('zero points between codes, and blocks that an index gives the columns', () => {
    const codes = [0, 5, 9, 15];
    const rows = [given([1, 4], [1, 1, 1, 1]), known([1, 2, 1], [codes[0] | (codes[1] << 4), codes[2] | (codes[3] << 4)], 'uint8')]; // prettier-ignore
    const parameters = [known([2], [1, 100], 'float'), known([2], [0.5, 7.25], 'float')];
    const attributes = { K: 4, N: 1, bits: 4, block_size: 2 };
    const of = (...more: Operand[]): number[] => microsoft('MatMulNBits', [...rows, ...parameters, ...more], attributes, ['float']); // prettier-ignore
    expect(of()).toEqual([-0.5 + 4.5 + 175 + 775]);
    expect(of(known([4], [1, 0, 1, 0], 'int32'))).toEqual([-725 + 4.5 + 175 + 14.5]);
    errorOf('SHAPE_MISMATCH', () => of(known([3], [0, 0, 0], 'int32')));
    // An index may be as long as the blocks, the last one's padding included.
    const short = (index: readonly number[]): number[] =>
      microsoft('MatMulNBits', [given([1, 3], [1, 1, 1]), rows[1], ...parameters, known([index.length], index, 'int32')], { ...attributes, K: 3 }, ['float']); // prettier-ignore
    expect(short([1, 0, 1, 0])).toEqual(short([1, 0, 1]));
  });

  test('elements out of blocks are gathered after they are scaled', () => {
    const operands = [known([1, 32], Array.from({ length: 32 }, (_, i) => i % 16), 'uint4'), given([2], [31, 2], 'int64'), known([1, 2], [1, 10], 'float')]; // prettier-ignore
    const attributes = { gather_axis: 1, quantize_axis: 1, block_size: 16 };
    expect(microsoft('GatherBlockQuantized', operands, attributes, ['float'])).toEqual([150, 2]);
  });

  test('rows of a table in blocks', () => {
    const table = Array.from({ length: 3 * 32 }, (_, i) => i % 16);
    const packed = Array.from({ length: 48 }, (_, i) => table[2 * i] | (table[2 * i + 1] << 4));
    const scales = [1, 2, 3, 4, 5, 6];
    const indices = given([2], [2, -3], 'int64');
    const row = (i: number, zero: number): number[] =>
      table.slice(32 * i, 32 * i + 32).map((v, j) => (v - zero) * scales[2 * i + (j >> 4)]);
    const attributes = { gather_axis: 0, quantize_axis: 1, block_size: 16 };
    const operands = [known([3, 16], packed, 'uint8'), indices, known([3, 2], scales, 'float')];
    expect(microsoft('GatherBlockQuantized', operands, attributes, ['float'])).toEqual([...row(2, 8), ...row(0, 8)]); // prettier-ignore
    const whole = [known([3, 32], table, 'uint4'), indices, known([3, 2], scales, 'float'), known([3, 2], [1, 1, 1, 1, 1, 1], 'uint4')]; // prettier-ignore
    expect(microsoft('GatherBlockQuantized', whole, attributes, ['float'])).toEqual([...row(2, 1), ...row(0, 1)]); // prettier-ignore
  });

  test('features that are missing are named', () => {
    const spec = (attributes: OneNode['attributes']): OneNode => ({ op: 'MatMulNBits', domain: 'com.microsoft', operands: [given([1, 16], new Array<number>(16).fill(1)), given([1, 1, 8], new Array<number>(8).fill(1), 'uint8'), given([1], [1])], attributes: attributes ?? {} }); // prettier-ignore
    const base = { K: 16, N: 1, block_size: 16 };
    errorOf('ONNX_UNSUPPORTED_FEATURE', () => importOnnx(oneNodeModel(spec({ ...base, bits: 3 }))));
    errorOf('ONNX_INVALID', () => importOnnx(oneNodeModel(spec({ K: 16, N: 1 }))));
    errorOf('ONNX_INVALID', () => importOnnx(oneNodeModel(spec({ ...base, K: 0 }))));
  });
});

test('elements of 4 and of 2 bits lie in bytes, the first in the lowest bits', () => {
  const constant = (proto: object): Uint8Array =>
    encodeModel(
      { name: 'g', node: [node('Cast', ['w'], ['y'], { to: 1 })], initializer: [{ ...proto }], output: [port('y', 'float')] }, // prettier-ignore
      { opset: 25 },
    );
  const valuesOf = (proto: object): readonly number[] => {
    const { weights, graph } = importOnnx(constant(proto));
    return weights.size > 0 ? Array.from([...weights.values()][0].data) : [...(graph.nodes.at(-1)!.attrs as { values: readonly number[] }).values]; // prettier-ignore
  };
  expect(valuesOf(tensor('w', 'int4', [3], [-8, 7, -1]))).toEqual([-8, 7, -1]);
  expect(valuesOf({ name: 'w', dataType: 22, dims: [3], int32Data: [0x78, 0x0f] })).toEqual([-8, 7, -1]);
  expect(valuesOf({ name: 'w', dataType: 25, dims: [4], int32Data: [0b11100100] })).toEqual([0, 1, 2, 3]);
  expect(valuesOf({ name: 'w', dataType: 17, dims: [2], int32Data: [0x38, 0xb8] })).toEqual([1, -1]);
  expect(valuesOf({ name: 'w', dataType: 16, dims: [2], int32Data: [0x3f80, 0xff80] })).toEqual([1, -Infinity]); // prettier-ignore
  errorOf('FILE_CORRUPT', () => importOnnx(constant({ name: 'w', dataType: 22, dims: [3], rawData: new Uint8Array(3) }))); // prettier-ignore
});
