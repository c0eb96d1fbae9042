/** Whiles: trips run in batches, and an engine asks between them whether the condition holds. */
import { expect, test } from 'vitest';
import { tensorData, type TensorData } from '../../src/base/tensor.js';
import { compile, prepare } from '../../src/compile.js';
import { interpret } from '../../src/interpreter/index.js';
import { GraphBuilder, type GraphValue } from '../../src/ir/builder.js';
import type { Program } from '../../src/ir/graph.js';
import { weightsOf } from '../../src/ir/weights.js';
import type { AnyDevice } from '../../src/runtime/check-device.js';
import { DeviceHeap } from '../../src/runtime/heap.js';
import { Executable } from '../../src/runtime/executable.js';
import { MAP_READ } from '../../src/runtime/usage.js';
import { testDevice } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';
import { emitLoop } from '../support/inner.js';
import { wasmDevice } from '../support/wasm.js';
import { mockDevice } from './mock-gpu.js';

const ENGINES = [...availableGpus, 'wasm'] as const;
const deviceOf = (name: (typeof ENGINES)[number]): Promise<AnyDevice> =>
  name === 'wasm' ? wasmDevice() : testDevice(name);

const i32 = (...values: number[]): TensorData => tensorData('i32', [values.length], Int32Array.from(values));
const scalar = (value: number): TensorData => tensorData('i32', [], Int32Array.of(value));

const programOf = (name: string, define: (b: GraphBuilder) => Record<string, GraphValue>): Program => {
  const b = new GraphBuilder(name);
  for (const [output, value] of Object.entries(define(b))) b.output(output, value);
  return { graph: b.build(), weights: new Map() };
};

/** x doubles while its first element is below `limit`; and the number of trips. */
const doubling = (trips: number): Program =>
  programOf('doubling', (b) => {
    const [x, limit] = [b.param('x', 'i32', [3]), b.param('limit', 'i32', [])];
    const below = (inner: GraphBuilder, value: GraphValue, most: GraphValue): GraphValue =>
      inner.binary('lt', inner.reduce('max', value, [0]), most);
    const [y, count] = emitLoop(
      b,
      { trips, condition: below(b, x, limit), carried: [x, b.constant('i32', [], 0)], captures: [limit] },
      (inner, trip, value, _, most) => {
        const next = inner.binary('add', value, value);
        return [below(inner, next, most), next, inner.binary('add', trip, inner.constant('i32', [], 1))];
      },
    );
    return { y, count };
  });

/**
 * The steps of all numbers from `start` below `limit` to 1, by Collatz's rule. The inner while would not end for the 0 that a trip
 * after the end of the outer one might see.
 */
const collatz = (trips: number): Program =>
  programOf('collatz', (b) => {
    const [start, limit] = [b.param('x', 'i32', [1]), b.param('limit', 'i32', [])];
    const first = b.reshape(start, []);
    const isNot = (inner: GraphBuilder, x: GraphValue, y: GraphValue): GraphValue =>
      inner.unary('not', inner.binary('eq', x, y));
    const isMore = (inner: GraphBuilder, value: GraphValue, most: GraphValue): GraphValue =>
      inner.binary('lt', value, most);
    const [, total] = emitLoop(
      b,
      {
        trips: Infinity,
        condition: isMore(b, first, limit),
        carried: [first, b.constant('i32', [], 0)],
        captures: [limit],
      },
      (outer, _, number, sum, most) => {
        const one = (inner: GraphBuilder): GraphValue => inner.constant('i32', [], 1);
        const [, steps] = emitLoop(
          outer,
          { trips, condition: isNot(outer, number, one(outer)), carried: [number, sum] },
          (inner, __, value, taken) => {
            const isOdd = inner.binary('eq', inner.binary('and', value, one(inner)), one(inner));
            const triple = inner.binary('mul', value, inner.constant('i32', [], 3));
            const next = inner.select(isOdd, inner.binary('add', triple, one(inner)), inner.binary('shr', value, one(inner))); // prettier-ignore
            return [isNot(inner, next, one(inner)), next, inner.binary('add', taken, one(inner))];
          },
        );
        const next = outer.binary('add', number, one(outer));
        const isLast = outer.unary('not', isMore(outer, next, most));
        return [isMore(outer, next, most), outer.select(isLast, outer.constant('i32', [], 0), next), steps];
      },
    );
    return { total };
  });

const CASES: Readonly<Record<string, { readonly program: Program; readonly runs: readonly (readonly [number, number])[] }>> = {
  'without a bound': { program: doubling(Infinity), runs: [[1, 1], [1, 2], [1, 2 ** 7], [1, 2 ** 30], [5, 4]] },
  'with an even bound': { program: doubling(20), runs: [[1, 1], [1, 2 ** 7], [1, 2 ** 30]] },
  'with an odd bound': { program: doubling(21), runs: [[1, 1], [1, 4], [1, 2 ** 30]] },
  'in a while': { program: collatz(Infinity), runs: [[1, 1], [1, 9]] },
  'with a bound, in a while': { program: collatz(20), runs: [[1, 8]] },
}; // prettier-ignore

for (const engine of ENGINES)
  for (const [name, { program, runs }] of Object.entries(CASES))
    test(`${engine}: a while ${name}`, async () => {
      const compiled = await compile(program, { device: await deviceOf(engine) });
      for (const [x, limit] of runs) {
        const size = program.graph.name === 'collatz' ? 1 : 3;
        const inputs = { x: i32(...[x, -3, 0].slice(0, size)), limit: scalar(limit) };
        expect(await compiled.run(inputs), `${x}, ${limit}`).toEqual(interpret(program, inputs).outputs);
      }
      compiled.dispose();
    });

