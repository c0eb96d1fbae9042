/** The lab of a page that `heddle view` serves: a worker of the server's, which has the program from there. */
import { hearWorker } from '../shared/hear-worker.js';
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
      const end = hearWorker(own, (data) => data as Parameters<typeof hear>[0], hear);
      own.postMessage({ kind, request, model: new URL(model, location.href).href });
      return end;
    };
  return { verify: begin('verify'), time: begin('time'), step: begin('step') };
}
