/** Tensors: making, reading, and what is refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arange,
  concat,
  einsum,
  eye,
  grad,
  linspace,
  nn,
  ones,
  stack,
  stopGradient,
  tensor,
  tril,
  where,
  zeros,
  type Tensor,
} from '../../src/index.js';
import { fuzz } from '../support/fuzz.js';

const numbers = async (x: Tensor): Promise<number[]> => [...(await x.data())];

describe('made from', () => {
  test('nested arrays, typed arrays and numbers', async () => {
    expect(await tensor([[1, 2], [3, 4]]).toArray()).toEqual([[1, 2], [3, 4]]); // prettier-ignore
    expect(tensor(3).shape).toEqual([]);
    expect(tensor([true, false]).dtype).toBe('bool');
    expect(tensor(Int32Array.of(1, 2)).dtype).toBe('i32');
    expect(tensor(Float32Array.of(1, 2, 3, 4), { shape: [2, 2] }).shape).toEqual([2, 2]);
    expect(await tensor([0.1, 70000], { dtype: 'f16' }).toArray()).toEqual([0.0999755859375, Infinity]);
    expect(await tensor([-1, 2.7, NaN], { dtype: 'u32' }).toArray()).toEqual([0, 2, 0]);
  });

  test('ranges', async () => {
    expect(await arange(2, 10, 3).toArray()).toEqual([2, 5, 8]);
    expect(arange(3).dtype).toBe('i32');
    expect(await arange(0, 1, 0.25).toArray()).toEqual([0, 0.25, 0.5, 0.75]);
    expect(await arange(5, 0, -2).toArray()).toEqual([5, 3, 1]);
    expect(await linspace(0, 1, 5).toArray()).toEqual([0, 0.25, 0.5, 0.75, 1]);
    expect(await eye(2).toArray()).toEqual([[1, 0], [0, 1]]); // prettier-ignore
  });

  test.each([
    ['ragged arrays', () => tensor([[1, 2], [3]]), /INPUT_SHAPE.*ragged/],
    ['too few elements', () => tensor([1, 2], { shape: [3] }), /INPUT_SHAPE/],
    ['64-bit floats', () => tensor([1], { dtype: 'f64' as 'f32' }), /DTYPE_MISMATCH[^]*hint:.*f32/],
  ])('not from %s', (_, make, message) => {
    expect(make).toThrow(message);
  });
});

describe('operations', () => {
  test('broadcast as NumPy does', async () => {
    const x = tensor([[1], [2]]).add(tensor([10, 20, 30]));
    expect(await x.toArray()).toEqual([[11, 21, 31], [12, 22, 32]]); // prettier-ignore
  });

  test('slices are those of Python', async () => {
    const x = arange(10);
    expect(await numbers(x.slice([2, 8, 2]))).toEqual([2, 4, 6]);
    expect(await numbers(x.slice([null, null, -3]))).toEqual([9, 6, 3, 0]);
    expect(await numbers(x.slice([-3]))).toEqual([7, 8, 9]);
    expect(await numbers(x.reshape(2, 5).slice(null, [1, 3]))).toEqual([1, 2, 6, 7]);
    expect(await x.at(-1).item()).toBe(9);
  });

  test('shapes', () => {
    const x = zeros([2, 3, 4]);
    expect(x.reshape(-1, 2).shape).toEqual([12, 2]);
    expect(x.flatten(1).shape).toEqual([2, 12]);
    expect(x.permute(2, 0, 1).shape).toEqual([4, 2, 3]);
    expect(x.transpose().shape).toEqual([2, 4, 3]);
    expect(x.unsqueeze(1).shape).toEqual([2, 1, 3, 4]);
    expect(x.unsqueeze(1).squeeze().shape).toEqual([2, 3, 4]);
    expect(x.split([1, 2], 1).map(({ shape }) => shape[1])).toEqual([1, 2]);
    expect(x.sum({ axis: [0, -1], keepDims: true }).shape).toEqual([1, 3, 1]);
    expect(concat([x, x], 2).shape).toEqual([2, 3, 8]);
    expect(stack([x, x], 1).shape).toEqual([2, 2, 3, 4]);
    expect(x.pad([[0, 0], [1, 2], [-1, 0]]).shape).toEqual([2, 6, 3]); // prettier-ignore
  });

  test('order', async () => {
    const x = tensor([3, NaN, 1, 3, -0, 0]);
    expect(await numbers(x.argsort())).toEqual([4, 5, 2, 0, 3, 1]);
    expect(await numbers(x.sort(0, { descending: true }))).toEqual([NaN, 3, 3, 1, -0, 0]);
    const { values, indices } = tensor([[1, 5, 2], [9, 7, 8]]).topk(2); // prettier-ignore
    expect(await values.toArray()).toEqual([[5, 2], [9, 8]]); // prettier-ignore
    expect(await indices.toArray()).toEqual([[1, 2], [0, 2]]); // prettier-ignore
  });

  test('by index: gather clamps, scatter drops what is out of range', async () => {
    const x = tensor([10, 20, 30]);
    expect(await numbers(x.gather(tensor([2, -5, 99], { dtype: 'i32' })))).toEqual([30, 10, 30]);
    const at = tensor([0, 0, 7, -1], { dtype: 'i32' });
    expect(await numbers(x.scatter(at, tensor([1, 2, 3, 4]), 'add'))).toEqual([13, 20, 30]);
    expect(await numbers(x.scatter(at, tensor([1, 2, 3, 4])))).toEqual([2, 20, 30]);
    expect(await tensor([1, 0, 5], { dtype: 'i32' }).oneHot(2).toArray()).toEqual([[0, 1], [1, 0], [0, 0]]); // prettier-ignore
  });

  test('a part replaced from a place on', async () => {
    const [x, rows] = [zeros([4, 2]), tensor([[1, 2], [3, 4]])]; // prettier-ignore
    expect(await numbers(x.updateSlice(rows, 1))).toEqual([0, 0, 1, 2, 3, 4, 0, 0]);
    expect(await numbers(x.updateSlice(rows, tensor(3, { dtype: 'i32' })))).toEqual([0, 0, 0, 0, 0, 0, 1, 2]);
    expect(await numbers(x.updateSlice(rows, -1))).toEqual([3, 4, 0, 0, 0, 0, 0, 0]);
    expect(await numbers(zeros([2, 3]).updateSlice(rows, 1, -1))).toEqual([0, 1, 2, 0, 3, 4]);
    expect(() => x.updateSlice(rows, 0.5)).toThrow(
      /USAGE: start is no place[^]*updateSlice[^]*0.5[^]*an integer/,
    );
    expect(() => x.updateSlice(rows, tensor(1))).toThrow(/DTYPE_MISMATCH[^]*updateSlice[^]*start i32/);
  });

  test('where, triangles', async () => {
    expect(await where(tensor([true, false]), 1, tensor([5, 6])).toArray()).toEqual([1, 6]);
    expect(await tril(ones([2, 2])).toArray()).toEqual([[1, 0], [1, 1]]); // prettier-ignore
  });

  test('attention: grouped queries, causal, masks', async () => {
    const random = (seed: number, shape: number[]): Tensor =>
      tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i * seed)),
        { shape },
      );
    const [q, k, v] = [random(1.7, [2, 4, 3, 5]), random(2.3, [2, 2, 3, 5]), random(3.1, [2, 2, 3, 6])];
    const spread = (x: Tensor): Tensor => x.repeat(2, 1);
    const grouped = await numbers(q.attention(k, v, { causal: true }));
    const each = await numbers(q.attention(spread(k), spread(v), { causal: true }));
    expect(grouped).toEqual(each);
    const first = await numbers(q.attention(k, v, { causal: true }).slice(null, null, [0, 1]));
    expect(first).toEqual(await numbers(spread(v).slice(null, null, [0, 1])));
    const nothing = q.attention(k, v, { mask: tensor(false).broadcastTo(3, 3) });
    expect(new Set(await numbers(nothing))).toEqual(new Set([0]));
  });
});

/** einsum by definition: a loop over all letters. */
function einsumByLoops(
  equation: string,
  operands: readonly { shape: readonly number[]; data: readonly number[] }[],
): number[] {
  const [left, output] = equation.split('->');
  const inputs = left.split(',');
  const extents = new Map<string, number>();
  inputs.forEach((letters, i) =>
    [...letters].forEach((letter, axis) => extents.set(letter, operands[i].shape[axis])),
  );
  const letters = [...extents.keys()];
  const total = letters.reduce((n, letter) => n * extents.get(letter)!, 1);
  const size = [...output].reduce((n, letter) => n * extents.get(letter)!, 1);
  const result = new Array<number>(size).fill(0);
  for (let at = 0; at < total; at++) {
    const index = new Map<string, number>();
    letters.reduce((rest, letter) => {
      index.set(letter, rest % extents.get(letter)!);
      return Math.floor(rest / extents.get(letter)!);
    }, at);
    const place = (names: string): number =>
      [...names].reduce((p, letter) => p * extents.get(letter)! + index.get(letter)!, 0);
    result[place(output)] += inputs.reduce(
      (product, names, i) => product * operands[i].data[place(names)],
      1,
    );
  }
  return result;
}

