import { describe, expect, test } from 'vitest';
import { checkpoint, grad, ones, scan, whileLoop, zeros, type Tensor } from '../../../src/index.js';

describe('a loop that changes its mind', () => {
  const round = (): (() => number) => {
    let count = 0;
    return () => count++;
  };

  test('y of another shape', () => {
    const next = round();
    const step = (c: Tensor): [Tensor, { loss: Tensor }] => [c, { loss: ones([next() + 1]) }];
    expect(() => scan(step, ones([]), ones([3]))).toThrow(
      /SHAPE_MISMATCH[^]*at: +scan, y\.loss of round 1, called at .*control\.test[^]*f32\[2\][^]*f32\[1\]/,
    );
  });

  test('y of another structure', () => {
    const next = round();
    const step = (c: Tensor, x: Tensor): [Tensor, unknown] => [c, next() === 0 ? { a: x } : { b: x }];
    expect(() => scan(step, ones([]), ones([3]))).toThrow(
      /TREE_MISMATCH: scan: the y of round 1 has another structure[^]*keys|TREE_MISMATCH[^]*object with b/,
    );
  });

  test('a carry of another type', () => {
    const step = (c: { s: Tensor }, x: Tensor): [{ s: Tensor }, Tensor] => [{ s: c.s.cast('i32') }, x];
    expect(() => scan(step, { s: ones([]) }, ones([3]))).toThrow(
      /SHAPE_MISMATCH[^]*scan, carry\.s of round 0[^]*i32\[\][^]*f32\[\]/,
    );
    expect(() =>
      whileLoop(
        (s) => s.less(3),
        (s) => s.cast('i32'),
        zeros([]),
        { maxRounds: 2 },
      ),
    ).toThrow(/SHAPE_MISMATCH[^]*whileLoop, state of round 0/);
  });

  test.each([[(c: Tensor) => c], [() => undefined], [(c: Tensor) => [c]]])(
    'a step without a pair',
    (step) => {
      expect(() => scan(step as never, ones([]), ones([3]))).toThrow(/USAGE[^]*\[carry, y\]/);
    },
  );
});

test('a checkpoint may be tens of thousands of operations deep', async () => {
  const deep = checkpoint((x: Tensor) => {
    let y = x;
    for (let i = 0; i < 20_000; i++) y = y.add(1);
    return y.mul(y).sum();
  });
  expect(await grad(deep)(zeros([1])).item()).toBe(40_000);
}, 60_000);
