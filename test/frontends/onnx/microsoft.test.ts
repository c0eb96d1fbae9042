/** Operators of com.microsoft against those of ai.onnx that they are made of, and small cases that one computes by hand. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import type { ProtoAttribute } from '../../../scripts/onnx-proto.mjs';
import { fuzz } from '../../support/fuzz.js';
import {
  errorOf,
  given,
  known,
  oneNodeModel,
  random,
  resultOf,
  runNode,
  type OneNode,
  type Operand,
} from './support.js';

const runs = fuzz(30);
const domain = 'com.microsoft';
const floats = (count: number): readonly 'float'[] => new Array<'float'>(count).fill('float');
const size = (shape: readonly number[]): number => shape.reduce((n, extent) => n * extent, 1);

type Below = (n: number) => number;
const drawn = (below: Below, ...shape: number[]): Operand =>
  given(
    shape,
    Array.from({ length: size(shape) }, () => (below(65) - 32) / 16),
  );

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++)
    expect(Math.abs(found[i] - expected[i])).toBeLessThan(1e-5 * (1 + Math.abs(expected[i])));
}

const numbersOf = ({ data }: Operand): number[] => data.map(Number);

/** Elements `from` to `to` of an operand of one axis. */
const part = ({ data }: Operand, from: number, to: number): Operand => given([to - from], data.slice(from, to).map(Number)); // prettier-ignore

/** x plus a vector over its last axis. */
const plus = (x: Operand, bias: Operand): Operand =>
  given(x.shape as number[], numbersOf(x).map((value, i) => value + Number(bias.data[i % bias.data.length]))); // prettier-ignore

const standard = (operands: OneNode['operands'], heads: number, groups: number, causal: boolean): ReturnType<typeof runNode> =>
  runNode({
    op: 'Attention',
    operands,
    attributes: { q_num_heads: heads, kv_num_heads: groups, is_causal: Number(causal) },
    opset: 24,
    outputs: floats(3),
  }); // prettier-ignore

describe('MultiHeadAttention', () => {
  test('is Attention of ai.onnx, with biases, what is added, and a cache', () => {
    fc.assert(
      fc.property(fc.nat(), (start) => {
        const below = random(start);
        const [batch, heads, t, d, e] = [
          1 + below(2),
          1 + below(2),
          1 + below(3),
          1 + below(3),
          1 + below(3),
        ];
        const causal = below(2) === 0;
        const past = below(2) === 0 ? 1 + below(2) : 0;
        const keys = causal ? t : 1 + below(4);
        const q = drawn(below, batch, t, heads * d);
        const k = drawn(below, batch, keys, heads * d);
        const v = drawn(below, batch, keys, heads * e);
        const bias = below(2) === 0 ? undefined : drawn(below, heads * (2 * d + e));
        const added = below(2) === 0 ? undefined : drawn(below, batch, heads, t, keys + past);
        const cache = (features: number): Operand | undefined => past === 0 ? undefined : drawn(below, batch, heads, past, features); // prettier-ignore
        const [pastKey, pastValue] = [cache(d), cache(e)];
        const [y, key, value] = runNode({
          ...{ domain, op: 'MultiHeadAttention' },
          operands: [q, k, v, bias, undefined, added, pastKey, pastValue],
          attributes: { num_heads: heads, unidirectional: Number(causal) },
          outputs: floats(3),
        });
        const moved = [q, k, v].map((x, i) => {
          const from = i * heads * d;
          return bias === undefined ? x : plus(x, part(bias, from, from + heads * (i === 2 ? e : d)));
        });
        const expected = standard([...moved, added, pastKey, pastValue], heads, heads, causal);
        [y, key, value].forEach(({ data }, i) => expectClose(data, expected[i].data));
      }),
      runs,
    );
  });

  test('unpacks keys and values, and all three', () => {
    const below = random(7);
    const [q, k, v] = [0, 1, 2].map(() => drawn(below, 1, 2, 4));
    const packed = (...parts: Operand[]): Operand =>
      given([1, 2, 2, parts.length, 2], [0, 1].flatMap((t) => [0, 1].flatMap((h) => parts.flatMap((x) => numbersOf(x).slice(4 * t + 2 * h, 4 * t + 2 * h + 2))))); // prettier-ignore
    const run = (operands: OneNode['operands']): number[] =>
      resultOf({ domain, op: 'MultiHeadAttention', operands, attributes: { num_heads: 2 } }).data;
    const expected = run([q, k, v]);
    expect(run([q, packed(k, v)])).toEqual(expected);
    expect(run([packed(q, k, v)])).toEqual(expected);
  });

  test('takes masks in all their forms', () => {
    const zero = given([2, 2, 1], [0, 0, 0, 0]);
    const v = given([2, 2, 1], [1, 3, 5, 9]);
    const run = (mask: Operand): number[] =>
      resultOf({ domain, op: 'MultiHeadAttention', operands: [zero, zero, v, undefined, mask], attributes: { num_heads: 1 } }).data; // prettier-ignore
    expect(run(given([2], [1, 2], 'int32'))).toEqual([1, 1, 7, 7]);
    expect(run(given([4], [2, 2, 1, 0], 'int32'))).toEqual([3, 3, 7, 7]);
    expect(run(given([2, 2], [1, 0, 0, 1], 'int32'))).toEqual([1, 1, 9, 9]);
    expect(run(given([2, 2, 2], [1, 0, 0, 1, 1, 1, 1, 0], 'int32'))).toEqual([1, 3, 7, 5]);
    const spec = { domain, op: 'MultiHeadAttention', operands: [zero, zero, v, undefined, given([8], [1, 1, 1, 1, 1, 1, 1, 1], 'int32')], attributes: { num_heads: 1 } }; // prettier-ignore
    errorOf('ONNX_UNSUPPORTED_FEATURE', () => importOnnx(oneNodeModel(spec)));
  });
});

