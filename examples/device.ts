/** Where an example runs. */
import { openWasmDevice, REFERENCE, wasm, webgpu, type Backend } from 'heddle';
import { openDefaultDevice, openNodeDevice } from 'heddle/node';

/** The backend of `--device`: `best`, `reference`, `wasm`, `webgpu` or `webgpu:NAME`. */
export async function openBackend(name: string): Promise<{ backend: Backend; close: () => Promise<void> }> {
  if (name === 'reference') return { backend: REFERENCE, close: () => Promise.resolve() };
  const device = await (name === 'best'
    ? openDefaultDevice({ onChoice: (line) => process.stderr.write(`${line}\n`) })
    : name === 'wasm'
      ? openWasmDevice()
      : openNodeDevice(name));
  if (!('gpu' in device)) {
    const backend = wasm(device);
    return { backend, close: () => backend.dispose() };
  }
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
