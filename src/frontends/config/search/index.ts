/** Random networks within bounds. */
export type { Brain } from './brains.js';
export { generate, type Generated } from './generate.js';
export type { CellMode, GenerateOptions, SearchSpace } from './space.js';
