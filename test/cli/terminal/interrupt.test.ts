/** Which deliveries of a signal are one. */
import { expect, test } from 'vitest';
import { isAnother } from '../../../src/cli/terminal/interrupt.js';

test.each([
  [1, 0, false],
  // Ctrl-C of a terminal, and the same passed on by the process that waits.
  [2, 0, false],
  [2, 499, false],
  [2, 501, true],
  // Of several that came during work without a pause, all within one moment.
  [3, 0, true],
  [4, 600, true],
])('number %i after %i ms: %s', (count, ms, expected) => {
  expect(isAnother(count, ms)).toBe(expected);
});
