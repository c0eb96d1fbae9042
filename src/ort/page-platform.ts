/** A page, or another host with `navigator.gpu` and `fetch`. */
import { HeddleError } from '../base/errors.js';
import { openDevice } from '../device/templates/open.js';
import type { Device } from '../runtime/device.js';
import type { Platform } from './platform.js';

async function openGpu(adapter: GPURequestAdapterOptions, hardware: boolean): Promise<Device> {
  const { navigator } = globalThis as { readonly navigator?: { readonly gpu?: GPU } };
  const gpu = navigator?.gpu;
  if (gpu === undefined)
    throw new HeddleError('DEVICE_NOT_FOUND', 'this browser has no WebGPU', {
      hint: "executionProviders: ['wasm'] runs on the CPU, with the same bits",
    });
  const device = await openDevice(gpu, undefined, { adapter });
  if (!hardware || device.software !== true) return device;
  device.gpu.destroy();
  throw new HeddleError('DEVICE_NOT_FOUND', 'there is no hardware GPU', { found: device.name });
}

/** The bytes behind a URL. Throws FILE_UNREADABLE. */
export async function fetchBytes(url: string): Promise<Uint8Array> {
  const unreadable = (found: string, cause?: unknown): never => {
    throw new HeddleError('FILE_UNREADABLE', 'the file cannot be read', { where: url, found, cause });
  };
  const response = await fetch(url).catch((error: unknown) => unreadable(String(error), error));
  if (!response.ok) unreadable(`status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

export const PAGE: Platform = {
  openGpu,
  read: fetchBytes,
  beside: () => undefined,
  imageDecoders: () => ({}),
};
