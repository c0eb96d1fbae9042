/** Calls that ask for much with few characters: refused at once, with what is allowed. */
import { describe, expect, test } from 'vitest';
import { HeddleError } from '../../src/base/errors.js';
import { formatTensor } from '../../src/tensor/tensors/format.js';
import * as h from '../../src/index.js';

const nested = (depth: number): never => {
  let list: unknown = 1;
  for (let i = 0; i < depth; i++) list = [list];
  return list as never;
};
const itself: unknown[] = [];
itself.push(itself);
const x = h.ones([4, 2]);
const round = (state: h.Tensor): [h.Tensor, null] => [state.add(1), null];

const HUGE: Readonly<Record<string, () => unknown>> = {
  'random.split': () => h.random.split(1, 2 ** 31),
  'random.split, fewer': () => h.random.split(1, 2 ** 29),
  'tensor, deep': () => h.tensor(nested(100)),
  'tensor, deeper': () => h.tensor(nested(100_000)),
  'tensor, in itself': () => h.tensor(itself as never),
  'a tree, deep': () => h.grad((tree: never) => h.ones([]).mul((tree as number[]).length))(nested(1000)),
  linspace: () => h.linspace(0, 1, 2 ** 31),
  'linspace, fewer': () => h.linspace(0, 1, 2 ** 28),
  arange: () => h.arange(2 ** 31),
  zeros: () => h.zeros([2 ** 20, 2 ** 20]),
  'zeros of many axes': () => h.zeros(new Array<number>(300_000).fill(1)),
  'reshape to many axes': () => x.reshape(new Array<number>(300_000).fill(1)),
  oneHot: () => x.oneHot(2 ** 31),
  repeat: () => x.repeat(2 ** 31, 0),
  tile: () => x.tile(2 ** 31, 1),
  split: () => h.zeros([2 ** 28]).split(2 ** 28),
  scan: () => h.scan(round, x, null, { length: 2 ** 31 }),
  'scan, fewer': () => h.scan(round, x, null, { length: 2 ** 20 + 1 }),
  'scan, allowed': () => h.scan(round, x, null, { length: 2 ** 21, maxRounds: 2 ** 21 }),
  'scan, bounded': () => h.scan(round, x, null, { length: 6, maxRounds: 5 }),
  whileLoop: () => h.whileLoop((s) => s.sum().less(9), (s) => s.add(1), x, { maxRounds: 2 ** 31 }),
  foriLoop: () => h.foriLoop(0, 2 ** 31 - 1, (_, s) => s.add(1), x),
  lstm: () => new h.nn.LSTM(2, 2, { key: 1 }).call(h.zeros([1, 2 ** 20 + 1, 2])),
  'lstm, bounded': () => new h.nn.LSTM(2, 2, { key: 1, maxSteps: 9 }).call(h.zeros([1, 10, 2])),
}; // prettier-ignore

describe('is refused at once', () => {
  test.each(Object.keys(HUGE))('%s', (name) => {
    const start = performance.now();
    try {
      HUGE[name]();
    } catch (error) {
      expect(error).toBeInstanceOf(HeddleError);
      expect((error as HeddleError).message).toMatch(/^LIMIT_EXCEEDED: [^]*expected: at most/);
      expect(performance.now() - start).toBeLessThan(2_000);
      return;
    }
    throw new Error('nothing was thrown');
  });
});

test('what is asked for is allowed', () => {
  const [state] = h.scan(round, x, null, { length: 2 ** 20 });
  expect(state.shape).toEqual([4, 2]);
  const long = new h.nn.RNN(1, 1, { key: 1 }).call(h.zeros([1, 100_000, 1]));
  expect(long.shape).toEqual([1, 100_000, 1]);
});

test('a tree that contains itself is told from one that is deep', () => {
  const f = (tree: never): h.Tensor => h.ones([]).mul((tree as number[]).length);
  expect(() => h.grad(f)(itself as never)).toThrow(/contains itself/);
  expect(() => h.grad(f)(nested(1000))).toThrow(/LIMIT_EXCEEDED: a tree is too deep/);
});

test('tensors of many axes are printed', () => {
  const shapes = [
    new Array<number>(25).fill(2),
    [...new Array<number>(40).fill(3), 0],
    new Array<number>(8).fill(7),
  ];
  for (const shape of shapes) {
    const size = shape.reduce((n, extent) => n * extent, 1);
    const text = formatTensor('bool', shape, new Uint8Array(size));
    expect(text.length).toBeLessThan(200_000);
    expect(text).toContain(`bool[${shape.join(',')}]`);
  }
});
