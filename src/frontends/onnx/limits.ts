/** Bounds on what a file may ask for, so that a hostile one ends in an error instead of exhausting memory or time. */
import { HeddleError } from '../../base/errors.js';
import { MAX_ELEMENTS } from '../../ir/infer-checks.js';

/** Elements up to which a value is computed while importing. Shape arithmetic needs a handful. */
export const MAX_FOLDED_ELEMENTS = 65_536;

/** Elements computed while importing, over all nodes of a model. */
export const FOLD_BUDGET = 4 * 1024 * 1024;

/** Elements read and computed by the interpreter for constants, for one node and over all of a model. */
export const MAX_FOLDED_WORK = 1024 * 1024;
export const WORK_BUDGET = 16 * 1024 * 1024;

/** Graphs inside of each other. Each is three messages deep, and protobuf's readers stop at 100. */
export const MAX_NESTING = 30;

/** Nodes imported out of graphs that nodes hold, each as often as it is. */
export const INNER_NODES = 128 * 1024;

/** Those of all trips of one loop that is spelled out. */
export const SPELLED_NODES = 16 * 1024;

/** Axes of a tensor. */
export const MAX_RANK = 64;

/** The newest version of the default operator set whose definitions the handlers were checked against. */
export const MAX_OPSET = 28;

/** Product of extents. Throws LIMIT_EXCEEDED above {@link MAX_ELEMENTS}, before anything is allocated. */
export function checkedCount(shape: readonly number[], where: string): number {
  let [count, largest] = [1, 0];
  // A zero extent makes the count 0 (or NaN, after an infinity); the other extents must still be sane ones.
  for (const extent of shape) [count, largest] = [count * extent, Math.max(largest, extent)];
  if (shape.length > MAX_RANK || largest > MAX_ELEMENTS || count > MAX_ELEMENTS)
    throw new HeddleError('LIMIT_EXCEEDED', 'the tensor is too large', {
      where,
      found: `shape [${shape.slice(0, 8).join(',')}${shape.length > 8 ? ',...' : ''}]`,
      expected: `at most ${MAX_ELEMENTS} elements in at most ${MAX_RANK} axes`,
    });
  return count;
}

/** A name out of a file, short enough for a message. */
export const shorten = (text: string, limit = 80): string =>
  text.length <= limit ? text : `${text.slice(0, limit)}...`;
