/** Kernels that unpack codes: the bits of the program whose weights are dequantised before, on every engine. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TensorData } from '../../src/base/tensor.js';
import { fromConfig, networkProgram } from '../../src/frontends/config/index.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import {
  dequantizeTensor,
  NUMERIC_TYPES,
  quantizeTensor,
  quantizeWeights,
  withQuantized,
  type QuantizedTensors,
} from '../../src/quantize/index.js';
import { errorOf } from '../data/support.js';
import { differenceOf, expectSameBits } from '../support/differential.js';
import { fuzz } from '../support/fuzz.js';
import { preparedForWasm, wasmDifferences } from '../support/wasm.js';
import { anyScheme, anyWeight, f32 } from './support.js';

/** A graph that gives its weight. */
function identity(tensor: TensorData): Program {
  const b = new GraphBuilder('identity');
  b.output('y', b.weight('w', 'f32', tensor.shape));
  return { graph: b.build(), weights: new Map([['w', tensor]]) };
}

const dequantized = (program: Program, tensors: QuantizedTensors): Program => ({
  ...program,
  weights: new Map([...program.weights].map(([id, own]) => {
    const tensor = tensors.get(id);
    return [id, tensor === undefined ? own : dequantizeTensor(tensor)];
  })),
}); // prettier-ignore

test('a program of codes gives what the host dequantises', () => {
  fc.assert(
    fc.property(anyWeight, anyScheme, ({ tensor, axis }, scheme) => {
      const quantized = quantizeTensor(tensor, { ...scheme, axis });
      const { outputs } = interpret(withQuantized(identity(tensor), new Map([['w', quantized]])), {});
      expect(differenceOf(outputs.y, dequantizeTensor(quantized))).toBeUndefined();
    }),
    fuzz(300),
  );
});

const network = fromConfig({
  input: [1, 6, 6],
  seed: 5,
  layers: [
    { type: 'conv2d', filters: 3, kernel_size: 3, activation: 'relu' },
    { type: 'dense', output_size: 11, activation: 'tanh' },
    { type: 'dense', output_size: 4 },
  ],
});
const input = f32(
  [2, 1, 6, 6],
  Array.from({ length: 72 }, (_, i) => Math.cos(i)),
);

describe('a network', () => {
  test.each(NUMERIC_TYPES)('of %s has the same bits on every engine', async (type) => {
    const program = await networkProgram(network, 2);
    const zeroPoint = type.includes('int') && type.endsWith('8');
    const tensors = quantizeWeights(program, { type, blockSize: 8, zeroPoint });
    expect([...tensors.keys()]).toEqual(['layers.0.weight', 'layers.1.weight', 'layers.2.weight']);
    const packed = withQuantized(program, tensors);
    const expected = interpret(dequantized(program, tensors), { input }).outputs;
    expect(differenceOf(interpret(packed, { input }).outputs.output, expected.output)).toBeUndefined();
    await expectSameBits({ program: packed, inputs: { input } });
    expect(await wasmDifferences(packed, [{ input }])).toEqual([]);
  });

  test('is small on the device', async () => {
    const large = fromConfig({ input: [784], layers: [{ type: 'dense', output_size: 128, bias: false }] });
    const program = await networkProgram(large);
    const bytes = ({ weights }: Program): number => [...weights.values()].reduce((sum, { data }) => sum + data.byteLength, 0); // prettier-ignore
    const part = (type: (typeof NUMERIC_TYPES)[number]): number =>
      bytes(withQuantized(program, quantizeWeights(program, { type }))) / bytes(program);
    expect(part('int4')).toBeLessThanOrEqual(0.15);
    expect(part('float4_e2m1')).toBeLessThanOrEqual(0.15);
    expect(part('int8')).toBeLessThan(0.252);
    expect(part('bfloat16')).toBe(0.5);
    expect(part('int64')).toBeLessThan(2.01);
  });

  test('is small where blocks do not divide the rows of a convolution', async () => {
    const conv = fromConfig({ input: [16, 5, 5], layers: [{ type: 'conv2d', filters: 32, kernel_size: 3 }] });
    const program = await networkProgram(conv);
    const packed = withQuantized(program, quantizeWeights(program, { type: 'int4' }));
    const elements = ({ weights }: Program): number => [...weights.values()].reduce((sum, { data }) => sum + data.length, 0); // prettier-ignore
    expect(elements(preparedForWasm(packed).program)).toBe(elements(packed));
    expect(elements(packed) / elements(program)).toBeLessThan(0.16);
  });
});

test('channels of products are those of their results', async () => {
  const b = new GraphBuilder('product');
  const x = b.param('x', 'f32', [2, 3]);
  const w = b.weight('w', 'f32', [3, 5]);
  b.output('y', b.emit('dot', [x, w], { lhsBatch: [], rhsBatch: [], lhsContract: [1], rhsContract: [0] }));
  const weights = new Map([
    [
      'w',
      f32(
        [3, 5],
        Array.from({ length: 15 }, (_, i) => i - 7),
      ),
    ],
  ]);
  const tensors = quantizeWeights({ graph: b.build(), weights }, { type: 'int8' });
  expect(tensors.get('w')).toMatchObject({ axis: 1, scales: { length: 5 } });
  await expectSameBits({ program: withQuantized({ graph: b.build(), weights }, tensors), inputs: { x: f32([2, 3], [1, 2, 3, 4, 5, 6]) } }); // prettier-ignore
});

test('tensors that do not belong to the program are refused', () => {
  const program = identity(f32([2, 2], [1, 2, 3, 4]));
  const other = quantizeTensor(f32([2, 3], [1, 2, 3, 4, 5, 6]), { type: 'int8' });
  errorOf('WEIGHT_MISSING', () => withQuantized(program, new Map([['v', other]])));
  errorOf('WEIGHT_INVALID', () => withQuantized(program, new Map([['w', other]])));
});
