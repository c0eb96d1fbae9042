/** How deep lists and objects from outside stand in each other, found out without going deeper than is allowed. */
import { HeddleError } from './errors.js';

/** Values that {@link nestsBeyond} looks at. */
const MOST_SEEN = 2 ** 16;

/** Whether lists and objects stand in each other more than `levels` deep in `value`, or hold more than 2^16 values. */
export function nestsBeyond(value: unknown, levels: number): boolean {
  let seen = 0;
  const visit = (inner: unknown, left: number): boolean =>
    ++seen > MOST_SEEN ||
    (typeof inner === 'object' &&
      inner !== null &&
      (left === 0 || Object.values(inner).some((each) => visit(each, left - 1))));
  return visit(value, levels);
}

export interface NestingLimits {
  /** How deep lists and objects may stand in each other. */
  readonly levels: number;
  /** Values in all of them, each counted as often as it stands there. Default: no limit. */
  readonly values?: number;
}

/** Throws LIMIT_EXCEEDED where `value` has more levels, or more values, than it may have. It may contain itself. */
export function checkNesting(
  value: unknown,
  { levels, values = Infinity }: NestingLimits,
  where: string,
  hint?: string,
): void {
  const refuse = (message: string, what: string): never => {
    const facts = { where, found: `more than ${what}`, expected: `at most ${what}`, hint };
    throw new HeddleError('LIMIT_EXCEEDED', message, facts);
  };
  let seen = 0;
  const visit = (inner: unknown, left: number): void => {
    if (++seen > values) refuse('there are too many values', `${values} values`);
    if (typeof inner !== 'object' || inner === null) return;
    if (left === 0) refuse('lists and objects are nested too deeply', `${levels} levels`);
    for (const each of Object.values(inner)) visit(each, left - 1);
  };
  visit(value, levels);
}
