/** Calls of everything that is exported, with arguments that do not belong there. */
import type { Input, InputFamily, Random } from './family.js';
import { TARGETS, type Target } from './api/targets.js';
import { anything, Foreign, JUNK, type Written } from './api/values.js';

/** More arguments than most functions take. */
const MOST = 5;

function make(random: Random): Input {
  const target = random.pick(TARGETS);
  // Of few wrong arguments among right ones, the wrong ones get further.
  const junk = random.pick([0.1, 0.4, 0.8]);
  return callOf(
    target,
    random.times(random.integer(0, MOST), () => anything(random, junk)),
  );
}

/** Every call with each value that does not belong there as its first argument. */
export function* firstArguments(): Generator<Input> {
  for (const target of TARGETS) for (const value of JUNK) yield callOf(target, [value()]);
}

function callOf(target: Target, args: readonly Written[]): Input {
  return {
    describe: `${target.name}(${args.map(({ text }) => text).join(', ')})`,
    run: async () => {
      try {
        await consume(await target.call(args.map(({ value }) => value)));
      } catch (error) {
        if (!(error instanceof Foreign)) throw error;
      }
    },
  };
}

/** What comes back is looked at, as anybody would. */
async function consume(result: unknown): Promise<void> {
  if (typeof result !== 'object' || result === null) return;
  if (Symbol.iterator in result && 'next' in result) (result as Iterator<unknown>).next();
  for (const value of Object.values(result) as readonly unknown[]) if (value instanceof Promise) await value;
}

export const API: InputFamily = { name: 'api', make };
