/** Loops in plans: they are as large as their bodies, whatever they do how often. */
import { expect, test } from 'vitest';
import { alignUp, deviceBytes } from '../../src/base/tensor.js';
import { planProgram, prepare, type Prepared } from '../../src/compile.js';
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { parseGraph } from '../../src/ir/parse.js';
import { printGraph } from '../../src/ir/print.js';
import { legalise } from '../../src/passes/pipeline.js';
import { DEFAULT_TARGET, type Target } from '../../src/passes/target.js';
import { checkPlan } from '../../src/plan/check.js';
import { MAX_LEVELS, type Plan } from '../../src/plan/plan.js';
import { stepsOf } from '../../src/plan/steps.js';
import { emitLoop } from '../support/inner.js';

/** What makes trips commands. */
const COMMANDS: Target = { ...DEFAULT_TARGET, launchSteps: 0 };

/** A recurrence over `trips` rows: h = tanh(W h + x), of which all h are given. */
const recurrence = (trips: number, target = COMMANDS): Prepared =>
  prepare(
    {
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
    },
    { target },
  );

test('a plan is as large for 10,000 trips as for 10', () => {
  const [few, many] = [recurrence(10), recurrence(10_000)].map(({ planned }) => planned.plan);
  expect(many.commands.length).toBe(few.commands.length);
  expect(many.pipelines.map(({ code }) => code)).toEqual(few.pipelines.map(({ code }) => code));
  expect(JSON.stringify(many).length).toBeLessThan(1.02 * JSON.stringify(few).length);
  expect([...stepsOf(many)].length).toBeGreaterThan(10_000);
});

test('a plan whose kernels make the trips is as large for 10,000 of them as for 10', () => {
  const [few, many] = [10, 10_000].map((trips) => recurrence(trips, DEFAULT_TARGET).planned.plan);
  expect([few.loops, many.loops]).toEqual([undefined, undefined]);
  expect(JSON.stringify(many).length).toBeLessThan(1.02 * JSON.stringify(few).length);
});

test('the arena is what lives around a loop and one trip', () => {
  for (const trips of [2, 3, 100, 101]) {
    // Rows in and out; then the weights, and the two buffers of the carried value. After an odd number of trips the result lies in
    // the second one, and the memory of the trips is empty; after an even number the second one lies in that.
    const pieces = [
      deviceBytes([trips, 8]),
      deviceBytes([trips, 8]),
      256,
      ...(trips % 2 === 0 ? [32, 32] : [32, 32, 0]),
    ];
    const bytes = pieces.reduce((sum, size) => sum + alignUp(Math.max(size, 4)), 0);
    expect(recurrence(trips).planned.plan.arenaBytes).toBe(bytes);
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
  const steps = [...stepsOf(plan)].flatMap((move) => ('command' in move ? [move] : []));
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

/** A while that carries `count` values, all of which are outputs. */
function manyCarried(count: number): Program {
  const b = new GraphBuilder('many');
  const carried = Array.from({ length: count }, (_, i) => b.param(`x${i}`, 'f32', [2]));
  const parts = emitLoop(
    b,
    { trips: 3, condition: b.param('more', 'bool', []), carried },
    (inner, trip, ...held) => [
      inner.binary('le', trip, inner.constant('i32', [], 1)),
      ...held.map((value, i) => inner.binary('add', value, held[(i + 1) % count])),
    ],
  );
  parts.forEach((part, i) => b.output(`y${i}`, part));
  return { graph: b.build(), weights: new Map() };
}

test('a while of twice as many carried values takes twice the work', () => {
  const rewrites = [20, 40].map((count) => legalise(manyCarried(count), { target: DEFAULT_TARGET }).rewrites);
  expect(rewrites[1].length).toBeLessThan(2.5 * rewrites[0].length);
});

test('a program that is planned again is the same', () => {
  for (const target of [COMMANDS, DEFAULT_TARGET]) {
    const { program, planned } = recurrence(4, target);
    const again = planProgram(program, { target });
    expect(printGraph(again.program.graph)).toBe(printGraph(program.graph));
    expect(again.planned.plan).toEqual(planned.plan);
  }
});

test('no plan holds loops that are nested too deeply', () => {
  const nested = (b: GraphBuilder, held: GraphValue, levels: number): GraphValue =>
    levels === 0
      ? b.unary('tanh', held)
      : emitLoop(b, { trips: 2, carried: [held] }, (inner, _, value) => [
          nested(inner, value, levels - 1),
        ])[0];
  for (const levels of [MAX_LEVELS, MAX_LEVELS + 1]) {
    const b = new GraphBuilder('nested');
    b.output('y', nested(b, b.param('x', 'f32', [2]), levels));
    const plan = (): unknown => prepare({ graph: b.build(), weights: new Map() });
    if (levels > MAX_LEVELS) expect(plan).toThrow(/LIMIT_EXCEEDED.*nested/);
    else expect(plan).not.toThrow();
  }
});
