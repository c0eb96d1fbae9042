/** How large an arena is, against what no arena can do without. */
import { BINDING_ALIGNMENT } from '../../base/tensor.js';
import type { Plan } from '../../plan/plan.js';

export interface ArenaFacts {
  /** The largest set of values that live at one time, end to end: no arena can be smaller. */
  readonly lowerBound: number;
  /** Places in the arena; each begins at a multiple of the alignment. */
  readonly places: number;
}

export const arenaFacts = (plan: Plan): ArenaFacts => ({
  lowerBound: plan.arenaLowerBound,
  places: placesOf(plan),
});

function placesOf({ inputs, outputs, commands }: Plan): number {
  const ports = [...inputs, ...outputs].map(({ region }) => region);
  const regions = [...ports, ...commands.flatMap((command) => command.regions)];
  return new Set(regions.flatMap(({ space, offset }) => (space === 'arena' ? [offset] : []))).size;
}

/** `1.03x the lower bound`, and why where alignment explains it; empty where nothing lies in the arena. */
export function arenaRatio(bytes: number, { lowerBound, places }: ArenaFacts): string {
  if (lowerBound === 0) return '';
  const more = bytes - lowerBound;
  const why = bytes >= 1.01 * lowerBound && more < places * BINDING_ALIGNMENT;
  const ratio = `${(bytes / lowerBound).toFixed(2)}x the lower bound`;
  return why ? `${ratio}, as places begin at multiples of ${BINDING_ALIGNMENT} bytes` : ratio;
}
