/** Opens WebGPU devices in Node by name. */
import { HeddleError } from '../base/errors.js';
import { buildPreludes, type Preludes } from '../codegen/wgsl/prelude.js';
import { openDevice, type OpenOptions, type ProbedDevice } from '../runtime/open.js';
import { chooseAdapter, importDawn, listAdapters, type AdapterDescription } from './adapters.js';

export interface NodeOpenOptions extends Omit<OpenOptions, 'adapter'> {
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
 * Opens `webgpu`, the adapter that the system offers (hardware before software), or `webgpu:NAME`, the one whose name
 * contains NAME in either case. Throws DEVICE_NOT_FOUND with the adapters that there are, DEVICE_INEXACT where the device
 * cannot be made exact, USAGE for other names.
 */
export async function openNodeDevice(device = 'webgpu', options: NodeOpenOptions = {}): Promise<NodeDevice> {
  const { preludes = buildPreludes(), ...rest } = options;
  const adapters = await listAdapters();
  const adapter = chooseAdapter(device, adapters);
  if (adapter === undefined) throw notFound(device, adapters);
  const create = await importDawn();
  const instance = create([`adapter=${adapter.name}`, `backend=${adapter.backend}`]);
  return { ...(await openDevice(instance, preludes, rest)), software: adapter.software, adapter, instance };
}

function notFound(device: string, adapters: readonly AdapterDescription[]): HeddleError {
  const names = adapters.map(({ name, backend }) => `${name} (${backend})`);
  return new HeddleError('DEVICE_NOT_FOUND', `there is no adapter for ${device}`, {
    found: names.join('; ') || 'no adapter at all',
    hint: 'install a Vulkan driver, or @sparticuz/chromium from npm for its SwiftShader; a program that is not the heddle command must be started with the environment that needsRestart("webgpu:swiftshader") of heddle/node gives',
  });
}
