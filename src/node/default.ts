/** The device of a program that names none. */
import { HeddleError } from '../base/errors.js';
import { func } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import {
  openWasmDevice,
  WASM_OPTIONS,
  type WasmDevice,
  type WasmDeviceOptions,
} from '../runtime/wasm/device.js';
import { chosenDrivers } from '../softgpu/drivers.js';
import { findHardware } from './find.js';
import { NODE_OPTIONS, openNodeDevice, type NodeDevice, type NodeOpenOptions } from './open.js';

export interface DefaultDeviceOptions extends NodeOpenOptions, Pick<WasmDeviceOptions, 'threads'> {
  /** Takes a line that says which device it is, and why. */
  readonly onChoice?: (line: string) => void;
}

const OPTIONS: OptionTable<DefaultDeviceOptions> = {
  ...NODE_OPTIONS,
  threads: WASM_OPTIONS.threads,
  onChoice: func,
};

/**
 * Opens a hardware GPU where this machine offers one that computes exactly, and the WebAssembly engine elsewhere: on the CPU it is
 * faster than any software GPU. Results are the same. Throws DEVICE_NOT_FOUND where there is neither, USAGE for options that are
 * none.
 */
export async function openDefaultDevice(
  options: DefaultDeviceOptions = {},
): Promise<NodeDevice | WasmDevice> {
  const { threads, onChoice, ...gpuOptions } = checkedOptions(options, OPTIONS, 'openDefaultDevice');
  const found = await openHardware(gpuOptions);
  if (typeof found !== 'string') {
    onChoice?.(`The device is ${found.adapter.name}, a hardware GPU.`);
    return found;
  }
  const engine = await openWasmDevice(threads === undefined ? {} : { threads });
  onChoice?.(`The device is WebAssembly on the CPU: ${found}.`);
  return engine;
}

/** The hardware GPU, opened; or why there is none. */
async function openHardware(options: NodeOpenOptions): Promise<NodeDevice | string> {
  let name = 'WebGPU';
  try {
    const found = await findHardware();
    if (found === undefined)
      return `${chosenDrivers().length > 0 ? 'the chosen Vulkan drivers offer' : 'this machine offers'} no hardware GPU`;
    name = found.adapter.name;
    return await openNodeDevice('webgpu', options);
  } catch (error) {
    if (!(error instanceof HeddleError && error.code.startsWith('DEVICE_'))) throw error;
    return `${name} does not run (${error.code}, ${error.summary})`;
  }
}
