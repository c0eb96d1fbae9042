/** All families, one row each. */
import { API } from './api.js';
import type { InputFamily } from './family.js';

export const FAMILIES: readonly InputFamily[] = [API];
