/**
 * Failures of the device as errors. WebGPU reports most of them somewhere else than where they happen: calls go on with
 * invalid objects, and what is read back is zeros.
 */
import { HeddleError } from '../base/errors.js';

export const refused = (what: string, found: string, cause?: unknown): HeddleError =>
  new HeddleError('DEVICE_VALIDATION', `the device refused ${what}`, { found, cause });

/** Error scopes in the order of pushing. */
const SCOPES = ['out-of-memory', 'internal', 'validation'] as const;

/**
 * Runs `body`, which makes objects or submits commands of `gpu`, and throws DEVICE_VALIDATION where the device refuses any
 * of it. Error scopes are a stack of the whole device, so `body` must not wait for anything.
 */
export async function validated<T>(gpu: GPUDevice, what: string, body: () => T): Promise<T> {
  for (const scope of SCOPES) gpu.pushErrorScope(scope);
  const popAll = (): Promise<(GPUError | null)[]> => Promise.all(SCOPES.map(() => gpu.popErrorScope()));
  let result: T;
  try {
    result = body();
  } catch (error) {
    await popAll();
    throw error;
  }
  const error = (await popAll()).find((each) => each !== null);
  if (error !== undefined) throw refused(what, error?.message ?? '');
  return result;
}

export const deviceLost = ({ reason, message }: GPUDeviceLostInfo): HeddleError =>
  new HeddleError('DEVICE_LOST', 'the device was lost', {
    found: `${reason}: ${message}`,
    hint: 'open a device again and call rebuild(device): the plan and the weights are kept',
  });

/** Throws DEVICE_LOST where the device is lost already. A lost device accepts every call and does nothing. */
export async function ensureAlive(gpu: GPUDevice): Promise<void> {
  // The first of the settled promises wins.
  const info = await Promise.race([gpu.lost, Promise.resolve(undefined)]);
  if (info !== undefined) throw deviceLost(info);
}

/** Milliseconds for the news of a loss to arrive. */
const PATIENCE = 20;

/** The loss of the device, if that is why a call failed: it shows first as a failure of whatever it interrupts. */
export function lossBehind(gpu: GPUDevice): Promise<HeddleError | undefined> {
  const nothing = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), PATIENCE));
  return Promise.race([gpu.lost.then(deviceLost), nothing]);
}
