/** Loops and branches of traced programs against the loops of JavaScript, round by round. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  cond,
  foriLoop,
  grad,
  jit,
  nn,
  ones,
  prepare,
  random,
  readAll,
  scan,
  stack,
  switchCase,
  tensor,
  tidy,
  toBackend,
  treeEntries,
  vmap,
  whileLoop,
  zeros,
  type Tensor,
} from '../../src/index.js';
import { graphsOf } from '../../src/ir/subgraphs.js';
import type { Graph } from '../../src/ir/graph.js';
import { fuzz } from '../support/fuzz.js';
import { expectSameTrees, onGpus } from './support.js';

interface Carry {
  readonly a: Tensor;
  readonly n: Tensor;
}
interface Y {
  readonly kept: Tensor;
  readonly list: readonly [Tensor];
}
type Step = (carry: Carry, x: Tensor) => [Carry, Y];

const BINARY = [
  (a: Tensor, b: Tensor) => a.add(b),
  (a: Tensor, b: Tensor) => a.sub(b.mul(0.75)),
  (a: Tensor, b: Tensor) => a.mul(b).tanh(),
  (a: Tensor, b: Tensor) => a.maximum(b.neg()),
  (a: Tensor, b: Tensor) => a.greater(b).where(a, b.exp()),
  (a: Tensor, b: Tensor) => cond(a.sum().greater(b.max()), () => a.sub(b), () => b.sqrt()),
  (a: Tensor, b: Tensor) => switchCase(a.max().cast('i32'), [() => a, () => b.mul(a), (): Tensor => scan((s: Tensor, x: Tensor) => [s.add(x.mul(a)), null], b, b)[0]]),
  (a: Tensor, b: Tensor) => a.matmul(b.unsqueeze(-1)).mul(ones([3])),
]; // prettier-ignore

/** A step that is made of numbers: each picks an operation and two of the values that there are. */
function stepOf(choices: readonly (readonly [number, number, number])[], captured: Tensor): Step {
  return ({ a, n }, x) => {
    const values = [a, x, captured, n.cast('f32').mul(ones([3]))];
    for (const [op, i, k] of choices)
      values.push(BINARY[op % BINARY.length](values[i % values.length], values[k % values.length]));
    const [last, before] = values.toReversed();
    return [
      { a: last, n: n.add(1) },
      { kept: before, list: [last.sum()] },
    ];
  };
}

/** The definition of scan. */
function byHand(step: Step, init: Carry, xs: Tensor, reverse: boolean): [Carry, readonly Y[]] {
  let carry = init;
  const count = xs.shape[0];
  const ys = new Array<Y>(count);
  for (let round = 0; round < count; round++) {
    const i = reverse ? count - 1 - round : round;
    [carry, ys[i]] = step(carry, xs.at(i));
  }
  return [carry, ys];
}

const stacked = (ys: readonly Y[]): Y => ({
  kept: stack(ys.map(({ kept }) => kept)),
  list: [stack(ys.map(({ list }) => list[0]))],
});

const programs = {
  choices: fc.array(fc.tuple(fc.nat(99), fc.nat(99), fc.nat(99)), { minLength: 1, maxLength: 5 }),
  count: fc.constantFrom(1, 2, 7),
  reverse: fc.boolean(),
  seed: fc.nat(1000),
};
const started = (seed: number): Carry => ({
  a: random.normal(seed, [3]),
  n: tensor(seed, { dtype: 'i32' }),
});

