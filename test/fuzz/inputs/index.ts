/** All families, one row each. */
import type { InputFamily } from './family.js';

export const FAMILIES: readonly InputFamily[] = [];
