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
  const run = (
    first: number,
    end: number,
    inner: readonly PlanLoop[],
    trips: readonly number[],
    slot: number,
    isLast: boolean,
  ): void => {
    let at = first;
    for (let i = 0; i < inner.length; i++) {
      const loop = inner[i];
      if (loop.first < at) continue; // it lies inside of the loop before it
      for (; at < loop.first; at++) steps.push({ command: at, trips, slot, isLast });
      const within = inner.filter((other, j) => j > i && other.end <= loop.end);
      for (let trip = 0; trip < loop.trips; trip++) {
        const all = [...trips, trip];
        if (slots.length >= MAX_SLOTS)
          throw new HeddleError('LIMIT_EXCEEDED', 'the loops of a plan have too many trips', {
            where: name,
            expected: `at most ${MAX_SLOTS}, of all loops together`,
          });
        run(loop.first, loop.end, within, all, slots.push(all) - 1, isLast && trip === loop.trips - 1);
      }
      at = loop.end;
    }
    for (; at < end; at++) steps.push({ command: at, trips, slot, isLast });
  };
  run(0, commands.length, loops, [], 0, true);
  return { steps, slots };
}

/** Where a region is in a trip. */
export function regionIn(region: Region, trips: readonly number[]): Exclude<Region, { space: 'turn' }> {
  while (region.space === 'turn') region = trips[region.level] % 2 === 0 ? region.even : region.odd;
  return region;
}
