/** The report in a page: base64 of gzip of JSON, in a script element that runs nothing. */
import type { InspectionReport } from '../../src/cli/reports/inspection/types.js';

/** Throws where the page has no report, or one of another version. */
export async function readReport(document: Document): Promise<InspectionReport> {
  const text = document.querySelector('#report')?.textContent.trim() ?? '';
  if (text === '') throw new Error('this page has no report: `heddle inspect MODEL --html FILE` writes one');
  const packed = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip'));
  const report = (await new Response(stream).json()) as InspectionReport;
  if (report.version !== 1) throw new Error(`the report is of version ${String(report.version)}, not of 1`);
  return report;
}
