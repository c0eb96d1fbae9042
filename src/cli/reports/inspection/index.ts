/** What pages need to make reports themselves: nothing of it is Node's. */
export { inspectBytes, inspectProgram, missingIn } from './bytes.js';
