/** The lab of a page that `heddle view` serves: a worker of the server's, which has the program from there. */
import type { Begin } from '../shared/task.js';
import type { LabTask } from './lab-protocol.js';
import type { Lab } from './lab.js';

/** Undefined for a page that is a file, or of a bundle without a graph: it says nowhere where its model is. */
export function servedLab({ worker, model }: DOMStringMap): Lab | undefined {
  if (worker === undefined || model === undefined) return undefined;
  const begin =
    <Q extends LabTask['request'], R>(kind: LabTask['kind']): Begin<Q, R> =>
    (request, hear) => {
      const own = new Worker(worker, { type: 'module' });
      own.addEventListener('message', ({ data }: MessageEvent<Parameters<typeof hear>[0]>) => {
        if (!('news' in data)) own.terminate();
        hear(data);
      });
      own.addEventListener('error', ({ message }) => hear({ error: message || 'the worker cannot start' }));
      own.postMessage({ kind, request, model: new URL(model, location.href).href });
      return () => own.terminate();
    };
  return { verify: begin('verify'), time: begin('time'), step: begin('step') };
}
