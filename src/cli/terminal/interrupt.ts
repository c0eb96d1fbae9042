/** Ctrl-C while a verb works for long: the first one asks it to end in order, the next one ends the process. */
import { setImmediate } from 'node:timers/promises';

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** A terminal sends Ctrl-C to every process of the command, and the one that waits passes it on: both are one. */
const SAME_MS = 500;

export interface Interruption {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** Lets signals in: what computes without a pause would not see them. Resolves to whether the verb was told to end. */
  isTold(): Promise<boolean>;
  /** Signals end the process again. */
  close(): void;
}

/** Listens for signals from now on. */
export function listenForInterruption(): Interruption {
  const controller = new AbortController();
  let first = 0;
  const told = (signal: NodeJS.Signals): void => {
    if (!controller.signal.aborted) {
      first = performance.now();
      controller.abort();
    } else if (performance.now() - first > SAME_MS) {
      close();
      process.kill(process.pid, signal);
    }
  };
  const close = (): void => {
    for (const signal of SIGNALS) process.off(signal, told);
  };
  for (const signal of SIGNALS) process.on(signal, told);
  return {
    signal: controller.signal,
    isTold: async () => {
      await setImmediate();
      return controller.signal.aborted;
    },
    close,
  };
}
