/** Opens devices, and lets only those in that compute exactly. */
import { HeddleError } from '../base/errors.js';
import type { Preludes } from '../plan/preludes.js';
import { openGpuDevice, type Device } from '../runtime/device.js';
import type { Progress } from '../runtime/pipelines.js';
import { probe, type ProbeReport } from './probe/probe.js';
import type { ProbeProgram } from './probe/program.js';

export interface OpenOptions {
  readonly adapter?: GPURequestAdapterOptions;
  /**
   * Programs that the device must compute exactly as well, such as kernels with the interpreter's results; or what makes
   * them for the device that was opened.
   */
  readonly programs?: readonly ProbeProgram[] | ProgramsFor;
  /** Accept a device that fails the probe; for reports, since its results are not to be trusted. */
  readonly allowInexact?: boolean;
  /** Called with the number of programs of the probe that have run, and their total. Another trial begins at 0 again. */
  readonly onProgress?: Progress | undefined;
}

/**
 * What `openDevice` is, in `heddle` and in `heddle/runtime` alike: it opens the adapter that `gpu` offers and proves it with
 * `preludes`. That of `heddle` has preludes of its own, runs the templates of the code generator as well, and takes two options more.
 */
export type OpenDevice = (
  gpu: GPU | undefined,
  preludes: Preludes,
  options?: OpenOptions,
) => Promise<ProbedDevice>;

export type ProgramsFor = (device: Pick<Device, 'software'>) => readonly ProbeProgram[];

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
  gpu: GPU | undefined,
  preludes: Preludes,
  options: OpenOptions = {},
): Promise<ProbedDevice> {
  const opened = await openGpuDevice(gpu, options?.adapter);
  try {
    const given = options?.programs;
    const programs = typeof given === 'function' ? given(opened) : given;
    const proof = await proveDevice(opened.gpu, opened.name, preludes, { ...options, programs });
    return { ...opened, ...proof };
  } catch (error) {
    opened.gpu.destroy();
    throw error;
  }
}

export interface ProveOptions extends Pick<OpenOptions, 'allowInexact' | 'onProgress'> {
  readonly programs?: readonly ProbeProgram[] | undefined;
}

/** What the probe says of a device. */
export type Proof = Pick<ProbedDevice, 'profile' | 'preludes' | 'report'>;

/** Probes a device that is open. Throws DEVICE_INEXACT, with the first pattern that fails, unless that is allowed. */
export async function proveDevice(
  gpu: GPUDevice,
  name: string,
  preludes: Preludes,
  options: ProveOptions = {},
): Promise<Proof> {
  const { programs, allowInexact, onProgress } = Object(options) as ProveOptions;
  const report = await probe(gpu, preludes, programs, undefined, onProgress);
  if (!allowInexact) requireExact(name, report);
  return { profile: report.profile, preludes, report };
}

/** Throws DEVICE_INEXACT, with the first pattern or template that failed. */
export function requireExact(name: string, { exact, patterns }: ProbeReport): void {
  if (exact) return;
  const failing = patterns.filter(({ passed }) => !passed);
  const { kind, group, name: pattern, firstFailure } = failing[0];
  const { element, inputs, found, expected } = firstFailure!;
  const operands = inputs.map((word) => `0x${word}`).join(', ');
  throw new HeddleError(
    'DEVICE_INEXACT',
    `${name} does not compute ${kind} "${pattern}" (${group}) exactly`,
    {
      found: `0x${found}${operands && ` of ${operands}`}`,
      expected: `0x${expected}`,
      where: `element ${element}; ${failing.length} of ${patterns.length} patterns and templates fail`,
      hint: 'another driver or device may do; `heddle doctor` lists them',
    },
  );
}
