/** grad, vjp, jvp and vmap, with each other. The derivatives of single ops are tested with the pass. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  arange,
  checkpoint,
  grad,
  jit,
  jvp,
  ones,
  random,
  stack,
  tensor,
  valueAndGrad,
  vjp,
  vmap,
  type Tensor,
} from '../../src/index.js';
import { prepare } from '../../src/compile.js';
import { fuzz } from '../support/fuzz.js';
import { expectSameTrees, onDevices } from './support.js';

const square = (x: Tensor): Tensor => x.mul(x).sum();

describe('grad', () => {
  test('of trees, by the argument that is asked for', async () => {
    const f = (a: Tensor, b: { u: Tensor; v: [Tensor, number] }): Tensor =>
      a.mul(b.u).sum().add(b.v[0].mul(b.v[1]).sum());
    const at = [tensor([1, 2]), { u: tensor([3, 4]), v: [tensor([5, 6]), 7] as [Tensor, number] }] as const;
    expect(await grad(f)(...at).toArray()).toEqual([3, 4]);
    const second = grad(f, { argument: 1 })(...at);
    expect(await second.u.toArray()).toEqual([1, 2]);
    expect(await second.v[0].toArray()).toEqual([7, 7]);
    expect(second.v[1]).toBe(7);
  });

  test('hands auxiliary results through', async () => {
    const f = (x: Tensor): [Tensor, { doubled: Tensor }] => [square(x), { doubled: x.mul(2) }];
    const [[value, aux], gradient] = valueAndGrad(f, { aux: true })(tensor([1, 3]));
    expect(await value.item()).toBe(10);
    expect(await aux.doubled.toArray()).toEqual([2, 6]);
    expect(await gradient.toArray()).toEqual([2, 6]);
  });

  test('of grad of grad', async () => {
    const cube = (x: Tensor): Tensor => x.mul(x).mul(x).sum();
    const second = grad((x: Tensor) => grad(cube)(x).sum());
    const third = grad((x: Tensor) => second(x).sum());
    expect(await second(tensor([1, 2])).toArray()).toEqual([6, 12]);
    expect(await third(tensor([1, 2])).toArray()).toEqual([6, 6]);
  });

  test('sees through what stands around it, and the inner function through the outer', async () => {
    const f = (y: Tensor): Tensor => {
      const inner = grad((x: Tensor) => x.mul(y).mul(y).sum())(ones([2]));
      return inner.mul(y).sum();
    };
    expect(await grad(f)(tensor([1, 2])).toArray()).toEqual([3, 12]);
  });

  test('stops where it is told to', async () => {
    const f = (x: Tensor): Tensor => x.mul(x.stopGradient()).sum();
    expect(await grad(f)(tensor([3])).toArray()).toEqual([3]);
  });

  test.each<[string, () => unknown, RegExp]>([
    ['results of several elements', () => grad((x: Tensor) => x)(ones([2])), /GRAD_INVALID[^]*f32\[2\][^]*mean\(\)/],
    ['integer results', () => grad((x: Tensor) => x.cast('i32').sum())(ones([2])), /GRAD_INVALID[^]*i32/],
    ['integer arguments', () => grad((x: Tensor) => x.cast('f32').sum())(arange(3)), /GRAD_INVALID[^]*i32\[3\]/],
    ['no tensors', () => grad((x: number) => ones([]).mul(x))(3), /GRAD_INVALID[^]*no tensor/],
    ['cotangents of another shape', () => vjp(square, ones([2]))[1](ones([3])), /SHAPE_MISMATCH/],
    ['cotangents of another structure', () => vjp((x: Tensor) => [x], ones([2]))[1]([]), /TREE_MISMATCH/],
  ])('refuses %s', (_, action, message) => {
    expect(action).toThrow(message);
  }); // prettier-ignore
});

describe('vjp and jvp', () => {
  test('agree: <u, Jt> = <uJ, t>', async () => {
    // Of small integers, so that every sum is exact in whatever order.
    const g = (x: Tensor, y: Tensor): { a: Tensor; b: Tensor } => ({
      a: x.matmul(y).square(),
      b: x.mul(x).mul(x).sum({ axis: 1 }),
    });
    const whole = (key: number, shape: readonly number[]): Tensor =>
      random.randint(key, shape, -3, 4).cast('f32');
    const point: [Tensor, Tensor] = [whole(1, [2, 3]), whole(2, [3, 4])];
    const tangents: [Tensor, Tensor] = [whole(3, [2, 3]), whole(4, [3, 4])];
    const cotangents = { a: whole(5, [2, 4]), b: whole(6, [2]) };
    const [value, pushed] = jvp(g, point, tangents);
    await expectSameTrees(value, g(...point));
    const [, pullback] = vjp(g, ...point);
    const pulled = pullback(cotangents);
    const inner = (u: Tensor, v: Tensor): Tensor => u.mul(v).sum();
    const left = await inner(cotangents.a, pushed.a).add(inner(cotangents.b, pushed.b)).item();
    const right = await inner(pulled[0], tangents[0]).add(inner(pulled[1], tangents[1])).item();
    expect(left).not.toBe(0);
    expect(left).toBe(right);
  });

  test('a Jacobian by vmap of vjp, and by vmap of jvp', async () => {
    const g = (x: Tensor): Tensor => x.mul(x).matmul(tensor([[1, 2], [3, 4], [5, 6]])); // prettier-ignore
    const x = tensor([1, 2, 3]);
    const byRows = vmap((u: Tensor) => vjp(g, x)[1](u)[0])(tensor([[1, 0], [0, 1]])); // prettier-ignore
    const byColumns = vmap((t: Tensor) => jvp(g, [x], [t])[1], { outAxis: 1 })(
      tensor([[1, 0, 0], [0, 1, 0], [0, 0, 1]]), // prettier-ignore
    );
    expect(await byRows.toArray()).toEqual([[2, 12, 30], [4, 16, 36]]); // prettier-ignore
    await expectSameTrees(byColumns, byRows);
  });

  test('a Hessian-vector product, forward over reverse', async () => {
    const g = (x: Tensor): Tensor => x.mul(x).mul(x).sum();
    const hvp = (x: Tensor, v: Tensor): Tensor => jvp(grad(g), [x], [v])[1];
    expect(await jit(hvp)(tensor([1, 2]), tensor([1, 10])).toArray()).toEqual([6, 120]);
  });
});

describe('checkpoint', () => {
  const block = (x: Tensor, w: Tensor): Tensor => x.matmul(w).tanh().matmul(w).sigmoid();
  const deep =
    (layer: typeof block) =>
    (w: Tensor, x: Tensor): Tensor => {
      let y = x;
      for (let i = 0; i < 6; i++) y = layer(y, w);
      return y.sum();
    };
  const [w, x] = [random.normal(1, [64, 64]).mul(0.1), random.normal(2, [64, 64])];

  test('keeps bits of values and of gradients, and takes less memory', async () => {
    const [plain, frugal] = [valueAndGrad(deep(block)), valueAndGrad(deep(checkpoint(block)))];
    await expectSameTrees(frugal(w, x), plain(w, x));
    await expectSameTrees(jit(frugal)(w, x), plain(w, x));
    const peak = (f: typeof plain): number => {
      const graph = jit(f).lower(w, x);
      return prepare({ graph, weights: new Map() }).planned.plan.arenaBytes;
    };
    expect(peak(frugal)).toBeLessThan(0.75 * peak(plain));
  });

  test('nests, and has derivatives of its own', async () => {
    const f = (layer: typeof block) => (v: Tensor) => grad(deep(layer))(v, x).mul(v).sum();
    const twice = checkpoint((a: Tensor, b: Tensor) => checkpoint(block)(a, b));
    await expectSameTrees(f(twice)(w), f(block)(w));
  });

  test('of second order sums the same terms, in another order', async () => {
    const cube = (a: Tensor, b: Tensor): Tensor => a.matmul(b).mul(b);
    const f = (layer: typeof cube) => (v: Tensor) => {
      const y = layer(layer(x2, v), v);
      return grad((u: Tensor) => layer(layer(x2, u), u).mul(y).sum())(v).sum();
    };
    // Small integers: any order of summation is exact.
    const integers = (seed: number): Tensor => random.randint(random.key(seed), [4, 4], -2, 3).cast('f32');
    const [x2, v] = [integers(3), integers(4)];
    const nested = checkpoint((a: Tensor, b: Tensor) => checkpoint(cube)(a, b));
    await expectSameTrees(grad(f(nested))(v), grad(f(cube))(v));
  });
});

describe('vmap', () => {
  const step = (w: Tensor, x: Tensor): Tensor => {
    const f = (v: Tensor): Tensor => x.matmul(v).softmax().mul(x.sum()).sum().add(v.square().mean());
    return grad(f)(w);
  };

  test('of grad has the bits of the loop', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 2 ** 31 }),
        fc.integer({ min: 1, max: 5 }),
        async (seed, n) => {
          const [w, xs] = [random.normal(seed, [4, 3]), random.normal(seed + 1, [n, 4])];
          const loop = stack(Array.from({ length: n }, (_, i) => step(w, xs.at(i))));
          await expectSameTrees(vmap(step, { inAxes: [null, 0] })(w, xs), loop);
        },
      ),
      fuzz(20),
    );
  });

  test('over other axes, nested, and inside of jit', async () => {
    const x = random.normal(1, [2, 3, 4]);
    const f = jit(vmap(vmap((v: Tensor) => v.cumsum().softmax(), { inAxes: [1], outAxis: 1 })));
    const expected = stack([0, 1].map((i) => stack([0, 1, 2, 3].map((k) => x.at(i).slice(null, [k, k + 1]).squeeze().cumsum().softmax()), 1))); // prettier-ignore
    await expectSameTrees(f(x), expected);
    expect(() => vmap((a: Tensor, b: Tensor) => a.add(b))(ones([2]), ones([3]))).toThrow(/differ in size/);
    expect(() => vmap((a: Tensor) => a, { inAxes: [null] })(ones([2]))).toThrow(/no argument is batched/);
  });

  test('of random numbers: keys in a batch', async () => {
    const keys = stack(random.split(7, 3));
    const drawn = vmap((key: Tensor) => random.uniform(key, [5]))(keys);
    await expectSameTrees(drawn, stack(random.split(7, 3).map((key) => random.uniform(key, [5]))));
  });

  onDevices((pair) => {
    test('of grad has the bits of the reference', async () => {
      const { device, reference } = pair();
      const f = jit(vmap(step, { inAxes: [null, 0] }));
      const [w, xs] = [random.normal(8, [4, 3]), random.normal(9, [5, 4])];
      await expectSameTrees(f(w.to(device), xs), f(w.to(reference), xs));
    }, 60_000);
  });
});
