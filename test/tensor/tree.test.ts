import { describe, expect, test } from 'vitest';
import { grad, jit, nn, ones, optim, saveCheckpoint, treeEntries, treeMap, zeros } from '../../src/index.js';
import type { Tensor } from '../../src/index.js';

interface Pair {
  readonly a: Tensor;
  readonly b: Tensor;
}

describe('the order of keys', () => {
  const [one, two] = [(): Tensor => ones([2]), (): Tensor => ones([2]).mul(2)];

  test('is not part of a tree: a function is traced once', async () => {
    let traced = 0;
    const f = jit(({ a, b }: Pair) => {
      traced++;
      return a.sub(b);
    });
    expect(await f({ a: two(), b: one() }).toArray()).toEqual([1, 1]);
    expect(await f({ b: one(), a: two() }).toArray()).toEqual([1, 1]);
    expect(traced).toBe(1);
  });

  test('stays in results', async () => {
    const sum = treeMap((x, y) => x.add(y), { b: one(), a: two() }, { a: one(), b: one() });
    expect(Object.keys(sum)).toEqual(['b', 'a']);
    expect(await sum.a.toArray()).toEqual([3, 3]);
    expect(await sum.b.toArray()).toEqual([2, 2]);
    const loss = (p: Pair): Tensor => p.a.mul(3).add(p.b).sum();
    const gradients = grad(loss)({ b: one(), a: one() });
    expect(Object.keys(gradients)).toEqual(['b', 'a']);
    expect(await gradients.a.toArray()).toEqual([3, 3]);
  });

  test('of fields of modules is that of their class, and names stay', async () => {
    const model = new nn.Linear(2, 3, { key: 1 });
    expect(Object.keys(model.state())).toEqual(['weight', 'bias']);
    const tree = { z: model, a: ones([1]) };
    expect(treeEntries(tree).map(([path]) => path)).toEqual(['a', 'z.weight', 'z.bias']);
    const optimizer = optim.sgd({ learningRate: 1 });
    const [next] = optimizer.update(
      tree,
      treeMap((x) => x.mul(0).add(1), tree),
      optimizer.init(tree),
    );
    expect(await next.a.toArray()).toEqual([0]);
    const expected = (await model.bias!.data()).map((x) => Math.fround(x - 1));
    expect(await next.z.bias!.data()).toEqual(expected);
    const copy = new nn.Linear(2, 3, { key: 2 }).load(model.state());
    expect(await saveCheckpoint({ model: copy })).toEqual(await saveCheckpoint({ model }));
  });
});

describe('refused', () => {
  test('two tensors of one path', () => {
    const tree = { 'a.b': ones([1]), a: { b: zeros([1]) } };
    expect(() => treeEntries(tree)).toThrow(/TREE_MISMATCH[^]*found: +a\.b[^]*rename the key/);
    expect(() => jit((t: typeof tree) => t.a.b)(tree)).toThrow(/TREE_MISMATCH/);
    expect(treeEntries({ 'a.b': ones([1]), a: ones([1]) })).toHaveLength(2);
  });

  test('a tree that contains itself', () => {
    const tree: { x: Tensor; self?: unknown } = { x: ones([1]) };
    tree.self = tree;
    expect(() => treeEntries(tree)).toThrow(/TREE_MISMATCH[^]*contains itself/);
  });
});
