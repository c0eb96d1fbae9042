/** What a plan does, step by step: its commands as often as its loops say, with the numbers of the trips. */
import { HeddleError } from '../base/errors.js';
import type { Plan, PlanLoop, Region } from './plan.js';

/** One dispatch. */
export interface Step {
  /** Its position in `plan.commands`. */
  readonly command: number;
  /** The numbers of the trips of the loops around it, the outermost first; one list for all steps of the same trips. */
  readonly trips: readonly number[];
  /** Whether the command does not run again, as far as that is known now. */
  readonly isLast: boolean;
}

/** A while asks whether it goes on: whether `flag` is not 0 when all steps so far are done. `next` takes the answer. */
export interface Question {
  readonly flag: Region;
}

/** A while is over, and its commands, from `first` up to `end`, do not run again. */
export interface Ending {
  readonly first: number;
  readonly end: number;
}

export type Move = Step | Question | Ending;

/**
 * After how many trips more a while is to ask; it may be one more than that. `made`: the trips so far, with the next one where a
 * question was answered. The first question may come before any trip.
 */
export type Ahead = (loop: PlanLoop, made: number) => number;

/** Trips of all loops together, at most. */
export const MAX_PLAN_TRIPS = 2 ** 20;
/** What a while without a bound counts as, at most. */
const TRIPS_OF_WHILE = 64;

/** How often the commands from `first` up to `end` run: the product of the trips of the loops around all of them. */
export const timesOf = ({ loops = [] }: Plan, first: number, end: number): number =>
  loops.reduce(
    (count, loop) => (loop.first <= first && end <= loop.end ? count * countedTrips(loop) : count),
    1,
  );

/** The trips of a loop, of which nobody knows for a while without a bound. */
const countedTrips = ({ trips, going }: PlanLoop): number =>
  going?.mustEnd === true ? Math.min(trips, TRIPS_OF_WHILE) : trips;

/** The plan, where each while without a bound makes as many trips as it counts for: 64. */
export const asCounted = (plan: Plan): Plan => ({
  ...plan,
  loops: plan.loops?.map((loop) => ({ ...loop, trips: countedTrips(loop) })),
});

/** How many trips all loops make together. Throws LIMIT_EXCEEDED for too many. */
export function tripsOf(plan: Plan): number {
  let sum = 0;
  for (const { first, end } of plan.loops ?? []) sum += timesOf(plan, first, end);
  if (sum <= MAX_PLAN_TRIPS) return sum;
  throw new HeddleError('LIMIT_EXCEEDED', 'the loops of a plan have too many trips', {
    where: plan.name,
    found: `${sum}`,
    expected: `at most ${MAX_PLAN_TRIPS}`,
  });
}

/**
 * The steps of a plan. Without `ahead` no while asks, and all of its trips are made. Throws LIMIT_EXCEEDED where a while that has to
 * end is not over after all of its trips.
 */
export function* stepsOf(
  { commands, loops = [], name }: Plan,
  ahead?: Ahead,
): Generator<Move, void, boolean | undefined> {
  /** The commands from `at` to `end`; `next` is the first loop that may begin there. */
  function* run(
    at: number,
    end: number,
    next: number,
    trips: readonly number[],
    isLast: boolean,
  ): Generator<Move, void, boolean | undefined> {
    while (at < end) {
      const loop = loops[next] as PlanLoop | undefined;
      if (loop?.first !== at) {
        yield { command: at++, trips, isLast };
        continue;
      }
      const { going } = loop;
      const left = (made: number): number => {
        const asked = made + ahead!(loop, made);
        return asked + ((loop.trips - asked) & 1);
      };
      let ask = ahead && going ? left(0) : Infinity;
      let goes: boolean | undefined = true;
      for (let trip = 0; trip < loop.trips; trip++) {
        const inner = [...trips, trip];
        if (trip >= ask) {
          goes = yield { flag: regionIn(going!.flag, inner) };
          if (goes !== true) break;
          ask = left(trip + 1);
        }
        yield* run(at, loop.end, next + 1, inner, isLast && ask === Infinity && trip === loop.trips - 1);
      }
      if (goes === true && ahead && going?.mustEnd === true)
        if ((yield { flag: regionIn(going.flag, [...trips, loop.trips]) }) === true)
          throw new HeddleError('LIMIT_EXCEEDED', 'a loop does not end', {
            where: name,
            found: `${loop.trips} trips, and it goes on`,
            expected: `at most ${loop.trips} trips`,
            hint: 'give the loop a bound, or mend its condition',
          });
      if (isLast && ask < Infinity) yield { first: at, end: loop.end };
      at = loop.end;
      while (next < loops.length && loops[next].first < at) next++;
    }
  }
  yield* run(0, commands.length, 0, [], true);
}

/** Where a region is in a trip. */
export function regionIn(region: Region, trips: readonly number[]): Exclude<Region, { space: 'turn' }> {
  while (region.space === 'turn') region = trips[region.level] & 1 ? region.odd : region.even;
  return region;
}
