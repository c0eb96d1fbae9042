/** What the sizes of a bundle need, as a table: one line for each kind of plan, and one for each size. */
import { printable } from '../../base/printable.js';
import type { SizeCost } from '../models/bundle-sizes.js';
import { bytes, counted, table } from '../terminal/format.js';

/** `rows = 6, width = 64` */
export const describeSize = (sizes: SizeCost['sizes']): string =>
  Object.entries(sizes)
    .map(([name, size]) => `${printable(name)} = ${size}`)
    .join(', ');

/** Sizes that are shown at the beginning and at the end. */
const SHOWN = 16;

export function describeSizeCosts(costs: readonly SizeCost[]): string {
  const kinds = grouped(costs);
  const lines = [...kinds].map(([kind, members]) => {
    const arenas = members.map(({ arenaBytes }) => arenaBytes);
    const [least, most] = [arenas.reduce((a, b) => Math.min(a, b)), arenas.reduce((a, b) => Math.max(a, b))];
    return [
      `kind ${kind}`,
      counted(members.length, 'size'),
      counted(members[0].kernels, 'kernel'),
      counted(members[0].pipelines, 'pipeline'),
      least === most ? bytes(least) : `${bytes(least)} to ${bytes(most)}`,
    ];
  });
  const rows = costs.map(({ sizes, kind, newPipelines, arenaBytes }) => [
    describeSize(sizes),
    `kind ${kind}`,
    bytes(arenaBytes),
    newPipelines === 0 ? 'no pipelines more' : `${counted(newPipelines, 'pipeline')} more`,
  ]);
  const shown =
    rows.length <= 2 * SHOWN
      ? table(rows)
      : `${table(rows.slice(0, SHOWN))}\n  ... ${rows.length - 2 * SHOWN} more sizes (--json)\n${table(rows.slice(-SHOWN))}`;
  return `${table(lines)}\n\n${shown}`;
}

function grouped(costs: readonly SizeCost[]): Map<number, SizeCost[]> {
  const kinds = new Map<number, SizeCost[]>();
  for (const cost of costs) kinds.set(cost.kind, [...(kinds.get(cost.kind) ?? []), cost]);
  return kinds;
}