test.each(ENGINES)('%s: verify sees where a while ends', async (engine) => {
  const compiled = await compile(doubling(Infinity), { device: await deviceOf(engine) });
  const report = await compiled.verify({ x: i32(1, 2, 3), limit: scalar(500) });
  expect([report.differences, report.outputDifferences]).toEqual([[], []]);
  compiled.dispose();
});

test.each(ENGINES)('%s: a while that does not end is stopped', async (engine) => {
  const compiled = await compile(doubling(Infinity), { device: await deviceOf(engine), maxTrips: 99 });
  const inputs = { x: i32(0, 0, 0), limit: scalar(5) };
  await expect(compiled.run(inputs)).rejects.toThrow(
    /LIMIT_EXCEEDED.*does not end[^]*doubling[^]*100 trips, and it goes on[^]*at most 100 trips/,
  );
  const good = { x: i32(1, 1, 1), limit: scalar(5) };
  expect((await compiled.run(good)).count.data).toEqual(Int32Array.of(3));
  compiled.dispose();
});

test.each(ENGINES)('%s: what whiles in whiles cost is told without making their trips', async (engine) => {
  const compiled = await compile(collatz(Infinity), { device: await deviceOf(engine) });
  const started = performance.now();
  const { stats } = compiled.executable;
  expect(performance.now() - started).toBeLessThan(1000);
  expect('submits' in stats ? stats.submits : stats.calls).toBeGreaterThan(0);
  compiled.dispose();
});

test('tensors of a device go through a while without a copy', async () => {
  const device = await testDevice('swiftshader');
  const compiled = await compile(doubling(Infinity), { device, residents: true, donate: [{ input: 'x', output: 'y' }] }); // prettier-ignore
  const { executable } = compiled;
  expect(executable).toBeInstanceOf(Executable);
  const heap = new DeviceHeap(device);
  const given = (limit: number): Parameters<Executable['dispatch']>[0] => ({
    x: heap.upload(i32(1, 0, 0)),
    limit: heap.upload(scalar(limit)),
  });
  expect(() => executable.dispatch(given(3), heap)).toThrow(/USAGE.*dispatchAsync/s);
  const { y, count } = await executable.dispatchAsync(given(2 ** 20), heap);
  expect((await heap.read([y, count])).map(({ data }) => data[0])).toEqual([2 ** 20, 20]);
  const before = heap.liveBytes;
  const endless = { ...given(5), x: heap.upload(i32(0, 0, 0)) };
  const more = heap.liveBytes;
  const short = await compile(doubling(Infinity), { device, residents: true, maxTrips: 50 });
  await expect(short.executable.dispatchAsync(endless, heap)).rejects.toThrow('LIMIT_EXCEEDED');
  expect(heap.liveBytes).toBe(more);
  expect(more).toBeGreaterThan(before);
  for (const each of [compiled, short]) each.dispose();
  heap.dispose();
});

test('runs and dispatches of a program with whiles wait for each other', async () => {
  const device = await testDevice('swiftshader');
  const { executable, dispose } = await compile(doubling(Infinity), { device, residents: true }).then((compiled) => ({ executable: compiled.executable, dispose: () => compiled.dispose() })); // prettier-ignore
  const heap = new DeviceHeap(device);
  const given = (limit: number): Parameters<Executable['dispatch']>[0] => ({
    x: heap.upload(i32(1, 0, 0)),
    limit: heap.upload(scalar(limit)),
  });
  const first = executable.dispatchAsync(given(2 ** 20), heap);
  const run = executable.run({ x: i32(1, 0, 0), limit: scalar(2 ** 10) });
  const last = executable.dispatchAsync(given(2 ** 5), heap);
  expect((await heap.read([(await first).count]))[0].data).toEqual(Int32Array.of(20));
  expect((await run).count.data).toEqual(Int32Array.of(10));
  expect((await heap.read([(await last).count]))[0].data).toEqual(Int32Array.of(5));
  dispose();
  heap.dispose();
});

test('no dispatch comes between the last question of a while and what is submitted after it', async () => {
  const device = mockDevice();
  const { gpu } = device;
  const { program, planned } = prepare(doubling(200), { residents: true });
  const executable = await Executable.create(planned.plan, device.preludes!, weightsOf(program), device);
  expect(executable.asks).toBe(true);
  const heap = new DeviceHeap(device);
  const upload = (): Parameters<Executable['dispatch']>[0] => ({
    x: heap.upload(i32(1, 0, 0)),
    limit: heap.upload(scalar(9)),
  });
  const [given, other] = [upload(), upload()];
  let isOver = false;
  let intruders = 0;
  /** Tries to dispatch in each of the microtasks after an answer has come. */
  const intrude = async (): Promise<void> => {
    for (let i = 0; i < 100 && !isOver; i++) {
      try {
        executable.dispatch(other, heap);
        if (!isOver) intruders++;
      } catch (error) {
        expect(error).toMatchObject({ code: 'USAGE' });
      }
      await Promise.resolve();
    }
  };
  const create = gpu.createBuffer;
  gpu.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const map = buffer.mapAsync.bind(buffer);
    return Object.assign(buffer, {
      mapAsync: async () => {
        await map(MAP_READ);
        void intrude();
      },
    });
  };
  await executable.dispatchAsync(given, heap).finally(() => (isOver = true));
  expect(intruders).toBe(0);
});
