/** Ctrl-C while a verb works for long: the first one asks it to end in order, the next one ends the process. */
import { setImmediate } from 'node:timers/promises';
import { INTERRUPTED, type ExitCode } from './exit.js';

type SignalName = keyof typeof INTERRUPTED;
const SIGNALS = Object.keys(INTERRUPTED) as readonly SignalName[];

/**
 * A terminal sends Ctrl-C to every process of the command, and the one that waits passes it on: so many deliveries within this time are
 * one Ctrl-C.
 */
const COPIES = 2;
const COPIES_MS = 500;

/** Whether a delivery is another signal than the first, after which there were `count` with itself, `ms` milliseconds after it. */
export const isAnother = (count: number, ms: number): boolean =>
  count > COPIES || (count > 1 && ms > COPIES_MS);

export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** How a verb exits that ended because of it: 128 and the number of the signal. */
  readonly exitCode: ExitCode;
  /** Lets signals in: what computes without a pause would not see them. Resolves to whether the verb was told to end. */
  isTold(): Promise<boolean>;
  /** Signals end the process again. */
  close(): void;
}

/** Listens for signals from now on. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let first = 0;
  let count = 0;
  let exitCode: ExitCode = INTERRUPTED.SIGINT;
  const listeners = SIGNALS.map((name) => {
    const told = (): void => {
      count++;
      if (count === 1) {
        first = performance.now();
        exitCode = INTERRUPTED[name];
        controller.abort();
      } else if (isAnother(count, performance.now() - first)) {
        close();
        process.kill(process.pid, name);
      }
    };
    process.on(name, told);
    return { name, told };
  });
  const close = (): void => {
    for (const { name, told } of listeners) process.off(name, told);
  };
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    isTold: async () => {
      await setImmediate();
      return controller.signal.aborted;
    },
    close,
  };
}
