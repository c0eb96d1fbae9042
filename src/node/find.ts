/** Finds the adapter that a name stands for. */
import { isMainThread } from 'node:worker_threads';
import { HeddleError } from '../base/errors.js';
import { findSoftwareGpus } from '../softgpu/index.js';
import type { Variables } from '../softgpu/process.js';
import { chooseAdapter, joined, offers, wantedName, type AdapterDescription } from './adapters.js';

/** An adapter, and what has to be in the environment to open it. */
export interface FoundAdapter {
  readonly adapter: AdapterDescription;
  readonly variables: Variables;
}

/**
 * The adapter that `webgpu` (any; hardware first) or `webgpu:NAME` (part of its name, in either case) stands for. Throws
 * DEVICE_NOT_FOUND with the adapters that there are, USAGE for other names.
 */
export async function findAdapter(device: string): Promise<FoundAdapter> {
  const named = wantedName(device) !== '';
  let all: readonly AdapterDescription[] = [];
  for await (const { variables, adapters, complete } of offers()) {
    const adapter = chooseAdapter(device, adapters);
    // Of software GPUs, a better one may be among those to come, unless it is this one that was asked for.
    if (adapter !== undefined && (complete || named || !adapter.software)) return { adapter, variables };
    all = joined(all, adapters);
  }
  throw notFound(device, all);
}

/**
 * The hardware GPU that `webgpu` stands for; undefined where there is none. It is among those that are offered first: what the
 * others add is software. Opens nothing. Throws DEVICE_NOT_FOUND where WebGPU itself is missing.
 */
export async function findHardware(): Promise<FoundAdapter | undefined> {
  for await (const { variables, adapters } of offers()) {
    const adapter = chooseAdapter('webgpu', adapters);
    return adapter === undefined || adapter.software ? undefined : { adapter, variables };
  }
  return undefined;
}

/** `webgpu:llvmpipe` for `llvmpipe (LLVM 15.0.6, 256 bits)` */
const shortName = (name: string): string => `webgpu:${name.split(/[\s(,]/)[0].toLowerCase()}`;

/** The error for `device` where there are `adapters`. */
export function notFound(device: string, adapters: readonly AdapterDescription[]): HeddleError {
  const names = adapters.map(({ name, backend }) => `${name} (${backend})`);
  return new HeddleError('DEVICE_NOT_FOUND', `no adapter matches ${device}`, {
    found: names.join('; ') || 'no adapter at all',
    hint: hintFor(device, adapters),
  });
}

function hintFor(device: string, adapters: readonly AdapterDescription[]): string {
  const swiftshader = adapters.find(({ name }) => /swiftshader/i.test(name));
  if (swiftshader !== undefined)
    return 'any part of one of these names will do, such as webgpu:swiftshader for the software GPU from npm';
  if (adapters.length > 0 && !'swiftshader'.startsWith(wantedName(device)))
    return `any part of one of these names will do: ${adapters.map(({ name }) => shortName(name)).join(', ')}`;
  const { swiftshaderProblem } = findSoftwareGpus();
  if (swiftshaderProblem !== undefined)
    return `install a Vulkan driver, or a software GPU; SwiftShader is missing: ${swiftshaderProblem}`;
  // It is installed, so that it must be the environment that did not get through.
  return isMainThread
    ? 'SwiftShader from npm is installed, but does not start; softwareGpuEnvironment() of heddle/node gives the environment to start a process with'
    : 'worker threads cannot reach the software GPU from npm by themselves: start them with { env: SHARE_ENV }, or the process with the environment that softwareGpuEnvironment() of heddle/node gives';
}
