/** A piece of work in a worker of the site. */
import { useTask, type Begin, type Task, type Work } from '../shared/task.js';
import { heardOf } from './heard.js';
import type { Kind, Requests, Told } from './protocol.js';

export { useLastResult } from '../shared/task.js';
export type { Work };

type Request<K extends Kind> = Requests[K]['request'];
type Result<K extends Kind> = Requests[K]['result'];

export const useWork = <K extends Kind>(kind: K): Task<Request<K>, Result<K>> => useTask(inWorker(kind));

/** Begins work in a worker of its own. */
export const inWorker =
  <K extends Kind>(kind: K): Begin<Request<K>, Result<K>> =>
  (request, hear) => {
    const own = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    own.addEventListener('message', ({ data }: MessageEvent<Told>) => {
      const told = kind === 'jit' ? heardOf(data) : data;
      if (!('news' in told)) own.terminate();
      hear(told as Parameters<typeof hear>[0]);
    });
    own.addEventListener('error', ({ message }) => hear({ error: message || 'the worker cannot start' }));
    own.postMessage({ kind, ...request });
    return () => own.terminate();
  };
