import { describe, expect, test } from 'vitest';
import {
  checkpoint,
  cond,
  grad,
  jit,
  jvp,
  nn,
  ones,
  random,
  scan,
  tensor,
  vmap,
  whileLoop,
  zeros,
  type Tensor,
} from '../../src/index.js';
import { expectSameTrees } from './support.js';

describe('the derivative is that of what was chosen', () => {
  const closed = (x: Tensor): Tensor =>
    cond(
      x.greater(0),
      () => x.sqrt(),
      () => x.mul(2),
    );
  const given = (x: Tensor): Tensor =>
    cond(
      x.greater(0),
      (a) => a.sqrt(),
      (a) => a.mul(2),
      x,
    );
  /** The branch that has no derivative at 0 is the second one here, and a part of what it uses is made before. */
  const mirrored = (x: Tensor): Tensor => {
    const half = x.div(2);
    return cond(
      x.lessEqual(0),
      () => ({ y: half.mul(4).add(x.mul(0)) }),
      () => ({ y: half.log() }),
    ).y;
  };
  const nested = (x: Tensor): Tensor =>
    cond(
      x.greater(0),
      () =>
        cond(
          x.greater(1),
          () => x.log(),
          () => x.sqrt(),
        ),
      () => x.mul(2),
    );

  test.each(Object.entries({ closed, given, mirrored, nested }))(
    'at 0, where the other branch has none: %s',
    async (_, f) => {
      const none = tensor(0);
      expect(await grad(f)(none).item()).toBe(2);
      expect(await jit(grad(f))(none).item()).toBe(2);
      expect(await jvp(f, [none], [tensor(1)])[1].item()).toBe(2);
      expect(await vmap(grad(f))(tensor([0, 0])).toArray()).toEqual([2, 2]);
    },
  );

  test('elsewhere, and of second order', async () => {
    expect(await grad(closed)(tensor(4)).item()).toBe(0.25);
    expect(await grad(grad(given))(tensor(0.25)).item()).toBe(-2);
    expect(await grad(grad(closed))(tensor(0)).item()).toBe(0);
  });

  test('of models, and of what a branch hands through', async () => {
    const model = new nn.Linear(1, 1, { key: 1 });
    const loss = (m: nn.Linear): Tensor => {
      const norm = m.weight.mul(0).norm();
      return cond(
        norm.greater(0),
        () => norm,
        () => m.call(tensor([[3]])).sum(),
      );
    };
    // Norms have no derivative at 0; this one is handed through, so that the choice alone decides.
    expect(await grad(loss)(model).bias!.toArray()).toEqual([1]);
  });

  test('and the values have the bits of the branches', async () => {
    const x = random.normal(1, [64]);
    const f = (a: Tensor): Tensor =>
      cond(
        a.greater(0),
        () => a.mul(1.7).exp().sub(a),
        () => a.neg().sqrt().div(3),
      );
    const expected = x.greater(0).where(x.mul(1.7).exp().sub(x), x.neg().sqrt().div(3));
    await expectSameTrees(vmap(f)(x), expected);
    await expectSameTrees(jit(vmap(f))(x), expected);
  });

  test('of a loop without rounds, also by what its body uses', async () => {
    const one = (x: Tensor): Tensor =>
      whileLoop(
        (s) => s.greater(1),
        (s) => s.sqrt(),
        x,
        { maxRounds: 3 },
      ).state;
    expect(await grad(one)(tensor(0)).item()).toBe(1);
    expect(await jit(grad(one))(tensor(0)).item()).toBe(1);
    const two = (x: Tensor): Tensor =>
      whileLoop(
        (s) => s.greater(3),
        (s) => s.sqrt(),
        x,
        { maxRounds: 3 },
      ).state;
    expect(await grad(two)(tensor(16)).item()).toBe(1 / 32); // 16 -> 4 -> 2
    const captured = (w: Tensor): Tensor =>
      whileLoop(
        (s) => s.greater(1),
        (s) => s.mul(w.sqrt()),
        tensor(1),
        { maxRounds: 2 },
      ).state;
    expect(await grad(captured)(tensor(0)).item()).toBe(0);
  });
});

test('a scan without elements gives the carry that it was given, and empty ys', async () => {
  const step = (c: Tensor, x: Tensor): [Tensor, { y: Tensor }] => [c.add(x), { y: c.reshape([1]) }];
  for (const run of [(x: Tensor) => scan(step, ones([]), x), jit((x: Tensor) => scan(step, ones([]), x))]) {
    const [carry, { y }] = run(zeros([0]));
    expect(await carry.item()).toBe(1);
    expect(y.shape).toEqual([0, 1]);
    expect(await y.data()).toHaveLength(0);
  }
  const [none] = scan((c: Tensor) => [c.add(1), c] as const, zeros([]), null, { length: 0 });
  expect(await none.item()).toBe(0);
  expect(new nn.RNN(2, 3, { key: 1 }).call(zeros([1, 0, 2])).shape).toEqual([1, 0, 3]);
});

test.each([-1, 1.5])('a length of %s', (length) => {
  const step = (c: Tensor): readonly [Tensor, Tensor] => [c, c];
  expect(() => scan(step, zeros([]), null, { length })).toThrow(/ATTRIBUTE_INVALID|USAGE[^]*an integer/);
});

describe('a loop that changes its mind', () => {
  test('a carry of another type', () => {
    const step = (c: { s: Tensor }, x: Tensor): [{ s: Tensor }, Tensor] => [{ s: c.s.cast('i32') }, x];
    expect(() => scan(step, { s: ones([]) }, ones([3]))).toThrow(
      /SHAPE_MISMATCH[^]*scan, carry\.s, called at .*control\.test[^]*i32\[\][^]*f32\[\]/,
    );
    expect(() =>
      whileLoop(
        (s) => s.less(3),
        (s) => s.cast('i32'),
        zeros([]),
        { maxRounds: 2 },
      ),
    ).toThrow(/SHAPE_MISMATCH[^]*whileLoop, state, called at[^]*i32\[\][^]*f32\[\]/);
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
