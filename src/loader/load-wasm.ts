/** Loads bundles for WebAssembly. */
import { HeddleError } from '../base/errors.js';
import { func, kind } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { isBytes } from '../base/values.js';
import { readBundle, type Bundle } from '../plan/read-bundle.js';
import { wasmSectionOf } from '../plan/read-wasm.js';
import { isWasmDevice, openWasmDevice, type WasmDevice } from '../runtime/wasm/device.js';
import { WasmExecutable } from '../runtime/wasm/executable.js';
import type { WasmHost } from './load.js';

export interface LoadWasmOptions {
  /** An engine that was opened before. Default: one of its own. */
  readonly device?: WasmDevice;
}

export interface WasmHostOptions extends LoadWasmOptions {
  /** Takes a line that says what a bundle runs on, and why. Default: `console.info`. */
  readonly onChoice?: (line: string) => void;
}

const LOAD_OPTIONS: OptionTable<LoadWasmOptions> = { device: kind('await openWasmDevice()', isWasmDevice) };
const HOST_OPTIONS: OptionTable<WasmHostOptions> = { ...LOAD_OPTIONS, onChoice: func };

/**
 * Makes a bundle, as it is at the time of the call, ready to run. Throws what {@link readBundle}, {@link openWasmDevice} and
 * {@link WasmExecutable.create} do, and FILE_VERSION where the bundle has no kernels for WebAssembly.
 */
export async function loadWasmBundle(
  bytes: Uint8Array,
  options: LoadWasmOptions = {},
): Promise<WasmExecutable> {
  const { device } = checkedOptions(options, LOAD_OPTIONS, 'loadWasmBundle');
  return load(await readBundle(isBytes(bytes) ? new Uint8Array(bytes) : bytes), device);
}

/**
 * What `loadBundle` of `heddle/runtime` falls back on, where there is no WebGPU or it refuses the program (DEVICE_*). It opens
 * nothing before that.
 */
export function wasmHost(options: WasmHostOptions = {}): WasmHost {
  const { device, onChoice = say } = checkedOptions(options, HOST_OPTIONS, 'wasmHost');
  return {
    load: async (bundle, onWebGpu) => {
      const name = JSON.stringify(bundle.plan.name);
      try {
        const executable = await onWebGpu();
        const misfit = executable.device.software === true && bundle.producer.endsWith('target gpu');
        const slow = misfit ? '; it is a software GPU, and runs bundles of --target software faster' : '';
        onChoice(`${name} runs on WebGPU, ${executable.device.name}: its arithmetic is exact${slow}`);
        return executable;
      } catch (error) {
        // Browsers have errors of their own, such as of devices that are asked for too often.
        const isKnown = error instanceof HeddleError;
        if (isKnown && !error.code.startsWith('DEVICE_')) throw error;
        const why = isKnown ? `${error.code}, ${error.summary}` : String(error);
        const executable = await load(bundle, device, `WebGPU does not run it: ${why}`);
        onChoice(`${name} runs on ${executable.device.name}: ${why}`);
        return executable;
      }
    },
  };
}

/** A page that runs many times slower than on a GPU should find out why. */
const say = (line: string): void => console.info(line);

async function load(bundle: Bundle, device?: WasmDevice, found?: string): Promise<WasmExecutable> {
  const section = wasmSectionOf(bundle);
  if (section === undefined)
    throw new HeddleError('FILE_VERSION', 'the bundle has no kernels for WebAssembly', {
      found,
      hint: '`heddle compile --target webgpu,wasm` writes them',
    });
  const { plan, module, weights } = section;
  return WasmExecutable.create(plan, new Uint8Array(module), weights, device ?? (await openWasmDevice()));
}
