/** Backends for verbs that compute tensors. */
import { REFERENCE as INTERPRETER, wasm, webgpu, type Backend } from '../../tensor/index.js';
import { isWasmDevice } from '../../runtime/wasm/device.js';
import { REFERENCE } from '../terminal/options.js';
import type { Output } from '../terminal/output.js';
import { closeDevice, describeDevice, openDevice } from './device.js';

/** The backend with a name of `--device`, what people call it, and what gives it back. Throws as opening a device does. */
export async function openBackend(
  name: string | undefined,
  output: Output,
): Promise<{ readonly backend: Backend; readonly device: string; readonly close: () => void }> {
  if (name === REFERENCE) return { backend: INTERPRETER, device: describeDevice(undefined), close: () => {} };
  const device = await openDevice(name, output);
  const backend = isWasmDevice(device) ? wasm(device) : webgpu(device);
  return {
    backend,
    device: describeDevice(device),
    close: () => {
      // The engine's backend closes it when the last run is over.
      void backend.dispose();
      if (!isWasmDevice(device)) closeDevice(device);
    },
  };
}
