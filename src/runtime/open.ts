/** Opens devices, and lets only those in that compute exactly. */
import { HeddleError } from '../base/errors.js';
import type { Preludes } from '../codegen/wgsl/prelude.js';
import { openGpuDevice, type Device } from './device.js';
import { probe, type ProbeReport } from './probe/probe.js';
import type { ProbeProgram } from './probe/program.js';

export interface OpenOptions {
  readonly adapter?: GPURequestAdapterOptions;
  /** Programs that the device must compute exactly as well, such as kernels with the interpreter's results. */
  readonly programs?: readonly ProbeProgram[];
  /** Accept a device that fails the probe; for reports, since its results are not to be trusted. */
  readonly allowInexact?: boolean;
}

/** A device that the probe has examined. */
export interface ProbedDevice extends Device {
  readonly preludes: Preludes;
  readonly report: ProbeReport;
}

/**
 * Opens the adapter that `gpu` offers and probes it. The caller keeps `gpu` referenced for as long as the device is used.
 * Throws DEVICE_NOT_FOUND where there is none, DEVICE_INEXACT where its arithmetic cannot be made exact.
 */
export async function openDevice(
  gpu: GPU,
  preludes: Preludes,
  options: OpenOptions = {},
): Promise<ProbedDevice> {
  const opened = await openGpuDevice(gpu, options.adapter);
  try {
    const proof = await proveDevice(opened.gpu, opened.name, preludes, options);
    return { ...opened, ...proof };
  } catch (error) {
    opened.gpu.destroy();
    throw error;
  }
}

/** Probes a device that is open. Throws DEVICE_INEXACT, with the first pattern that fails, unless that is allowed. */
export async function proveDevice(
  gpu: GPUDevice,
  name: string,
  preludes: Preludes,
  { programs, allowInexact = false }: Pick<OpenOptions, 'programs' | 'allowInexact'> = {},
): Promise<Pick<ProbedDevice, 'profile' | 'preludes' | 'report'>> {
  const report = await probe(gpu, preludes, programs);
  if (!report.exact && !allowInexact) throw inexact(name, report);
  return { profile: report.profile, preludes, report };
}

function inexact(name: string, { patterns }: ProbeReport): HeddleError {
  const failing = patterns.filter(({ passed }) => !passed);
  const { group, name: pattern, firstFailure: at } = failing[0];
  const inputs =
    at === undefined || at.inputs.length === 0
      ? ''
      : ` of ${at.inputs.map((word) => `0x${word}`).join(', ')}`;
  const words = at === undefined ? {} : { found: `0x${at.found}${inputs}`, expected: `0x${at.expected}` };
  return new HeddleError('DEVICE_INEXACT', `${name} does not compute "${pattern}" (${group}) exactly`, {
    ...words,
    where: `element ${at?.element ?? 0}; ${failing.length} of ${patterns.length} patterns fail`,
    hint: 'another driver, browser or device may do; `heddle doctor` lists all patterns',
  });
}
