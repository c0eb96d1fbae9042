/**
 * The loss of devices. `lost` does not settle while a device lives, and until then it keeps all that reacts to it: so each
 * device gets one reaction, and who waits for it can stop waiting.
 */
import { ensure, HeddleError } from '../base/errors.js';

/** What is known of the loss of one device. */
export interface Loss {
  /** DEVICE_LOST, once it has happened. */
  error?: HeddleError;
  /** Called when it happens. Who adds one takes it out again. */
  readonly listeners: Set<(error: HeddleError) => void>;
}

const losses = new WeakMap<GPUDevice, Loss>();

/** Throws USAGE for what is not a device of WebGPU. */
export function lossOf(gpu: GPUDevice): Loss {
  const known = losses.get(gpu);
  if (known !== undefined) return known;
  ensure(typeof gpu?.lost?.then === 'function', 'USAGE', 'the value is not a device', { expected: 'await openDevice(...)' }); // prettier-ignore
  const loss: Loss = { listeners: new Set() };
  losses.set(gpu, loss);
  void gpu.lost.then(({ reason, message }) => {
    const error = (loss.error = new HeddleError('DEVICE_LOST', 'the device was lost', {
      found: `${reason}: ${message}`,
      hint: 'open a device again and call rebuild(device): the plan and the weights are kept',
    }));
    for (const listener of loss.listeners) listener(error);
  });
  return loss;
}

/** Throws DEVICE_LOST where the device is lost already. A lost device accepts every call and does nothing. */
export async function ensureAlive(gpu: GPUDevice): Promise<void> {
  const loss = lossOf(gpu);
  // The reaction to what has happened before comes first.
  await Promise.resolve();
  if (loss.error !== undefined) throw loss.error;
}

/** Milliseconds for the news of a loss to arrive. */
const PATIENCE = 20;

/** The loss of the device, if that is why a call failed: it shows first as a failure of whatever it interrupts. */
export function lossBehind(gpu: GPUDevice): Promise<HeddleError | undefined> {
  const loss = lossOf(gpu);
  return new Promise((resolve) => {
    const settle = (): void => {
      loss.listeners.delete(settle);
      resolve(loss.error);
    };
    if (loss.error !== undefined) return settle();
    loss.listeners.add(settle);
    setTimeout(settle, PATIENCE);
  });
}
