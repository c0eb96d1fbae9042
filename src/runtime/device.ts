/** A WebGPU device with what the probe found out about its arithmetic. */
import { ensure, HeddleError } from '../base/errors.js';
import type { Preludes, PreludeTexts } from '../plan/preludes.js';
import type { SubnormalMode } from '../numerics/subnormals.js';

/** How a device computes, as measured by the probe; it decides which variant of the prelude its kernels get. */
export interface NumericProfile {
  readonly subnormals: SubnormalMode;
  /** Which form of multiply-add keeps both roundings. */
  readonly mac: keyof PreludeTexts['mac'];
  /** Whether `/` and sqrt are correctly rounded, or need the integer correction. */
  readonly divide: 'native' | 'corrected';
  readonly squareRoot: 'native' | 'corrected';
}

export interface Device {
  readonly gpu: GPUDevice;
  /** The adapter's description, for messages and reports. */
  readonly name: string;
  readonly profile: NumericProfile;
  /** Whether a CPU plays the GPU: kernels are then shaped for few invocations. Bits do not depend on it. */
  readonly software?: boolean;
  /** The preludes that the profile was proved with; absent where nothing was proved. */
  readonly preludes?: Preludes;
}

/** The prelude that `profile` asks for. */
export function preludeFor(preludes: PreludeTexts, profile: NumericProfile): string {
  const variant = (choice: 'native' | 'corrected'): 'native' | SubnormalMode =>
    choice === 'native' ? 'native' : profile.subnormals;
  return [
    preludes.base,
    preludes.mac[profile.mac],
    preludes.divide[variant(profile.divide)],
    preludes.squareRoot[variant(profile.squareRoot)],
  ].join('');
}

/** The limits that programs gain from; all that the adapter offers of them is asked for. */
const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
] as const;

/**
 * Opens the adapter that `gpu` offers, with its own limits. Throws DEVICE_NOT_FOUND where there is none. The caller keeps
 * `gpu` referenced for as long as the device is used.
 */
export async function openGpuDevice(
  gpu: GPU | undefined,
  options: GPURequestAdapterOptions = {},
): Promise<Pick<Device, 'gpu' | 'name' | 'software'>> {
  // A browser without WebGPU has no navigator.gpu.
  ensure(
    gpu === undefined || typeof gpu?.requestAdapter === 'function',
    'USAGE',
    'the value does not offer WebGPU',
    { expected: 'navigator.gpu' },
  );
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance', ...options });
  if (!adapter)
    throw new HeddleError('DEVICE_NOT_FOUND', 'no WebGPU adapter', {
      hint: 'enable WebGPU, or update the graphics driver',
    });
  const requiredLimits = Object.fromEntries(WANTED_LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits });
  return { gpu: device, ...describeAdapter(adapter.info) };
}

/**
 * What an adapter says of itself: `SwiftShader Device (Subzero)`, or `google swiftshader` where that is all; browsers may keep it.
 * Software GPUs are known by their names, too.
 */
export function describeAdapter(info: Partial<GPUAdapterInfo>): Required<Pick<Device, 'name' | 'software'>> {
  const { vendor, architecture, device, description, isFallbackAdapter } = info;
  const name = description || [vendor, architecture, device].filter(Boolean).join(' ') || 'unnamed adapter';
  return { name, software: isFallbackAdapter || /swiftshader|llvmpipe/i.test(name) };
}
