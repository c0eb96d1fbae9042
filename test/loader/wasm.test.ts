/** Bundles that run as WebAssembly, alone or where WebGPU does not run them. */
import { describe, expect, test } from 'vitest';
import { METADATA, type TensorEntry } from '../../src/base/safetensors/format.js';
import { writeContainer } from '../../src/base/safetensors/write.js';
import { prepare, toBundle } from '../../src/compile.js';
import { loadBundle } from '../../src/loader/load.js';
import { loadWasmBundle, wasmHost } from '../../src/loader/load-wasm.js';
import { WASM_TARGET } from '../../src/passes/target.js';
import { headerHash, metadataKey, WASM_MODULE } from '../../src/plan/container.js';
import { readBundle } from '../../src/plan/read-bundle.js';
import { readBundleContainer } from '../../src/plan/read-container.js';
import { wasmSectionOf } from '../../src/plan/read-wasm.js';
import { Executable } from '../../src/runtime/executable.js';
import type { Tensors } from '../../src/runtime/inputs.js';
import { openWasmDevice } from '../../src/runtime/wasm/device.js';
import { WasmExecutable } from '../../src/runtime/wasm/executable.js';
import { mockDevice } from '../runtime/mock-gpu.js';
import { expectEqual, prepareSmall, reference, smallInputs, smallProgram } from '../runtime/support.js';

const prepared = prepareSmall();
const forWasm = prepare(smallProgram(), { target: WASM_TARGET });
const write = (): Promise<Uint8Array> => toBundle(prepared, 'a test', forWasm);
const bundle = await write();
const expected = (phase: number): Tensors => reference(prepared, smallInputs(phase), 'preserve');
const plain = await toBundle(prepared, 'a test');

describe('a bundle for WebGPU and WebAssembly', () => {
  test('has the same bytes every time, and each weight once', async () => {
    expect(await write()).toEqual(bundle);
    const { tensors } = readBundleContainer(bundle);
    expect([...tensors.keys()].sort()).toEqual([WASM_MODULE, 'layer/b', 'layer/w', 'mask', 'scale'].sort());
  });

  test('holds what was put in', async () => {
    const read = await readBundle(bundle);
    expect(read.plan).toEqual(prepared.planned.plan);
    const section = wasmSectionOf(read);
    expect(section?.plan).toEqual(forWasm.planned.plan);
    expect(section?.module).toEqual(forWasm.planned.module?.bytes);
    expect(wasmSectionOf(await readBundle(plain))).toBeUndefined();
  });

  test('runs with the bits of the interpreter', async () => {
    const executable = await loadWasmBundle(bundle);
    for (const phase of [1, 2]) expectEqual(await executable.run(smallInputs(phase)), expected(phase));
    executable.dispose();
  });

  test('is refused by toBundle where a program was prepared for something else', async () => {
    const refused = { code: 'USAGE', summary: 'the program was prepared for another kind of device' };
    expect(() => toBundle(forWasm)).toThrow(expect.objectContaining(refused) as Error);
    expect(() => toBundle(prepared, 'a test', prepared)).toThrow(expect.objectContaining(refused) as Error);
    await expect(loadWasmBundle(plain)).rejects.toMatchObject({
      code: 'FILE_VERSION',
      hint: '`heddle compile --target webgpu,wasm` writes them',
    });
  });
});

