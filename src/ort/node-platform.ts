/** Node: files by their paths, GPUs through the npm package `webgpu`. */
import { fileURLToPath } from 'node:url';
import { HeddleError } from '../base/errors.js';
import { externalFiles } from '../node/external-files.js';
import { readBytes } from '../node/files.js';
import { findHardware } from '../node/find.js';
import { imageDecoders } from '../node/image-decoders.js';
import { openNodeDevice } from '../node/open.js';
import type { Device } from '../runtime/device.js';
import { fetchBytes } from './page-platform.js';
import type { Platform } from './platform.js';

async function openGpu(
  { forceFallbackAdapter }: GPURequestAdapterOptions,
  hardware: boolean,
): Promise<Device> {
  if (hardware && (await findHardware()) === undefined)
    throw new HeddleError('DEVICE_NOT_FOUND', 'this machine offers no hardware GPU');
  return openNodeDevice(forceFallbackAdapter === true ? 'webgpu:swiftshader' : 'webgpu');
}

const isUrl = (path: string): boolean => /^(https?|data|blob):/.test(path);

export const NODE: Platform = {
  openGpu,
  read: (path) =>
    isUrl(path) ? fetchBytes(path) : new Promise((resolve) => resolve(readBytes(fromFileUrl(path)))),
  beside: (path) => (isUrl(path) ? undefined : externalFiles(fromFileUrl(path))),
  imageDecoders,
};

const fromFileUrl = (path: string): string => (path.startsWith('file:') ? fileURLToPath(path) : path);
