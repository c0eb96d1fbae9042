/** Numbers of kernels as words. */
import { ensure } from '../../base/errors.js';

/**
 * A number as 32 bits, of either sign. Throws LIMIT_EXCEEDED where they do not hold it: shapes are bounded, so that none of
 * their numbers needs more, and a kernel with another number would be wrong and not say so.
 */
export function wordOf(value: number): number {
  ensure(
    Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 32,
    'LIMIT_EXCEEDED',
    'a number of a kernel does not fit 32 bits',
    () => ({ found: String(value) }),
  );
  return value >>> 0;
}
