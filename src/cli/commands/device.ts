/** Devices for verbs, with what people should know about them. */
import { HeddleError } from '../../base/errors.js';
import type { NodeDevice, NodeOpenOptions } from '../../node/index.js';
import { isWasmDevice, openWasmDevice, type WasmDevice } from '../../runtime/wasm/device.js';
import { chosenDrivers } from '../../softgpu/drivers.js';
import type { Output } from '../terminal/output.js';
import { counted } from '../terminal/format.js';
import { ALL_ENGINES, type Model } from '../models/model.js';
import { isWasmName, REFERENCE, threadsIn, type TargetChoice } from '../terminal/options.js';
import type { TargetName } from '../terminal/targets.js';

export type OpenedDevice = NodeDevice | WasmDevice;

/** Opens an adapter by its name, and says so where `webgpu` is a software GPU. Throws DEVICE_NOT_FOUND, DEVICE_INEXACT. */
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

/**
 * The device of a verb: the one that it names, or else a hardware GPU where there is one, and the CPU where there is none, with a
 * line that says which, and why. A bundle may have kernels for one of them only. Throws DEVICE_*, USAGE.
 */
export async function openDevice(
  name: string | undefined,
  output: Output,
  { engines = ALL_ENGINES, preludes }: Partial<Pick<Model, 'engines' | 'preludes'>> = {},
): Promise<OpenedDevice> {
  const options = preludes === undefined ? {} : { preludes };
  if (name !== undefined) return isWasmName(name) ? openEngine(name) : openAdapter(name, output, options);
  if (!engines.wasm) {
    const device = await openAdapter('webgpu', output, options);
    const { name: adapter, software } = device.adapter;
    output.note(
      software
        ? `The bundle has no kernels for the CPU, which would be faster than a software GPU: compile it with --target webgpu,wasm.`
        : `The device is ${adapter}, a hardware GPU.`,
    );
    return device;
  }
  const { openDefaultDevice } = await import('../../node/index.js');
  return openDefaultDevice({ ...options, onChoice: (line) => output.note(line) });
}

/** What kernels for a device are made for. */
export const targetOf = (device: Pick<NodeDevice, 'adapter'> | WasmDevice): TargetName =>
  isWasmDevice(device) ? 'wasm' : device.adapter.software ? 'software' : 'gpu';

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
  if (device !== undefined && isWasmName(device)) return 'wasm';
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
export const closeDevice = (device: OpenedDevice): void =>
  isWasmDevice(device) ? device.dispose() : device.gpu.destroy();

/** `SwiftShader Device (Subzero), vulkan, software`; the interpreter where there is no device. */
export function describeDevice(device: Pick<NodeDevice, 'adapter'> | WasmDevice | undefined): string {
  if (device === undefined) return `${REFERENCE} (the interpreter)`;
  if (isWasmDevice(device)) return `${device.name}, ${counted(device.threads, 'thread')}`;
  const { name, backend, software } = device.adapter;
  return [name, backend, ...(software ? ['software'] : [])].join(', ');
}
