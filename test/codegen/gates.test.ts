/** Gates in plans: which commands they stand before, and when branches are computed side by side in their place. */
import { expect, test } from 'vitest';
import { prepare } from '../../src/compile.js';
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import { DEFAULT_TARGET, WASM_TARGET } from '../../src/passes/target.js';
import { checkPlan } from '../../src/plan/check.js';
import type { Plan } from '../../src/plan/plan.js';
import { emitCond, emitLoop } from '../support/inner.js';
import { layoutGrids } from '../../src/codegen/gates.js';

/** x W, or tanh(x), for x of `size` rows and columns. */
function chosenProduct(size: number): GraphBuilder {
  const b = new GraphBuilder('chosen');
  const [flag, x] = [b.param('flag', 'bool', []), b.param('x', 'f32', [size, size])];
  const product = (inner: GraphBuilder, value: GraphValue): GraphValue =>
    inner.emit('dot', [value, value], { lhsContract: [1], rhsContract: [0], lhsBatch: [], rhsBatch: [] });
  const [y] = emitCond(b, flag, [x], (inner, value) => [inner.unary('tanh', value)], (inner, value) => [product(inner, product(inner, value))]); // prettier-ignore
  b.output('y', y);
  return b;
}

const planOf = (b: GraphBuilder, target = DEFAULT_TARGET): Plan =>
  prepare({ graph: b.build(), weights: new Map() }, { target }).planned.plan;

test('branches that cost little are computed side by side', () => {
  const plan = planOf(chosenProduct(16));
  expect(plan.commands.some(({ grid }) => grid !== undefined)).toBe(false);
  expect(plan.gridBytes).toBeUndefined();
});

test.each([DEFAULT_TARGET, WASM_TARGET])('large branches stand behind gates', (target) => {
  const { commands, gridBytes = 0 } = planOf(chosenProduct(256), target);
  const gates = commands.flatMap(({ label }, i) => (/^branch \d of 2/.test(label) ? [i] : []));
  expect(gates.length).toBe(2);
  // Each gate is followed by the commands of its branch, and none stands before the first.
  commands.forEach(({ grid }, i) => expect(grid === undefined).toBe(gates.includes(i) || i < gates[0]));
  const grids = commands.flatMap(({ grid }) => grid ?? []);
  for (const grid of grids) expect(grid + 12).toBeLessThanOrEqual(gridBytes);
  for (const gate of gates) expect(commands[gate].regions[1]).toEqual({ space: 'grids', offset: 0, size: gridBytes }); // prettier-ignore
});

test('a plan whose grids lie elsewhere is refused', () => {
  const plan = planOf(chosenProduct(256));
  const read = (commands: Plan['commands'], gridBytes = plan.gridBytes): unknown =>
    checkPlan(JSON.parse(JSON.stringify({ ...plan, commands, gridBytes })), 'plan');
  expect(() => read(plan.commands)).not.toThrow();
  const at = plan.commands.findIndex(({ grid }) => grid !== undefined);
  for (const grid of [plan.gridBytes, 2, 2 ** 40])
    expect(() => read(plan.commands.with(at, { ...plan.commands[at], grid }))).toThrow(/FILE_CORRUPT.*grids|FILE_CORRUPT.*aligned/s); // prettier-ignore
  expect(() => read(plan.commands, 4)).toThrow('FILE_CORRUPT');
});

test('a branch with a while that has no bound is computed where it is not taken, too: its while makes no trips then', () => {
  const b = new GraphBuilder('endless');
  const [flag, x] = [b.param('flag', 'bool', []), b.param('x', 'f32', [512, 512])];
  const [y] = emitCond(
    b,
    flag,
    [x],
    (_, value) => [value],
    (inner, value) =>
      emitLoop(
        inner,
        { trips: Infinity, condition: inner.constant('bool', [], 1), carried: [value] },
        (deep, _, held) => [deep.constant('bool', [], 1), deep.unary('tanh', held)],
      ),
  );
  b.output('y', y);
  const plan = planOf(b);
  expect(plan.gridBytes).toBeUndefined();
  expect(plan.loops?.map(({ going }) => going?.mustEnd)).toEqual([true]);
});

test('equal grids of one gate lie in one place', () => {
  const grid = [5, 1, 1] as const;
  const layout = layoutGrids(2, [
    { gate: undefined, grid },
    { gate: 0, grid },
    { gate: 0, grid },
    { gate: 0, grid: [6, 2, 1] },
    { gate: undefined, grid },
    { gate: 1, grid },
  ]);
  expect(layout.offsets).toEqual([undefined, 8, 8, 20, undefined, 32]);
  expect(layout.bytes).toBe(44);
  expect(layout.grids.map((each) => [...each.keys()])).toEqual([[8, 20], [32]]);
});
