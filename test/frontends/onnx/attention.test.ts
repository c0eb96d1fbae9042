/** Attention and its companions against references in doubles, written from the specification. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { importOnnx } from '../../../src/frontends/onnx/index.js';
import type { ProtoAttribute } from '../../../scripts/onnx-proto.mjs';
import { fuzz } from '../../support/fuzz.js';
import { errorOf, given, oneNodeModel, random, runNode, type Operand } from './support.js';

const runs = fuzz(60);

/** A tensor in doubles. */
interface Doubles {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

const at = ({ shape, data }: Doubles, ...index: readonly number[]): number =>
  data[index.reduce((place, i, axis) => place * shape[axis] + i, 0)];
const size = (shape: readonly number[]): number => shape.reduce((n, extent) => n * extent, 1);

/** Numbers that f32 holds, so that both sides compute with the same. */
function numbers(below: (n: number) => number, shape: readonly number[]): Doubles {
  return { shape, data: Array.from({ length: size(shape) }, () => (below(65) - 32) / 16) };
}

const float = ({ shape, data }: Doubles): Operand => given(shape, data);

function expectClose(found: ArrayLike<number>, expected: readonly number[]): void {
  expect(found.length).toBe(expected.length);
  expected.forEach((value, i) => {
    if (Number.isFinite(value)) expect(Math.abs(found[i] - value)).toBeLessThan(1e-5 * (1 + Math.abs(value)));
    else expect(found[i]).toBe(value);
  });
}

interface Case {
  readonly q: Doubles;
  readonly k: Doubles;
  readonly v: Doubles;
  readonly pastKey: Doubles | undefined;
  readonly pastValue: Doubles | undefined;
  readonly mask: { readonly tensor: Doubles; readonly isBool: boolean } | undefined;
  readonly lengths: readonly number[] | undefined;
  readonly causal: boolean;
  /** What of the keys may be seen to the left and right; -1: all. */
  readonly window: readonly [number, number];
  readonly softcap: number;
  readonly scale: number | undefined;
  readonly mode: 0 | 1 | 2 | 3;
}

/** Y and the fourth output, from operands [B, H, T, D]. */
function reference(c: Case): { result: number[]; scores: number[] } {
  const [batch, heads, tq, d] = c.q.shape;
  const [, groups, tNew] = c.k.shape;
  const past = c.pastKey?.shape[2] ?? 0;
  const tk = tNew + past;
  const e = c.v.shape[3];
  const both = (
    old: Doubles | undefined,
    now: Doubles,
    n: number,
    g: number,
    j: number,
    i: number,
  ): number => (j < past ? at(old!, n, g, j, i) : at(now, n, g, j - past, i));
  const scale = c.scale ?? 1 / Math.sqrt(d);
  const [result, scores]: [number[], number[]] = [[], []];
  for (let n = 0; n < batch; n++)
    for (let h = 0; h < heads; h++)
      for (let i = 0; i < tq; i++) {
        const g = Math.floor(h / (heads / groups));
        const row = Array.from({ length: tk }, (_, j) => {
          let raw = 0;
          for (let x = 0; x < d; x++) raw += at(c.q, n, h, i, x) * both(c.pastKey, c.k, n, g, j, x);
          raw *= scale;
          const capped = c.softcap > 0 ? c.softcap * Math.tanh(raw / c.softcap) : raw;
          let added = 0;
          if (c.mask !== undefined) {
            const { tensor, isBool } = c.mask;
            const index = [n, h, i, j].slice(4 - tensor.shape.length);
            const inside = j < tensor.shape[tensor.shape.length - 1];
            const place = index.map((x, axis) => (tensor.shape[axis] === 1 ? 0 : x));
            const value = inside ? at(tensor, ...place) : isBool ? 0 : -Infinity;
            added += isBool ? (value === 0 ? -Infinity : 0) : value;
          }
          const last = c.lengths !== undefined && c.pastKey === undefined ? c.lengths[n] - tq : past;
          if (c.causal && j > i + last) added = -Infinity;
          const [left, right] = c.window;
          if ((left >= 0 && j < i + last - left) || (right >= 0 && j > i + last + right)) added = -Infinity;
          if (c.lengths !== undefined && j >= c.lengths[n]) added = -Infinity;
          return { raw, capped, masked: capped + added };
        });
        const most = row.reduce((m, { masked }) => Math.max(m, masked), -Infinity);
        const powers = row.map(({ masked }) => (masked === -Infinity ? 0 : Math.exp(masked - most)));
        const total = powers.reduce((sum, power) => sum + power, 0);
        const weights = powers.map((power) => (total === 0 ? 0 : power / total));
        row.forEach(({ raw, capped, masked }, j) => scores.push([raw, capped, masked, weights[j]][c.mode]));
        for (let x = 0; x < e; x++)
          result.push(weights.reduce((sum, w, j) => sum + w * both(c.pastValue, c.v, n, g, j, x), 0));
      }
  return { result, scores };
}

/** [B, H, T, D] as [B, T, H * D] */
function joined(x: Doubles): Doubles {
  const [batch, heads, length, features] = x.shape;
  const data: number[] = [];
  for (let n = 0; n < batch; n++)
    for (let t = 0; t < length; t++)
      for (let h = 0; h < heads; h++) for (let f = 0; f < features; f++) data.push(at(x, n, h, t, f));
  return { shape: [batch, length, heads * features], data };
}

const cases = fc.nat().map((start): Case & { readonly flat: boolean } => {
  const below = random(start);
  const [batch, groups, shared] = [1 + below(2), 1 + below(2), 1 + below(2)];
  const [tq, tNew, d, e] = [1 + below(4), 1 + below(4), 1 + below(3), 1 + below(3)];
  const past = below(2) === 0 ? 1 + below(3) : 0;
  const tk = tNew + past;
  const heads = groups * shared;
  const cached = (features: number): Doubles | undefined =>
    past === 0 ? undefined : numbers(below, [batch, groups, past, features]);
  const isBool = below(2) === 0;
  const maskShape = [
    below(2) ? batch : 1,
    below(2) ? heads : 1,
    below(2) ? tq : 1,
    Math.max(1, tk - below(2)),
  ];
  const tensor = numbers(below, maskShape.slice(below(3)));
  const hidden = tensor.data.map((value) => (isBool ? Number(value > 0) : value > 1 ? -Infinity : value));
  return {
    q: numbers(below, [batch, heads, tq, d]),
    k: numbers(below, [batch, groups, tNew, d]),
    v: numbers(below, [batch, groups, tNew, e]),
    pastKey: cached(d),
    pastValue: cached(e),
    mask: below(2) === 0 ? undefined : { tensor: { shape: tensor.shape, data: hidden }, isBool },
    lengths: below(2) === 0 ? undefined : Array.from({ length: batch }, () => below(tk + 1)),
    causal: below(2) === 0,
    window: [below(5) - 1, below(5) - 1],
    softcap: below(2) === 0 ? 0 : 1.5,
    scale: below(2) === 0 ? undefined : 0.25,
    mode: below(4) as Case['mode'],
    flat: below(2) === 0,
  };
});

describe('Attention', () => {
  test('is what the specification says, whatever the masks, the cache and the layout', () => {
    fc.assert(
      fc.property(cases, (c) => {
        const lay = (x: Doubles): Operand => float(c.flat ? joined(x) : x);
        const past = [c.pastKey, c.pastValue].map((x) => x && float(x));
        const mask =
          c.mask && given(c.mask.tensor.shape, c.mask.tensor.data, c.mask.isBool ? 'bool' : 'float');
        const lengths = c.lengths && given([c.lengths.length], c.lengths, 'int64');
        const heads = { q_num_heads: c.q.shape[1], kv_num_heads: c.k.shape[1] };
        const attributes: Record<string, ProtoAttribute> = {
          ...(c.flat ? heads : {}),
          is_causal: Number(c.causal),
          left_window_size: c.window[0],
          right_window_size: c.window[1],
          softcap: { float: c.softcap },
          qk_matmul_output_mode: c.mode,
          ...(c.scale === undefined ? {} : { scale: { float: c.scale } }),
        };
        const [y, key, value, scores] = runNode({
          op: 'Attention',
          operands: [lay(c.q), lay(c.k), lay(c.v), mask, ...past, lengths],
          attributes,
          opset: 25,
          outputs: ['float', 'float', 'float', 'float'],
        });
        const expected = reference(c);
        const [batch, , tq] = c.q.shape;
        const rows: Doubles = { shape: [batch, c.q.shape[1], tq, c.v.shape[3]], data: expected.result };
        expectClose(y.data, c.flat ? joined(rows).data : rows.data);
        expectClose(scores.data, expected.scores);
        expect(key.shape[2]).toBe(c.k.shape[2] + (c.pastKey?.shape[2] ?? 0));
        expect(value.shape[3]).toBe(c.v.shape[3]);
      }),
      runs,
    );
  });

  test('hides a row of false altogether, and -inf is no number', () => {
    const q = given([1, 1, 2, 1], [1, 2]);
    const [y] = runNode({
      op: 'Attention',
      operands: [q, q, given([1, 1, 2, 1], [3, 5]), given([2, 2], [0, 0, 1, 0], 'bool')],
      opset: 23,
    });
    expect(Array.from(y.data)).toEqual([0, 3]);
  });

  const x = given([1, 2, 6], new Array<number>(12).fill(1));
  test.each([
    ['no heads', { operands: [x, x, x] }, 'ONNX_INVALID'],
    ['heads that do not divide', { operands: [x, x, x], attributes: { q_num_heads: 4, kv_num_heads: 2 } }, 'SHAPE_MISMATCH'], // prettier-ignore
    ['groups that do not divide', { operands: [x, x, x], attributes: { q_num_heads: 2, kv_num_heads: 3 } }, 'SHAPE_MISMATCH'], // prettier-ignore
    ['a mask of another shape', { operands: [x, x, x, given([3, 2], [1, 1, 1, 1, 1, 1], 'bool')], attributes: { q_num_heads: 2, kv_num_heads: 2 } }, 'SHAPE_MISMATCH'], // prettier-ignore
    ['an unknown output mode', { operands: [x, x, x], attributes: { q_num_heads: 2, kv_num_heads: 2, qk_matmul_output_mode: 4 }, outputs: ['float', 'float', 'float', 'float'] as const }, 'ONNX_INVALID'], // prettier-ignore
    ['a window of negative size', { operands: [x, x, x], opset: 25, attributes: { q_num_heads: 2, kv_num_heads: 2, left_window_size: -2 } }, 'ONNX_INVALID'], // prettier-ignore
    ['past keys without past values', { operands: [x, x, x, undefined, given([1, 2, 1, 3], [1, 1, 1, 1, 1, 1])], attributes: { q_num_heads: 2, kv_num_heads: 2 } }, 'ONNX_INVALID'], // prettier-ignore
    ['a softmax of integers', { operands: [x, x, x], attributes: { q_num_heads: 2, kv_num_heads: 2, softmax_precision: 6 } }, 'ONNX_INVALID'], // prettier-ignore
  ] as const)('%s', (_, spec, code) => {
    errorOf(code, () => importOnnx(oneNodeModel({ op: 'Attention', opset: 24, ...spec })));
  });
});

describe('LinearAttention', () => {
  const RULES = ['linear', 'gated', 'delta', 'gated_delta'];

  test('is the recurrence of its rule', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(...RULES), (start, rule) => {
        const below = random(start);
        const [batch, length, groups, shared] = [1 + below(2), 1 + below(4), 1 + below(2), 1 + below(2)];
        const [dk, dv, heads] = [1 + below(3), 1 + below(3), groups * shared];
        const [fades, corrects] = [rule.startsWith('gated'), rule.endsWith('delta')];
        const perFeature = below(2) === 0;
        const perHead = below(2) === 0;
        const q = numbers(below, [batch, length, heads * dk]);
        const k = numbers(below, [batch, length, groups * dk]);
        const v = numbers(below, [batch, length, groups * dv]);
        const past = below(2) === 0 ? undefined : numbers(below, [batch, groups, dk, dv]);
        const decay = fades ? numbers(below, [batch, length, perFeature ? groups * dk : groups]) : undefined;
        const beta = corrects ? numbers(below, [batch, length, perHead ? groups : 1]) : undefined;
        const state = Array.from({ length: batch * groups * dk * dv }, (_, i) => past?.data[i] ?? 0);
        const place = (n: number, g: number, i: number, j: number): number =>
          ((n * groups + g) * dk + i) * dv + j;
        const expected = new Array<number>(batch * length * heads * dv).fill(0);
        for (let n = 0; n < batch; n++)
          for (let g = 0; g < groups; g++)
            for (let t = 0; t < length; t++) {
              for (let i = 0; i < dk; i++)
                for (let j = 0; j < dv; j++)
                  if (decay !== undefined)
                    state[place(n, g, i, j)] *= Math.exp(at(decay, n, t, perFeature ? g * dk + i : g));
              const write = Array.from({ length: dv }, (_, j) => {
                const value = at(v, n, t, g * dv + j);
                if (beta === undefined) return value;
                let known = 0;
                for (let i = 0; i < dk; i++) known += state[place(n, g, i, j)] * at(k, n, t, g * dk + i);
                return at(beta, n, t, perHead ? g : 0) * (value - known);
              });
              for (let i = 0; i < dk; i++)
                for (let j = 0; j < dv; j++) state[place(n, g, i, j)] += at(k, n, t, g * dk + i) * write[j];
              for (let s = 0; s < shared; s++)
                for (let j = 0; j < dv; j++) {
                  const h = g * shared + s;
                  let sum = 0;
                  for (let i = 0; i < dk; i++) sum += at(q, n, t, h * dk + i) * state[place(n, g, i, j)];
                  expected[(n * length + t) * heads * dv + h * dv + j] = sum / Math.sqrt(dk);
                }
            }
        const [y, present] = runNode({
          op: 'LinearAttention',
          operands: [q, k, v, past, decay, beta].map((operand) => operand && float(operand)),
          attributes: { q_num_heads: heads, kv_num_heads: groups, update_rule: rule },
          opset: 27,
          outputs: ['float', 'float'],
        });
        const scale = Math.max(1, ...expected.map(Math.abs), ...state.map(Math.abs));
        expectClose(Array.from(y.data, (value) => value / scale), expected.map((value) => value / scale)); // prettier-ignore
        expectClose(Array.from(present.data, (value) => value / scale), state.map((value) => value / scale)); // prettier-ignore
      }),
      runs,
    );
  });

  test('takes no input that its rule does not know', () => {
    const x = given([1, 1, 1], [1]);
    const attributes = { q_num_heads: 1, kv_num_heads: 1, update_rule: 'linear' };
    for (const operands of [[x, x, x, undefined, x], [x, x, x, undefined, undefined, x]]) // prettier-ignore
      errorOf('ONNX_INVALID', () => importOnnx(oneNodeModel({ op: 'LinearAttention', operands, attributes, opset: 27 }))); // prettier-ignore
  });
});

