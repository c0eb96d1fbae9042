/** When memory is given back. */
import { checkFunction } from '../arguments.js';
import { ensureSync, flattenTensors } from '../expressions/call.js';
import { inScope } from './scope.js';

/**
 * Runs `body` and disposes all tensors that it makes, except for those in its result. Throws TRACE_ESCAPED where the body
 * is async: what it makes after the first await could not be told from what others make.
 */
export function tidy<R>(body: () => R): R {
  checkFunction('tidy', body);
  return inScope(body, (result) => flattenTensors(ensureSync('tidy', result)).leaves);
}

/** Disposes all tensors in a tree. */
export function dispose(tree: unknown): void {
  for (const leaf of flattenTensors(tree).leaves) leaf.dispose();
}
