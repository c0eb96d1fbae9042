/** Bundles for ranges of sizes: each run has the bits of its size, from pipelines and memory that all share. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tensorData, type TensorData } from '../../src/base/tensor.js';
import { prepare, toBundle } from '../../src/compile.js';
import { toDynamicBundle, type DynamicBundle } from '../../src/compile-sizes.js';
import { interpret } from '../../src/interpreter/index.js';
import { bindDims } from '../../src/ir/bind-dims.js';
import { parseGraph } from '../../src/ir/parse.js';
import { SOFTWARE_TARGET } from '../../src/passes/target.js';
import { loadDynamicBundle } from '../../src/loader/dynamic.js';
import { loadBundle } from '../../src/loader/load.js';
import { checkPlan } from '../../src/plan/check.js';
import { readBundle } from '../../src/plan/read-bundle.js';
import { checkSizedPlans, planOf, type SizedPlans } from '../../src/plan/sizes.js';
import { canonicalJson } from '../../src/base/safetensors/format.js';
import { openProbed, wave } from '../runtime/support.js';
import { fuzz } from '../support/fuzz.js';
import { availableGpus } from '../support/gpu.js';
import type { ProbedDevice } from '../../src/device/open.js';

/** x W, and the largest of its columns with a sum over another axis of a size that is computed. */
const ROWS = {
  graph: parseGraph(`graph rows {
    %0 = param {name="x"} : f32[batch,time,6]
    %1 = param {name="bias"} : f32[time+1]
    %2 = weight {id="w"} : f32[6,5]
    %3 = dot %0 %2 {lhsContract=[2] rhsContract=[0]} : f32[batch,time,5]
    %4 = reduce %3 {kind="max" axes=[1]} : f32[batch,5]
    %5 = reduce %1 {kind="sum" axes=[0]} : f32[]
    %6 = reshape %5 : f32[1,1]
    %7 = broadcast %6 : f32[batch,5]
    %8 = add %4 %7 : f32[batch,5]
    return y=%3 most=%8
  }`),
  weights: new Map([['w', tensorData('f32', [6, 5], wave(30, 3))]]),
};

const given = (batch: number, time: number): { readonly x: TensorData; readonly bias: TensorData } => ({
  x: tensorData('f32', [batch, time, 6], wave(batch * time * 6, time)),
  bias: tensorData('f32', [time + 1], wave(time + 1, batch)),
});

const DIMS = { batch: { min: 1, max: 3 }, time: { min: 64, max: 96, step: 8 } };
let bundle: DynamicBundle;
beforeAll(async () => {
  bundle = await toDynamicBundle(ROWS, { dims: DIMS, target: SOFTWARE_TARGET, producer: 'test' });
});

const sizes = fc.record({ batch: fc.integer({ min: 1, max: 3 }), time: fc.constantFrom(64, 72, 80, 88, 96) });

test('has the plan of every size, as it would be made for that alone but for what is shared', async () => {
  expect(bundle.sizes.length).toBe(15);
  const { plan, container } = await readBundle(bundle.bytes);
  const sized = checkSizedPlans(plan)(JSON.parse(container.metadata['heddle.sizes']), 'sizes');
  for (const [i, size] of sized.sizes.entries()) {
    const own = checkPlan(planOf(sized, plan, size), 'plan');
    const { graph } = { graph: bindDims(ROWS.graph, bundle.sizes[i]) };
    const alone = prepare({ ...ROWS, graph }, { target: SOFTWARE_TARGET }).planned.plan;
    const bare = ({ pipelines: _, commands, ...rest }: typeof own): unknown => ({
      ...rest,
      commands: commands.map(({ pipeline: __, params: ___, ...command }) => command),
    });
    expect(canonicalJson(bare(own))).toBe(canonicalJson(bare(alone)));
  }
});

test('is the same file every time, and smaller than its plans', async () => {
  const again = await toDynamicBundle(ROWS, { dims: DIMS, target: SOFTWARE_TARGET, producer: 'test' });
  expect(again.bytes).toEqual(bundle.bytes);
  const one = await toBundle(bundle.prepared, 'test');
  expect(bundle.bytes.length).toBeLessThan(3 * one.length);
});

test.each<[string, Parameters<typeof toDynamicBundle>[1], RegExp]>([
  ['a dimension without a range', { dims: { batch: 1 } }, /DIM_UNBOUND[^]*time/],
  ['a range without an end', { dims: { batch: 1, time: { min: 1, max: Infinity } } }, /USAGE[^]*dims/],
  ['a dimension that there is not', { dims: { ...DIMS, width: 1 } }, /ATTRIBUTE_INVALID[^]*width/],
  ['too many sizes', { dims: { batch: { min: 1, max: 99 }, time: { min: 1, max: 99 } } }, /LIMIT_EXCEEDED[^]*9801/],
  ['kernels for another engine', { dims: DIMS, target: { storageBuffers: 8, invocations: 1, rowsAlone: 0, code: 'wasm' } }, /USAGE/],
])('%s is refused', async (_, options, message) => {
  await expect(toDynamicBundle(ROWS, options)).rejects.toThrow(message);
}); // prettier-ignore

