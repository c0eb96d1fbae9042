/** The inspector's page with a report in it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { HeddleError } from '../../../base/errors.js';
import type { InspectionReport } from './types.js';

const SLOT = '<script type="text/plain" id="report">';

/** The page, by itself: nothing in it is loaded. Throws FILE_UNREADABLE where the package was not built. */
export function inspectionPage(template: URL, report: InspectionReport): string {
  const page = templateAt(fileURLToPath(template));
  const packed = gzipSync(JSON.stringify(report)).toString('base64');
  return page.replace(SLOT, () => `${SLOT}${packed}`);
}

function templateAt(path: string): string {
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
