/** Weights of 8 bits stay such on the device, and products of what is dequantised are sums of integers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeModel, node, port, tensor, type ProtoAttribute } from '../../../scripts/onnx-proto.mjs';
import { importOnnx, readTensorProto } from '../../../src/frontends/onnx/index.js';
import { interpret } from '../../../src/interpreter/index.js';
import { compile } from '../../../src/compile.js';
import { openWasmDevice } from '../../../src/runtime/wasm/device.js';
import { dataFile, describeWithData, importVerified } from './support.js';

const f = Math.fround;

interface Quantised {
  readonly op: string;
  readonly x: { readonly shape: readonly number[]; readonly data: readonly number[]; readonly zero: number };
  readonly w: {
    readonly shape: readonly number[];
    readonly data: readonly number[];
    readonly zero: number;
    readonly scales: readonly number[];
    readonly axis: number;
  };
  readonly bias?: readonly number[];
  readonly attributes?: Readonly<Record<string, ProtoAttribute>>;
}

const SCALE = f(0.1);

/** y = op((x - zero) * 0.1, (w - zero) * scales, bias) of uint8 x and int8 w. */
const model = ({ op, x, w, bias, attributes }: Quantised): Uint8Array =>
  encodeModel(
    {
      node: [
        node('DequantizeLinear', ['x', 'xs', 'xz'], ['a']),
        node('DequantizeLinear', ['w', 'ws', 'wz'], ['b'], { axis: w.axis }),
        node(op, ['a', 'b', ...(bias === undefined ? [] : ['bias'])], ['y'], attributes ?? {}),
      ],
      initializer: [
        tensor('xs', 'float', [], [SCALE]),
        tensor('xz', 'uint8', [], [x.zero]),
        tensor('w', 'int8', [...w.shape], [...w.data]),
        tensor('ws', 'float', w.scales.length === 1 ? [] : [w.scales.length], [...w.scales]),
        tensor(
          'wz',
          'int8',
          w.scales.length === 1 ? [] : [w.scales.length],
          w.scales.map(() => w.zero),
        ),
        ...(bias === undefined ? [] : [tensor('bias', 'float', [bias.length], [...bias])]),
      ],
      input: [port('x', 'uint8', [...x.shape])],
      output: [port('y', 'float')],
    },
    { opset: 21 },
  );

const run = (spec: Quantised): number[] => {
  const x = { dtype: 'u32', shape: spec.x.shape, data: Uint32Array.from(spec.x.data) } as const;
  return Array.from(interpret(importVerified(model(spec)), { x }).outputs.y.data);
};

const bytes = (length: number, min: number, max: number): fc.Arbitrary<number[]> =>
  fc.array(fc.integer({ min, max }), { minLength: length, maxLength: length });
const scales = fc.array(fc.constantFrom(0.5, 0.1, 7.3, 0.0078125).map(f), { minLength: 3, maxLength: 3 });
const zeros = fc.tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: -128, max: 127 }));

/** What the product of a row of x and a column of w is. */
const expected = (sum: number, scale: number, bias = 0): number => f(f(f(sum) * f(SCALE * scale)) + bias);
const dot = (x: readonly number[], xz: number, w: readonly number[], wz: number): number =>
  x.reduce((sum, value, i) => sum + (value - xz) * (w[i] - wz), 0);

