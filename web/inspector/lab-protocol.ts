/** What the page of `heddle view` asks its worker for. */
import type { Measuring, StepRequest } from '../shared/measured.js';

export type LabTask =
  | { readonly kind: 'verify' | 'time'; readonly request: Measuring }
  | { readonly kind: 'step'; readonly request: StepRequest };

/** `model`: the address of the program. */
export type LabRequest = LabTask & { readonly model: string };
