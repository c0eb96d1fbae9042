/** Programs whose dimensions are bound when they run: the bits of each size compiled by itself, on every engine. */
import { inspect } from 'node:util';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { encodeModel, node, port, tensor, type ProtoGraph } from '../../scripts/onnx-proto.mjs';
import { tensorData, type TensorData } from '../../src/base/tensor.js';
import { compile, prepare, verify, type Compiled } from '../../src/compile.js';
import { importOnnx } from '../../src/frontends/onnx/index.js';
import { interpret } from '../../src/interpreter/index.js';
import { bindDims } from '../../src/ir/bind-dims.js';
import { parseGraph } from '../../src/ir/parse.js';
import type { AnyDevice } from '../../src/runtime/check-device.js';
import type { Executable } from '../../src/runtime/executable.js';
import type { WasmExecutable } from '../../src/runtime/wasm/executable.js';
import { errorOf } from '../frontends/onnx/support.js';
import { openProbed, wave } from '../runtime/support.js';
import { fuzz } from '../support/fuzz.js';
import { availableGpus } from '../support/gpu.js';
import { wasmDevice } from '../support/wasm.js';

const model = (graph: ProtoGraph): Uint8Array => encodeModel({ name: 'model', ...graph }, { opset: 13 });

/** softmax(x W) over free rows and columns: its shapes stay symbolic. */
const ROWS = {
  graph: parseGraph(`graph rows {
    %0 = param {name="x"} : f32[batch,time,6]
    %1 = weight {id="w"} : f32[6,5]
    %2 = dot %0 %1 {lhsContract=[2] rhsContract=[0]} : f32[batch,time,5]
    %3 = reduce %2 {kind="max" axes=[2]} : f32[batch,time]
    %4 = reshape %3 : f32[batch*time]
    return y=%2 most=%4
  }`),
  weights: new Map([['w', tensorData('f32', [6, 5], wave(30, 3))]]),
};

/** A convolution of stride 2 over a picture of any size, doubled again: the importer needs the sizes. */
const PICTURE = model({
  input: [port('x', 'float', ['batch', 1, 'height', 'width'])],
  output: [port('y', 'float', ['batch', 2, 'height', 'width'])],
  initializer: [
    tensor('w', 'float', [2, 1, 3, 3], [...wave(18, 7)]),
    tensor('scales', 'float', [4], [1, 1, 2, 2]),
    tensor('half', 'int64', [4], [1, 1, 2, 2]),
  ],
  node: [
    node('Conv', ['x', 'w'], ['c'], { strides: [2, 2], pads: [1, 1, 1, 1] }),
    node('Resize', ['c', '', 'scales'], ['r'], { mode: 'nearest' }),
    node('Add', ['r', 'x'], ['y']),
  ],
});

/** The mean of each channel, which is divided by the number of pixels, and the picture less it. */
const CENTRED = model({
  input: [port('x', 'float', ['batch', 3, 'height', 'width'])],
  output: [port('y', 'float', ['batch', 3, 'height', 'width'])],
  node: [node('GlobalAveragePool', ['x'], ['mean']), node('Sub', ['x', 'mean'], ['y'])],
});

const given = (...shape: number[]): { readonly x: TensorData } => ({
  x: tensorData('f32', shape, wave(shape.reduce((a, b) => a * b, 1), shape.length)),
}); // prettier-ignore