test('Attention projects its operand, and stacks what it caches', () => {
  const below = random(3);
  const x = drawn(below, 1, 2, 3);
  const [w, bias] = [drawn(below, 3, 12), drawn(below, 12)];
  const past = drawn(below, 2, 1, 2, 1, 2);
  const project = (from: number): Operand => {
    const rows = [0, 1].flatMap((t) =>
      [0, 1, 2, 3].map((j) =>
        [0, 1, 2].reduce(
          (sum, i) => sum + Number(x.data[3 * t + i]) * Number(w.data[12 * i + from + j]),
          Number(bias.data[from + j]),
        ),
      ),
    );
    return given([1, 2, 4], rows);
  };
  const [y, present] = runNode({
    ...{ domain, op: 'Attention', operands: [x, w, bias, undefined, past], outputs: floats(2) },
    attributes: { num_heads: 2, unidirectional: 1 },
  });
  const [pastKey, pastValue] = [0, 4].map((from) => given([1, 2, 1, 2], past.data.slice(from, from + 4).map(Number))); // prettier-ignore
  const expected = standard([project(0), project(4), project(8), undefined, pastKey, pastValue], 2, 2, true);
  expectClose(y.data, expected[0].data);
  expectClose(present.data, [...expected[1].data, ...expected[2].data]);
});

test('QAttention is Attention of what its integers stand for', () => {
  fc.assert(
    fc.property(fc.nat(), (start) => {
      const below = random(start);
      const codes = (...shape: number[]): Operand => given(shape, Array.from({ length: size(shape) }, () => below(256)), 'uint8'); // prettier-ignore
      const meant = ({ shape, data }: Operand, zero: number, scale: number): Operand =>
        given(shape as number[], data.map((code) => (Number(code) - zero) * scale)); // prettier-ignore
      const [x, w, bias, mask] = [
        codes(2, 3, 4),
        codes(4, 12),
        drawn(below, 12),
        given([2], [3, 2], 'int32'),
      ];
      const attributes = { num_heads: 2, unidirectional: below(2) };
      const zero = (value: number): Operand => given([], [value], 'uint8');
      const scale = (value: number): Operand => given([], [value]);
      const operands = [x, w, bias, scale(2 ** -6), scale(2 ** -7), mask, zero(100), zero(128)];
      const [found] = runNode({ domain, op: 'QAttention', operands, attributes });
      const plain = [meant(x, 100, 2 ** -6), meant(w, 128, 2 ** -7), bias, mask];
      const [expected] = runNode({ domain, op: 'Attention', operands: plain, attributes });
      expect(found.shape).toEqual(expected.shape);
      expectClose(found.data, expected.data);
    }),
    runs,
  );
});

