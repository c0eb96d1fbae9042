/** Axes as users count them: from the end where negative. */
import { describeValue, shown } from '../base/describe.js';
import { list } from '../base/kinds.js';
import { HeddleError } from '../base/errors.js';

/** `axis` in [0, rank). Throws ATTRIBUTE_INVALID where it is outside of [-rank, rank). */
export function normalizeAxis(axis: number, rank: number): number {
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank)
    throw new HeddleError('ATTRIBUTE_INVALID', 'the axis is out of range', {
      found: shown`axis ${axis} of ${rank}`,
      expected: rank === 0 ? 'no axis of a scalar' : `an axis in [${-rank}, ${rank})`,
    });
  return axis < 0 ? axis + rank : axis;
}

/** Distinct axes in ascending order. Throws ATTRIBUTE_INVALID where one is out of range or named twice. */
export function normalizeAxes(axes: readonly number[], rank: number): number[] {
  if (!list.accepts(axes))
    throw new HeddleError('ATTRIBUTE_INVALID', 'axes are a list', { found: describeValue(axes) });
  const normal = Array.from(axes, (axis) => normalizeAxis(axis, rank)).sort((p, q) => p - q);
  if (new Set(normal).size !== normal.length)
    throw new HeddleError('ATTRIBUTE_INVALID', 'an axis is named twice', {
      found: `axes ${axes.join(', ')}`,
    });
  return normal;
}

/** [from, from + 1, ..., to - 1] */
export const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

/** The permutation of `rank` axes that moves axis `from` to the place `to`; the others keep their order. */
export const orderMoving = (rank: number, from: number, to: number): number[] =>
  range(0, rank).toSpliced(from, 1).toSpliced(to, 0, from);
