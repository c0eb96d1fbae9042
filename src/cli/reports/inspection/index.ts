/** What pages need to make reports themselves, and to measure what these are of: nothing of it is Node's. */
export { stepsOf } from '../../../plan/steps.js';
export { readProgram } from './program-file.js';
export { TARGETS } from '../../terminal/targets.js';
export { rewriteStep } from './step.js';
export { inspectBytes, inspectProgram, missingIn, programOf } from './bytes.js';
