/** The WebAssembly engine in either mode for subnormals, where the loader has one that keeps them. */
import { oneOf } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import type { SubnormalMode } from '../numerics/subnormals.js';
import {
  openWasmDevice,
  WASM_OPTIONS,
  type WasmDevice,
  type WasmDeviceOptions,
} from '../runtime/wasm/device.js';
import { STAND_INS } from '../runtime/wasm/normal.js';

export interface WasmModeOptions extends WasmDeviceOptions {
  /**
   * What becomes of subnormals. Default: preserve. `flush` gives the bits of devices that flush them, at a price, of programs that
   * are compiled for it: kernels in bundles keep them.
   */
  readonly subnormals?: SubnormalMode;
}

const OPTIONS: OptionTable<WasmModeOptions> = { ...WASM_OPTIONS, subnormals: oneOf('preserve', 'flush') };

/**
 * Opens the engine, in Node and browsers alike. Throws USAGE for options that are none, DEVICE_NOT_FOUND where the host has no
 * WebAssembly with SIMD and shared memory.
 */
export async function openInMode(options: WasmModeOptions = {}): Promise<WasmDevice> {
  const { subnormals = 'preserve', ...rest } = checkedOptions(options, OPTIONS, 'openWasmDevice');
  const device = await openWasmDevice(rest);
  return subnormals === 'preserve' ? device : { ...device, profile: { subnormals }, standIns: STAND_INS };
}
