/** What is made in a tidy is gone after it, on a device too: without the help of the garbage collector. */
import { describe, expect, test } from 'vitest';
import { dispose, grad, jit, jvp, ones, tensor, tidy, vjp, vmap, type Tensor } from '../../src/index.js';
import { onGpus } from './support.js';

const SIZE = 1024;
const ROUNDS = 50;

const throwing = (kind: string): never => {
  throw new Error(`from ${kind}`);
};

type Use = (x: Tensor, w: Tensor) => readonly Tensor[];

/** Uses of a tensor `x` and of a tensor `w` that the functions capture, also by what they make of it. */
const USES: Readonly<Record<string, Use>> = {
  eager: (x, w) => [x.mul(w).sum(), x.add(w.exp())],
  grad: (x, w) => [grad((a: Tensor) => a.mul(w).mul(w.exp()).sum())(x)],
  vjp: (x, w) => {
    const [value, pullback] = vjp((a: Tensor) => a.mul(w).mul(w.exp()), x);
    return [value, ...pullback(x)];
  },
  'vjp without its pullback': (x, w) => [vjp((a: Tensor) => a.mul(w), x)[0]],
  jvp: (x, w) => [...jvp((a: Tensor) => a.mul(w).sin(), [x], [x])],
  vmap: (x, w) => [vmap((a: Tensor) => a.mul(w.at(0)))(x)],
  jit: (x, w) => {
    const f = jit((a: Tensor) => a.mul(w.exp()));
    const result = f(x);
    f.dispose();
    return [result];
  },
};

const FAILURES: Readonly<Record<string, Use>> = {
  grad: (x, w) => [grad((a: Tensor) => throwing(`grad ${String(a.mul(w).dtype)}`))(x)],
  'grad of no scalar': (x, w) => [grad((a: Tensor) => a.mul(w))(x)],
  vjp: (x, w) => [vjp((a: Tensor) => throwing(`vjp ${String(a.mul(w).dtype)}`), x)[0]],
  'jvp of other tangents': (x, w) => [...jvp((a: Tensor) => a.mul(w), [x], [x.slice([0, 2])])],
  vmap: (x, w) => [vmap((a: Tensor) => throwing(`vmap ${String(a.mul(w.at(0)).dtype)}`))(x)],
  'vmap to an axis that is not there': (x, w) => [vmap((a: Tensor) => a.mul(w.at(0)), { outAxis: 7 })(x)],
  jit: (x, w) => [jit((a: Tensor) => throwing(`jit ${String(a.mul(w).dtype)}`))(x)],
  'jit with a wrong donation': (x, w) => [jit((a: Tensor) => a.mul(w), { donate: [3] })(x)],
};

describe('50 rounds hold no memory on the device', () => {
  onGpus((pair) => {
    async function growth(use: (x: Tensor, w: Tensor) => void): Promise<number> {
      const { gpu } = pair();
      const round = (): void => {
        const w = ones([SIZE]).to(gpu);
        tidy(() => use(ones([SIZE]).to(gpu), w));
        w.dispose();
      };
      const settled = async (): Promise<number> => {
        const one = tensor([1]).to(gpu);
        const two = one.add(1);
        await two.data();
        dispose([one, two]);
        return gpu.memory.tensorBytes;
      };
      round();
      const before = await settled();
      for (let i = 0; i < ROUNDS; i++) round();
      return (await settled()) - before;
    }

    test.each(Object.entries(USES))('%s', async (_, use) => {
      expect(await growth((x, w) => use(x, w).forEach((result) => result.compute()))).toBe(0);
    });

    test.each(Object.entries(FAILURES))('%s that throws', async (_, use) => {
      expect(await growth((x, w) => expect(() => use(x, w)).toThrow())).toBe(0);
    });
  });
});

describe('a pullback', () => {
  test('holds what its function uses', async () => {
    const w = ones([2]).mul(3).compute();
    const [, pullback] = vjp((a: Tensor) => a.mul(w), tensor([1, 2]));
    w.dispose();
    expect(await pullback(tensor([1, 10]))[0].toArray()).toEqual([3, 30]);
  });

  test('ends with the tidy around it, where it does not go on with other results', () => {
    const [x, w] = [tensor([1, 2]), tensor([3, 4])];
    const [, pullback] = tidy(() => vjp((a: Tensor) => a.mul(w.exp()), x));
    expect(() => pullback(tensor([1, 1]))).toThrow(/TENSOR_DISPOSED[^]*pullback/);
  });
});
