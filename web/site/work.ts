/** A piece of work in a worker of the site. */
import { hearWorker } from '../shared/hear-worker.js';
import { useTask, type Begin, type Task, type Work } from '../shared/task.js';
import { heardOf } from './heard.js';
import type { Kind, Requests } from './protocol.js';

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
    const heard = (data: unknown): Parameters<typeof hear>[0] =>
      (kind === 'jit' ? heardOf(data) : data) as Parameters<typeof hear>[0];
    const end = hearWorker(own, heard, hear);
    own.postMessage({ kind, ...request });
    return end;
  };