describe('einsum', () => {
  test.each([
    'ij,jk->ik', 'ij,kj->ki', 'bij,bjk->bik', 'ij->ji', 'ij->', 'ii->i', 'ii->', 'i,j->ij', 'ij,ij->', 'ijk,jil->kl',
    'bhqd,bhkd->bhqk', 'ij,jk,kl->il', 'ij,i->j', 'i,i->i',
  ])('%s', async (equation) => {
    const extents: Record<string, number> = { i: 2, j: 3, k: 4, l: 2, b: 2, h: 3, q: 2, d: 5 };
    const operands = equation.split('->')[0].split(',').map((letters, n) => {
      const shape = [...letters].map((letter) => extents[letter]);
      const count = shape.reduce((a, b) => a * b, 1);
      return { shape, data: Array.from({ length: count }, (_, i) => ((i * 7 + n * 3) % 11) - 5) };
    });
    const found = einsum(equation, ...operands.map(({ shape, data }) => tensor(data, { shape })));
    // Small integers: every sum is exact, in any order.
    expect(await numbers(found)).toEqual(einsumByLoops(equation, operands).map((value) => value + 0));
  }); // prettier-ignore

  test('an ellipsis broadcasts', async () => {
    const found = einsum('...ij,jk->...ik', ones([5, 2, 3]), ones([3, 4]));
    expect(found.shape).toEqual([5, 2, 4]);
    expect(einsum('...i,...i->...', ones([1, 3]), ones([4, 3])).shape).toEqual([4]);
  });

  test.each(['ij,jk', 'ij->i->j', 'i*->i', 'ij->iz'])('refuses %s', (equation) => {
    expect(() => einsum(equation, ones([2, 2]))).toThrow(/ATTRIBUTE_INVALID/);
  });
});

