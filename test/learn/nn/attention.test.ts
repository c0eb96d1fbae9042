/** What attention may see, by plain loops in doubles: masks, causal or not, with more queries than keys and with fewer. */
import { describe, expect, test } from 'vitest';
import { grad, nn, ones, tensor, zeros, type Tensor } from '../../../src/index.js';
import { alibiSlopes } from '../../../src/compose/position.js';
import { expectSameTrees, onDevices } from '../../tensor/support.js';
import { expectNear, numbersOf, wave, waveOf, waved } from '../../tensor/torch.js';

type Sees = (query: number, key: number) => boolean;

/** The last query stands where the last key does. */
const causalOf =
  (tq: number, tk: number): Sees =>
  (i, j) =>
    j - i <= tk - tq;

/** Of q [H, tq, d] and k, v [H, tk, d]: sum of softmax(q k' / sqrt(d) + bias) v over what is seen; 0 where nothing is. */
function attend(
  [heads, tq, tk, d]: readonly [number, number, number, number],
  [q, k, v]: readonly (readonly number[])[],
  sees: Sees,
  bias: (head: number, query: number, key: number) => number = () => 0,
): number[] {
  const result: number[] = [];
  for (let h = 0; h < heads; h++)
    for (let i = 0; i < tq; i++) {
      const weights = Array.from({ length: tk }, (_, j) => {
        let score = bias(h, i, j);
        for (let c = 0; c < d; c++)
          score += (q[(h * tq + i) * d + c] * k[(h * tk + j) * d + c]) / Math.sqrt(d);
        return sees(i, j) ? Math.exp(score) : 0;
      });
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      for (let c = 0; c < d; c++) {
        const sum = weights.reduce((all, weight, j) => all + weight * v[(h * tk + j) * d + c], 0);
        result.push(total === 0 ? 0 : sum / total);
      }
    }
  return result;
}

test('a causal query before all keys sees none', async () => {
  const [q, k, v] = [ones([3, 1]), ones([1, 1]), tensor([[7]])];
  expect(await numbersOf(q.attention(k, v, { causal: true }))).toEqual([0, 0, 7]);
  const mask = tensor([[true]]).broadcastTo([3, 1]);
  expect(await numbersOf(q.attention(k, v, { causal: true, mask }))).toEqual([0, 0, 7]);
});

describe.each([
  [5, 2],
  [3, 3],
  [2, 5],
])('%i queries, %i keys', (tq, tk) => {
  const [heads, d] = [2, 4];
  const shapes = [[heads, tq, d], [heads, tk, d], [heads, tk, d]]; // prettier-ignore
  const [q, k, v] = shapes.map((shape, i) => wave(shape, i));
  const values = shapes.map((shape, i) => waveOf(shape, i));
  // Query 1 sees nothing; a causal one that sees key 1 alone may see nothing either.
  const allowed: Sees = (i, j) => i !== 1 && (i % 2 === 1 || j === 1);
  const mask = tensor(
    Array.from({ length: tq }, (_, i) => Array.from({ length: tk }, (_, j) => allowed(i, j))),
  );
  const all: Sees = () => true;
  const causal = causalOf(tq, tk);
  test.each<[string, { causal?: boolean; mask?: Tensor }, Sees]>([
    ['all', {}, all],
    ['causal', { causal: true }, causal],
    ['mask', { mask }, allowed],
    ['causal with a mask', { causal: true, mask }, (i, j) => causal(i, j) && allowed(i, j)],
    ['causal with a bias', { causal: true, mask: zeros([tq, tk]) }, causal],
  ])('%s', async (_, options, sees) => {
    await expectNear(q.attention(k, v, options), attend([heads, tq, tk, d], values, sees));
    const gradient = grad((x: Tensor) => x.attention(k, v, options).square().sum())(q);
    expect((await numbersOf(gradient)).every(Number.isFinite)).toBe(true);
  }); // prettier-ignore
});

describe('ALiBi with a mask, causal', () => {
  const T = 4;
  const layer = waved(new nn.MultiHeadAttention(4, 2, { key: 0, causal: true, positions: new nn.ALiBi(2) }));
  const x = wave([T, 4], 1);
  // Padding in front: query 0 is hidden by the mask, query 1 by the mask and what is causal together.
  const allowed: Sees = (i, j) => j >= 2 && i >= 1;
  const mask = tensor(
    Array.from({ length: T }, (_, i) => Array.from({ length: T }, (_, j) => allowed(i, j))),
  );

  test('is as by hand, and a query that sees nothing has the bias of the output', async () => {
    const heads = async (part: nn.Linear): Promise<number[]> =>
      numbersOf(part.call(x).reshape(T, 2, 2).permute(1, 0, 2));
    const parts = [await heads(layer.query), await heads(layer.key), await heads(layer.value)];
    const slopes = alibiSlopes(2);
    const sees: Sees = (i, j) => j <= i && allowed(i, j);
    const rows = attend([2, T, T, 2], parts, sees, (h, i, j) => -slopes[h] * Math.abs(i - j));
    const joined = tensor(Float32Array.from(rows), { shape: [2, T, 2] })
      .permute(1, 0, 2)
      .reshape(T, 4);
    await expectNear(layer.call(x, { mask }), await numbersOf(layer.output.call(joined)));
    const [found, bias] = [await numbersOf(layer.call(x, { mask })), await numbersOf(layer.output.bias!)];
    expect(found.slice(0, 8)).toEqual([...bias, ...bias]);
  });

  test('adds a float mask to the biases', async () => {
    const added = mask.where(0, tensor(-1e30));
    const seen = (await numbersOf(layer.call(x, { mask }))).slice(8);
    expect((await numbersOf(layer.call(x, { mask: added }))).slice(8)).toEqual(seen);
  });

  onDevices((pair) => {
    test('has the bits of the interpreter', async () => {
      const { device, reference } = pair();
      await expectSameTrees(layer.call(x.to(device), { mask }), layer.call(x.to(reference), { mask }));
      const [q, k] = [wave([2, 5, 4], 1), wave([2, 3, 4], 2)];
      const f = (x: Tensor): Tensor => grad((y: Tensor) => y.attention(k, k, { causal: true }).sum())(x);
      await expectSameTrees(f(q.to(device)), f(q.to(reference)));
    });
  });
});

describe('a block with a memory', () => {
  const options = { key: 1, cross: true, keyValueHeads: 2, headFeatures: 3 } as const;

  test('gives both attentions its heads, and the second the features of the memory', () => {
    const block = new nn.TransformerBlock(8, 4, { ...options, memoryFeatures: 5, causal: true });
    const { attention, cross } = block;
    expect([attention.keyValueHeads, attention.headFeatures, attention.memoryFeatures, attention.causal]).toEqual([2, 3, 8, true]); // prettier-ignore
    expect([cross!.keyValueHeads, cross!.headFeatures, cross!.memoryFeatures, cross!.causal]).toEqual([2, 3, 5, false]); // prettier-ignore
    expect(block.call(wave([2, 3, 8], 0), { memory: wave([2, 6, 5], 1) }).shape).toEqual([2, 3, 8]);
    expect(() => block.call(wave([2, 3, 8], 0), { memory: wave([2, 6, 8], 1) })).toThrow(/SHAPE_MISMATCH/);
  });

  test('wants no features of a memory that it does not look at', () => {
    const make = (): unknown => new nn.TransformerBlock(8, 4, { key: 1, memoryFeatures: 5 });
    expect(make).toThrow(/ATTRIBUTE_INVALID[^]*memoryFeatures=5/);
  });
});
