/** Opens WebGPU devices in Node by name. */
import { isMainThread } from 'node:worker_threads';
import { HeddleError } from '../base/errors.js';
import { buildPreludes, type Preludes } from '../codegen/wgsl/prelude.js';
import type { ProbedDevice } from '../runtime/open.js';
import { findSoftwareGpus } from '../softgpu/index.js';
import { withVariables, type Variables } from '../softgpu/process.js';
import { openDevice, type TemplateOpenOptions } from '../templates/open.js';
import { chooseAdapter, importDawn, joined, offers, type AdapterDescription } from './adapters.js';

export interface NodeOpenOptions extends Omit<TemplateOpenOptions, 'adapter'> {
  /** Those of a bundle, where another version wrote it; this version's without. */
  readonly preludes?: Preludes;
}

/** A device of this process. */
export interface NodeDevice extends ProbedDevice {
  readonly adapter: AdapterDescription;
  /** Held here because Node crashes if it is collected while the device is in use. */
  readonly instance: GPU;
}

/**
 * Opens `webgpu`, the best adapter that there is (hardware before software), or `webgpu:NAME`, the one whose name
 * contains NAME in either case. Where the npm package `@sparticuz/chromium` is installed, its SwiftShader is offered as
 * well, whatever environment this process was started with. Throws DEVICE_NOT_FOUND with the adapters that there are,
 * DEVICE_INEXACT where the device cannot be made exact, USAGE for other names.
 */
export async function openNodeDevice(device = 'webgpu', options: NodeOpenOptions = {}): Promise<NodeDevice> {
  const { preludes = buildPreludes(), ...rest } = options;
  let all: readonly AdapterDescription[] = [];
  for await (const { variables, adapters } of offers()) {
    const adapter = chooseAdapter(device, adapters);
    if (adapter !== undefined) {
      const instance = await instanceFor(adapter, variables);
      return { ...(await openDevice(instance, preludes, rest, adapter)), adapter, instance };
    }
    all = joined(all, adapters);
  }
  throw notFound(device, all);
}

/** An instance that offers `adapter` only, and from now on needs no environment. */
async function instanceFor({ name, backend }: AdapterDescription, variables: Variables): Promise<GPU> {
  const create = await importDawn();
  return withVariables(variables, async () => {
    const instance = create([`adapter=${name}`, `backend=${backend}`]);
    // Dawn looks for drivers when it is first asked, and remembers them.
    await instance.requestAdapter();
    return instance;
  });
}

function notFound(device: string, adapters: readonly AdapterDescription[]): HeddleError {
  const names = adapters.map(({ name, backend }) => `${name} (${backend})`);
  return new HeddleError('DEVICE_NOT_FOUND', `there is no adapter for ${device}`, {
    found: names.join('; ') || 'no adapter at all',
    hint: hintFor(adapters),
  });
}

function hintFor(adapters: readonly AdapterDescription[]): string {
  const swiftshader = adapters.find(({ name }) => /swiftshader/i.test(name));
  if (swiftshader !== undefined)
    return 'any part of one of these names will do, such as webgpu:swiftshader for the software GPU from npm';
  const { swiftshaderProblem } = findSoftwareGpus();
  if (swiftshaderProblem !== undefined)
    return `install a Vulkan driver, or a software GPU; SwiftShader is missing: ${swiftshaderProblem}`;
  // It is installed, so that it must be the environment that did not get through.
  return isMainThread
    ? 'SwiftShader from npm is installed, but does not start; softwareGpuEnvironment() of heddle/node gives the environment to start a process with'
    : 'worker threads cannot reach the software GPU from npm by themselves: start them with { env: SHARE_ENV }, or the process with the environment that softwareGpuEnvironment() of heddle/node gives';
}