describe('GroupQueryAttention', () => {
  const attributes = { num_heads: 2, kv_num_heads: 1 };
  const run = (operands: OneNode['operands'], more: Record<string, ProtoAttribute> = {}): ReturnType<typeof runNode> =>
    runNode({ domain, op: 'GroupQueryAttention', operands, attributes: { ...attributes, ...more }, outputs: floats(3) }); // prettier-ignore

  test('of a prompt is Attention of ai.onnx, packed or not', () => {
    const below = random(5);
    const [q, k, v] = [drawn(below, 2, 3, 4), drawn(below, 2, 3, 2), drawn(below, 2, 3, 2)];
    const last = given([2], [2, 2], 'int32');
    const total = known([1], [3], 'int32');
    const expected = standard([q, k, v], 2, 1, true);
    const rows = [0, 1, 2, 3, 4, 5].flatMap((t) => [q, k, v].flatMap((x) => numbersOf(x).slice(t * Number(x.shape[2]), (t + 1) * Number(x.shape[2])))); // prettier-ignore
    for (const operands of [
      [q, k, v],
      [given([2, 3, 8], rows), undefined, undefined],
    ])
      // prettier-ignore
      run([...operands, undefined, undefined, last, total]).forEach(({ data }, i) =>
        expectClose(data, expected[i].data),
      );
  });

  test('writes behind what each sequence has, and turns at its place', () => {
    const below = random(9);
    const [q, k, v] = [drawn(below, 2, 1, 4), drawn(below, 2, 1, 2), drawn(below, 2, 1, 2)];
    const [pastKey, pastValue] = [drawn(below, 2, 1, 3, 2), drawn(below, 2, 1, 3, 2)];
    const angles = Array.from({ length: 6 }, (_, i) => i / 3);
    const caches = [given([6, 1], angles.map(Math.cos)), given([6, 1], angles.map(Math.sin))];
    const [y, key] = run(
      [q, k, v, pastKey, pastValue, given([2], [3, 1], 'int32'), known([1], [4], 'int32'), ...caches],
      { do_rotary: 1 },
    );
    [3, 1].forEach((past, n) => {
      const row = (x: Operand): Operand => {
        const each = size(x.shape as number[]) / 2;
        return given([1, 1, each], numbersOf(x).slice(n * each, (n + 1) * each));
      };
      const turned = (x: Operand, heads: number): Operand =>
        given(
          x.shape as number[],
          resultOf({
            op: 'RotaryEmbedding',
            operands: [x, ...caches, given([1, 1], [past], 'int64')],
            attributes: { num_heads: heads },
            opset: 23,
          }).data,
        );
      const before = (x: Operand): Operand =>
        given([1, 1, past, 2], numbersOf(x).slice(6 * n, 6 * n + 2 * past));
      const expected = standard([turned(row(q), 2), turned(row(k), 1), row(v), undefined, before(pastKey), before(pastValue)], 2, 1, true); // prettier-ignore
      expectClose(y.data.slice(4 * n, 4 * n + 4), expected[0].data);
      const kept = [...expected[1].data, ...new Array<number>(2 * (3 - past)).fill(0)];
      expectClose(key.data.slice(8 * n, 8 * n + 8), kept);
    });
  });

  const zero = given([1, 3, 2], [0, 0, 0, 0, 0, 0]);
  const values = given([1, 3, 1], [1, 3, 8]);
  const prompt = [zero, given([1, 3, 1], [0, 0, 0]), values, undefined, undefined, given([1], [2], 'int32'), known([1], [3], 'int32')]; // prettier-ignore
  test('sees as many elements as its window has, and sinks take their part', () => {
    const each = (...rows: number[]): number[] => rows.flatMap((row) => [row, row]);
    expectClose(run(prompt)[0].data, each(1, 2, 4));
    expectClose(run(prompt, { local_window_size: 1 })[0].data, each(1, 3, 8));
    expectClose(run(prompt, { local_window_size: 2 })[0].data, each(1, 2, 5.5));
    expectClose(run(prompt, { smooth_softmax: 1 })[0].data, each(1 / 2, 4 / 3, 3));
    const sinks = given([2], [0, Math.log(3)]);
    const expected = [1 / 2, 1 / 4, 4 / 3, 4 / 5, 3, 2];
    expectClose(run([...prompt, ...new Array<undefined>(4).fill(undefined), sinks])[0].data, expected);
  });

  test('refuses options that it does not have', () => {
    errorOf('ONNX_UNSUPPORTED_FEATURE', () => run(prompt, { qk_output: 1 }));
    errorOf('ONNX_UNSUPPORTED_FEATURE', () => run([...prompt, ...new Array<undefined>(5).fill(undefined), given([2], [1, 1])])); // prettier-ignore
  });

  test('refuses heads that do not divide', () => {
    errorOf('ONNX_INVALID', () => run([given([1, 1, 3], [1, 2, 3]), ...prompt.slice(1)]));
  });
});

