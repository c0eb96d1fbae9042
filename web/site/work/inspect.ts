/** What became of a model, of a bundle or of a config, for the inspector. */
import { inspectBytes } from 'heddle/inspection';
import type { InspectionReport } from '../../../src/cli/reports/inspection/types.js';
import type { NamedFile, News } from '../protocol.js';

export function inspectFile(
  { name, bytes }: NamedFile,
  news: (text: News) => void,
): Promise<InspectionReport> {
  news({ stage: 'compiling', done: 0, total: 1 });
  return inspectBytes(name, bytes);
}
