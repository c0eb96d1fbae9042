/** Where an error happened, added to errors from layers that cannot know. */
import { HeddleError } from '../../base/errors.js';
import { shorten } from './limits.js';

/**
 * `error` with `where` as its place; a place that it has already is one inside of that. Anything that is not a HeddleError
 * is a fault of this program, and says so.
 */
export function placed(error: unknown, where: string): HeddleError {
  if (!(error instanceof HeddleError))
    return new HeddleError('INTERNAL', 'the import failed in a way that it should not have', {
      where,
      found: error instanceof Error ? error.message : String(error),
      hint: 'this is a fault of Heddle, not of the model: please report it, with the model if you can',
      cause: error,
    });
  const { code, message, found, expected, hint } = error;
  const inner = error.where;
  if (inner === where || inner?.startsWith(`${where}, `)) return error;
  const sentence = message.split('\n')[0].slice(code.length + ': '.length);
  return new HeddleError(code, sentence, {
    where: inner === undefined ? where : `${where}, ${inner}`,
    ...(found === undefined ? {} : { found: shorten(found, 400) }),
    ...(expected === undefined ? {} : { expected }),
    ...(hint === undefined ? {} : { hint }),
    cause: error,
  });
}

/** Runs `body`; errors out of it get `where` as their place. */
export function at<T>(where: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw placed(error, where);
  }
}
