/** Where an example runs. */
import { REFERENCE, webgpu, type Backend } from 'heddle';
import { openNodeDevice } from 'heddle/node';

/** The backend of `--device`: `reference`, `webgpu` or `webgpu:NAME`. */
export async function openBackend(name: string): Promise<{ backend: Backend; close: () => Promise<void> }> {
  if (name === 'reference') return { backend: REFERENCE, close: () => Promise.resolve() };
  const device = await openNodeDevice(name);
  const backend = webgpu(device);
  return {
    backend,
    close: () => {
      backend.dispose();
      device.gpu.destroy();
      return Promise.resolve();
    },
  };
}