describe('TensorScatter', () => {
  const cache = given([2, 3, 1], [1, 2, 3, 4, 5, 6]);
  const update = given([2, 2, 1], [10, 20, 30, 40]);
  const run = (starts: Operand | undefined, mode: string): number[] =>
    Array.from(
      runNode({ op: 'TensorScatter', operands: [cache, update, starts], attributes: { mode }, opset: 24 })[0]
        .data,
    );

  test('writes from each start on, and around the end where it is circular', () => {
    expect(run(undefined, 'linear')).toEqual([10, 20, 3, 30, 40, 6]);
    expect(run(given([2], [1, 0], 'int64'), 'linear')).toEqual([1, 10, 20, 30, 40, 6]);
    expect(run(given([2], [2, 4], 'int64'), 'circular')).toEqual([20, 2, 10, 4, 30, 40]);
  });

  test.each([
    ['the axis of the sequences', { axis: 0 }, update],
    ['too much', { axis: 1 }, given([2, 4, 1], [1, 2, 3, 4, 5, 6, 7, 8])],
  ])('refuses %s', (_, attributes, data) => {
    errorOf('ONNX_INVALID', () =>
      importOnnx(oneNodeModel({ op: 'TensorScatter', operands: [cache, data], attributes, opset: 24 })),
    );
  });
});

test('RotaryEmbedding turns pairs at positions, in either layout', () => {
  const angles = [0, 0.5, 1, 1.5];
  const cos = given([4, 1], angles.map(Math.cos));
  const sin = given([4, 1], angles.map(Math.sin));
  const positions = given([1, 2], [3, 1], 'int64');
  const data = [1, 2, 3, 4, 5, 6];
  const turned = [1.5, 0.5].flatMap((angle, t) => {
    const [a, b, rest] = data.slice(3 * t);
    return [a * Math.cos(angle) - b * Math.sin(angle), b * Math.cos(angle) + a * Math.sin(angle), rest];
  });
  const attributes = { rotary_embedding_dim: 2, num_heads: 1 };
  for (const shape of [
    [1, 2, 3],
    [1, 1, 2, 3],
  ])
    // prettier-ignore
    for (const interleaved of [0, 1]) {
      const [y] = runNode({
        op: 'RotaryEmbedding',
        operands: [given(shape, data), cos, sin, positions],
        attributes: { ...attributes, interleaved },
        opset: 23,
      });
      expectClose(y.data, turned);
    }
});
