/** Compiled functions: the same bits as eager ones, compiled once, memory handed on. */
import { describe, expect, test } from 'vitest';
import { interpret } from '../../../src/index.js';
import { printGraph } from '../../../src/ir/print.js';
import {
  cond,
  grad,
  jit,
  ones,
  random,
  scan,
  tensor,
  tidy,
  toBackend,
  treeMap,
  valueAndGrad,
  webgpu,
  whileLoop,
  type Tensor,
} from '../../../src/index.js';
import { expectSameTrees, onGpus } from '../../tensor/support.js';

const matrix = tensor([[1, 2], [3, 4]]); // prettier-ignore

describe('jit', () => {
  test('takes and returns trees, with static values in them', async () => {
    const f = jit((input: { a: Tensor; parts: [Tensor, { scale: number }] }) => ({
      sum: input.a.add(input.parts[0]).mul(input.parts[1].scale),
      list: [input.a, 'text', 7] as const,
    }));
    const { sum, list } = f({ a: matrix, parts: [ones([2, 2]), { scale: 3 }] });
    expect(await sum.toArray()).toEqual([[6, 9], [12, 15]]); // prettier-ignore
    expect(list.slice(1)).toEqual(['text', 7]);
    expect(await list[0].toArray()).toEqual([[1, 2], [3, 4]]); // prettier-ignore
  });

  test.each<[string, unknown, RegExp]>([
    ['a typed array', Float32Array.of(1, 2), /argument 1\.of[^]*a Float32Array of 2[^]*tensor\(\.\.\.\)/],
    ['a Map', new Map([['w', ones([1])]]), /argument 1\.of[^]*a Map[^]*plain object/],
    ['a Set', new Set([1]), /argument 1\.of[^]*a Set[^]*a list/],
    ['an object of a class', new (class Net { w = ones([1]); })(), /argument 1\.of[^]*a Net[^]*nn\.Module/],
  ])('refuses %s among static values, for it may change', (_, value, message) => {
    const f = jit((x: Tensor, options: { readonly of: unknown }) => (options.of === 1 ? x : x.add(1)));
    expect(() => f(ones([1]), { of: value })).toThrow(/USAGE/);
    expect(() => f(ones([1]), { of: value })).toThrow(message);
    expect(() => f(ones([1]), { of: () => 1 })).not.toThrow();
    // Where a call is part of another trace, it is traced anew each time.
    expect(() => grad((x: Tensor) => f(x, { of: value }).sum())(ones([1]))).not.toThrow();
  }); // prettier-ignore

  test('traces once for each shape, dtype, structure and static value', () => {
    let traces = 0;
    const f = jit((x: Tensor, options: { readonly power: number; readonly name?: string }) => {
      traces++;
      return x.pow(options.power);
    });
    f(ones([2]), { power: 2 });
    f(ones([2]), { power: 2 });
    expect(traces).toBe(1);
    f(ones([3]), { power: 2 });
    f(ones([2]), { power: 3 });
    f(ones([2], { dtype: 'f16' }), { power: 2 });
    f(ones([2]), { power: 2, name: 'x' });
    expect(traces).toBe(5);
    // 0 and -0, and texts that look like numbers, are different values.
    f(ones([2]), { power: 0 });
    f(ones([2]), { power: -0 });
    expect(traces).toBe(7);
  });

  test('objects are static by identity', () => {
    const [p, q] = [(x: Tensor) => x.exp(), (x: Tensor) => x.log()];
    let traces = 0;
    const f = jit((g: (x: Tensor) => Tensor, x: Tensor) => {
      traces++;
      return g(x);
    });
    for (const g of [p, q, p, q]) f(g, matrix);
    expect(traces).toBe(2);
  });

  test('uses what stands around it', async () => {
    const weight = random.normal(3, [40, 40]);
    const f = jit((x: Tensor) => x.matmul(weight));
    const x = random.normal(4, [2, 40]);
    await expectSameTrees(f(x), x.matmul(weight));
  });

  test('gives the graph', () => {
    const f = jit((x: Tensor, y: { w: Tensor }) => x.matmul(y.w).relu());
    expect(printGraph(f.lower(matrix, { w: matrix }))).toMatchInlineSnapshot(`
      "graph "jit(f)" {
        %0 = param {name="arg0"} : f32[2,2]
        %1 = param {name="arg1.w"} : f32[2,2]
        %2 = dot %0 %1 {lhsContract=[1] rhsContract=[0]} : f32[2,2]
        %3 = constant {values=[0]} : f32[2,2]
        %4 = le %2 %3 : bool[2,2]
        %5 = select %4 %3 %2 : f32[2,2]
        return "result"=%5
      }
      "
    `);
  });

  test('compiles ahead of time, with what stands around it as weights', async () => {
    const weight = random.normal(3, [40, 40]);
    const f = jit((x: Tensor) => ({ y: x.matmul(weight) }));
    const x = random.normal(4, [2, 40]);
    const compiled = await f.compile(x);
    expect([...compiled.program.weights.keys()]).toEqual(['weight0']);
    const { outputs } = interpret(compiled.program, { arg0: await x.toHost() });
    await expectSameTrees(tensor(outputs.y), f(x).y);
    const bytes = await compiled.toBundle();
    expect(bytes).toEqual(await compiled.toBundle());
  });

  test('a donated tensor is gone', async () => {
    const step = jit((x: Tensor) => x.add(1), { donate: [0], name: 'step' });
    const x = tensor([1]);
    const y = step(x);
    expect(() => x.add(1)).toThrow(/TENSOR_DISPOSED[^]*donated to step/);
    expect(await y.toArray()).toEqual([2]);
    const pair = jit((a: Tensor, b: Tensor) => a.add(b), { donate: [0] });
    expect(() => pair(y, y)).toThrow(/given twice/);
    expect(await y.toArray()).toEqual([2]);
  });

  test('under trace there are no values', async () => {
    let inside: Tensor | undefined;
    const f = jit((x: Tensor) => {
      inside = x;
      return x.add(1);
    });
    f(matrix);
    expect(() => inside?.data()).toThrow(/TRACE_ESCAPED[^]*cond, whileLoop or scan/);
    expect(String(inside)).toMatch(/traced by jit/);
    expect(() => jit(async (x: Tensor) => tensor(await x.data()))(matrix)).toThrow(/TRACE_ESCAPED/);
    expect(() => jit((x: Tensor) => x.add(inside!))(matrix)).not.toThrow(/undefined/);
  });
});

