/** A piece of work that goes on elsewhere, as a hook: started, watched, ended. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Failed, News, Told } from './measured.js';

/** How a piece of work stands. */
export interface Work<R> extends Partial<Failed> {
  readonly news?: News;
  readonly result?: R;
  readonly isRunning: boolean;
}

/** Starts work; what it gives back ends it. `hear` is called with news, and then once with the end. */
export type Begin<Q, R> = (request: Q, hear: (told: Told<R>) => void) => () => void;

export type Task<Q, R> = readonly [
  work: Work<R>,
  start: (request: Q) => void,
  end: (error?: string) => void,
];

/** Work that is started again ends what was started before; what nobody looks at any more ends. */
export function useTask<Q, R>(begin: Begin<Q, R>): Task<Q, R> {
  const [work, setWork] = useState<Work<R>>({ isRunning: false });
  const stop = useRef(() => {});
  useEffect(() => () => stop.current(), []);
  const start = (request: Q): void => {
    stop.current();
    setWork({ isRunning: true });
    stop.current = begin(request, (told) => {
      if ('news' in told) setWork((old) => ({ ...old, news: told.news }));
      else setWork((old) => ({ ...old, ...told, isRunning: false }));
    });
  };
  const end = (error?: string): void => {
    stop.current();
    setWork({ isRunning: false, ...(error === undefined ? {} : { error }) });
  };
  return [work, start, end];
}

/** The result, or until there is one, that of the work before: what is edited keeps what it was last good for. */
export function useLastResult<R>({ result }: Work<R>): R | undefined {
  const last = useRef(result);
  if (result !== undefined) last.current = result;
  return last.current;
}
