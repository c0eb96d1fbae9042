/**
 * Failures of the device as errors. WebGPU reports most of them somewhere else than where they happen: calls go on with
 * invalid objects, and what is read back is zeros.
 */
import { HeddleError } from '../base/errors.js';

export const refused = (what: string, found: string, cause?: unknown): HeddleError =>
  new HeddleError('DEVICE_VALIDATION', `the device refused ${what}`, { found, cause });

/** Error scopes in the order of pushing. */
const SCOPES = ['out-of-memory', 'internal', 'validation'] as const;

/** What came of a call, now, and what the device says of it, later. */
export interface Observed<T> {
  readonly result: T;
  /** DEVICE_LIMIT where the device had too little memory, DEVICE_VALIDATION where it refused any of it. Never rejects. */
  readonly refusal: Promise<HeddleError | undefined>;
}

/**
 * Runs `body`, which makes objects or submits commands of `gpu`. Error scopes are a stack of the whole device, so `body`
 * must not wait for anything.
 */
export function observed<T>(gpu: GPUDevice, what: string, body: () => T): Observed<T> {
  for (const scope of SCOPES) gpu.pushErrorScope(scope);
  let failed: Promise<(GPUError | null)[]> | undefined;
  let result: T;
  try {
    result = body();
  } finally {
    failed = Promise.all(SCOPES.map(() => gpu.popErrorScope()));
    failed.catch(() => undefined);
  }
  const refusal = failed.then(
    (errors) => {
      // Scopes are popped in the reverse of the order in which they were pushed. What there is no memory for is not valid
      // either where it is used, so that the first scope has the reason.
      errors.reverse();
      const at = errors.findIndex((error) => error !== null);
      if (at < 0) return undefined;
      const message = errors[at]?.message ?? '';
      return SCOPES[at] === 'out-of-memory' ? exhausted(what, message) : refused(what, message);
    },
    (cause: unknown) => refused(what, String(cause), cause),
  );
  return { result, refusal };
}

/** {@link observed}, with what the device says: throws it where it refused any of `body`. */
export async function validated<T>(gpu: GPUDevice, what: string, body: () => T): Promise<T> {
  const { result, refusal } = observed(gpu, what, body);
  const error = await refusal;
  if (error !== undefined) throw error;
  return result;
}

const exhausted = (what: string, found: string): HeddleError =>
  new HeddleError('DEVICE_LIMIT', `the device has no memory left for ${what}`, { found });
