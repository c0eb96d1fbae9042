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

describe('a scan without elements', () => {
  const step = (c: Tensor, x: Tensor): [Tensor, Tensor] => [c.add(x), c];
  test.each<[string, () => unknown, RegExp]>([
    ['of tensors', () => scan(step, zeros([]), zeros([0])), /SHAPE_MISMATCH[^]*no element[^]*f32\[0\]/],
    ['of a recurrent layer', () => new nn.RNN(2, 3, { key: 1 }).call(zeros([1, 0, 2])), /SHAPE_MISMATCH[^]*no element/],
    ['of a negative length', () => scan((c: Tensor) => [c, c] as const, zeros([]), null, { length: -1 }), /ATTRIBUTE_INVALID[^]*-1/],
    ['of length 0', () => scan((c: Tensor) => [c, c] as const, zeros([]), null, { length: 0 }), /ATTRIBUTE_INVALID[^]*from 1/],
  ])('%s', (_, action, message) => {
    expect(action).toThrow(message);
  }); // prettier-ignore
});

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
