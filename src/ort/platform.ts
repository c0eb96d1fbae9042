/** What differs between a page and Node: where devices come from, and where files lie. */
import type { ImageDecoders } from '../data/images/index.js';
import type { Device } from '../runtime/device.js';
import type { ExternalReader } from '../frontends/onnx/external.js';

export interface Platform {
  /** Opens WebGPU. With `hardware`, throws DEVICE_NOT_FOUND where only a CPU would play the GPU. */
  openGpu(adapter: GPURequestAdapterOptions, hardware: boolean): Promise<Device>;
  /** The bytes of a file, by its path or URL. Throws FILE_UNREADABLE. */
  read(path: string): Promise<Uint8Array>;
  /** Reads the data of tensors that lies beside the model at `path`; undefined where only what is given can be read. */
  beside(path: string): ExternalReader | undefined;
  /** For images of the formats that need one. */
  imageDecoders(): ImageDecoders;
}
