/** How the process ends: exit codes, errors as people and programs read them, broken pipes. */
import { ERROR_CODES, HeddleError } from '../../base/errors.js';
import { printable } from '../../base/printable.js';
import { toJson } from './json.js';

/** 0: all is well. 1: a failure, or results that differ. 2: the command line is wrong: see {@link exitCodeOf}. */
export const EXIT = { ok: 0, failure: 1, usage: 2, brokenPipe: 128 + 13 } as const;

/** Of a verb that a signal ended in order, with a checkpoint: 128 and the number of the signal. */
export const INTERRUPTED = { SIGINT: 130, SIGTERM: 143 } as const;

export type ExitCode = 0 | 1 | 2 | (typeof INTERRUPTED)[keyof typeof INTERRUPTED];

/** Ends the process where nobody reads on, such as in `heddle inspect model.onnx | head`, or nothing can be written. */
export function endOnBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EPIPE') process.exit(EXIT.brokenPipe);
      // Such as a disk that is full. Where it is stderr, nobody can be told.
      if (stream === process.stdout)
        process.stderr.write(
          `FILE_UNWRITABLE: the output cannot be written\n  found:    ${printable(error.message)}\n`,
        );
      process.exit(EXIT.failure);
    });
}

/** An error as its code, where there is one, and what it says. */
interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly [fact: string]: string | undefined;
}

/**
 * The one rule: the command line is wrong where an error says so (`USAGE`), and where its place is an option, such as
 * `--to`, whose value names what the model does not have, or does not fit it. What is wrong with a file that cannot be read or written is
 * no fault of the command line.
 */
export const exitCodeOf = ({ code, where }: HeddleError): ExitCode =>
  code === 'USAGE' || (where?.startsWith('--') === true && !code.startsWith('FILE_'))
    ? EXIT.usage
    : EXIT.failure;

/** Tells people, and with `json` programs as well, what went wrong. Gives the exit code for it. */
export function reportError(error: unknown, json: boolean): ExitCode {
  if (error instanceof HeddleError) {
    process.stderr.write(`${error.message}\n`);
    if (json) printError(factsOf(error));
    return exitCodeOf(error);
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  // The message may quote a file; the lines below it are ours.
  const frames = (stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  process.stderr.write(
    `heddle failed in a way that it should not have; please report this.\n${[`${name}: ${message}`, ...frames].map(printable).join('\n')}\n`,
  );
  if (json) printError({ code: 'INTERNAL', message });
  return EXIT.failure;
}

/** What commander found wrong; it has told people already. */
export function reportUsage(message: string, json: boolean): ExitCode {
  if (json) printError({ code: 'USAGE', message: message.replace(/^error: /, '') });
  return EXIT.usage;
}

const printError = (error: ErrorReport): void => void process.stdout.write(toJson({ error }));

function factsOf({ code, message, where, found, expected, hint }: HeddleError): ErrorReport {
  const sentence = message.split('\n')[0].slice(code.length + ': '.length) || ERROR_CODES[code];
  return { code, message: sentence, where, found, expected, hint };
}
