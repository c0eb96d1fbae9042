/** Updates that lie where their operand does write what is replaced, and nothing else. */
import { expect, test } from 'vitest';
import { makePlan } from '../../src/codegen/plan.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import { fuse } from '../../src/passes/fusion/fuse.js';
import { DEFAULT_TARGET } from '../../src/passes/target.js';
import type { PlanCommand } from '../../src/plan/plan.js';
import { staged } from '../support/planned.js';

/** The one command of an update of 3 rows of a cache of `length`. */
function commandOf(length: number, isDonated: boolean): PlanCommand {
  const b = new GraphBuilder('update');
  const [cache, rows] = [b.param('cache', 'f32', [2, length, 8]), b.param('rows', 'f32', [2, 3, 8])];
  b.output(
    'next',
    b.emit('updateSlice', [cache, b.unary('neg', rows), b.param('start', 'i32', [])], { axis: 1 }),
  );
  const graph = b.build();
  const donations = isDonated ? [{ input: 0, output: 0 }] : [];
  const { plan } = makePlan(staged({ graph, weights: new Map() }, fuse(graph), donations), DEFAULT_TARGET);
  expect(plan.commands).toHaveLength(1);
  return plan.commands[0];
}

test('a longer cache costs no more where it is given up', () => {
  const [short, long] = [commandOf(100, true), commandOf(100_000, true)];
  expect(long.workgroups).toEqual(short.workgroups);
  expect(long.cost).toBe(short.cost);
  expect(long.regions).toHaveLength(3);
});

test('it is one of rows where all of it is read as well', () => {
  const b = new GraphBuilder('updates');
  const [cache, rows] = [b.param('cache', 'f32', [2, 1000, 8]), b.param('rows', 'f32', [2, 3, 8])];
  const next = b.emit('updateSlice', [cache, rows, b.param('start', 'i32', [])], { axis: 1 });
  b.output('next', next);
  b.output('other', b.unary('neg', next));
  const graph = b.build();
  const donations = [{ input: 0, output: 0 }];
  const { plan } = makePlan(staged({ graph, weights: new Map() }, fuse(graph), donations), DEFAULT_TARGET);
  expect(plan.commands.map(({ cost }) => cost)).toEqual([48, 16_000]);
});

test('one that is kept is copied', () => {
  expect(commandOf(100_000, false).cost).toBeGreaterThan(100 * commandOf(100, true).cost);
});
