import { describe, expect, test } from 'vitest';
import type { Preludes } from '../../../src/plan/preludes.js';
import type { NumericProfile } from '../../../src/runtime/device.js';
import { openDevice, proveDevice } from '../../../src/device/open.js';
import { probe } from '../../../src/device/probe/probe.js';
import type { ProbeProgram } from '../../../src/device/probe/program.js';
import { availableGpus, openGpu, type GpuName } from '../../support/gpu.js';
import { prepareSmall, preludes, reference, smallInputs, weightsOf } from '../../runtime/support.js';

const PROFILES: Readonly<Record<GpuName, NumericProfile>> = {
  swiftshader: { subnormals: 'flush', mac: 'fusedZero', divide: 'native', squareRoot: 'native' },
  lavapipe: { subnormals: 'preserve', mac: 'fusedZero', divide: 'native', squareRoot: 'native' },
};

/** A prelude as one would write it without knowing what drivers do. */
const withoutBarriers: Preludes = {
  ...preludes,
  base: preludes.base.replace(/fn rn\(.*\n/, 'fn rn(v: f32) -> f32 { return v; }\n'),
  mac: {
    fusedZero: 'fn mac(acc: f32, a: f32, b: f32) -> f32 { return acc + a * b; }\n',
    opaque: 'fn mac(acc: f32, a: f32, b: f32) -> f32 { return acc + a * b; }\n',
  },
};

/** Divisions and roots that are two units off, as WGSL allows. */
const imprecise: Preludes = {
  ...preludes,
  divide: distort(preludes.divide, 'a / b'),
  squareRoot: distort(preludes.squareRoot, 'sqrt(a)'),
};

function distort<T extends Readonly<Record<string, string>>>(variants: T, operation: string): T {
  const off = `bitcast<f32>(bitcast<u32>(${operation}) + 2u)`;
  return Object.fromEntries(
    Object.entries(variants).map(([key, text]) => [key, text.replace(operation, off)]),
  ) as T;
}

describe.each(availableGpus)('%s', (name) => {
  test('computes exactly with the cheapest prelude', async () => {
    const { device } = await openGpu(name);
    const report = await probe(device, preludes);
    expect(report.patterns.filter(({ passed }) => !passed)).toEqual([]);
    expect(report).toMatchObject({ exact: true, profile: PROFILES[name] });
    expect(report.patterns.length).toBeGreaterThan(90);
    device.destroy();
  });

  test('is exact with every corrected variant, too', async () => {
    const { device } = await openGpu(name);
    const dearest = {
      ...PROFILES[name],
      mac: 'opaque',
      divide: 'corrected',
      squareRoot: 'corrected',
    } as const;
    const report = await probe(device, preludes, [], dearest);
    expect(report).toMatchObject({ exact: true, profile: dearest });
    device.destroy();
  });

  test('gets the corrected variants of what is imprecise, and only of that', async () => {
    const { device } = await openGpu(name);
    const report = await probe(device, imprecise);
    expect(report.profile).toEqual({ ...PROFILES[name], divide: 'corrected', squareRoot: 'corrected' });
    expect(report.exact).toBe(true);
    device.destroy();
  });

  test('is refused without barriers, with the pattern and its words', async () => {
    const { device } = await openGpu(name);
    const refusal = proveDevice(device, name, withoutBarriers);
    await expect(refusal).rejects.toMatchObject({ code: 'DEVICE_INEXACT' });
    await expect(refusal).rejects.toThrow(/does not compute pattern ".*" \(.*\) exactly/);
    await expect(refusal).rejects.toThrow(/found: +0x[0-9a-f]{8} of 0x[0-9a-f]{8}/);
    const { report } = await proveDevice(device, name, withoutBarriers, { allowInexact: true });
    expect(report.exact).toBe(false);
    const failing = report.patterns.filter(({ passed }) => !passed).map((pattern) => pattern.name);
    expect(failing).toContain('rn(a - b) + b');
    expect(failing).toContain('rn(a + 12582912f) - 12582912f');
    device.destroy();
  });

  test('must compute the programs of the caller as well', async () => {
    const { device } = await openGpu(name);
    const prepared = prepareSmall();
    const inputs = smallInputs(0);
    const program: ProbeProgram = {
      group: 'templates',
      plan: prepared.planned.plan,
      inputs,
      weights: weightsOf(prepared),
      expected: (mode) => reference(prepared, inputs, mode),
    };
    const { report } = await proveDevice(device, name, preludes, { programs: [program] });
    expect(report.patterns.filter(({ group }) => group === 'templates')).toMatchObject([
      { name: 'probabilities', passed: true, cases: 54 },
      { name: 'sums', passed: true, cases: 6 },
    ]);
    const wrong = { ...program, expected: () => reference(prepared, smallInputs(1), 'preserve') };
    await expect(proveDevice(device, name, preludes, { programs: [wrong] })).rejects.toThrow(
      /"probabilities" \(templates\)/,
    );
    device.destroy();
  });

  test('opens as a device, or says that there is none', async () => {
    const { gpu } = await openGpu(name);
    const device = await openDevice(gpu, preludes);
    expect(device.profile).toEqual(PROFILES[name]);
    device.gpu.destroy();
    const none = { requestAdapter: () => Promise.resolve(null) } as unknown as GPU;
    await expect(openDevice(none, preludes)).rejects.toMatchObject({ code: 'DEVICE_NOT_FOUND' });
  });
});

test('the patterns have operands in plenty', () => {
  const patterns = preludes.suite.kernels.flatMap((kernel) => kernel.patterns);
  for (const operation of ['divide(a, b)', 'square_root(a)'])
    expect(
      Math.max(...patterns.filter(({ name }) => name === operation).map(({ length }) => length)),
    ).toBeGreaterThanOrEqual(16_384);
});