describe('read', () => {
  test('lazily: nothing is computed twice over without end', async () => {
    let w = tensor([1, 1]);
    const lengths: number[] = [];
    for (let step = 0; step < 20; step++) {
      w = w.mul(0.5);
      await w.sum().item();
      let depth = 0;
      for (let at = w.expr; at.origin.kind === 'op'; at = at.origin.inputs[0]) depth++;
      lengths.push(depth);
    }
    expect(Math.max(...lengths)).toBeLessThan(6);
    expect(await w.toArray()).toEqual([2 ** -20, 2 ** -20]);
  });

  test('a thousand operations deep, and more', async () => {
    let x = tensor([0]);
    for (let i = 0; i < 20_000; i++) x = x.add(1);
    expect(await x.item()).toBe(20_000);
  });

  test('what was disposed cannot be read', async () => {
    const x = tensor([1]).add(1);
    x.dispose();
    x.dispose();
    await expect(x.data()).rejects.toThrow(/TENSOR_DISPOSED/);
    expect(() => x.add(1)).toThrow(/TENSOR_DISPOSED/);
    expect(String(x)).toMatch(/gone/);
  });
});

describe('errors name the operation, the types and the line', () => {
  test.each<[string, () => unknown, RegExp]>([
    ['shapes', () => zeros([2, 3]).add(zeros([2, 4])), /SHAPE_MISMATCH[^]*add, called at .*tensor\.test\.ts[^]*f32\[2,3\] and f32\[2,4\]/],
    ['matmul', () => zeros([2, 3]).matmul(zeros([4, 5])), /SHAPE_MISMATCH[^]*matmul[^]*f32\[2,3\] and f32\[4,5\]/],
    ['dtypes', () => zeros([2]).add(arange(2)), /DTYPE_MISMATCH[^]*f32\[2\] and i32\[2\][^]*cast/],
    ['numbers', () => arange(2).add(0.5), /DTYPE_MISMATCH[^]*found: +0\.5[^]*cast/],
    ['axes', () => zeros([2]).sum({ axis: 1 }), /ATTRIBUTE_INVALID[^]*sum, called at/],
    ['indices', () => zeros([2]).at(2), /ATTRIBUTE_INVALID[^]*found: +2 on axis 0/],
    ['shapes to reshape to', () => zeros([6]).reshape(4, -1), /SHAPE_MISMATCH|ATTRIBUTE_INVALID/],
    ['einsum', () => einsum('ij,jk->ik', zeros([2, 3]), zeros([4, 5])), /SHAPE_MISMATCH/],
    ['no tensors', () => concat([]), /ATTRIBUTE_INVALID/],
    ['more than there are', () => zeros([3, 2]).topk(5), /ATTRIBUTE_INVALID[^]*topk, called at[^]*5 of 2, on axis 1 of f32\[3,2\]/],
    ['parts of elements', () => zeros([3]).topk(1.5), /ATTRIBUTE_INVALID[^]*from 0 to 3/],
    ['kinds of scatters', () => zeros([3]).scatter(arange(1), 1, 'sum' as 'add'), /USAGE[^]*scatter, called at[^]*"sum"[^]*"set" or "add" or/],
    ['windows in the padding', () => zeros([1, 1, 4, 4]).maxPool({ kernel: 2, padding: [0, 2] }), /ATTRIBUTE_INVALID[^]*maxPool, called at[^]*padding/],
    ['means of nothing', () => zeros([1, 1, 4]).averagePool({ kernel: 2, padding: 3 }), /ATTRIBUTE_INVALID[^]*averagePool/],
    ['channels', () => zeros([2, 3]).batchNorm({ mean: zeros([2]), variance: 1 }), /SHAPE_MISMATCH[^]*batchNorm/],
    ['no channels', () => zeros([3]).batchNorm({ mean: 0, variance: 1 }), /SHAPE_MISMATCH[^]*\[N, C/],
    ['missing statistics', () => zeros([2, 3]).batchNorm({ mean: 0 } as never), /USAGE[^]*variance/],
  ])('%s', (_, action, message) => {
    expect(action).toThrow(message);
  }); // prettier-ignore
});

test('batch normalization by given statistics', async () => {
  const x = tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]); // prettier-ignore
  const [mean, variance, scale, bias] = [tensor([1, 2]), tensor([4, 0.25]), tensor([2, 1]), tensor([0.5, 0])];
  const y = x.batchNorm({ mean, variance, scale, bias, epsilon: 0 });
  expect(await numbers(y)).toEqual([0.5, 1.5, 2, 4, 4.5, 5.5, 10, 12]);
  expect(await numbers(x.batchNorm({ mean: 1, variance: 4, epsilon: 0 }))).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5]); // prettier-ignore
  const model = new nn.BatchNorm(2);
  model.load({ runningMean: mean, runningVariance: variance, weight: scale, bias });
  const same = x.batchNorm({ mean, variance, scale, bias });
  expect(await numbers(model.call(x))).toEqual(await numbers(same));
});

test('no gradient flows through trees of constants', async () => {
  const x = { w: tensor([2, 3]), rest: [tensor([5, 7])], name: 'x' };
  expect(await numbers(stopGradient(x).rest[0])).toEqual([5, 7]);
  expect(stopGradient(x).name).toBe('x');
  const loss = (tree: typeof x): Tensor => {
    const fixed = stopGradient(tree);
    return tree.w.mul(fixed.w).add(fixed.rest[0]).sum();
  };
  const gradient = grad(loss)(x);
  expect([await numbers(gradient.w), await numbers(gradient.rest[0])]).toEqual([[2, 3], [0, 0]]); // prettier-ignore
  expect(() => stopGradient(3)).toThrow(/USAGE[^]*stopGradient, called at/);
});

test('round trip of nested arrays', async () => {
  const shapes = fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(shapes, async (shape) => {
      const count = shape.reduce((n, extent) => n * extent, 1);
      const x = tensor(
        Float32Array.from({ length: count }, (_, i) => i),
        { shape },
      );
      const again = tensor(await x.toArray());
      expect(again.shape).toEqual(shape);
      expect(await numbers(again)).toEqual(await numbers(x));
    }),
    fuzz(50),
  );
});
