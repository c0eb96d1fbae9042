/** Devices of workers. */
import {
  HeddleError,
  openDevice,
  openWasmDevice,
  type ProbedDevice,
  type TemplateOpenOptions,
  type WasmDevice,
} from 'heddle';
import type { Engine, News } from '../measured.js';

/** What WebGPU is taken from: a page's own, or another that a test gives. */
export const gpuOfPage = (): GPU | undefined => (navigator as { readonly gpu?: GPU }).gpu;

export async function openGpu(
  news: (text: News) => void,
  options: TemplateOpenOptions = {},
  gpu = gpuOfPage(),
): Promise<ProbedDevice> {
  if (gpu === undefined)
    throw new HeddleError('DEVICE_NOT_FOUND', 'this browser has no WebGPU', {
      hint: 'Chrome, Edge, Safari 26 and Firefox 141 have it, on pages of HTTPS; models run on the CPU as well',
    });
  const onProgress = (done: number, total: number): void =>
    news({ stage: 'proving the device', done, total });
  return openDevice(gpu, undefined, { ...options, onProgress });
}

/** An engine, and what closes it. The options, and `gpu`, are those of a GPU. */
export async function open(
  engine: Engine,
  news: (text: News) => void,
  options?: TemplateOpenOptions,
  gpu?: GPU,
): Promise<{ readonly device: ProbedDevice | WasmDevice; readonly close: () => void }> {
  if (engine === 'wasm') {
    const device = await openWasmDevice();
    return { device, close: () => device.dispose() };
  }
  const device = await openGpu(news, options, gpu);
  return { device, close: () => device.gpu.destroy() };
}
