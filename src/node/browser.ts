/** What `heddle/node` is in a page, by the condition `browser` of the package: functions that say what to call instead. */
import { HeddleError } from '../base/errors.js';

function refuse(name: string, hint: string): () => never {
  return () => {
    throw new HeddleError('USAGE', `${name} of heddle/node is for Node, not for browsers`, { hint });
  };
}

const OPEN = 'in a page, openDevice(navigator.gpu) of heddle opens a GPU, openWasmDevice() the CPU';

export const listAdapters = refuse('listAdapters', OPEN);
export const openNodeDevice = refuse('openNodeDevice', OPEN);
export const openDefaultDevice = refuse('openDefaultDevice', OPEN);
export const softwareGpuEnvironment = refuse('softwareGpuEnvironment', OPEN);
export const imageDecoders = refuse(
  'imageDecoders',
  'in a page, `imageDecoders: { jpeg: (bytes) => ({ width, height, data }) }` of importOnnx gives them',
);
export const externalFiles = refuse(
  'externalFiles',
  'in a page, `externalData: (path, offset, length) => bytes` of importOnnx gives them',
);
