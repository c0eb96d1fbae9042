/** The arena over time, as text: columns are steps of the program, rows are stretches of memory. */
import type { Allocation } from '../../passes/memory/buffer-assignment.js';

export interface ArenaPicture {
  readonly allocations: readonly Allocation[];
  readonly offsets: ReadonlyMap<number, number>;
  /** Size of the arena. */
  readonly bytes: number;
  /** Steps of the program; its inputs are there before the first, its outputs after the last. */
  readonly steps: number;
}

const ROWS = 12;
const COLUMNS = 64;
/** How full a stretch is at its fullest. */
const SHADES = [' ', '░', '▒', '▓', '█'] as const;

/** The picture, high addresses at the top; empty where there is no arena. */
export function drawArena({ allocations, offsets, bytes, steps }: ArenaPicture): string[] {
  if (bytes === 0) return [];
  // Short programs get several columns a step, long ones several steps a column.
  const moments = steps + 2;
  const columns = moments > COLUMNS ? COLUMNS : moments * Math.floor(COLUMNS / moments);
  const rowBytes = bytes / ROWS;
  const columnOf = (moment: number): number => Math.floor((moment * columns) / moments);
  const grid = Array.from({ length: ROWS }, () => new Float64Array(columns));
  for (const { root, bytes: size, first, last } of allocations) {
    const start = offsets.get(root) ?? 0;
    for (let row = 0; row < ROWS; row++) {
      const low = Math.max(start, row * rowBytes);
      const high = Math.min(start + size, (row + 1) * rowBytes);
      if (high <= low) continue;
      const end = Math.max(columnOf(first + 1) + 1, columnOf(last + 2));
      for (let column = columnOf(first + 1); column < end; column++)
        grid[row][column] += (high - low) / rowBytes;
    }
  }
  const shade = (part: number): string =>
    SHADES[part === 0 ? 0 : Math.min(4, Math.max(1, Math.round(part * 4)))];
  return grid.reverse().map((row) => Array.from(row, shade).join(''));
}
