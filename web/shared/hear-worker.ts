/** A worker that does one piece of work: heard until that ends, and then ended. */
import type { Told } from './measured.js';

/** What is used of a worker. */
export interface Heard extends EventTarget {
  terminate(): void;
}

/** Of an error that says nothing. */
export const CANNOT_START = 'the worker cannot start';
export const CANNOT_BE_READ = 'a message of the worker cannot be read';

/**
 * Hears news, and then once the end: a result, an error, a failure of the worker or a message that cannot be read. Nothing is heard after
 * that. `toldBy`: what a message says. What it gives back ends the worker unheard.
 */
export function hearWorker<R>(
  worker: Heard,
  toldBy: (data: unknown) => Told<R>,
  hear: (told: Told<R>) => void,
): () => void {
  const over = new AbortController();
  const end = (): void => {
    over.abort();
    worker.terminate();
  };
  const tell = (told: Told<R>): void => {
    if (!('news' in told)) end();
    hear(told);
  };
  const listen = (type: string, told: (event: Event) => Told<R>): void =>
    worker.addEventListener(type, (event) => tell(told(event)), { signal: over.signal });
  listen('message', (event) => toldBy('data' in event ? event.data : undefined));
  listen('error', (event) => ({ error: 'message' in event && event.message !== '' ? String(event.message) : CANNOT_START })); // prettier-ignore
  listen('messageerror', () => ({ error: CANNOT_BE_READ }));
  return end;
}
