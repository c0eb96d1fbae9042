/** Operators of com.microsoft against those of ai.onnx that they are, and small cases that one computes by hand. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ProtoAttribute, ProtoDType } from '../../../scripts/onnx-proto.mjs';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import { fuzz } from '../../support/fuzz.js';
import { errorOf, given, known, oneNodeModel, random, resultOf, runNode, type OneNode, type Operand } from './support.js'; // prettier-ignore

const runs = fuzz(20);
const domain = 'com.microsoft';
type Below = (n: number) => number;
type Attributes = Readonly<Record<string, ProtoAttribute>>;
const size = (shape: readonly number[]): number => shape.reduce((n, extent) => n * extent, 1);

const drawn = (below: Below, shape: readonly number[], dtype: ProtoDType = 'float'): Operand =>
  given(
    shape,
    Array.from({ length: size(shape) }, () =>
      dtype === 'float' ? (below(65) - 32) / 16 : dtype === 'uint8' ? below(256) : below(256) - 128,
    ),
    dtype,
  );

/** The axes of an operand in another order. */
function permuted(operand: Operand, order: readonly number[]): Operand {
  const { shape, data } = resultOf({ op: 'Transpose', operands: [operand], attributes: { perm: [...order] }, outputs: [operand.dtype ?? 'float'] }); // prettier-ignore
  return given(shape, data, operand.dtype);
}
const [TO_LAST, TO_FIRST] = [
  [0, 2, 3, 1],
  [0, 3, 1, 2],
];

/** The results of a node of com.microsoft. */
const microsoft = (op: string, operands: OneNode['operands'], attributes: Attributes = {}, outputs: readonly ProtoDType[] = ['float']): ReturnType<typeof runNode> =>
  runNode({ domain, op, operands, attributes, outputs }); // prettier-ignore

const plain = ({ shape, data }: ReturnType<typeof runNode>[number]): unknown => [
  shape,
  Array.from(data as ArrayLike<number | bigint>, Number),
];

const each = (body: (below: Below) => void): void => fc.assert(fc.property(fc.nat(), (start) => body(random(start))), runs); // prettier-ignore

