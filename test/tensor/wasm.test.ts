/** Tensors that the WebAssembly engine computes: the same bits as in the interpreter. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  grad,
  jit,
  nn,
  openWasmDevice,
  optim,
  random,
  REFERENCE,
  scan,
  tensor,
  toBackend,
  valueAndGrad,
  vmap,
  wasm,
  zeros,
  type Tensor,
  type WasmBackend,
} from '../../src/index.js';
import { errorOf } from '../frontends/onnx/support.js';
import { fuzz } from '../support/fuzz.js';
import { expectSameTrees } from './support.js';

describe.each([1, 2])('with %i threads', (threads) => {
  let engine: WasmBackend;
  beforeAll(async () => {
    engine = wasm(await openWasmDevice({ threads }));
  });
  afterAll(() => engine.dispose());

  test('what is computed at once', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(1000), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 70 }), async (seed, n, k) => {
        const f = (a: Tensor, b: Tensor): Tensor => a.matmul(b).tanh().add(a.sum()).softmax(-1);
        const given = [random.normal(seed, [n, k]), random.normal(seed + 1, [k, n])] as const;
        await expectSameTrees(f(...toBackend(given, engine)), f(...given));
        await expectSameTrees(jit(f)(...toBackend(given, engine)), f(...given));
      }), // prettier-ignore
      fuzz(20),
    );
  });

  test('gradients, batches and loops', async () => {
    const f = (w: Tensor, x: Tensor): Tensor =>
      scan((c: Tensor, row: Tensor) => [c.matmul(w).add(row).tanh(), null], zeros([4]), x)[0].sum();
    const given = [random.normal(1, [4, 4]), random.normal(2, [5, 4])] as const;
    const batch = [given[0], random.normal(3, [3, 5, 4])] as const;
    const there = toBackend(given, engine);
    await expectSameTrees(jit(grad(f))(...there), grad(f)(...given));
    const all = vmap(f, { inAxes: [null, 0] });
    await expectSameTrees(jit(all)(...toBackend(batch, engine)), all(...batch));
  });

  test('training', async () => {
    const steps = async (on: WasmBackend | typeof REFERENCE): Promise<readonly number[]> => {
      const optimiser = optim.adam({ learningRate: 0.01 });
      let model = toBackend(new nn.Linear(6, 3, { key: 1 }), on);
      let state = optimiser.init(model);
      const x = toBackend(random.normal(5, [8, 6]), on);
      const step = jit((now: typeof model, old: typeof state, input: Tensor) => {
        const [loss, slope] = valueAndGrad((m: typeof model) => m.call(input).square().mean())(now);
        const [next, after] = optimiser.update(now, slope, old);
        return [next, after, loss] as const;
      });
      const losses: number[] = [];
      for (let i = 0; i < 20; i++) {
        const [next, after, loss] = step(model, state, x);
        [model, state] = [next, after];
        losses.push(await loss.item());
      }
      return losses;
    };
    expect(await steps(engine)).toEqual(await steps(REFERENCE));
  });
});

test('an engine of its own, where none is given; data of another backend is refused', async () => {
  const engine = wasm();
  const other = wasm();
  const x = tensor([1, 2, 3]).to(engine);
  expect(await x.mul(2).data()).toEqual(Float32Array.of(2, 4, 6));
  expect(errorOf('DEVICE_MISMATCH', () => x.add(tensor([1, 1, 1]).to(other))).message).toContain('DEVICE_MISMATCH'); // prettier-ignore
  await Promise.all([engine.dispose(), other.dispose()]);
});
