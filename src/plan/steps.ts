/** What a plan does, step by step: its commands as often as its loops say, with the numbers of the trips. */
import { HeddleError } from '../base/errors.js';
import type { Plan, PlanLoop, Region } from './plan.js';

/** One dispatch. */
export interface Step {
  /** Its position in `plan.commands`. */
  readonly command: number;
  /** The numbers of the trips of the loops around it, the outermost first. */
  readonly trips: readonly number[];
  /** Equal for steps of the same trips; 0 outside of loops. */
  readonly slot: number;
  /** Whether the command does not run again. */
  readonly isLast: boolean;
}

/** Trips of all loops together, for each of which a device is told its numbers. */
export const MAX_SLOTS = 1 << 18;

/** The steps of a plan, and the trips of each slot. Throws LIMIT_EXCEEDED where there are too many. */
export function stepsOf({ commands, loops = [], name }: Plan): {
  readonly steps: readonly Step[];
  readonly slots: readonly (readonly number[])[];
} {
  const steps: Step[] = [];
  const slots: (readonly number[])[] = [[]];
  /** The commands from `at` to `end`; `next` is the first loop that may begin there. */
  const run = (at: number, end: number, next: number, trips: readonly number[], isLast: boolean): void => {
    const slot = slots.length - 1;
    while (at < end) {
      const loop = loops[next] as PlanLoop | undefined;
      if (loop?.first !== at) {
        steps.push({ command: at++, trips, slot: trips.length === 0 ? 0 : slot, isLast });
        continue;
      }
      for (let trip = 0; trip < loop.trips; trip++) {
        if (slots.push([...trips, trip]) > MAX_SLOTS)
          throw new HeddleError('LIMIT_EXCEEDED', 'the loops of a plan have too many trips', {
            where: name,
            expected: `at most ${MAX_SLOTS}`,
          });
        run(at, loop.end, next + 1, [...trips, trip], isLast && trip === loop.trips - 1);
      }
      at = loop.end;
      while (next < loops.length && loops[next].first < at) next++;
    }
  };
  run(0, commands.length, 0, [], true);
  return { steps, slots };
}

/** Where a region is in a trip. */
export function regionIn(region: Region, trips: readonly number[]): Exclude<Region, { space: 'turn' }> {
  while (region.space === 'turn') region = trips[region.level] & 1 ? region.odd : region.even;
  return region;
}