describe('images with channels last', () => {
  test('GroupNorm is GroupNormalization in f32, and SiLU behind it', () => {
    each((below) => {
      const groups = 1 + below(2);
      const channels = groups * (1 + below(2));
      const x = drawn(below, [1 + below(2), channels, 1 + below(3), 1 + below(3)]);
      const vectors = [drawn(below, [channels]), drawn(below, [channels])];
      const [expected] = runNode({
        op: 'GroupNormalization',
        operands: [x, ...vectors],
        attributes: { num_groups: groups },
      });
      const [first] = microsoft('GroupNorm', [x, ...vectors], { groups, activation: 0, channels_last: 0 });
      expect(first).toEqual(expected);
      const [last] = microsoft('GroupNorm', [permuted(x, TO_LAST), ...vectors], { groups, activation: 0 });
      const back = permuted(given(last.shape, Array.from(last.data as Float32Array)), TO_FIRST);
      expect(back.data).toEqual(Array.from(expected.data as Float32Array));
      const [active] = microsoft('GroupNorm', [x, ...vectors], { groups, activation: 1, channels_last: 0 });
      const swish = runNode({ op: 'Swish', operands: [given(expected.shape, Array.from(expected.data as Float32Array))], opset: 24 }); // prettier-ignore
      expect(plain(active)).toEqual(plain(swish[0]));
    });
  });

  test('SkipGroupNorm is GroupNorm of a sum', () => {
    each((below) => {
      const shape = [1 + below(2), 1 + below(2), 1 + below(2), 2];
      const [x, gamma, beta, bias] = [drawn(below, shape), drawn(below, [2]), drawn(below, [2]), drawn(below, [2])]; // prettier-ignore
      const skip = below(2) === 0 ? drawn(below, shape) : drawn(below, [shape[0], 2]);
      const [y, sum] = microsoft('SkipGroupNorm', [x, gamma, beta, skip, bias], { groups: 2, activation: 0 }, ['float', 'float']); // prettier-ignore
      const perImage = size(shape) / shape[0];
      const sums = x.data.map((value, i) => {
        const other = skip.shape.length === 4 ? skip.data[i] : skip.data[2 * Math.floor(i / perImage) + (i % 2)]; // prettier-ignore
        return Number(value) + Number(other) + Number(bias.data[i % 2]);
      });
      expect(plain(sum)).toEqual([shape, sums]);
      const [expected] = microsoft('GroupNorm', [given(shape, sums), gamma, beta], { groups: 2, activation: 0 }); // prettier-ignore
      expect(y).toEqual(expected);
    });
  });

  test('NhwcMaxPool is MaxPool', () => {
    each((below) => {
      const dtype = below(2) === 0 ? 'int8' : 'uint8';
      const x = drawn(below, [1 + below(2), 1 + below(3), 3 + below(3), 3 + below(3)], dtype);
      const attributes = { kernel_shape: [1 + below(3), 1 + below(3)], strides: [1 + below(2), 1], ceil_mode: below(2) }; // prettier-ignore
      const [y] = microsoft('NhwcMaxPool', [permuted(x, TO_LAST)], attributes, [dtype]);
      const expected = resultOf({ op: 'MaxPool', operands: [x], attributes, outputs: [dtype] });
      expect(plain(y)).toEqual(Object.values(permuted(given(expected.shape, expected.data, dtype), TO_LAST)).slice(1)); // prettier-ignore
    });
  });

  test('QLinearConv is that of ai.onnx', () => {
    each((below) => {
      const group = 1 + below(2);
      const x = drawn(below, [1, 2 * group, 3 + below(3), 3 + below(3)], 'uint8');
      const w = drawn(below, [group * (1 + below(2)), 2, 1 + below(3), 1 + below(3)], 'int8');
      const scalar = (value: number, dtype: ProtoDType = 'float'): Operand => given([], [value], dtype);
      const rest = [scalar(0.05), scalar(below(256), 'uint8'), w, scalar(0.02), scalar(0, 'int8'), scalar(0.1), scalar(100, 'uint8')]; // prettier-ignore
      const attributes = { group, pads: [1, 0, 0, 1], strides: [1, 2] };
      const expected = resultOf({
        op: 'QLinearConv',
        operands: [x, ...rest],
        attributes,
        outputs: ['uint8'],
      });
      const [first] = microsoft('QLinearConv', [x, ...rest], attributes, ['uint8']);
      expect(plain(first)).toEqual([expected.shape, expected.data]);
      const [last] = microsoft('QLinearConv', [permuted(x, TO_LAST), ...rest], { ...attributes, channels_last: 1 }, ['uint8']); // prettier-ignore
      const moved = permuted(given(expected.shape, expected.data, 'uint8'), TO_LAST);
      expect(plain(last)).toEqual([moved.shape, moved.data]);
    });
  });

  test('NhwcConv is Conv, with weights in either layout', () => {
    each((below) => {
      const group = 1 + below(2);
      const x = drawn(below, [1, 3 * group, 4 + below(2), 5]);
      const [w, bias] = [drawn(below, [2 * group, 3, 2, 2]), drawn(below, [2 * group])];
      const attributes = { group, kernel_shape: [2, 2], pads: [1, 0, 1, 0] };
      const expected = resultOf({ op: 'Conv', operands: [x, w, bias], attributes });
      const moved = permuted(given(expected.shape, expected.data), TO_LAST);
      for (const weight of [w, permuted(w, TO_LAST)]) {
        const [y] = microsoft('NhwcConv', [permuted(x, TO_LAST), weight, bias], attributes);
        expect(plain(y)).toEqual([moved.shape, moved.data]);
      }
    });
  });

  test('NhwcFusedConv is FusedConv', () => {
    each((below) => {
      const x = drawn(below, [1, 2, 3 + below(2), 3]);
      const [w, bias] = [drawn(below, [3, 2, 2, 2]), drawn(below, [3])];
      const attributes = { activation: 'Relu', pads: [1, 0, 1, 0] };
      const z = drawn(below, [1, 3, (x.shape[2] as number) + 1, 2]);
      const expected = resultOf({ domain, op: 'FusedConv', operands: [x, w, bias, z], attributes });
      const [y] = microsoft('NhwcFusedConv', [permuted(x, TO_LAST), w, bias, permuted(z, TO_LAST)], attributes); // prettier-ignore
      const moved = permuted(given(expected.shape, expected.data), TO_LAST);
      expect(plain(y)).toEqual([moved.shape, moved.data]);
    });
  });
});

