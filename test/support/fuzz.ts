/** How the property tests run: quick and reproducible by default, long with `FUZZ_RUNS=N npm run fuzz`. */

const asked = Number(process.env.FUZZ_RUNS ?? '');
const seed = Number(process.env.FUZZ_SEED ?? '');

/**
 * Parameters for `fc.assert`.
 *
 * @param quick the number of runs in `npm test`. `FUZZ_RUNS` overrides it; `FUZZ_SEED` fixes the seed, which otherwise
 *   is the same in every quick run and new in every long one.
 */
export function fuzz(quick: number): { numRuns: number; seed?: number } {
  const numRuns = asked > 0 ? asked : quick;
  if (process.env.FUZZ_SEED !== undefined) return { numRuns, seed };
  return asked > 0 ? { numRuns } : { numRuns, seed: 1 };
}
