/** What the page of `heddle view` asks its worker for. */
import type { Measuring } from '../shared/measured.js';

export interface LabRequest {
  readonly kind: 'verify' | 'time';
  /** The address of the program. */
  readonly model: string;
  readonly measuring: Measuring;
}
