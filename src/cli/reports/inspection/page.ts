/** The inspector's page with a report in it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { HeddleError } from '../../../base/errors.js';
import type { InspectionReport } from './types.js';

const SLOT = '<script type="text/plain" id="report">';
/** What the policy of the page says of workers. */
const WORKERS = 'worker-src blob: data:';

/** Addresses of a server: of the worker that measures, and of the program that it measures. */
export interface Served {
  readonly worker: string;
  readonly model: string;
}

/**
 * The page. By itself nothing in it is loaded; one that is `served` starts the worker of its server. Throws FILE_UNREADABLE where the
 * package was not built.
 */
export function inspectionPage(template: URL, report: InspectionReport, served?: Served): string {
  const page = builtFile(template);
  const packed = gzipSync(JSON.stringify(report)).toString('base64');
  if (served === undefined) return page.replace(SLOT, () => `${SLOT}${packed}`);
  const { worker, model } = served;
  return page
    .replace(WORKERS, `${WORKERS} 'self'`)
    .replace(SLOT, () => `${SLOT.slice(0, -1)} data-worker="${worker}" data-model="${model}">${packed}`);
}

/** A file of the inspector. Throws FILE_UNREADABLE. */
export function builtFile(url: URL): string {
  const path = fileURLToPath(url);
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new HeddleError('FILE_UNREADABLE', 'the page of the inspector is not there', {
      where: path,
      hint: '`npm run build` makes it in a clone',
      cause,
    });
  }
}
