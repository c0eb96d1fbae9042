/** Positions, gates and what else PyTorch has no layer for, by plain loops in doubles. */
import { describe, expect, test } from 'vitest';
import { arange, grad, jit, nn, ones, random, tensor, treeEntries, type Tensor } from '../../../src/index.js';
import { alibiSlopes } from '../../../src/compose/position.js';
import { expectNear, numbersOf, wave, waveOf, waved } from '../../tensor/torch.js';

const [T, D] = [5, 8];

/** x[t, i] and x[t, j] turned by the angle t * base^(-2p / D). */
function turn(
  x: readonly number[],
  pairs: readonly (readonly [number, number])[],
  offset = 0,
  base = 10000,
): number[] {
  const out = [...x];
  const turned = 2 * pairs.length;
  for (let t = 0; t < T; t++)
    pairs.forEach(([i, j], p) => {
      const angle = (t + offset) * base ** ((-2 * p) / turned);
      const [a, b] = [x[t * D + i], x[t * D + j]];
      out[t * D + i] = a * Math.cos(angle) - b * Math.sin(angle);
      out[t * D + j] = b * Math.cos(angle) + a * Math.sin(angle);
    });
  return out;
}

const halves = (n: number): [number, number][] => Array.from({ length: n / 2 }, (_, i) => [i, i + n / 2]);
const neighbours = (n: number): [number, number][] =>
  Array.from({ length: n / 2 }, (_, i) => [2 * i, 2 * i + 1]);

describe('rope', () => {
  const x = wave([T, D], 3);
  const values = waveOf([T, D], 3);

  test('turns halves, neighbours, and parts', async () => {
    await expectNear(new nn.RoPE().call(x), turn(values, halves(D)));
    await expectNear(
      new nn.RoPE({ interleaved: true, base: 500 }).call(x),
      turn(values, neighbours(D), 0, 500),
    );
    await expectNear(new nn.RoPE({ features: 4 }).call(x), turn(values, halves(4)));
    await expectNear(new nn.RoPE({ features: 4, interleaved: true }).call(x), turn(values, neighbours(4)));
  });

  test('starts where it is told to, in the program or when it runs', async () => {
    const rope = new nn.RoPE();
    await expectNear(rope.call(x, 7), turn(values, halves(D), 7));
    const late = jit((x: Tensor, start: Tensor) => rope.call(x, start));
    await expectNear(late(x, tensor(7, { dtype: 'i32' })), turn(values, halves(D), 7));
  });

  test('keeps lengths, and lets scores depend on distances alone', async () => {
    const rope = new nn.RoPE();
    const [q, k] = [wave([1, D], 1), wave([1, D], 2)];
    const score = (i: number, j: number): Promise<number> =>
      rope.call(q, i).mul(rope.call(k, j)).sum().item();
    expect(await score(9, 4)).toBeCloseTo(await score(25, 20), 5);
    expect(await rope.call(x).norm().item()).toBeCloseTo(await x.norm().item(), 5);
  });

  test('has a gradient: the turn back', async () => {
    const rope = new nn.RoPE({ interleaved: true });
    const back = grad((x: Tensor) =>
      rope
        .call(x)
        .mul(wave([T, D], 9))
        .sum(),
    )(x);
    const pairs = neighbours(D).map(([i, j]) => [j, i] as const);
    await expectNear(back, turn(waveOf([T, D], 9), pairs));
  });

  test('wants pairs', () => {
    expect(() => new nn.RoPE().call(ones([2, 3]))).toThrow(/SHAPE_MISMATCH: rope turns pairs/);
  });
});

describe('alibi', () => {
  test('has the slopes of the paper', () => {
    expect(alibiSlopes(8)).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((i) => 2 ** -i));
    const sixteen = Array.from({ length: 16 }, (_, i) => 2 ** (-(i + 1) / 2));
    expect(alibiSlopes(12)).toEqual([
      ...alibiSlopes(8),
      ...sixteen.filter((_, i) => i % 2 === 0).slice(0, 4),
    ]);
  });

  test('falls with the distance from the last key on', async () => {
    const expected = [0.0625, 0.00390625].flatMap((slope) =>
      [0, 1].flatMap((i) => [0, 1, 2].map((j) => -slope * Math.abs(j - (i + 1)))),
    );
    await expectNear(new nn.ALiBi(2).bias(2, 3), expected);
  });

  test('in attention, with masks', async () => {
    const alibi = new nn.ALiBi(2);
    const plain = waved(new nn.MultiHeadAttention(4, 2, { key: 0 }));
    const biased = waved(new nn.MultiHeadAttention(4, 2, { key: 0, positions: alibi }));
    const x = wave([2, 3, 4], 1);
    await expectNear(biased.call(x), await numbersOf(plain.call(x, { mask: alibi.bias(3) })));
    const mask = tensor([
      [true, false, false],
      [false, false, false],
      [true, true, false],
    ]);
    const found = biased.call(x, { mask });
    const added = mask.where(alibi.bias(3), -1e30);
    const expected = await numbersOf(plain.call(x, { mask: added }));
    // A query that sees nothing has the bias of the output for a result.
    const bias = await numbersOf(plain.output.bias!);
    for (const b of [0, 1]) expected.splice((b * 3 + 1) * 4, 4, ...bias);
    await expectNear(found, expected);
  });
});

