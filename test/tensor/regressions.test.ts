/** Faults that were found, each in its smallest form. */
import { describe, expect, test } from 'vitest';
import {
  cond,
  full,
  grad,
  jit,
  nn,
  ones,
  random,
  tensor,
  tidy,
  treeLeaves,
  valueAndGrad,
  webgpu,
  whileLoop,
  type Tensor,
} from '../../src/index.js';
import { onGpus } from './support.js';

onGpus((pair) => {
  test('a function disposed while it compiles still gives what was asked for before', async () => {
    const f = jit((x: Tensor) => x.mul(3).add(0.25));
    const y = f(tensor([1, 2]).to(pair().gpu));
    f.dispose();
    expect(await y.toArray()).toEqual([3.25, 6.25]);
  });

  test('more eager programs than are kept', async () => {
    const x = tensor([1]).to(pair().gpu);
    const results = Array.from({ length: 260 }, (_, i) => x.mul(i + 0.125).compute());
    expect(await results[0].item()).toBe(0.125);
    expect(await results[259].item()).toBe(259.125);
  }, 120_000);

  test('memory comes back when it is disposed, through chains that were fused', async () => {
    // A backend of its own: what other tests left is collected at any time.
    const gpu = webgpu(pair().gpu.device);
    const x = ones([64, 64]).to(gpu);
    const s = tidy(() => x.mul(2).sum().compute());
    await s.data();
    x.mul(2).dispose();
    x.dispose();
    s.dispose();
    expect(gpu.memory.tensorBytes).toBe(0);
    gpu.dispose();
  });

  test('what tidy cleans up inside of a traced function is still there for the program', async () => {
    const { gpu } = pair();
    const big = new Float32Array(100).fill(2);
    const f = (a: Tensor): Tensor => tidy(() => a.mul(tensor(big).to(gpu)).sum());
    const x = ones([100]).to(gpu);
    expect(await jit(f)(x).item()).toBe(200);
    expect((await grad(f)(x).data())[99]).toBe(2);
  });

  test('a donated tensor that the function uses is refused, and later calls work', async () => {
    const w = ones([3]).to(pair().gpu);
    const f = jit((a: Tensor) => a.add(w), { donate: [0] });
    expect(() => f(w)).toThrow(/given twice/);
    expect(await f(ones([3])).toArray()).toEqual([2, 2, 2]);
  });

  test('models on a device are printed as others are', () => {
    const model = new nn.Linear(2, 1, { key: 1 });
    expect(String(model.to(pair().gpu))).toBe('Linear(inFeatures=2, outFeatures=1, bias=true)');
  });
});

describe('random numbers', () => {
  test('are finite and below the end that is excluded', async () => {
    const gumbel = await random.gumbel(0, [2 ** 22]).data();
    expect(gumbel.every(Number.isFinite)).toBe(true);
    const narrow = await random.uniform(1, [200_000], 1000, 1001).data();
    expect(narrow.every((value) => value >= 1000 && value < 1001)).toBe(true);
    expect(() => random.foldIn(1, 2 ** 32)).toThrow(/ATTRIBUTE_INVALID/);
    expect(() => random.foldIn(1, 0.5)).toThrow(/ATTRIBUTE_INVALID/);
  });
});

describe('derivatives', () => {
  test('rounds of a loop that do not run make no NaN', async () => {
    const f = (x: Tensor): Tensor =>
      whileLoop((s) => s.greater(1), (s: Tensor) => s.sub(1).sqrt(), x, { maxRounds: 4 }).state; // prettier-ignore
    expect(await grad(f)(tensor(5)).item()).toBe(0.125);
  });

  test('what is handed through is not the model’s own tensor', async () => {
    const model = { w: tensor([2]), steps: tensor([7], { dtype: 'i32' }) };
    const gradient = grad((m: typeof model) => m.w.mul(m.w).sum())(model);
    treeLeaves(gradient).forEach((leaf) => leaf.dispose());
    expect(await model.steps.toArray()).toEqual([7]);
  });

  test('of several results are refused without aux', () => {
    const f = (x: Tensor): unknown => [x.sum(), x];
    expect(() => valueAndGrad(f as (x: Tensor) => Tensor)(ones([2]))).toThrow(/GRAD_INVALID[^]*2 tensors/);
  });
});

describe('tensors', () => {
  test('do not change when what was read changes', async () => {
    const x = tensor([1, 2]);
    (await x.data())[0] = 99;
    expect(await x.toArray()).toEqual([1, 2]);
  });

  test('take no part in JavaScript’s operators', () => {
    const plus = (x: Tensor): unknown => (x as unknown as number) + 1;
    expect(() => plus(ones([1]))).toThrow(/USAGE[^]*x\.add/);
    expect(() => jit((x: Tensor) => ((x as unknown as number) > 0 ? x : x.neg()))(ones([1]))).toThrow(
      /TRACE_ESCAPED/,
    );
    expect(`${tensor(1)}`).toBe('1.');
  });

  test('convert no number silently', () => {
    expect(() => full([2], 0.7, { dtype: 'i32' })).toThrow(/DTYPE_MISMATCH/);
    expect(() => tensor([true]).where(0.7, tensor([1], { dtype: 'i32' }))).toThrow(/DTYPE_MISMATCH/);
    expect(() => ones([2]).sum(0 as unknown as object)).toThrow(/USAGE[^]*\{ axis: 0 \}/);
    expect(() => ones([2]).mean({ axes: 0 } as object)).toThrow(/USAGE[^]*axes/);
  });

  test('of other shapes in the branches of cond are refused', () => {
    expect(() => cond(tensor(true), (x: Tensor) => x, (x: Tensor) => x.sum(), ones([2]))).toThrow(/SHAPE_MISMATCH/); // prettier-ignore
  });

  test('tidy is not async', () => {
    expect(() => tidy(async () => ones([1]).toArray())).toThrow(/TRACE_ESCAPED/);
    expect(() => jit((x: Tensor) => x, { donate: [3] })(ones([1]))).toThrow(/argument 3/);
  });
});