describe('as in ai.onnx', () => {
  const x = given([2, 3], [1, 2, 3, 4, 5, 6]);

  test.each<{ op: string; operands: readonly Operand[]; attributes?: Attributes; like: OneNode }>([
    { op: 'Trilu', operands: [x, known([], [1])], attributes: { upper: 0 }, like: { op: 'Trilu', operands: [x, known([], [1])], attributes: { upper: 0 } } },
    { op: 'ExpandDims', operands: [x, known([], [-1], 'int32')], like: { op: 'Unsqueeze', operands: [x, known([1], [-1])] } },
    { op: 'GatherND', operands: [x, given([2, 1], [1, 0], 'int32')], like: { op: 'GatherND', operands: [x, given([2, 1], [1, 0], 'int64')] } },
    { op: 'Pad', operands: [x, known([1, 4], [1, 0, 0, -1])], attributes: { mode: 'edge' }, like: { op: 'Pad', operands: [x, known([4], [1, 0, 0, -1])], attributes: { mode: 'edge' } } },
    { op: 'Range', operands: [known([], [1], 'float'), known([], [4], 'float')], like: { op: 'Range', operands: [known([], [1], 'float'), known([], [4], 'float'), known([], [1], 'float')] } },
    { op: 'TorchEmbedding', operands: [x, given([2], [1, 0], 'int64')], like: { op: 'Gather', operands: [x, given([2], [1, 0], 'int64')] } },
    { op: 'GridSample', operands: [given([1, 1, 2, 3], [1, 2, 3, 4, 5, 6]), given([1, 1, 2, 2], [0.1, -0.3, 1.5, 0.2])], attributes: { mode: 'bicubic' }, like: { op: 'GridSample', operands: [given([1, 1, 2, 3], [1, 2, 3, 4, 5, 6]), given([1, 1, 2, 2], [0.1, -0.3, 1.5, 0.2])], attributes: { mode: 'bicubic' }, opset: 16 } },
  ])('$op', ({ op, operands, attributes, like }) => {
    expect(microsoft(op, operands, attributes)).toEqual(runNode(like));
  }); // prettier-ignore

  test('Unique keeps the order in which elements come', () => {
    const results = microsoft('Unique', [known([5], [3, 1, 3, 2, 1], 'float')], {}, ['float', 'int64', 'int64']); // prettier-ignore
    expect(results.map(plain)).toEqual([
      [[3], [3, 1, 2]],
      [[5], [0, 1, 0, 2, 1]],
      [[3], [2, 2, 1]],
    ]);
  });

  test('CausalConvWithState, and none of its other forms', () => {
    const operands = [given([1, 1, 3], [1, 2, 3]), given([1, 1, 2], [1, 10])];
    const [y, state] = microsoft('CausalConvWithState', operands, { activation: 'none' }, ['float', 'float']);
    expect([plain(y), plain(state)]).toEqual([
      [[1, 1, 3], [10, 21, 32]],
      [[1, 1, 1], [3]],
    ]); // prettier-ignore
    errorOf('ONNX_UNSUPPORTED_FEATURE', () => microsoft('CausalConvWithState', operands, { dilation: 2 }, ['float', 'float'])); // prettier-ignore
  });
});

describe('a line of others', () => {
  test('sums', () => {
    const x = given([1, 2, 2], [1, 2, 3, 4]);
    const operands = [x, given([2], [10, 20]), x];
    const expected = [[1, 2, 2], [12, 24, 16, 28]]; // prettier-ignore
    expect(plain(microsoft('BiasAdd', operands)[0])).toEqual(expected);
    const [dropped, mask] = microsoft('BiasDropout', operands, {}, ['float', 'bool']);
    expect([plain(dropped), plain(mask)]).toEqual([expected, [[1, 2, 2], [1, 1, 1, 1]]]); // prettier-ignore
    errorOf('ONNX_UNSUPPORTED_FEATURE', () => microsoft('BiasDropout', [...operands, undefined, known([], [1], 'bool')])); // prettier-ignore
  });

  test('BiasSplitGelu and GemmFastGelu', () => {
    const one = (op: string, x: number): number => resultOf({ domain, op, operands: [given([1], [x])] }).data[0]; // prettier-ignore
    const [y] = microsoft('BiasSplitGelu', [given([1, 1, 2], [2, 0.5]), given([2], [1, 0.25])]);
    expect(plain(y)).toEqual([[1, 1, 1], [Math.fround(3 * one('Gelu', 0.75))]]);
    const [z] = microsoft('GemmFastGelu', [given([1, 2], [1, 2]), given([2, 1], [0.5, 0.25]), given([1], [1])]); // prettier-ignore
    expect(plain(z)).toEqual([[1, 1], [one('FastGelu', 2)]]);
    errorOf('ONNX_INVALID', () => microsoft('BiasSplitGelu', [given([1, 1, 3], [1, 2, 3]), given([3], [1, 2, 3])])); // prettier-ignore
  });

  test('CDist and MatMulInteger16', () => {
    const operands = [given([2, 2], [0, 0, 3, 4]), given([1, 2], [3, 4])];
    expect(plain(microsoft('CDist', operands)[0])).toEqual([[2, 1], [25, 0]]); // prettier-ignore
    expect(plain(microsoft('CDist', operands, { metric: 'euclidean' })[0])).toEqual([[2, 1], [5, 0]]); // prettier-ignore
    const halves = [given([1, 2], [-32768, 300], 'int16'), given([2, 1], [2, 300], 'int16')];
    expect(plain(microsoft('MatMulInteger16', halves, {}, ['int32'])[0])).toEqual([[1, 1], [24464]]);
    errorOf('ONNX_INVALID', () => importOnnx(oneNodeModel({ domain, op: 'CDist', operands, attributes: { metric: 'cosine' } }))); // prettier-ignore
  });
});
