/** Plans come back as they were made, number by number; what none of them needs is gone. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Lease } from '../../src/base/lease.js';
import { tensorData } from '../../src/base/tensor.js';
import { Interned } from '../../src/dynamic/interned.js';
import { RememberedPlans, type WeighedPlan } from '../../src/dynamic/remembered.js';
import { bindDims } from '../../src/ir/bind-dims.js';
import type { Program } from '../../src/ir/graph.js';
import { parseGraph } from '../../src/ir/parse.js';
import { weightsOf } from '../../src/ir/weights.js';
import { SOFTWARE_TARGET } from '../../src/passes/target.js';
import { kernelSharing, planningOf, prepareChecked } from '../../src/prepare.js';
import { wave } from '../runtime/support.js';
import { fuzz } from '../support/fuzz.js';
import { grow, recipes, subgraphRecipes } from '../support/graphs.js';

const TARGET = { target: SOFTWARE_TARGET };
type Sharer = ReturnType<typeof kernelSharing>;

/** What a program becomes, as one of several that share kernels. */
function madeOf(program: Program, sharer: Sharer): WeighedPlan {
  const planning = planningOf(program, TARGET);
  const { planned, program: optimised } = prepareChecked(
    program,
    planning,
    sharer?.(planning, () => []),
  );
  const weights = weightsOf(optimised);
  return { plan: planned.plan, weights: planned.plan.weights.map(({ id }) => weights(id)) };
}

const LINES = {
  tanh: (a: number) => `tanh %${a}`,
  exp: (a: number) => `exp %${a}`,
  add: (a: number, b: number) => `add %${a} %${b}`,
  dot: (a: number) => `dot %${a} %1 {lhsContract=[2] rhsContract=[0]}`,
} as const;

/** A program over free rows and columns, of a few random steps. */
function chain(steps: readonly (readonly [keyof typeof LINES, number])[]): Program {
  const lines = steps.map(([op, back], i) => {
    const valueOf = (at: number): number => (at === 0 ? 0 : at + 1);
    return `%${i + 2} = ${LINES[op](valueOf(i), valueOf(back % (i + 1)))} : f32[batch,time,6]`;
  });
  const last = steps.length === 0 ? 0 : steps.length + 1;
  const text = `graph chain {
    %0 = param {name="x"} : f32[batch,time,6]
    %1 = weight {id="w"} : f32[6,6]
    ${lines.join('\n')}
    %${steps.length + 2} = reduce %${last} {kind="sum" axes=[2]} : f32[batch,time]
    %${steps.length + 3} = reshape %${steps.length + 2} : f32[batch*time]
    return y=%${last} sums=%${steps.length + 3}
  }`;
  return { graph: parseGraph(text), weights: new Map([['w', tensorData('f32', [6, 6], wave(36, 3))]]) };
}

test('a program of any sizes has the plans that it had', () => {
  const step = fc.tuple(fc.constantFrom(...(Object.keys(LINES) as (keyof typeof LINES)[])), fc.nat(9));
  const sizes = fc.record({ batch: fc.integer({ min: 0, max: 9 }), time: fc.integer({ min: 1, max: 300 }) });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 8 }),
      fc.array(sizes, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 4 }),
      (steps, all, limit) => {
        const program = chain(steps);
        const plans = new RememberedPlans(limit, Infinity);
        const sharer = kernelSharing(SOFTWARE_TARGET);
        const made = new Map<string, WeighedPlan>();
        for (const each of all) {
          const own = madeOf({ ...program, graph: bindDims(program.graph, each) }, sharer);
          const key = JSON.stringify(each);
          made.delete(key);
          made.set(key, own);
          expect(plans.keep(key, own).plan).toBe(own.plan);
        }
        const wanted = [...made].slice(-limit);
        for (const [key, own] of wanted) expect(plans.find(key)).toMatchObject(own);
        for (const [key] of [...made].slice(0, -limit)) expect(plans.find(key)).toBeUndefined();
        expect(plans.held.weights).toBe(new Set(wanted.flatMap(([, own]) => own.weights)).size);
        plans.clear();
        expect(plans.held).toEqual({ kinds: 0, weights: 0, bytes: 0 });
      },
    ),
    fuzz(40),
  );
});