describe('a scan is its rounds, one after the other', () => {
  test('at once, and compiled', async () => {
    await fc.assert(
      fc.asyncProperty(fc.record(programs), async ({ choices, count, reverse, seed }) => {
        const [init, xs] = [started(seed), random.normal(seed + 1, [count, 3])];
        const f = (carry: Carry, x: Tensor, captured: Tensor): [Carry, Y] =>
          scan<Carry, Tensor, Y>(stepOf(choices, captured), carry, x, { reverse });
        const captured = random.uniform(seed + 2, [3]);
        const [carry, ys] = byHand(stepOf(choices, captured), init, xs, reverse);
        await expectSameTrees(f(init, xs, captured), [carry, stacked(ys)]);
        await expectSameTrees(jit(f)(init, xs, captured), [carry, stacked(ys)]);
        await expectSameTrees(jit((x: Tensor) => f(init, x, captured))(xs), [carry, stacked(ys)]);
      }),
      { numRuns: 25 },
    );
  });

  test('in chunks that are made again on the way back', async () => {
    const counts = fc.constantFrom(1, 2, 3, 4, 7, 9, 17);
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({ ...programs, count: counts }),
        async ({ choices, count, reverse, seed }) => {
          const [init, xs, captured] = [started(seed), random.normal(seed + 1, [count, 3]), random.uniform(seed + 2, [3])]; // prettier-ignore
          const run = (checkpoint: boolean) => (a: Tensor, x: Tensor) =>
            scan<Carry, Tensor, Y>(stepOf(choices, captured), { ...init, a }, x, { reverse, checkpoint });
          const slopes = (checkpoint: boolean): unknown =>
            grad(({ a, x }: { readonly a: Tensor; readonly x: Tensor }) => {
              const [carry, ys] = run(checkpoint)(a, x);
              return carry.a.sum().add(ys.kept.mul(x).sum());
            })({ a: init.a, x: xs });
          await expectSameTrees(run(true)(init.a, xs), run(false)(init.a, xs));
          // Rounds that the result does not depend on are pulled back with zeros, and 0 times a slope that is not finite is NaN;
          // chunks that it does not depend on are not pulled back at all. Elsewhere the bits are the same.
          const whole = slopes(false);
          const all = await readAll(treeEntries(whole).map(([, x]) => x));
          if (!all.every(({ data }) => data.every(Number.isFinite))) return;
          await expectSameTrees(slopes(true), whole);
          compared++;
        },
      ),
      fuzz(100),
    );
    expect(compared).toBeGreaterThan(20);
  });

  test('in chunks, of whose rounds a gradient keeps one chunk', async () => {
    const slopes = (checkpoint: boolean): Promise<number> =>
      jit(grad((x: Tensor) => scan((c: Tensor, row: Tensor) => [c.mul(row).tanh(), null], ones([64]), x, { checkpoint })[0].sum()))
        .compile(ones([400, 64]))
        .then(({ program }) => prepare(program).planned.plan.arenaBytes); // prettier-ignore
    const rounds = 400 * 64 * 4;
    // The xs and their cotangents are there in any case.
    expect(await slopes(false)).toBeGreaterThan(2.9 * rounds);
    expect(await slopes(true)).toBeLessThan(2.3 * rounds);
  });

  onGpus((pair) => {
    test('on the device', async () => {
      const { gpu, reference } = pair();
      await fc.assert(
        fc.asyncProperty(fc.record(programs), async ({ choices, count, reverse, seed }) => {
          const given = [started(seed), random.normal(seed + 1, [count, 3]), random.uniform(seed + 2, [3])] as const; // prettier-ignore
          const f = (carry: Carry, x: Tensor, captured: Tensor): [Carry, Y] =>
            scan<Carry, Tensor, Y>(stepOf(choices, captured), carry, x, { reverse });
          const expected = f(...toBackend(given, reference));
          await expectSameTrees(f(...toBackend(given, gpu)), expected);
          await expectSameTrees(jit(f)(...toBackend(given, gpu)), expected);
        }),
        { numRuns: 4 },
      );
    }, 120_000);

    test('and its memory is given back', async () => {
      const { gpu } = pair();
      const xs = random.normal(1, [7, 3]).to(gpu);
      const before = gpu.memory.tensorBytes;
      for (let i = 0; i < 2; i++) {
        const [carry, ys] = tidy(() => scan((c: Tensor, x: Tensor) => [c.add(x), c.mul(2)] as const, zeros([3]), xs)); // prettier-ignore
        await carry.data();
        expect(gpu.memory.tensorBytes).toBeGreaterThan(before);
        for (const made of [carry, ys]) made.dispose();
        await xs.data();
        expect(gpu.memory.tensorBytes).toBe(before);
      }
    });
  });
});

const counted = ({ nodes }: Graph): number =>
  nodes.reduce((sum, node) => sum + graphsOf(node).reduce((inner, graph) => inner + counted(graph), 1), 0);

