/** Devices for verbs, with what people should know about them. */
import type { NodeDevice, NodeOpenOptions } from '../node/index.js';
import { chosenDrivers } from '../softgpu/drivers.js';
import type { Output } from './output.js';
import type { TargetChoice, TargetName } from './options.js';

/** Opens a device by its name, and says so where `webgpu` is a software GPU. Throws DEVICE_NOT_FOUND, DEVICE_INEXACT. */
export async function openAdapter(
  name: string,
  output: Output,
  options: Pick<NodeOpenOptions, 'preludes' | 'allowInexact' | 'probe'> = {},
): Promise<NodeDevice> {
  const { openNodeDevice } = await import('../node/index.js');
  const device = await openNodeDevice(name, options);
  if (name === 'webgpu' && device.adapter.software) {
    const origin = /swiftshader/i.test(device.adapter.name) ? 'the software GPU from npm' : 'a software GPU';
    const whence =
      chosenDrivers().length > 0 ? 'The chosen Vulkan drivers offer no hardware GPU' : 'This machine offers no GPU of its own'; // prettier-ignore
    output.note(`${whence}: using ${device.adapter.name}, ${origin}.`);
  }
  return device;
}

/** What kernels for this device are shaped for. */
export const targetOf = ({ adapter }: Pick<NodeDevice, 'adapter'>): TargetName =>
  adapter.software ? 'software' : 'gpu';

/** What `choice` stands for: `auto` is what `run` would take on `device`, which is not opened; a GPU where there is none. */
export async function chooseTarget(choice: TargetChoice, device: string): Promise<TargetName> {
  if (choice !== 'auto') return choice;
  const { chooseAdapter, listAdapters } = await import('../node/adapters.js');
  const adapter = chooseAdapter(device, await listAdapters().catch(() => []));
  return adapter === undefined ? 'gpu' : targetOf({ adapter });
}

/** `SwiftShader Device (Subzero), vulkan, software` */
export const describeDevice = ({ adapter }: NodeDevice): string =>
  [adapter.name, adapter.backend, ...(adapter.software ? ['software'] : [])].join(', ');
