/** Devices for verbs, with what people should know about them. */
import type { Target } from '../codegen/target.js';
import type { Preludes } from '../codegen/wgsl/prelude.js';
import type { NodeDevice } from '../node/index.js';
import type { Output } from './output.js';
import { TARGETS } from './options.js';

/** Opens a device by its name, and says so where `webgpu` is a software GPU. Throws DEVICE_NOT_FOUND, DEVICE_INEXACT. */
export async function openAdapter(
  name: string,
  output: Output,
  options: { readonly preludes?: Preludes; readonly allowInexact?: boolean } = {},
): Promise<NodeDevice> {
  const { openNodeDevice } = await import('../node/index.js');
  const device = await openNodeDevice(name, options);
  if (name === 'webgpu' && device.adapter.software) {
    const origin = /swiftshader/i.test(device.adapter.name) ? 'the software GPU from npm' : 'a software GPU';
    output.note(`This machine offers no GPU of its own: using ${device.adapter.name}, ${origin}.`);
  }
  return device;
}

/** What kernels for this device are shaped for. */
export const targetOf = ({ adapter }: NodeDevice): Target =>
  adapter.software ? TARGETS.software : TARGETS.gpu;

/** `SwiftShader Device (Subzero), vulkan, software` */
export const describeDevice = ({ adapter }: NodeDevice): string =>
  [adapter.name, adapter.backend, ...(adapter.software ? ['software'] : [])].join(', ');