test('attention turns queries and keys', async () => {
  const rope = new nn.RoPE();
  const m = waved(new nn.MultiHeadAttention(8, 2, { key: 0, positions: rope, causal: true }));
  const x = wave([3, 8], 1);
  const heads = (y: Tensor): Tensor => y.reshape(3, 2, 4).permute(1, 0, 2);
  const y = rope
    .call(heads(m.query.call(x)))
    .attention(rope.call(heads(m.key.call(x))), heads(m.value.call(x)), { causal: true });
  await expectNear(m.call(x), await numbersOf(m.output.call(y.permute(1, 0, 2).reshape(3, 8))));
});

test('sinusoidal positions', async () => {
  const expected = Array.from({ length: T * D }, (_, k) => {
    const [t, i] = [Math.floor(k / D), k % D];
    const angle = t / 10000 ** ((2 * Math.floor(i / 2)) / D);
    return 1 + (i % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
  });
  await expectNear(new nn.SinusoidalPositions(D).call(ones([T, D])), expected);
});

test('learned positions', async () => {
  const layer = waved(new nn.LearnedPositions(7, D, { key: 0 }));
  const rows = waveOf([7, D], 0, 0.5).slice(0, T * D);
  await expectNear(
    layer.call(ones([2, T, D])),
    [...rows, ...rows].map((x) => x + 1),
  );
  const gradient = grad((m: nn.LearnedPositions) => m.call(ones([2, T, D])).sum())(layer);
  await expectNear(
    gradient.weight,
    Array.from({ length: 7 * D }, (_, k) => (k < T * D ? 2 : 0)),
  );
});

test('an embedding gives logits', async () => {
  const layer = waved(new nn.Embedding(3, 2, { key: 0 }));
  const [w, x] = [waveOf([3, 2], 0, 0.5), waveOf([2], 5)];
  await expectNear(
    layer.logits(wave([2], 5)),
    [0, 1, 2].map((r) => w[2 * r] * x[0] + w[2 * r + 1] * x[1]),
  );
});

describe('gated feed-forward', () => {
  const erf = (x: number): number => {
    let [sum, term] = [x, x];
    for (let n = 1; n < 60; n++) sum += (term *= (-x * x) / n) / (2 * n + 1);
    return (2 / Math.sqrt(Math.PI)) * sum;
  };
  const activations: Record<string, [typeof nn.SwiGLU, (x: number) => number]> = {
    SwiGLU: [nn.SwiGLU, (x) => x / (1 + Math.exp(-x))],
    GeGLU: [nn.GeGLU, (x) => (x * (1 + erf(x / Math.SQRT2))) / 2],
    ReGLU: [nn.ReGLU, (x) => Math.max(0, x)],
  };
  test.each(Object.entries(activations))('%s', async (_, [Layer, activation]) => {
    const layer = waved(new Layer(3, 4, { key: 0 }));
    const [gate, up, down] = [waveOf([4, 3], 0, 0.5), waveOf([4, 3], 1, 0.5), waveOf([3, 4], 2, 0.5)];
    const x = waveOf([3], 9);
    const dot = (w: readonly number[], row: number, v: readonly number[]): number =>
      v.reduce((sum, value, i) => sum + w[row * v.length + i] * value, 0);
    const hidden = [0, 1, 2, 3].map((r) => activation(dot(gate, r, x)) * dot(up, r, x));
    await expectNear(
      layer.call(wave([3], 9)),
      [0, 1, 2].map((r) => dot(down, r, hidden)),
    );
  });
});

test('gradients reach every parameter of a block with everything in it', async () => {
  const block = new nn.TransformerBlock(8, 4, {
    key: 3,
    norm: 'rms',
    feedForward: 'swiglu',
    cross: true,
    causal: true,
    keyValueHeads: 2,
    positions: new nn.RoPE(),
    dropout: 0.1,
    bias: true,
  });
  const [x, memory] = [random.normal(1, [2, T, 8]), random.normal(2, [2, 3, 8])];
  const loss = (m: nn.TransformerBlock): Tensor =>
    m.call(x, { training: true, key: 4, memory }).mul(arange(8).cast('f32')).sum();
  const gradient = grad(loss)(block);
  for (const [path, leaf] of treeEntries(gradient)) {
    const size = await leaf.norm().item();
    // A bias of the keys adds the same to all scores of a query.
    if (path.endsWith('key.bias') && !path.startsWith('attention')) expect(size).toBeLessThan(1e-4);
    else expect(size, path).toBeGreaterThan(1e-3);
  }
  expect(treeEntries(gradient).length).toBe(25);
});
