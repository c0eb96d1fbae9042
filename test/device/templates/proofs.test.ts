/** Proofs are kept: for adapters without a name within a page, and over page loads where there is a store. */
import { describe, expect, test } from 'vitest';
import { buildPreludes } from '../../../src/codegen/wgsl/prelude.js';
import { openDevice, openKnown, type TemplateOpenOptions } from '../../../src/device/templates/open.js';
import { storedProof, storeProof, type ProofStore } from '../../../src/device/templates/proofs.js';
import type { Proof } from '../../../src/device/open.js';
import type { NumericProfile } from '../../../src/runtime/device.js';
import { openGpu } from '../../support/gpu.js';

const preludes = buildPreludes();
const profile: NumericProfile = {
  subnormals: 'flush',
  mac: 'fusedZero',
  divide: 'native',
  squareRoot: 'native',
};
const WEEK = 7 * 24 * 3600 * 1000;
const NAMELESS = { vendor: '', architecture: '', device: '', description: '' };

/** WebGPU as Firefox has it: adapters say nothing of themselves, or what `info` has. */
async function pageWith(info: Partial<GPUAdapterInfo> = NAMELESS): Promise<GPU> {
  const { gpu } = await openGpu('swiftshader');
  const requestAdapter = async (): Promise<GPUAdapter> => {
    const adapter = (await gpu.requestAdapter())!;
    const requestDevice = async (descriptor: GPUDeviceDescriptor): Promise<GPUDevice> => {
      const device = await adapter.requestDevice(descriptor);
      Object.defineProperty(device, 'adapterInfo', { value: info });
      return device;
    };
    return { info, limits: adapter.limits, requestDevice } as unknown as GPUAdapter;
  };
  return { requestAdapter } as unknown as GPU;
}

/** Opens a device, and says how often the probe told of its progress. */
async function opening(
  gpu: GPU,
  options: TemplateOpenOptions = {},
): Promise<{ told: [number, number][]; report: object; name: string; software: boolean | undefined }> {
  const told: [number, number][] = [];
  const onProgress = (ready: number, total: number): void => void told.push([ready, total]);
  const known = { software: true };
  const { gpu: device, report, name, software } = await openKnown(gpu, preludes, { ...options, onProgress }, known); // prettier-ignore
  device.destroy();
  return { told, report, name, software };
}

class MemoryStore implements ProofStore {
  readonly entries = new Map<string, string>();
  getItem(key: string): string | null {
    return this.entries.get(key) ?? null;
  }
  setItem(key: string, text: string): void {
    this.entries.set(key, text);
  }
}

describe('an adapter without a name', () => {
  test('is probed once a page, with progress from nothing to all', async () => {
    const page = await pageWith();
    const first = await opening(page);
    expect(first.name).toBe('unnamed adapter');
    const [[start, total]] = first.told;
    expect([start, total > 4]).toEqual([0, true]);
    expect(first.told.at(-1)).toEqual([total, total]);
    expect(first.told).toHaveLength(total + 1);
    const second = await opening(page);
    expect(second.told).toEqual([]);
    expect(second.report).toBe(first.report);
    // Another page knows nothing of it.
    expect((await opening(await pageWith())).told).not.toEqual([]);
  });
});

describe('a store', () => {
  test('keeps the proof over page loads', async () => {
    const proofs = new MemoryStore();
    const first = await opening(await pageWith(), { proofs });
    expect(first.told).not.toEqual([]);
    expect(proofs.entries.size).toBe(1);
    const second = await opening(await pageWith(), { proofs });
    expect([second.told, second.report]).toEqual([[], first.report]);
  });

  test('is believed for a week, and only for devices that were exact', () => {
    const proof = { profile, preludes, report: { profile, patterns: [], exact: true } };
    const now = 1e12;
    const kept = (text?: string, time = now): Proof | undefined => {
      const place = { store: new MemoryStore(), key: 'heddle.proof' };
      storeProof(place, proof, now);
      if (text !== undefined) place.store.setItem(place.key, text);
      return storedProof(place, preludes, time);
    };
    expect(kept()).toEqual(proof);
    expect(kept(undefined, now + WEEK)).toEqual(proof);
    for (const time of [now + WEEK + 1, now - WEEK - 1]) expect(kept(undefined, time)).toBeUndefined();
    const inexact = { time: now, profile, report: { ...proof.report, exact: false } };
    for (const text of [
      '',
      'no JSON',
      'null',
      '7',
      '[]',
      JSON.stringify(inexact),
      JSON.stringify({ time: now, profile }),
    ])
      expect(kept(text), text).toBeUndefined();

    const place = { store: new MemoryStore(), key: 'heddle.proof' };
    storeProof(place, { ...proof, report: inexact.report }, now);
    expect(place.store.entries.size).toBe(0);
  });

  test('that is full or closed changes nothing', async () => {
    const closed: ProofStore = {
      getItem: () => {
        throw new Error('closed');
      },
      setItem: () => {
        throw new Error('full');
      },
    };
    expect((await opening(await pageWith(), { proofs: closed })).told).not.toEqual([]);
  });

  test('is refused where it is none', async () => {
    const given = { proofs: new Map() } as unknown as TemplateOpenOptions;
    await expect(opening(await pageWith(), given)).rejects.toMatchObject({ code: 'USAGE' });
  });
});

test('names are what an adapter says, and software is known by it', async () => {
  const chromium = { ...NAMELESS, vendor: 'google', architecture: 'swiftshader' };
  const { requestAdapter } = await pageWith(chromium);
  const { name, software, gpu } = await openDevice({ requestAdapter } as GPU, preludes);
  gpu.destroy();
  expect([name, software]).toEqual(['google swiftshader', true]);
});
