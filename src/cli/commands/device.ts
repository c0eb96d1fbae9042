/** Devices for verbs, with what people should know about them. */
import { HeddleError } from '../../base/errors.js';
import type { NodeDevice, NodeOpenOptions } from '../../node/index.js';
import { isWasmDevice, openWasmDevice, type WasmDevice } from '../../runtime/wasm/device.js';
import { chosenDrivers } from '../../softgpu/drivers.js';
import type { Output } from '../terminal/output.js';
import { counted } from '../terminal/format.js';
import { REFERENCE, threadsIn, type TargetChoice, type TargetName } from '../terminal/options.js';

/** Opens a device by its name, and says so where `webgpu` is a software GPU. Throws DEVICE_NOT_FOUND, DEVICE_INEXACT. */
export async function openAdapter(
  name: string,
  output: Output,
  options: Pick<NodeOpenOptions, 'preludes' | 'allowInexact' | 'probe'> = {},
): Promise<NodeDevice> {
  const { openNodeDevice } = await import('../../node/index.js');
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

/**
 * What `choice` stands for: `auto` is what `run` would take on `device`, which is not opened. Without a device it is that
 * of `webgpu`; a GPU where there is none. Throws DEVICE_NOT_FOUND for a device that is not there, USAGE for both.
 */
export async function chooseTarget(choice: TargetChoice, device: string | undefined): Promise<TargetName> {
  if (choice !== 'auto') {
    if (device === undefined) return choice;
    throw new HeddleError('USAGE', '--device says what kernels are shaped for, and so does --target', {
      found: `--target ${choice} --device ${device}`,
      expected: 'one of the two',
    });
  }
  const { findAdapter } = await import('../../node/find.js');
  try {
    return targetOf(await findAdapter(device ?? 'webgpu'));
  } catch (error) {
    if (device === undefined && error instanceof HeddleError && error.code === 'DEVICE_NOT_FOUND')
      return 'gpu';
    throw error;
  }
}

/** Opens the WebAssembly engine by its name, `wasm` or `wasm:THREADS`. Throws DEVICE_NOT_FOUND, USAGE. */
export function openEngine(name: string): Promise<WasmDevice> {
  const threads = threadsIn(name);
  return openWasmDevice(threads === undefined ? {} : { threads });
}

/** Gives all that a device holds back. */
export const closeDevice = (device: NodeDevice | WasmDevice): void =>
  isWasmDevice(device) ? device.dispose() : device.gpu.destroy();

/** `SwiftShader Device (Subzero), vulkan, software`; the interpreter where there is no device. */
export function describeDevice(device: Pick<NodeDevice, 'adapter'> | WasmDevice | undefined): string {
  if (device === undefined) return `${REFERENCE} (the interpreter)`;
  if (isWasmDevice(device)) return `${device.name}, ${counted(device.threads, 'thread')}`;
  const { name, backend, software } = device.adapter;
  return [name, backend, ...(software ? ['software'] : [])].join(', ');
}
