import type { Value } from '../../../../src/ir/emitter.js';
import type { Sample } from '../../support.js';

/** Builds a value in whose graph a rule applies. */
export type Example = (s: Sample) => Value;
