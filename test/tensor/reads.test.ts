/** Reading values: at once an error where there are none, and never a rejection that nobody sees. */
import { describe, expect, test, vi } from 'vitest';
import * as heddle from '../../src/index.js';
import { cond, grad, jit, ones, readAll, saveCheckpoint, scan, tensor, vmap, whileLoop, type Tensor } from '../../src/index.js'; // prettier-ignore

const READERS: Readonly<Record<string, (x: Tensor) => unknown>> = {
  item: (x) => x.item(),
  data: (x) => x.data(),
  toHost: (x) => x.toHost(),
  toArray: (x) => x.toArray(),
  compute: (x) => x.compute(),
  to: (x) => x.to(heddle.REFERENCE),
  readAll: (x) => readAll([ones([1]), x]),
  saveCheckpoint: (x) => saveCheckpoint({ model: { w: x } }),
  'jit ready': (x) => jit((y: Tensor) => y).ready(x),
  'jit compile': (x) => jit((y: Tensor) => y).compile(x),
};

const TRACES: Readonly<Record<string, (f: (x: Tensor) => Tensor) => unknown>> = {
  jit: (f) => jit(f)(tensor(2)),
  grad: (f) => grad(f)(tensor(2)),
  vmap: (f) => vmap(f)(tensor([2])),
  'cond in jit': (f) => jit((x: Tensor) => cond(x.greater(0), f, f, x))(tensor(2)),
  'a jit in a jit': (f) => jit((x: Tensor) => jit(f)(x))(tensor(2)),
};

describe.each(Object.keys(TRACES))('under %s', (trace) => {
  test.each(Object.keys(READERS))('%s throws at once', (reader) => {
    let [reached, passed] = [false, false];
    const read = (x: Tensor): Tensor => {
      reached = true;
      void READERS[reader](x);
      passed = true;
      return x;
    };
    expect(() => TRACES[trace](read)).toThrow(/TRACE_ESCAPED[^]*where, cond, whileLoop or scan[^]*return/);
    expect([reached, passed]).toEqual([true, false]);
  });
});

test('a loop bounded by a traced value does not come back silently', () => {
  const f = jit((x: Tensor) => {
    let y = x;
    for (let i = 0; i < (x.item() as unknown as number); i++) y = y.add(1);
    return y;
  });
  expect(() => f(tensor(3))).toThrow(/TRACE_ESCAPED[^]*item, called at .*reads\.test/);
});

test('functions that are async reject nowhere', async () => {
  const unseen = vi.fn();
  process.on('unhandledRejection', unseen);
  const later = (async (x: Tensor) => tensor(await x.item())) as unknown as (x: Tensor) => Tensor;
  const uses: readonly (() => unknown)[] = [
    ...Object.values(TRACES).map((trace) => () => trace(later)),
    () => jit((x: Tensor) => scan(later as never, x, x.reshape([1])))(tensor(1)),
    () => jit((x: Tensor) => whileLoop(later, (y) => y, x, { maxRounds: 1 }).state)(tensor(1)),
    () => jit((x: Tensor) => whileLoop((y) => y.greater(0), later, x, { maxRounds: 1 }).state)(tensor(1)),
    () => jit((x: Tensor) => heddle.checkpoint(later)(x))(tensor(1)),
  ];
  for (const use of uses) expect(use).toThrow(/TRACE_ESCAPED[^]*async/);
  await new Promise((resolve) => setTimeout(resolve, 5));
  process.off('unhandledRejection', unseen);
  expect(unseen).not.toHaveBeenCalled();
});