describe('control flow', () => {
  test('cond chooses by value', async () => {
    const f = jit((x: Tensor) =>
      cond(
        x.sum().greater(0),
        (v) => ({ y: v.mul(2) }),
        (v) => ({ y: v.neg() }),
        x,
      ),
    );
    expect(await f(tensor([1, 2])).y.toArray()).toEqual([2, 4]);
    expect(await f(tensor([-1, -2])).y.toArray()).toEqual([1, 2]);
    expect(() => cond<[], unknown>(tensor(true), () => [matrix], () => matrix)).toThrow(/TREE_MISMATCH/); // prettier-ignore
  });

  test('whileLoop stops when its condition fails', async () => {
    const collatz = jit((n: Tensor) =>
      whileLoop(
        (m) => m.greater(1),
        (m) => m.rem(2).equal(0).where(m.div(2), m.mul(3).add(1)),
        n,
        { maxRounds: 20 },
      ),
    );
    const start = (n: number): Tensor => tensor(n, { dtype: 'i32' });
    const six = collatz(start(6));
    expect([await six.state.item(), await six.rounds.item(), await six.finished.item()]).toEqual([1, 8, 1]);
    const long = collatz(start(27));
    expect([await long.rounds.item(), await long.finished.item()]).toEqual([20, 0]);
    const halve = (x: Tensor): Tensor => whileLoop((v) => v.greater(1), (v) => v.mul(0.5), x, { maxRounds: 5 }).state; // prettier-ignore
    expect(await grad(halve)(tensor(3)).item()).toBe(0.25);
  });

  test('scan carries a state', async () => {
    const step = (total: Tensor, x: Tensor): [Tensor, Tensor] => [total.add(x), total.mul(x)];
    const [total, ys] = scan(step, tensor(0), tensor([1, 2, 3]));
    expect(await total.item()).toBe(6);
    expect(await ys.toArray()).toEqual([0, 2, 9]);
    const [, reversed] = scan(step, tensor(0), tensor([1, 2, 3]), { reverse: true });
    expect(await reversed.toArray()).toEqual([5, 6, 0]);
    expect(() => scan((c: Tensor) => [c.cast('i32'), c], tensor(0), tensor([1]))).toThrow(/changes its type/);
  });
});

test('tidy disposes what does not leave', () => {
  const made: Tensor[] = [];
  const kept = tidy(() => {
    const x = tensor([1, 2]).add(1);
    const y = x.add(1);
    made.push(x, y);
    return { y };
  });
  expect(made.map(({ isDisposed }) => isDisposed)).toEqual([true, false]);
  expect(kept.y.isDisposed).toBe(false);
});

