/** Backends for the tests of traced programs: every software GPU, and an interpreter that flushes what it flushes. */
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { Backend } from '../../src/tensor/backends/backend.js';
import { readAll, referenceBackend, treeEntries, webgpu } from '../../src/index.js';
import type { WebGpuBackend } from '../../src/tensor/backends/webgpu.js';
import { differenceOf, testDevice } from '../support/differential.js';
import { availableGpus } from '../support/gpu.js';

export interface Pair {
  /** The device. */
  readonly gpu: WebGpuBackend;
  /** The interpreter with the device's subnormal mode: what every bit is compared with. */
  readonly reference: Backend;
}

/** Registers `body` for each software GPU. */
export function onGpus(body: (pair: () => Pair) => void): void {
  describe.each(availableGpus)('on %s', (name) => {
    let pair: Pair;
    beforeAll(async () => {
      const device = { ...(await testDevice(name)), software: true };
      pair = { gpu: webgpu(device), reference: referenceBackend(device.profile.subnormals) };
    });
    afterAll(() => pair.gpu.dispose());
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
