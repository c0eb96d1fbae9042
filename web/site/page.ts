/** What the site gives to each of its pages. */
import type { NamedFile } from './protocol.js';

export interface PageProps {
  /** The address from # on. */
  readonly hash: string;
  /** The file that a page gave last, for others to show. */
  readonly given: NamedFile | undefined;
  give(file: NamedFile): void;
}