/** One step of a perceptron: everything that a training step does. */
interface Model {
  readonly w1: Tensor;
  readonly b1: Tensor;
  readonly w2: Tensor;
}
const init = (): Model => ({
  w1: random.normal(1, [12, 20]).mul(0.3),
  b1: random.normal(2, [20]).mul(0.1),
  w2: random.normal(3, [20, 3]).mul(0.3),
});
const loss = (model: Model, x: Tensor, y: Tensor): Tensor => {
  const logits = x.matmul(model.w1).add(model.b1).relu().matmul(model.w2);
  return logits.logSoftmax().mul(y.oneHot(3)).sum({ axis: -1 }).mean().neg();
};
const step = (model: Model, x: Tensor, y: Tensor): { model: Model; loss: Tensor } => {
  const [value, gradient] = valueAndGrad(loss)(model, x, y);
  return { model: treeMap((w, g) => w.sub(g.mul(0.1)), model, gradient), loss: value };
};
const batch = (i: number): [Tensor, Tensor] => [
  random.normal(100 + i, [8, 12]),
  random.randint(200 + i, [8], 0, 3),
];

describe('a training step', () => {
  test('jit gives the bits of eager, and the loss falls', async () => {
    const jitted = jit(step, { donate: [0] });
    let [eager, compiled] = [init(), init()];
    const losses: number[] = [];
    for (let i = 0; i < 5; i++) {
      const [x, y] = batch(0);
      const a = step(eager, x, y);
      const b = jitted(compiled, x, y);
      await expectSameTrees(a, b);
      losses.push(await b.loss.item());
      [eager, compiled] = [a.model, b.model];
    }
    expect(losses[4]).toBeLessThan(losses[0]);
  });

  onGpus((pair) => {
    test('has the bits of the reference, eager and compiled', async () => {
      const { gpu, reference } = pair();
      const jitted = jit(step, { donate: [0] });
      let here = toBackend(init(), gpu);
      let there = toBackend(init(), reference);
      for (let i = 0; i < 5; i++) {
        const [x, y] = batch(i);
        if (i === 0) await expectSameTrees(step(here, x, y), step(there, x, y));
        const [a, b] = [jitted(here, x, y), jitted(there, x, y)];
        await expectSameTrees(a, b);
        [here, there] = [a.model, b.model];
      }
    }, 120_000);

    test('takes no more memory after many steps than after a few', async () => {
      // A backend of its own: what other tests left is collected at any time.
      const gpu = webgpu(pair().gpu.device);
      const jitted = jit(step, { donate: [0] });
      let model = toBackend(init(), gpu);
      const [x, y] = batch(0);
      const run = async (steps: number): Promise<number> => {
        for (let i = 0; i < steps; i++) {
          const result = jitted(model, x, y);
          model = result.model;
          await result.loss.item();
          result.loss.dispose();
        }
        return gpu.memory.bytes;
      };
      const few = await run(10);
      expect(await run(200)).toBe(few);
      gpu.dispose();
    }, 120_000);

    test('runs that are not waited for keep their order', async () => {
      const { gpu } = pair();
      const add = jit((x: Tensor) => x.mul(2).add(1), { donate: [0] });
      let x = tensor([0]).to(gpu);
      for (let i = 0; i < 10; i++) x = add(x);
      expect(await x.toArray()).toEqual([1023]);
    });

    test('devices do not mix', async () => {
      const { gpu, reference } = pair();
      expect(() => matrix.to(gpu).add(matrix.to(reference)).compute()).toThrow(/DEVICE_MISMATCH/);
      expect(await matrix.to(gpu).add(matrix).toArray()).toEqual([[2, 4], [6, 8]]); // prettier-ignore
    });
  });
});

test('grad of jit of grad', async () => {
  const f = (x: Tensor): Tensor => x.mul(x).mul(x).sum();
  const second = jit((x: Tensor) => grad((v: Tensor) => jit(grad(f))(v).sum())(x));
  expect(await second(tensor([1, 2])).toArray()).toEqual([6, 12]);
});

onGpus((pair) => {
  test('compiles what it makes of tensors around it on a device', async () => {
    const weight = random.normal(3, [10, 20]).to(pair().gpu);
    const f = jit((x: Tensor) => x.matmul(weight.transpose().transpose().mul(2)));
    const x = random.normal(4, [2, 10]);
    await expectSameTrees(f(x), x.matmul(random.normal(3, [10, 20]).mul(2)));
    const { program } = await f.compile(x);
    await expectSameTrees(tensor(interpret(program, { arg0: await x.toHost() }).outputs.result), f(x));
  });
});