describe('the loader of heddle/runtime', () => {
  const run = async (
    bytes: Uint8Array,
    given: Parameters<typeof loadBundle>[1]['device'] | undefined,
  ): Promise<{ executable: Executable | WasmExecutable; lines: readonly string[] }> => {
    const lines: string[] = [];
    const wasm = wasmHost({ device: await openWasmDevice(), onChoice: (line) => lines.push(line) });
    return { executable: await loadBundle(bytes, { device: given, wasm }), lines };
  };

  test('takes WebGPU where it computes exactly, and says so', async () => {
    const { executable, lines } = await run(bundle, mockDevice());
    expect(executable).toBeInstanceOf(Executable);
    expect(lines).toEqual([expect.stringMatching(/^"small" runs on WebGPU, .*: its arithmetic is exact$/)]);
  });

  test('says where a bundle for hardware GPUs runs on a software GPU', async () => {
    const slow =
      /: its arithmetic is exact; it is a software GPU, and runs bundles of --target software faster$/;
    const lines = async (producer: string, software: boolean): Promise<readonly string[]> =>
      (await run(await toBundle(prepared, producer, forWasm), { ...mockDevice(), software })).lines;
    expect(await lines('heddle 1.0.0, target gpu', true)).toEqual([expect.stringMatching(slow)]);
    expect(await lines('heddle 1.0.0, target gpu', false)).toEqual([expect.not.stringMatching(slow)]);
    expect(await lines('heddle 1.0.0, target software', true)).toEqual([expect.not.stringMatching(slow)]);
  });

  test('takes WebAssembly where there is no WebGPU, and says why', async () => {
    const { executable, lines } = await run(bundle, undefined);
    expect(executable).toBeInstanceOf(WasmExecutable);
    expect(lines).toEqual(['"small" runs on WebAssembly: DEVICE_NOT_FOUND, no WebGPU adapter']);
    expectEqual(await executable.run(smallInputs(1)), expected(1));
  });

  test('takes WebAssembly where asking for a device fails in a way of its own', async () => {
    const gpu = { requestAdapter: () => Promise.reject(new Error('too often')) } as unknown as GPU;
    expect((await run(bundle, gpu)).lines).toEqual(['"small" runs on WebAssembly: Error: too often']);
  });

  test('says what is missing where the bundle has no kernels for it', async () => {
    await expect(run(plain, undefined)).rejects.toMatchObject({
      code: 'FILE_VERSION',
      found: 'WebGPU does not run it: DEVICE_NOT_FOUND, no WebGPU adapter',
    });
  });

  test('does not hide errors that are not about the device', async () => {
    await expect(run(bundle.slice(0, 99), undefined)).rejects.toMatchObject({ code: 'FILE_TRUNCATED' });
    await expect(run(bundle, {} as GPU)).rejects.toMatchObject({ code: 'USAGE' });
    const wrong = loadBundle(bundle, { device: mockDevice(), wasm: {} as never });
    await expect(wrong).rejects.toMatchObject({ code: 'USAGE' });
  });
});

/** The bundle with other metadata or tensors, and hashes that belong to them. */
async function forge(
  edit: (metadata: Record<string, string>, tensors: Map<string, TensorEntry>) => void,
): Promise<Uint8Array> {
  const { metadata: original, tensors: entries, data } = readBundleContainer(bundle);
  const [metadata, tensors] = [{ ...original }, new Map(entries)];
  edit(metadata, tensors);
  metadata[metadataKey('headerSha256')] = await headerHash({ metadata, tensors });
  expect(Object.hasOwn(metadata, METADATA)).toBe(false);
  return writeContainer({ metadata, tensors }, [data]);
}

describe('a section for WebAssembly that is not right is refused', () => {
  const wasmPlan = metadataKey('wasmPlan');
  const planWith = (changes: object) => (metadata: Record<string, string>) =>
    void (metadata[wasmPlan] = JSON.stringify({ ...forWasm.planned.plan, ...changes }));
  test.each<[string, Parameters<typeof forge>[0]]>([
    ['a plan that is no plan', (metadata) => (metadata[wasmPlan] = '{')],
    ['a plan of another program', planWith({ outputs: [] })],
    ['a region out of the arena', planWith({ arenaBytes: 4 })],
    [
      'a module of another dtype',
      (_, tensors) => {
        const module = tensors.get(WASM_MODULE)!;
        tensors.set(WASM_MODULE, { ...module, dtype: 'BOOL' });
      },
    ],
  ])('%s', async (_, edit) => {
    await expect(forge(edit).then((bytes) => loadWasmBundle(bytes))).rejects.toMatchObject({
      code: 'FILE_CORRUPT',
    });
  });

  test.each<[string, object, string]>([
    [
      'a kernel that the module lacks',
      { pipelines: forWasm.planned.plan.pipelines.map((each) => ({ ...each, code: 'no' })) },
      'IR_INVALID',
    ],
    ['memory beyond 4 GiB', { arenaBytes: 2 ** 33 }, 'DEVICE_LIMIT'],
  ])('%s', async (_, changes, code) => {
    await expect(forge(planWith(changes)).then((bytes) => loadWasmBundle(bytes))).rejects.toMatchObject({
      code,
    });
  });

  test('a module that is none', async () => {
    const { planned } = forWasm;
    const module = { ...planned.module!, bytes: new Uint8Array(9) };
    const bytes = await toBundle(prepared, 'a test', { ...forWasm, planned: { ...planned, module } });
    await expect(loadWasmBundle(bytes)).rejects.toMatchObject({ code: 'DEVICE_VALIDATION' });
  });
});
