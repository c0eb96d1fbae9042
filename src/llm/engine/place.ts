/** Where a model runs, by what callers give. */
import { describeValue } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import { isDevice, type AnyDevice } from '../../runtime/check-device.js';
import { isWasmDevice } from '../../runtime/wasm/device.js';
import { isBackend, type Backend } from '../../tensor/backends/backend.js';
import { ResidentWasmBackend } from '../../tensor/backends/resident-wasm.js';
import { webgpu } from '../../tensor/backends/webgpu.js';

/** An open device, or a backend. */
export type Place = AnyDevice | Backend;

/** The backend that `place` is or becomes. Throws USAGE for anything else. */
export function backendAt(place: Place): Backend {
  if (isBackend(place)) return place;
  if (isWasmDevice(place)) return new ResidentWasmBackend(place);
  if (isDevice(place)) return webgpu(place);
  throw new HeddleError('USAGE', 'the value is not a device or a backend', {
    found: describeValue(place),
    expected: 'an open device, or a backend such as REFERENCE',
  });
}
