import { expect } from 'vitest';
import { HeddleError, type ErrorCode } from '../../src/base/errors.js';

/** The error that `body` throws, which must be a HeddleError of this code. */
export function errorOf(code: ErrorCode, body: () => unknown): HeddleError {
  try {
    body();
  } catch (error) {
    return checked(code, error);
  }
  throw new Error(`nothing was thrown instead of ${code}`);
}

/** {@link errorOf} for promises. */
export async function rejection(code: ErrorCode, promise: Promise<unknown>): Promise<HeddleError> {
  const error: unknown = await promise.then(
    () => new Error(`nothing was thrown instead of ${code}`),
    (reason: unknown) => reason,
  );
  return checked(code, error);
}

function checked(code: ErrorCode, error: unknown): HeddleError {
  if (!(error instanceof HeddleError)) throw error;
  expect(error.code).toBe(code);
  return error;
}

/** An idx file of unsigned bytes. */
export function idxFile(shape: readonly number[], data: readonly number[], type = 0x08): Uint8Array {
  const out = new Uint8Array(4 + 4 * shape.length + data.length);
  out.set([0, 0, type, shape.length]);
  const view = new DataView(out.buffer);
  shape.forEach((extent, axis) => view.setUint32(4 + 4 * axis, extent));
  out.set(data, 4 + 4 * shape.length);
  return out;
}
