/** What counts as a fault of the package, and not as an answer to a bad input. */
import { HeddleError } from '../../../src/base/errors.js';

/** What a check that is missing throws; where it is the cause of a typed error, that was made of it afterwards. */
const ACCIDENTS = ['TypeError', 'RangeError', 'ReferenceError', 'AggregateError'];

/** What decoders throw where bytes are no text, a stream is damaged or a message ends early: that is the input's fault. */
const isDecoding = (error: Error): boolean =>
  ('code' in error && /^(ERR_ENCODING|Z_)/.test(String(error.code))) ||
  /^index out of range: \d+ \+ \d+ > \d+$/.test(error.message);

/** What was thrown, if it should not have been. */
export function faultOf(error: unknown): Error | undefined {
  if (!(error instanceof Error))
    return new Error(`something that is not an error was thrown: ${String(error)}`);
  if (!(error instanceof HeddleError)) return error;
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause)
    if (ACCIDENTS.includes(cause.name) && !isDecoding(cause)) return cause;
  return undefined;
}