describe('the program', () => {
  const step = (c: Tensor, x: Tensor): [Tensor, Tensor] => [c.mul(0.5).add(x), c.tanh()];

  test('calls the step once, and its size does not depend on the rounds', () => {
    let calls = 0;
    const f = jit((xs: Tensor) =>
      scan((c: Tensor, x: Tensor) => [step(c, x)[0], (calls++, c)], zeros([3]), xs),
    );
    const sizes = [10, 10_000].map((count) => counted(f.lower(zeros([count, 3]))));
    expect(sizes[0]).toBe(sizes[1]);
    expect(calls).toBe(2);
  });

  test('of 10,000 rounds runs', async () => {
    const [sum, ys] = scan((c: Tensor, x: Tensor) => [c.add(x), c] as const, zeros([]), ones([10_000]));
    expect(await sum.item()).toBe(10_000);
    expect(await ys.at(9_999).item()).toBe(9_999);
  });

  test('gives what belongs together in one run', async () => {
    const [sum, ys] = scan(step, zeros([2]), ones([4, 2]));
    await sum.data();
    expect(ys.backend).toBe('host');
  });

  test('goes on where a result is not read', async () => {
    const { sum, dropped } = tidy(() => {
      const [carry, ys] = scan(step, zeros([2]), ones([4, 2]));
      return { sum: carry, dropped: ys.mul(2) };
    });
    dropped.dispose();
    expect(await sum.toArray()).toEqual([1.875, 1.875]);
  });
});

test('loops in each other see the values around them', async () => {
  const f = (w: Tensor, xs: Tensor): Tensor =>
    scan(
      (outer: Tensor, x: Tensor) => {
        const [inner] = scan((c: Tensor, v: Tensor) => [c.mul(w).add(v).add(outer), null], x.sum(), x);
        return [inner, null];
      },
      tensor(1),
      xs,
    )[0];
  const [w, xs] = [tensor(0.5), tensor([[1, 2], [3, 4], [5, 6]])]; // prettier-ignore
  let expected = 1;
  for (const row of [[1, 2], [3, 4], [5, 6]]) {
    let inner = row[0] + row[1];
    for (const v of row) inner = inner * 0.5 + v + expected;
    expected = inner;
  } // prettier-ignore
  expect(await f(w, xs).item()).toBe(expected);
  expect(await jit(f)(w, xs).item()).toBe(expected);
});

describe('keys of random numbers', () => {
  const drawn = (key: Tensor, at: Tensor): Tensor => random.normal(random.foldIn(key, at), [4]);
  const carried = (key: Tensor): Tensor =>
    scan(
      (own: Tensor) => {
        const [next, use] = random.split(own);
        return [next, random.uniform(use, [4])];
      },
      key,
      null,
      { length: 3 },
    )[1];

  test('are captured, and carried', async () => {
    const key = random.key(7);
    const captured = foriLoop(0, 3, (i, sum) => sum.add(drawn(key, i)), zeros([4]));
    const byHand = [0, 1, 2].reduce((sum, i) => sum.add(random.normal(random.foldIn(key, i), [4])), zeros([4])); // prettier-ignore
    await expectSameTrees(captured, byHand);
    const rows: Tensor[] = [];
    for (let [own, i] = [key, 0]; i < 3; i++) {
      const [next, use] = random.split(own);
      rows.push(random.uniform(use, [4]));
      own = next;
    }
    await expectSameTrees(carried(key), stack(rows));
    await expectSameTrees(jit(carried)(key), stack(rows));
  });
});

