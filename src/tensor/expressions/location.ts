/** Where in the user's program something was called. */

/** The folder of this package's code, as stack traces show it. */
// Bundlers take the folder for a file that a page needs, where both stand in one expression.
const HERE = import.meta.url;
const OWN = new URL('../../', HERE).href;
const OWN_PATH = decodeURIComponent(new URL(OWN).pathname);

/** Frames that are looked at: an operation is a dozen calls deep in this package. */
const DEPTH = 60;

/** The innermost call that is not this package's own: `file:line:column`. */
export function userFrame(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = DEPTH;
  const { stack = '' } = new Error();
  Error.stackTraceLimit = limit;
  const frames = stack.split('\n').filter((line) => /^\s*at |@/.test(line));
  return frames
    .find((line) => !isOwn(line))
    ?.trim()
    .replace(/^at /, '');
}

/** A built-in function, such as Array.map, which has no file. */
const BUILT_IN = /\(<anonymous>\)|\(native\)|\[native code\]/;

const isOwn = (line: string): boolean =>
  line.includes(OWN) || line.includes(OWN_PATH) || line.includes('node:') || BUILT_IN.test(line);