describe.each(['wasm', ...availableGpus] as const)('on %s', (name) => {
  let device: AnyDevice;
  beforeAll(async () => {
    device = name === 'wasm' ? await wasmDevice() : await openProbed(name);
  });
  afterAll(() => {
    if ('gpu' in device) device.gpu.destroy();
  });

  test('a symbolic graph has the bits of each size', async () => {
    const compiled = await compile(ROWS, { device, maxBindings: 3 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 9 }), async (batch, time) => {
        const inputs = given(batch, time, 6);
        expect(await compiled.run(inputs)).toEqual(interpret(ROWS, inputs).outputs);
      }), // prettier-ignore
      fuzz(8),
    );
    expect(compiled.bindings().length).toBeLessThanOrEqual(3);
    expect(compiled.bindings().at(-1)).toMatchObject({
      arenaBytes: compiled.prepared.planned.plan.arenaBytes,
    });
    compiled.dispose();
  });

  test('so has a model that is imported for given sizes, whose values all agree', async () => {
    const program = importOnnx(PICTURE);
    const compiled = await compile(program, { device });
    for (const [batch, height, width] of [
      [1, 4, 6],
      [2, 2, 2],
      [1, 10, 4],
    ])
      // prettier-ignore
      expect(await compiled.verify(given(batch, 1, height, width))).toMatchObject({
        differences: [],
        outputDifferences: [],
      });
    expect(compiled.bindings().map(({ sizes }) => sizes)).toEqual([
      { batch: 1, height: 4, width: 6 },
      { batch: 2, height: 2, width: 2 },
      { batch: 1, height: 10, width: 4 },
    ]);
    compiled.dispose();
    expect(await verify(program, given(1, 1, 2, 4), { device })).toMatchObject({ outputDifferences: [] });
  });

  test('sizes nearby have the same pipelines, for numbers of any type that sizes show in', async () => {
    const program = importOnnx(CENTRED);
    const compiled = await compile(program, { device });
    for (const [height, width] of [
      [11, 6],
      [13, 6],
      [15, 10],
      [23, 14],
    ]) {
      // prettier-ignore
      const inputs = given(2, 3, height, width);
      expect(await compiled.run(inputs)).toEqual(interpret(program, inputs).outputs);
    }
    const [first, ...others] = compiled.bindings().map(({ newPipelines }) => newPipelines);
    expect(others).toEqual([0, 0, 0]);
    expect(first > 0).toBe(name !== 'wasm');
    compiled.dispose();
  });

  test('a size that comes again has the bits that it had, without new pipelines', async () => {
    const program = importOnnx(PICTURE);
    const compiled = await compile(program, { device, maxBindings: 1 });
    const sizes = [given(1, 1, 4, 6), given(2, 1, 8, 6), given(1, 1, 4, 6), given(2, 1, 8, 6)];
    for (const [i, inputs] of sizes.entries()) {
      expect(await compiled.run(inputs)).toEqual(interpret(program, inputs).outputs);
      const [{ newPipelines, kernels }] = compiled.bindings();
      expect(kernels).toBe(compiled.prepared.planned.plan.commands.length);
      if (i > 1) expect(newPipelines).toBe(0);
    }
    const again = await compiled.verify(sizes[0]);
    expect(again).toMatchObject({ differences: [], outputDifferences: [] });
    expect(again.values).toBeGreaterThan(0);
    compiled.dispose();
  });

  test('all sizes of a range are compiled ahead, and runs come in between', async () => {
    const compiled = await compile(ROWS, { device, maxBindings: 6 });
    const done: string[] = [];
    const ahead = compiled.readyWithin({
      dims: { batch: { min: 1, max: 3 }, time: { min: 3, max: 6, step: 3 } },
      onProgress: (ready, total) => done.push(`${ready} of ${total}`),
    });
    const inputs = given(7, 2, 6);
    expect(await compiled.run(inputs)).toEqual(interpret(ROWS, inputs).outputs);
    expect(done).toEqual(['1 of 6']);
    await ahead;
    expect(done.at(-1)).toBe('6 of 6');
    const last = given(3, 6, 6);
    expect(await compiled.run(last)).toEqual(interpret(ROWS, last).outputs);
    const refusal = (dims: Parameters<typeof compiled.readyWithin>[0]): Promise<unknown> =>
      compiled.readyWithin(dims).catch((error: unknown) => error);
    expect(await refusal({ dims: { time: 3 } })).toMatchObject({ code: 'DIM_UNBOUND', found: 'batch' });
    expect(await refusal({ dims: { lanes: 3 } })).toMatchObject({ code: 'ATTRIBUTE_INVALID' });
    expect(await refusal({ dims: { batch: { min: 1, max: 3000 }, time: 3 } })).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      expected: 'at most 1024 combinations',
    });
    compiled.dispose();
  });

  test('what is compiled ahead is no use of it: runs find what they used last', async () => {
    const compiled = await compile(ROWS, { device, maxBindings: 3 });
    for (const batch of [1, 2]) await compiled.run(given(batch, 2, 6));
    const { executable } = compiled;
    const dims = { batch: { min: 1, max: 6 }, time: 2 };
    await compiled.readyWithin({ dims });
    expect(compiled.executable).toBe(executable);
    const batches = (): unknown[] => compiled.bindings().map(({ sizes }) => sizes.batch);
    expect(batches()).toEqual([3, 1, 2]);
    await compiled.run(given(5, 2, 6));
    expect(batches()).toEqual([1, 2, 5]);
    await compiled.readyWithin({ dims });
    expect(batches()).toEqual([1, 2, 5]);
    expect(compiled.prepared.program.graph.nodes[0].type.shape).toEqual([5, 2, 6]);
    compiled.dispose();
    await expect(compiled.readyWithin({ dims })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('runs that are asked for at once see their own inputs, whatever is compiled meanwhile', async () => {
    const compiled = await compile(ROWS, { device, maxBindings: 1 });
    const inputs = [given(1, 2, 6), given(3, 1, 6), given(1, 2, 6)];
    const wanted = inputs.map((each) => interpret(ROWS, each).outputs);
    const results = inputs.map((each) => compiled.run(each));
    for (const { x } of inputs) x.data.fill(0);
    expect(await Promise.all(results)).toEqual(wanted);
    expect(compiled.bindings().length).toBe(1);
    const last = compiled.run(given(2, 2, 6));
    compiled.dispose();
    expect((await last).most.shape).toEqual([4]);
    await expect(compiled.run(given(1, 1, 6))).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('what does not fit is refused, and says why; the next run is as if nothing had been', async () => {
    const compiled: Compiled<Executable | WasmExecutable> = await compile(importOnnx(PICTURE, { dims: { width: { min: 2, max: 64 } } }), { device }); // prettier-ignore
    const refusal = (inputs: Parameters<typeof compiled.run>[0]): Promise<unknown> =>
      compiled.run(inputs).catch((error: unknown) => error);
    expect(() => compiled.executable).toThrow('DIM_UNBOUND');
    expect(compiled.inputs.map(({ shape }) => shape.map(String))).toEqual([
      ['batch', '1', 'height', 'width'],
    ]);
    expect(await refusal(given(1, 1, 4, 66))).toMatchObject({ code: 'INPUT_SHAPE', found: 'width = 66', expected: 'width from 2 to 64' }); // prettier-ignore
    expect(await refusal(given(1, 1, 3, 4))).toMatchObject({
      code: 'SHAPE_MISMATCH',
      where: expect.stringMatching(
        /\(Add\), for batch = 1 .*height = 3 \(input "x", axis 2\), width = 4/,
      ) as string,
    });
    expect(await refusal({ x: tensorData('i32', [1, 1, 4, 4], new Int32Array(16)) })).toMatchObject({ code: 'INPUT_DTYPE' }); // prettier-ignore
    expect(await refusal({})).toMatchObject({ code: 'INPUT_MISSING' });
    expect(compiled.bindings()).toEqual([]);
    expect((await compiled.run(given(1, 1, 4, 4))).y.shape).toEqual([1, 2, 4, 4]);
    compiled.dispose();
  });
});

test('shapes and ranges that fit no program are refused, with their places', async () => {
  const device = await wasmDevice();
  const [free, fixed] = [
    await compile(ROWS, { device }),
    await compile({ ...ROWS, graph: bindDims(ROWS.graph, { batch: 2, time: 3 }) }, { device }),
  ];
  const refusal = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
  for (const compiled of [free, fixed]) {
    expect(await refusal(compiled.ready({ y: [1] }))).toMatchObject({ code: 'INPUT_UNKNOWN', found: '"y"' });
    expect(await refusal(compiled.ready({ x: [2, 3] }))).toMatchObject({
      code: 'INPUT_SHAPE',
      where: 'input "x"',
    });
    expect(await refusal(compiled.ready({ x: 'wide' as never }))).toMatchObject({ code: 'INPUT_SHAPE' });
    expect(await refusal(compiled.readyWithin({ dims: { lanes: 3 } }))).toMatchObject({
      code: 'ATTRIBUTE_INVALID',
      found: 'lanes',
    });
    for (const size of [-1, 1.5, NaN, Infinity, 2 ** 60]) {
      const wrong = { x: { dtype: 'f32' as const, shape: [2, size, 6], data: new Float32Array(36) } };
      expect(await refusal(compiled.ready({ x: [2, size, 6] }))).toMatchObject({ code: 'INPUT_SHAPE' });
      expect(await refusal((async () => compiled.run(wrong))())).toMatchObject({ code: 'INPUT_SHAPE' });
    }
  }
  expect(await refusal(free.ready({ x: [2, -1, 6] }))).toMatchObject({
    where: 'input "x", axis 1',
    found: 'time = -1',
    expected: 'time from 0 on',
  });
  expect(await refusal(free.readyWithin({ dims: { time: 3 } }))).toMatchObject({
    code: 'DIM_UNBOUND',
    hint: 'dims: { batch: { min: 1, max: 8 } }',
  });
  expect(await refusal(fixed.ready({ x: [2, 4, 6] }))).toMatchObject({
    where: 'input "x", axis 1',
    expected: '3',
  });
  await fixed.ready({ x: [2, 3, 6] });
  await fixed.readyWithin();
  expect(free.bindings()).toEqual([]);
  for (const each of [free, fixed]) each.dispose();
});

test('what only given sizes have a graph for says so where a graph is wanted', () => {
  const program = importOnnx(PICTURE);
  expect(inspect(program)).toBe(
    'Program for given sizes of batch, height, width; x: f32[batch,1,height,width]',
  );
  expect(errorOf('DIM_UNBOUND', () => program.graph).where).toContain('(Conv)');
  errorOf('DIM_UNBOUND', () => prepare(program));
});
