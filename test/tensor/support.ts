/** Backends for the tests of traced programs: every software GPU, the WebAssembly engine, and an interpreter that flushes what it flushes. */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Backend } from '../../src/tensor/backends/backend.js';
import {
  openWasmDevice,
  readAll,
  referenceBackend,
  treeEntries,
  wasm,
  webgpu,
  type WasmDeviceOptions,
} from '../../src/index.js';
import type { WasmBackend } from '../../src/tensor/backends/wasm.js';
import type { WebGpuBackend } from '../../src/tensor/backends/webgpu.js';
import { differenceOf, testDevice } from '../support/differential.js';
import { availableGpus, type GpuName } from '../support/gpu.js';

export interface Pair {
  readonly device: WebGpuBackend | WasmBackend;
  /** The interpreter with the device's subnormal mode: what every bit is compared with. */
  readonly reference: Backend;
}

/** The same on a GPU. */
export interface GpuPair {
  readonly gpu: WebGpuBackend;
  readonly reference: Backend;
}

const openGpuPair = async (name: GpuName): Promise<GpuPair> => {
  const device = { ...(await testDevice(name)), software: true };
  return { gpu: webgpu(device), reference: referenceBackend(device.profile.subnormals) };
};

/** Registers `body` for each software GPU. */
export function onGpus(body: (pair: () => GpuPair) => void): void {
  describe.each(availableGpus)('on %s', (name) => {
    let pair: GpuPair;
    beforeAll(async () => {
      pair = await openGpuPair(name);
    });
    afterAll(() => pair.gpu.dispose());
    body(() => pair);
  });
}

const ENGINE: WasmDeviceOptions = { threads: 2 };

/** Registers `body` for each software GPU, and for the WebAssembly engine with these options. */
export function onDevices(
  body: (pair: () => Pair) => void,
  engines: readonly WasmDeviceOptions[] = [ENGINE],
): void {
  const devices = [
    ...availableGpus.map((name) => ({
      name: `on ${name}`,
      open: async (): Promise<Pair> => {
        const { gpu, reference } = await openGpuPair(name);
        return { device: gpu, reference };
      },
    })),
    ...engines.map((options) => ({
      name: `on wasm ${JSON.stringify(options)}`,
      open: async (): Promise<Pair> => {
        const engine = await openWasmDevice(options);
        return { device: wasm(engine), reference: referenceBackend(engine.profile.subnormals) };
      },
    })),
  ];
  describe.each(devices)('$name', ({ open }) => {
    let pair: Pair;
    beforeAll(async () => {
      pair = await open();
    });
    afterAll(() => pair.device.dispose());
    body(() => pair);
  });
}

/** Expects two trees of tensors to have the same structure, types and bits; all NaNs are one. */
export async function expectSameTrees(found: unknown, expected: unknown): Promise<void> {
  const [left, right] = [treeEntries(found), treeEntries(expected)];
  expect(left.map(([path]) => path)).toEqual(right.map(([path]) => path));
  const [a, b] = [await readAll(left.map(([, x]) => x)), await readAll(right.map(([, x]) => x))];
  const differences = left.map(([path], i) => `${path}: ${differenceOf(a[i], b[i]) ?? 'same'}`);
  expect(differences).toEqual(left.map(([path]) => `${path}: same`));
}