test('bytes are bounded beside plans: what was not used for longest goes first, and what was made last stays', () => {
  const use = fc.record({
    size: fc.nat(9),
    own: fc.integer({ min: 1, max: 60 }),
    code: fc.option(fc.nat(40), { nil: undefined }),
    isFound: fc.boolean(),
  });
  const [common] = [tensorData('f32', [100], wave(100, 1))];
  const { plan } = madeOf(
    { ...chain([]), graph: bindDims(chain([]).graph, { batch: 1, time: 2 }) },
    undefined,
  );
  const code = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  expect(plan.weights).toEqual([]);
  const list = ['common', 'own'].map((id, offset) => ({
    id,
    dtype: 'f32' as const,
    shape: [],
    offset,
    size: 4,
  }));
  fc.assert(
    fc.property(
      fc.array(use, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 6 }),
      fc.nat(4000),
      (uses, limit, maxBytes) => {
        const plans = new RememberedPlans(limit, maxBytes);
        // What is used last comes last.
        let order: string[] = [];
        for (const [i, { size, own, code: codeBytes, isFound }] of uses.entries()) {
          const key = `${size}`;
          if (isFound) {
            const known = order.includes(key);
            expect(plans.has(key)).toBe(known);
            expect(plans.find(key) !== undefined).toBe(known);
            if (known) order = [...order.filter((each) => each !== key), key];
            continue;
          }
          const weights = [common, tensorData('f32', [own], new Float32Array(own).fill(i))];
          plans.keep(key, {
            plan: { ...plan, weights: list },
            weights,
            ...(codeBytes === undefined ? {} : { code: code, codeBytes }),
          });
          order = [...order.filter((each) => each !== key), key];
          const left = order.filter((each) => plans.has(each));
          expect(left).toEqual(order.slice(order.length - left.length));
          expect(left.at(-1)).toBe(key);
          expect(left.length).toBeLessThanOrEqual(limit);
          expect(plans.held.bytes).toBeLessThanOrEqual(maxBytes);
          order = left;
          // The weight that all have is one, and weighs nothing.
          expect(plans.held.weights).toBe(1 + left.length);
        }
        plans.clear();
        expect(plans.held).toEqual({ kinds: 0, weights: 0, bytes: 0 });
      },
    ),
    fuzz(60),
  );
});

test.each([
  ['graphs', recipes(12)],
  ['loops and conds', subgraphRecipes()],
])('%s of any kind have the plans that they had', (_, arbitrary) => {
  const plans = new RememberedPlans(1000, Infinity);
  let next = 0;
  fc.assert(
    fc.property(arbitrary, (recipe) => {
      const own = madeOf(grow(recipe).program, undefined);
      const key = `${next++}`;
      plans.keep(key, own);
      const found = plans.find(key)!;
      expect(found.plan).toEqual(own.plan);
      expect(JSON.stringify(found.plan)).toBe(JSON.stringify(own.plan));
      expect(found.weights).toEqual(own.weights);
    }),
    fuzz(25),
  );
});

test('equal values are one, until nobody holds it', () => {
  const values = new Interned<{ readonly name: string }>((a, b) => a.name === b.name);
  const [first, second] = [new Lease(), new Lease()];
  const one = { name: 'one' };
  expect(values.take(first, 'key', one)).toBe(one);
  expect(values.take(second, 'key', { name: 'one' })).toBe(one);
  expect(values.take(second, 'key', { name: 'two' })).not.toBe(one);
  first.release();
  expect(values.size).toBe(2);
  second.release();
  expect(values.size).toBe(0);
});
