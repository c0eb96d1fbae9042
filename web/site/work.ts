/** A piece of work in a worker of its own, as a hook: started, watched, ended. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MissingFacts } from '../../src/cli/reports/inspection/types.js';
import { heardOf } from './heard.js';
import type { Kind, News, Requests, Told } from './protocol.js';

/** How a piece of work stands. */
export interface Work<R> {
  readonly news?: News;
  readonly result?: R;
  readonly error?: string;
  readonly missing?: readonly MissingFacts[];
  /** Of a program: the line that the error is of, from 1. */
  readonly line?: number;
  readonly isRunning: boolean;
}

/** The result, or until there is one, that of the work before: what is edited keeps what it was last good for. */
export function useLastResult<R>({ result }: Work<R>): R | undefined {
  const last = useRef(result);
  if (result !== undefined) last.current = result;
  return last.current;
}

export function useWork<K extends Kind>(
  kind: K,
): readonly [
  Work<Requests[K]['result']>,
  (request: Requests[K]['request']) => void,
  (error?: string) => void,
] {
  type Result = Requests[K]['result'];
  const [work, setWork] = useState<Work<Result>>({ isRunning: false });
  const worker = useRef<Worker | undefined>(undefined);
  const end = (error?: string): void => {
    worker.current?.terminate();
    worker.current = undefined;
    setWork({ isRunning: false, ...(error === undefined ? {} : { error }) });
  };
  // Work that nobody looks at any more ends.
  useEffect(() => () => worker.current?.terminate(), []);
  const start = (request: Requests[K]['request']): void => {
    worker.current?.terminate();
    const own = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.current = own;
    setWork({ isRunning: true });
    own.addEventListener('message', ({ data }: MessageEvent<Told>) => {
      const told = kind === 'jit' ? heardOf(data) : data;
      if ('news' in told) setWork((old) => ({ ...old, news: told.news }));
      else {
        own.terminate();
        setWork((old) => ({ ...old, ...told, isRunning: false }));
      }
    });
    own.addEventListener('error', ({ message }) => {
      setWork((old) => ({ ...old, error: message || 'the worker cannot start', isRunning: false }));
    });
    own.postMessage({ kind, ...request });
  };
  return [work, start, end];
}
