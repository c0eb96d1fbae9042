/** Loops in plans: they are as large as their bodies, whatever they do how often. */
import { expect, test } from 'vitest';
import { prepare, type Prepared } from '../../src/compile.js';
import { parseGraph } from '../../src/ir/parse.js';
import { checkPlan } from '../../src/plan/check.js';
import type { Plan } from '../../src/plan/plan.js';
import { stepsOf } from '../../src/plan/steps.js';

/** A recurrence over `trips` rows: h = tanh(W h + x), of which all h are given. */
const recurrence = (trips: number): Prepared =>
  prepare({
    graph: parseGraph(`graph "recurrence" {
  %0 = param {name="x"} : f32[${trips},8]
  %1 = param {name="w"} : f32[8,8]
  %2 = constant {values=[0]} : f32[8]
  %3 = loop %2 %0 %1 {carries=1 trips=${trips} conditional=false sliceAxes=[0] sliceSteps=[1] stackAxes=[0] stackSteps=[1] body=graph "body" {
    %0 = param {name="trip"} : i32[]
    %1 = param {name="h"} : f32[8]
    %2 = param {name="row"} : f32[8]
    %3 = param {name="w"} : f32[8,8]
    %4 = dot %3 %1 {lhsContract=[1] rhsContract=[0]} : f32[8]
    %5 = add %4 %2 : f32[8]
    %6 = tanh %5 : f32[8]
    return "h"=%6 "all"=%6
  }} : (f32[8], f32[${trips},8])
  %4 = result %3 {index=1} : f32[${trips},8]
  %5 = result %3 {index=0} : f32[8]
  return "all"=%4 "last"=%5
}`),
    weights: new Map(),
  });

test('a plan is as large for 10,000 trips as for 10', () => {
  const [few, many] = [recurrence(10), recurrence(10_000)].map(({ planned }) => planned.plan);
  expect(many.commands.length).toBe(few.commands.length);
  expect(many.pipelines.map(({ code }) => code)).toEqual(few.pipelines.map(({ code }) => code));
  expect(JSON.stringify(many).length).toBeLessThan(1.02 * JSON.stringify(few).length);
  expect(stepsOf(many).steps.length).toBeGreaterThan(10_000);
});

test('the arena is what lives around a loop and one trip', () => {
  for (const trips of [2, 3, 100, 101]) {
    const { plan } = recurrence(trips).planned;
    expect(plan.arenaBytes).toBeLessThanOrEqual(1.02 * plan.arenaLowerBound + 2048);
  }
});

test('the steps of a plan go through loops in loops', () => {
  const command = { ...recurrence(2).planned.plan.commands[0], regions: [] };
  const plan: Plan = {
    ...recurrence(2).planned.plan,
    commands: [command, command, command, command],
    loops: [
      { first: 1, end: 3, trips: 2 },
      { first: 2, end: 3, trips: 3 },
    ],
  };
  const { steps, slots } = stepsOf(plan);
  expect(steps.map(({ command: at, trips }) => `${at}:${trips.join('.')}`)).toEqual([
    '0:',
    '1:0',
    '2:0.0',
    '2:0.1',
    '2:0.2',
    '1:1',
    '2:1.0',
    '2:1.1',
    '2:1.2',
    '3:',
  ]);
  expect(steps.map(({ slot }) => slots[slot].join('.'))).toEqual(steps.map(({ trips }) => trips.join('.')));
  expect(steps.filter(({ isLast }) => isLast).map(({ command: at }) => at)).toEqual([0, 1, 2, 3]);
});

test('a plan whose loops are not well formed is refused', () => {
  const { plan } = recurrence(3).planned;
  const again = (loops: Plan['loops']): unknown => JSON.parse(JSON.stringify({ ...plan, loops }));
  expect(() => checkPlan(again(plan.loops), 'plan')).not.toThrow();
  const count = plan.commands.length;
  for (const loops of [
    [{ first: 0, end: count + 1, trips: 1 }],
    [{ first: 1, end: 1, trips: 1 }],
    [{ first: 0, end: 1, trips: 0 }],
    [
      { first: 0, end: 2, trips: 2 },
      { first: 1, end: 3, trips: 2 },
    ],
  ])
    expect(() => checkPlan(again(loops), 'plan')).toThrow(/FILE_CORRUPT/);
});
