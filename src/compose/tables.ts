/** Bounds on what a composition writes into a graph, checked before it is made. */
import { HeddleError } from '../base/errors.js';

/** Numbers of one constant. */
const MAX_NUMBERS = 1024 * 1024;
/** Terms that are added one by one. */
const MAX_TERMS = 1024;

/** Throws LIMIT_EXCEEDED where a table of known numbers would have too many. */
export const checkTable = (what: string, count: number): void => check(what, count, MAX_NUMBERS, 'numbers');
/** Throws LIMIT_EXCEEDED where a sum would have too many terms. */
export const checkTerms = (what: string, count: number): void => check(what, count, MAX_TERMS, 'terms');

function check(what: string, count: number, most: number, unit: string): void {
  if (!(count <= most))
    throw new HeddleError('LIMIT_EXCEEDED', `${what} takes too many ${unit}`, {
      found: `${count}`,
      expected: `at most ${most}`,
    });
}
