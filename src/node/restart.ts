/** Software GPUs need variables in the environment that a process is started with: see src/softgpu. */
import { findSoftwareGpus, isStartedWith } from '../softgpu/index.js';
import { chooseAdapter, listAdapters, wantedName } from './adapters.js';

/** Names that mean a software GPU, in lower case, as `webgpu:NAME` may give a part of them. */
const SOFTWARE_NAMES = ['swiftshader device', 'llvmpipe'];

/**
 * The variables that this process lacks to open `device` (`webgpu` or `webgpu:NAME`): a program that wants it starts itself
 * again with them. Undefined where the device is there already, or no environment would help. Throws USAGE for other names.
 */
export async function needsRestart(device: string): Promise<Readonly<Record<string, string>> | undefined> {
  const wanted = wantedName(device);
  if (!SOFTWARE_NAMES.some((name) => name.includes(wanted))) return undefined;
  if (chooseAdapter(device, await listAdapters()) !== undefined) return undefined;
  const { env, gpus } = findSoftwareGpus();
  return gpus.length === 0 || isStartedWith(env) ? undefined : env;
}
