/** Loops whose trips one kernel makes, and those that it cannot. */
import { expect, test } from 'vitest';
import type { TensorData } from '../../src/base/tensor.js';
import { compile, prepare } from '../../src/compile.js';
import { describeGroups } from '../../src/cli/reports/explain.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { DEFAULT_TARGET } from '../../src/passes/target.js';
import { readsTrips } from '../../src/runtime/pipelines.js';
import { testDevice } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { emitLoop } from '../support/inner.js';
import { tensorOf } from '../support/tensors.js';
import { wasmDevice } from '../support/wasm.js';

const ENGINES = [...availableGpus, 'wasm'] as const;

/** h = tanh(a h + x), y = h x - trip, of `rows` elements over `trips` slices; `spread`: with the first element for all. */
function recurrence(trips: number, rows: number, { step = 1, spread = false } = {}): Program {
  const b = new GraphBuilder('recurrence');
  const [h, x, a] = [
    b.param('h', 'f32', [rows]),
    b.param('x', 'f32', [trips, rows]),
    b.param('a', 'f32', [rows]),
  ];
  const parts = emitLoop(
    b,
    {
      trips,
      carried: [h, b.constant('i32', [rows], 0), b.constant('bool', [rows], 1)],
      sliced: [x],
      captures: [a],
      sliceSteps: [step],
      stackAxes: [0, 0],
      stackSteps: [-step, step],
    },
    (inner, trip, held, count, sign, row, factor) => {
      const seen = spread ? inner.broadcast(inner.emit('slice', [held], { starts: [0], sizes: [1], strides: [1] }), [rows]) : held; // prettier-ignore
      const next = inner.unary('tanh', inner.binary('add', inner.binary('mul', factor, seen), row));
      const place = inner.broadcast(inner.reshape(inner.cast(trip, 'f32'), [1]), [rows]);
      const isLess = inner.binary('lt', next, held);
      return [
        next,
        inner.binary('add', count, inner.select(isLess, inner.full(count, 1), inner.full(count, 0))),
        inner.binary('xor', sign, isLess),
        inner.binary('sub', inner.binary('mul', next, row), place),
        next,
      ];
    },
  ); // prettier-ignore
  ['last', 'count', 'sign', 'y', 'all'].forEach((name, i) => b.output(name, parts[i]));
  return { graph: b.build(), weights: new Map() };
}

const inputsOf = (trips: number, rows: number): Record<string, TensorData> => ({
  h: tensorOf('f32', [rows], 1, 'usual'),
  x: tensorOf('f32', [trips, rows], 2, 'usual'),
  a: tensorOf('f32', [rows], 3, 'usual'),
});

test.each(ENGINES)('%s: one kernel makes all trips, with the same bits', async (engine) => {
  const device = engine === 'wasm' ? await wasmDevice() : await testDevice(engine);
  for (const [trips, rows, step] of [
    [2, 1, 1],
    [3, 5, -1],
    [100, 70, 1],
  ] as const) {
    // prettier-ignore
    const program = recurrence(trips, rows, { step });
    const compiled = await compile(program, { device });
    const { plan } = compiled.prepared.planned;
    expect(plan.loops).toBeUndefined();
    const inputs = inputsOf(trips, rows);
    expect(await compiled.run(inputs)).toEqual(interpret(program, inputs, { subnormals: device.profile.subnormals }).outputs); // prettier-ignore
    const report = await compiled.verify(inputs);
    expect([report.differences, report.outputDifferences]).toEqual([[], []]);
    compiled.dispose();
  }
});

test('where an element needs what is carried for another one, trips are commands, and inspect says so', () => {
  const target = { ...DEFAULT_TARGET, launchSteps: 0 };
  const prepared = prepare(recurrence(4, 6, { spread: true }), { target });
  expect(prepared.planned.plan.loops?.length).toBe(1);
  expect(prepare(recurrence(4, 6), { target }).planned.plan.loops).toBeUndefined();
  const reasons = (program: Program): string =>
    prepare(program, { target }).planned.fusion.decisions.map(({ reason }) => reason).join('\n'); // prettier-ignore
  expect(reasons(recurrence(4, 6, { spread: true }))).toContain(
    'an element needs what is carried for another one',
  );
  expect(reasons(recurrence(4, 6))).toContain('one kernel makes all of its trips');
  expect(describeGroups(prepared)).toContain('add');
});

test('a plan is as large for 10,000 trips of one kernel as for 10', () => {
  const [few, many] = [10, 10_000].map((trips) => prepare(recurrence(trips, 8)).planned.plan);
  expect(many.commands.length).toBe(few.commands.length);
  expect(JSON.stringify(many).length).toBeLessThan(1.02 * JSON.stringify(few).length);
});

test('kernels read the numbers of trips inside of loops only', () => {
  const reading = (options: { readonly spread: boolean }): readonly boolean[] =>
    prepare(recurrence(4, 6, options), {
      target: { ...DEFAULT_TARGET, launchSteps: 0 },
    }).planned.plan.pipelines.map(readsTrips);
  expect(reading({ spread: true })).toContain(true);
  const b = new GraphBuilder('sums');
  b.output('y', b.binary('add', b.param('x', 'f32', [3]), b.param('z', 'f32', [3])));
  const { plan } = prepare({ graph: b.build(), weights: new Map() }).planned;
  expect(plan.pipelines.map(readsTrips)).toEqual([false]);
});