describe('products of dequantised operands', () => {
  test.each([
    ['one scale', 1],
    ['a scale for each column', 3],
  ])('MatMul and Gemm, %s', (_, count) => {
    fc.assert(
      fc.property(bytes(8, 0, 255), bytes(12, -128, 127), scales, zeros, fc.boolean(), (x, w, all, [xz, wz], transB) => {
        const own = all.slice(0, count);
        const columns = [0, 1, 2].map((j) => [0, 1, 2, 3].map((k) => w[transB ? 4 * j + k : 3 * k + j]));
        const rows = [x.slice(0, 4), x.slice(4)];
        const bias = [1.5, -2, 0.25];
        const operand = { shape: transB ? [3, 4] : [4, 3], data: w, zero: wz, scales: own, axis: transB ? 0 : 1 };
        const result = (withBias: boolean): number[] =>
          rows.flatMap((row) => columns.map((column, j) => expected(dot(row, xz, column, wz), own[j % count], withBias ? bias[j] : 0)));
        const spec = { x: { shape: [2, 4], data: x, zero: xz }, w: operand };
        expect(run({ ...spec, op: 'Gemm', bias, attributes: { transB: transB ? 1 : 0 } })).toEqual(result(true));
        if (!transB) expect(run({ ...spec, op: 'MatMul' }).map((y) => y + 0)).toEqual(result(false));
      }),
      { numRuns: 40 },
    ); // prettier-ignore
  });

  test('Conv, with padding that stands for 0', () => {
    fc.assert(
      fc.property(bytes(5, 0, 255), bytes(9, -128, 127), scales, zeros, (x, w, own, [xz, wz]) => {
        const kernels = [w.slice(0, 3), w.slice(3, 6), w.slice(6)];
        const bias = [1, -1, 0.5];
        const padded = [xz, ...x, xz];
        const y = kernels.flatMap((kernel, j) =>
          x.map((_, i) => expected(dot(padded.slice(i, i + 3), xz, kernel, wz), own[j], bias[j])),
        );
        const spec = { x: { shape: [1, 1, 5], data: x, zero: xz }, w: { shape: [3, 1, 3], data: w, zero: wz, scales: own, axis: 0 } }; // prettier-ignore
        expect(run({ ...spec, op: 'Conv', bias, attributes: { pads: [1, 1] } })).toEqual(y);
      }),
      { numRuns: 40 },
    );
  });

  test('scales along the axis of the terms, and sums that could wrap, are products of floats', () => {
    const ops = (spec: Quantised): string[] =>
      importVerified(model(spec)).graph.nodes.flatMap(({ op, type }) => (op === 'dot' ? [type.dtype] : []));
    const x = { shape: [1, 3], data: [1, 2, 3], zero: 0 };
    const w = { shape: [3, 3], data: new Array<number>(9).fill(1), zero: 0, scales: [1, 2, 3], axis: 0 };
    expect(ops({ op: 'MatMul', x, w })).toEqual(['f32']);
    expect(ops({ op: 'MatMul', x, w: { ...w, axis: 1 } })).toEqual(['i32']);
    const length = 2 ** 16;
    const long = {
      shape: [length, 1],
      data: new Array<number>(length).fill(1),
      zero: 0,
      scales: [1],
      axis: 0,
    };
    expect(ops({ op: 'MatMul', x: { shape: [1, length], data: [], zero: 0 }, w: long })).toEqual(['f32']);
  });
});

test('weights of small integers lie in words of 32 bits', () => {
  const values = Array.from({ length: 50 }, (_, i) => (37 * i) % 16);
  for (const [dtype, words] of [
    ['uint8', 13],
    ['int16', 25],
    ['int4', 7],
  ] as const) {
    // prettier-ignore
    const bytes = encodeModel(
      {
        node: [node('DequantizeLinear', ['w', 's'], ['d']), node('Add', ['d', 'x'], ['y'])],
        initializer: [
          tensor('w', dtype, [5, 10], values.map((v) => (dtype === 'int4' ? v - 8 : v))),
          tensor('s', 'float', [], [2]),
        ],
        input: [port('x', 'float', [5, 10])],
        output: [port('y', 'float', [5, 10])],
      },
      { opset: 21 },
    ); // prettier-ignore
    const program = importVerified(bytes);
    expect([...program.weights.values()].map(({ dtype: held, shape }) => [held, shape])).toEqual([['u32', [words]]]); // prettier-ignore
    const x = { dtype: 'f32', shape: [5, 10], data: new Float32Array(50) } as const;
    const y = Array.from(interpret(program, { x }).outputs.y.data);
    expect(y).toEqual(values.map((v) => 2 * (dtype === 'int4' ? v - 8 : v)));
  }
});

describeWithData('mobilenetv2-qdq-int8', () => {
  test('has a quarter of the weights of float32, and onnxruntime’s results within a step', async () => {
    const folder = 'onnx/models/mobilenetv2-qdq-int8';
    const program = importOnnx(dataFile(`${folder}/model.onnx`), { dims: { batch: 1 } });
    const elements = 3_488_008;
    const held = [...program.weights.values()].reduce((sum, { data }) => sum + data.length, 0);
    expect(held / elements).toBeLessThan(0.3);
    const products = program.graph.nodes.filter(({ op }) => op === 'conv' || op === 'dot');
    expect(new Set(products.map(({ type }) => type.dtype))).toEqual(new Set(['i32']));
    const device = await openWasmDevice({ threads: 1 });
    const compiled = await compile(program, { device });
    const image = readTensorProto(dataFile(`${folder}/test_data_set_0/input_0.pb`)).tensor;
    const { scores } = await compiled.run({ image });
    const { data } = readTensorProto(dataFile(`${folder}/test_data_set_0/output_0.pb`)).tensor;
    const step = f(0.15309934);
    const steps = Array.from(data, (value, i) => Math.abs(Math.round((scores.data[i] - value) / step)));
    expect(Math.max(...steps)).toBeLessThanOrEqual(1);
    compiled.dispose();
    device.dispose();
  });
});