test('a program of one size is refused', async () => {
  const graph = bindDims(ROWS.graph, { batch: 1, time: 64 });
  await expect(toDynamicBundle({ ...ROWS, graph })).rejects.toThrow(/USAGE[^]*no free dimensions/);
});

test('references of a changed file are checked', async () => {
  const { plan, container } = await readBundle(bundle.bytes);
  const sized = JSON.parse(container.metadata['heddle.sizes']) as SizedPlans;
  const refused = (change: Partial<SizedPlans>): void =>
    expect(() => checkSizedPlans(plan)({ ...sized, ...change }, 'sizes')).toThrow('FILE_CORRUPT');
  refused({ sizes: [] });
  refused({ sizes: [{ ...sized.sizes[0], at: [99, 0] }] });
  refused({ sizes: [{ ...sized.sizes[0], extents: [1] }] });
  refused({ classes: sized.classes.map((each) => ({ ...each, pipelines: [999] })) });
  refused({
    classes: sized.classes.map((each) => ({ ...each, rows: each.rows.map((row) => row.slice(1)) })),
  });
});

describe.each(availableGpus)('on %s', (name) => {
  let device: ProbedDevice;
  beforeAll(async () => {
    device = await openProbed(name);
  });
  afterAll(() => device.gpu.destroy());

  test('every size has its own bits, in any order', async () => {
    const model = await loadDynamicBundle(bundle.bytes, { device, maxBindings: 3 });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ batch, time }) => {
        const inputs = given(batch, time);
        expect(await model.run(inputs)).toEqual(interpret(ROWS, inputs).outputs);
      }),
      fuzz(8),
    );
    expect(model.bindings().length).toBeLessThanOrEqual(3);
    model.dispose();
    await expect(model.run(given(1, 64))).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('sizes share pipelines, and memory is taken once', async () => {
    const model = await loadDynamicBundle(bundle.bytes, { device });
    // Tiles of a product grow with it: these sizes have one kind.
    await model.ready({ x: [2, 96, 6], bias: [97] });
    const bytes: number[] = [];
    for (const time of [72, 88, 80]) {
      await model.run(given(2, time));
      bytes.push(model.bindings().at(-1)!.arenaBytes);
    }
    expect(model.bindings().map(({ newPipelines }) => newPipelines > 0)).toEqual([true, false, false, false]);
    expect(new Set(bytes).size).toBe(3);
    model.dispose();
  });

  test('other shapes are refused by name, and the next run is as if nothing had been', async () => {
    const model = await loadDynamicBundle(bundle.bytes, { device });
    expect(model.inputs.map(({ axes }) => axes)).toEqual([['batch', 'time', '6'], ['time+1']]);
    expect(model.sizes[0]).toEqual({ batch: 1, time: 64 });
    const refusal = (inputs: Parameters<typeof model.run>[0]): Promise<unknown> =>
      model.run(inputs).catch((error: unknown) => error);
    expect(await refusal(given(1, 65))).toMatchObject({ code: 'INPUT_SHAPE', where: 'input "x", axis 1', found: 'time = 65', expected: '64, 72, 80, 88, 96' }); // prettier-ignore
    expect(await refusal({ ...given(1, 64), bias: given(1, 72).bias })).toMatchObject({ code: 'INPUT_SHAPE', where: 'input "bias", axis 0', found: 'time+1 = 73', expected: '65' }); // prettier-ignore
    expect(await refusal({ ...given(1, 64), bias: given(1, 64).x })).toMatchObject({ code: 'INPUT_SHAPE', found: '[1,64,6]', expected: 'f32[time+1]' }); // prettier-ignore
    expect(await refusal({ x: given(1, 64).x })).toMatchObject({ code: 'INPUT_MISSING' });
    expect(await refusal({ ...given(1, 64), z: given(1, 64).x })).toMatchObject({ code: 'INPUT_UNKNOWN' });
    expect(model.bindings()).toEqual([]);
    expect((await model.run(given(1, 64))).most.shape).toEqual([1, 5]);
    model.dispose();
  });

  test('loadBundle takes it for a bundle of its first size, and bundles of one size are told apart', async () => {
    const first = await loadBundle(bundle.bytes, { device });
    expect(await first.run(given(1, 64))).toEqual(interpret(ROWS, given(1, 64)).outputs);
    await expect(first.run(given(1, 72))).rejects.toMatchObject({ code: 'INPUT_SHAPE' });
    first.dispose();
    const one = await toBundle(bundle.prepared);
    await expect(loadDynamicBundle(one, { device })).rejects.toThrow(/USAGE[^]*one size[^]*loadBundle/);
    await expect(loadDynamicBundle(one, { device, size: 1 } as never)).rejects.toThrow(/USAGE/);
  });
});
