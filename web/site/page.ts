/** What the site gives to each of its pages. */
import type { InspectionReport } from '../../src/cli/reports/inspection/types.js';
import type { NamedFile } from './protocol.js';

/** A file, or what the inspector says of something that is none. */
export type Given = NamedFile | { readonly name: string; readonly report: InspectionReport };

export interface PageProps {
  /** The address from # on. */
  readonly hash: string;
  /** What a page gave last, for the inspector to show. */
  readonly given: Given | undefined;
  give(given: Given): void;
}