describe('products and activations', () => {
  const x = given([2, 2], [1, -2, 3, -4]);
  const unit = given([2, 2], [1, 0, 0, 1]);
  const cases: readonly (readonly [string, Omit<OneNode, 'domain'>, readonly number[]])[] = [
    ['FusedGemm', { op: 'FusedGemm', operands: [x, unit], attributes: { activation: 'LeakyRelu', activation_alpha: { float: 0.5 } } }, [1, -1, 3, -2]],
    ['FusedGemm without', { op: 'FusedGemm', operands: [x, unit, given([2], [1, 1])] }, [2, -1, 4, -3]],
    ['FusedMatMul', { op: 'FusedMatMul', operands: [x, unit], attributes: { transA: 1, alpha: { float: 2 } } }, [2, 6, -4, -8]],
    ['FusedConv', { op: 'FusedConv', operands: [given([1, 1, 3], [1, 2, 3]), given([1, 1, 2], [1, -2]), undefined, given([1, 1, 2], [0, 10])], attributes: { activation: 'Relu' } }, [0, 6]],
    ['BiasSoftmax', { op: 'BiasSoftmax', operands: [given([1, 2], [0, 0]), given([2], [0, Math.log(3)])], attributes: { axis: 1 } }, [0.25, 0.75]],
    ['QuickGelu', { op: 'QuickGelu', operands: [given([1], [2])], attributes: { alpha: { float: 1 } } }, [2 / (1 + Math.exp(-2))]],
    ['BiasGelu of 0', { op: 'BiasGelu', operands: [given([1, 1], [2]), given([1], [-2])] }, [0]],
    ['FastGelu far out', { op: 'FastGelu', operands: [given([1], [20])] }, [20]],
    ['SkipLayerNormalization', { op: 'SkipLayerNormalization', operands: [given([1, 1, 2], [1, 2]), given([1, 2], [0, 1]), given([2], [1, 2]), given([2], [0, 1])] }, [-1, 3]],
    ['SkipSimplifiedLayerNormalization', { op: 'SkipSimplifiedLayerNormalization', operands: [given([1, 1, 2], [1, 3]), given([1, 1, 2], [2, -7]), given([2], [1, 2])] }, [3 / Math.sqrt(12.5), -8 / Math.sqrt(12.5)]],
  ]; // prettier-ignore
  test.each(cases)('%s', (_, spec, expected) => expectClose(resultOf({ domain, ...spec }).data, expected));

  test('FusedMatMul finds batches behind the rows', () => {
    const spec = { domain, op: 'FusedMatMul', operands: [given([2, 2, 1], [1, 2, 3, 4]), given([2, 1, 1], [1, 10])], attributes: { transBatchA: 1 } }; // prettier-ignore
    expect(resultOf(spec).data).toEqual([1, 3, 20, 40]);
  });

  test('EmbedLayerNormalization adds embeddings, and counts words', () => {
    const [y, counts] = runNode({
      ...{ domain, op: 'EmbedLayerNormalization' },
      operands: [
        given([1, 2], [1, 0], 'int32'),
        given([1, 2], [0, 1], 'int32'),
        given([2, 2], [1, 0, 0, 1]),
        given([2, 2], [0, 0, 5, 5]),
        given([2, 2], [0, 4, 4, 0]),
        given([2], [1, 1]),
        given([2], [0, 0]),
        given([1, 2], [1, 0], 'int32'),
      ],
      outputs: ['float', 'int32'],
    });
    expectClose(y.data, [-1, 1, 1, -1]);
    expect(Array.from(counts.data)).toEqual([1]);
  });

  test('an unknown activation is refused', () => {
    const spec = { domain, op: 'FusedGemm', operands: [x, unit], attributes: { activation: 'Mish' } };
    errorOf('ONNX_UNSUPPORTED_FEATURE', () => importOnnx(oneNodeModel(spec)));
  });

  test('LayerNormalization is known before opset 17, and has a simplified form', () => {
    const row = given([1, 2], [3, 4]);
    const scale = given([2], [1, 1]);
    expectClose(resultOf({ op: 'LayerNormalization', operands: [row, scale], opset: 12 }).data, [-1, 1].map((y) => y / Math.sqrt(1 + 4e-5))); // prettier-ignore
    const root = Math.sqrt(12.5 + 1e-5);
    expectClose(resultOf({ op: 'SimplifiedLayerNormalization', operands: [row, scale], opset: 12 }).data, [3 / root, 4 / root]); // prettier-ignore
  });
});
