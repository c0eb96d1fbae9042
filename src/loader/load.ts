/** Loads bundles: what `heddle compile` wrote becomes something that runs, without the compiler. */
import { ensure } from '../base/errors.js';
import { classOf } from '../base/tensor.js';
import { isBytes } from '../base/values.js';
import { openDevice, proveDevice } from '../device/open.js';
import { canonicalJson } from '../base/safetensors/format.js';
import type { Preludes } from '../plan/preludes.js';
import { readBundle, type Bundle } from '../plan/read-bundle.js';
import type { Device } from '../runtime/device.js';
import { Executable, type ExecutableOptions } from '../runtime/executable.js';
import type { WasmExecutable } from '../runtime/wasm/executable.js';

export interface LoadOptions extends ExecutableOptions {
  /** Where to run it: a device that was opened before, or WebGPU itself (`navigator.gpu`), which is then opened. */
  readonly device: Device | GPU;
}

/** Runs bundles where WebGPU cannot: `wasmHost()` of `heddle/runtime/wasm`, which this loader does without. */
export interface WasmHost {
  /** What `onWebGpu` gives; or, where the device is missing or refused, the same program as WebAssembly. */
  load(bundle: Bundle, onWebGpu: () => Promise<Executable>): Promise<Executable | WasmExecutable>;
}

export interface FallbackOptions extends ExecutableOptions {
  /** As in {@link LoadOptions}; undefined where a browser has no WebGPU. */
  readonly device: Device | GPU | undefined;
  readonly wasm: WasmHost;
}

/**
 * Makes a bundle, as it is at the time of the call, ready to run. A device is probed with the bundle's own preludes, unless it was opened with the very same.
 * With `wasm`, a bundle of `heddle compile --target webgpu,wasm` runs there, with the same bits, where the device is missing or refused.
 * Throws what {@link readBundle}, {@link openDevice} and {@link Executable.create} do, and USAGE for what is no
 * device and for options that there are not.
 */
export function loadBundle(bytes: Uint8Array, options: LoadOptions): Promise<Executable>;
export function loadBundle(bytes: Uint8Array, options: FallbackOptions): Promise<Executable | WasmExecutable>;
export async function loadBundle(
  bytes: Uint8Array,
  given: LoadOptions | FallbackOptions,
): Promise<Executable | WasmExecutable> {
  ensure(
    has(given, 'device') && Object.keys(given).every((name) => /^(device|onProgress|wasm)$/.test(name)),
    'USAGE',
    'a bundle is loaded with a device',
    () => ({
      found: Object.keys(Object(given) as object).join(', ') || 'no options',
      expected: 'loadBundle(bytes, { device }), and onProgress and wasm or not',
    }),
  );
  const { device, wasm, ...options } = given as Partial<FallbackOptions>;
  ensure(wasm === undefined || typeof wasm?.load === 'function', 'USAGE', 'wasm is not a wasmHost()');
  // Weights are read when the device is ready, and again by rebuild().
  const bundle = await readBundle(isBytes(bytes) ? new Uint8Array(bytes) : bytes);
  const { plan, preludes, weights } = bundle;
  const onWebGpu = async (): Promise<Executable> => {
    const opened = await deviceFor(device, preludes);
    try {
      return await Executable.create(plan, preludes, weights, opened, options);
    } catch (error) {
      if (has(device, 'requestAdapter')) opened.gpu.destroy();
      throw error;
    }
  };
  return wasm === undefined ? onWebGpu() : wasm.load(bundle, onWebGpu);
}

const has = <K extends string>(value: unknown, key: K): value is Readonly<Record<K, unknown>> =>
  typeof value === 'object' && value !== null && key in value;

/** The device, proved with the preludes of a bundle. */
export async function deviceFor(device: Device | GPU | undefined, preludes: Preludes): Promise<Device> {
  // A browser without WebGPU has no navigator.gpu.
  if (device === undefined || has(device, 'requestAdapter')) return openDevice(device, preludes);
  ensure(has(device, 'gpu') && has(device.gpu, 'queue'), 'USAGE', 'the value is not a device', {
    found: classOf(device),
    expected: 'navigator.gpu, or await openDevice(...)',
  });
  const proved = device.preludes !== undefined && canonicalJson(device.preludes) === canonicalJson(preludes);
  return proved ? device : { ...device, ...(await proveDevice(device.gpu, device.name, preludes)) };
}
