/** A piece of work in a worker of its own, as a hook: started, watched, ended. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MissingFacts } from '../../src/cli/reports/inspection/types.js';
import type { Kind, News, Requests, Told } from './protocol.js';

/** How a piece of work stands. */
export interface Work<R> {
  readonly news?: News;
  readonly result?: R;
  readonly error?: string;
  readonly missing?: readonly MissingFacts[];
  readonly isRunning: boolean;
}

export function useWork<K extends Kind>(
  kind: K,
): readonly [Work<Requests[K]['result']>, (request: Requests[K]['request']) => void, () => void] {
  type Result = Requests[K]['result'];
  const [work, setWork] = useState<Work<Result>>({ isRunning: false });
  const worker = useRef<Worker | undefined>(undefined);
  const end = (): void => {
    worker.current?.terminate();
    worker.current = undefined;
    setWork({ isRunning: false });
  };
  // Work that nobody looks at any more ends.
  useEffect(() => () => worker.current?.terminate(), []);
  const start = (request: Requests[K]['request']): void => {
    worker.current?.terminate();
    const own = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    worker.current = own;
    setWork({ isRunning: true });
    own.addEventListener('message', ({ data }: MessageEvent<Told>) => {
      if ('news' in data) setWork((old) => ({ ...old, news: data.news }));
      else {
        own.terminate();
        setWork((old) => ({ ...old, ...data, isRunning: false }));
      }
    });
    own.addEventListener('error', ({ message }) => {
      setWork((old) => ({ ...old, error: message || 'the worker cannot start', isRunning: false }));
    });
    own.postMessage({ kind, ...request });
  };
  return [work, start, end];
}
