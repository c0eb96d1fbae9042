/** Numbers that a measure compares, and how they are checked. */
import { checkArguments } from '../../base/arguments.js';
import { ensure } from '../../base/errors.js';
import { kind, required } from '../../base/kinds.js';
import { isAnyNumber, isListOf } from '../../base/values.js';

/** A list of numbers or a typed array of them. */
export type Numbers = ArrayLike<number>;

/** The typed arrays whose elements are numbers, of any realm. */
const TYPED = /^(Float|Int|Uint)\d+(Clamped)?Array$/;

export const isNumbers = (value: unknown): value is Numbers =>
  isListOf(value, isAnyNumber) ||
  (ArrayBuffer.isView(value) && TYPED.test((value as Partial<Uint8Array>)[Symbol.toStringTag] ?? ''));

/** NaN and infinities are numbers here: models give them. */
export const numbersKind = required(kind('a list of numbers, or a typed array of them', isNumbers));

/** Two lists of as many numbers, at least one each. Throws USAGE, SHAPE_MISMATCH. */
export function checkPair(call: string, given: Readonly<Record<string, Numbers>>): void {
  const names = Object.keys(given);
  checkArguments(call, given, Object.fromEntries(names.map((name) => [name, numbersKind])));
  const [first, second] = names;
  ensure(
    given[first].length === given[second].length,
    'SHAPE_MISMATCH',
    'the lists differ in length',
    () => ({
      where: call,
      found: names.map((name) => `${name}: ${given[name].length}`).join(', '),
      expected: 'the same number of each',
    }),
  );
  ensure(given[first].length > 0, 'SHAPE_MISMATCH', 'there is nothing to measure', () => ({
    where: call,
    found: `${first}: none`,
    expected: 'at least one',
  }));
}