describe('while', () => {
  const collatz = (n: Tensor): { rounds: Tensor; highest: Tensor } => {
    const { state, rounds } = whileLoop(
      ({ at }) => at.greater(1),
      ({ at, highest }) => {
        const next = at.rem(2).equal(0).where(at.div(2), at.mul(3).add(1));
        return { at: next, highest: highest.maximum(next) };
      },
      { at: n, highest: n },
    );
    return { rounds, highest: state.highest };
  };

  test('it ends where its condition fails', async () => {
    for (const start of [1, 6, 7, 27]) {
      let [rounds, highest] = [0, start];
      for (let n = start; n > 1; rounds++) {
        n = n % 2 === 0 ? n / 2 : 3 * n + 1;
        highest = Math.max(highest, n);
      }
      const found = collatz(tensor(start, { dtype: 'i32' }));
      expect([await found.rounds.item(), await found.highest.item()]).toEqual([rounds, highest]);
    }
  });

  onGpus((pair) => {
    test('on the device, with what is asked for meanwhile after it', async () => {
      const { gpu } = pair();
      const one = tensor(1, { dtype: 'i32' }).to(gpu);
      const before = gpu.memory.tensorBytes;
      const { rounds, highest } = tidy(() => collatz(tensor(27, { dtype: 'i32' }).to(gpu)));
      const more = rounds.add(one);
      const again = tidy(() => collatz(more.sub(one)).rounds);
      const results = [rounds, highest, more, again];
      expect((await readAll(results)).map(({ data }) => data[0])).toEqual([111, 9232, 112, 69]);
      for (const made of results) made.dispose();
      await one.data();
      expect(gpu.memory.tensorBytes).toBe(before);
    }, 120_000);
  });

  test('of a batch', async () => {
    const starts = tensor([1, 6, 7, 27], { dtype: 'i32' });
    const expected = { rounds: tensor([0, 8, 16, 111], { dtype: 'i32' }), highest: tensor([1, 16, 52, 9232], { dtype: 'i32' }) }; // prettier-ignore
    await expectSameTrees(vmap(collatz)(starts), expected);
  });

  test.each([0, 3, 5, 9])('with a bound of %i', async (maxRounds) => {
    const { state, rounds, finished } = whileLoop((s) => s.less(5), (s) => s.add(1), tensor(0), { maxRounds }); // prettier-ignore
    const ran = Math.min(maxRounds, 5);
    expect([await state.item(), await rounds.item(), await finished.item()]).toEqual([ran, ran, Number(ran === 5)]); // prettier-ignore
  });
});

describe('for', () => {
  const body = (i: Tensor, sum: Tensor): Tensor => sum.mul(2).add(i.cast('f32'));
  test.each([[0, 4], [2, 5], [-3, 1], [5, 5], [5, 2]])('from %i to %i', async (lower, upper) => {
    let expected = 1;
    for (let i = lower; i < upper; i++) expected = expected * 2 + i;
    const [from, to] = [lower, upper].map((bound) => tensor(bound, { dtype: 'i32' }));
    expect(await foriLoop(lower, upper, body, tensor(1)).item()).toBe(expected);
    expect(await foriLoop(from, upper, body, tensor(1)).item()).toBe(expected);
    expect(await foriLoop(lower, to, body, tensor(1), { maxRounds: 9 }).item()).toBe(expected);
    expect(await jit((x: Tensor) => foriLoop(lower, upper, body, x))(tensor(1)).item()).toBe(expected);
  }); // prettier-ignore
});

describe('branches', () => {
  test.each([[-5, 1], [0, 1], [1, 12], [2, 7], [9, 7]])('case %i', async (index, expected) => {
    const f = (at: Tensor, x: Tensor): Tensor =>
      switchCase(at, [() => tensor(1), (y: Tensor) => y.mul(4), () => x.add(4)], x);
    const at = tensor(index, { dtype: 'i32' });
    expect(await f(at, tensor(3)).item()).toBe(expected);
    expect(await jit(f)(at, tensor(3)).item()).toBe(expected);
  }); // prettier-ignore

  test('the one that is not taken is not run', async () => {
    const forever = (x: Tensor): Tensor => whileLoop((s) => s.equal(s), (s) => s.add(1), x.mul(0)).state; // prettier-ignore
    expect(await cond(tensor(true), (x) => x.add(1), forever, tensor(1)).item()).toBe(2);
    expect(await switchCase(tensor(1, { dtype: 'i32' }), [forever, (x) => x, forever], tensor(3)).item()).toBe(3);
  }); // prettier-ignore

  test('what they hand through, models and nothing at all', async () => {
    const model = new nn.Linear(1, 1, { key: 1 });
    const chosen = cond(tensor(false), () => model, () => new nn.Linear(1, 1, { key: 2 })); // prettier-ignore
    await expectSameTrees(chosen, new nn.Linear(1, 1, { key: 2 }));
    expect(cond(tensor(true), () => null, () => null)).toBe(null); // prettier-ignore
  });

  test('that differ', () => {
    const at = tensor(0, { dtype: 'i32' });
    expect(() => switchCase(at, [() => zeros([]), () => zeros([]), () => zeros([2])])).toThrow(
      /SHAPE_MISMATCH: the branches differ in type[^]*switchCase, called at[^]*f32\[2\][^]*f32\[\]/,
    );
    expect(() => cond(tensor(true), () => ({ a: at }), () => ({ b: at }) as never)).toThrow(/TREE_MISMATCH[^]*cond, the whole/); // prettier-ignore
  });
});
