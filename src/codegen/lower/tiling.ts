/**
 * How the work of a contraction is dealt to invocations: how many results each computes, and how the lanes of a workgroup
 * stand to each other. It is chosen from shape and target, and no bit depends on it.
 */
import { dimCeilDiv, type Dim } from '../../ir/dim.js';
import { WORKGROUP_SIZE } from '../kernel/body.js';
import type { Target } from '../../passes/target.js';

/** The shape of the work: `batch` independent products of m x n results. */
export interface Extents<D extends Dim = number> {
  readonly batch: D;
  readonly m: D;
  readonly n: D;
}

/** A number for each of the two axes of a product. */
export interface Tile {
  readonly m: number;
  readonly n: number;
}

/** `tile`: results of an invocation. `lanes`: of the 64 lanes of a workgroup, how many stand along each axis. */
export interface Tiling {
  readonly tile: Tile;
  readonly lanes: Tile & { readonly batch: number };
}

const SIDES = [1, 4, 8] as const;

/** The ways to write WORKGROUP_SIZE as a product of powers of two. Square ones first: they win where all are alike. */
const LANES: readonly Tiling['lanes'][] = [8, 16, 4, 32, 2, 64, 1].flatMap((n) =>
  [1, 2, 4, 8, 16, 32, 64]
    .filter((batch) => n * batch <= WORKGROUP_SIZE)
    .map((batch) => ({ batch, m: WORKGROUP_SIZE / (n * batch), n })),
);

/** Sides of tiles of whole units of `columns` columns, of one such unit at least. */
function sidesOf(
  columns: number,
  { maxTile }: Target,
): { readonly m: readonly number[]; readonly n: readonly number[] } {
  const fits = (side: number): boolean => side <= maxTile;
  const [unit, ...units] = columns === 1 ? SIDES : [columns, 2 * columns, 4 * columns];
  return { m: SIDES.filter(fits), n: [unit, ...units.filter(fits)] };
}

/** Workgroups along each axis. */
export function workgroupsOf(extents: Extents<Dim>, { tile, lanes }: Tiling): Extents<Dim> {
  return {
    batch: dimCeilDiv(extents.batch, lanes.batch),
    m: dimCeilDiv(extents.m, tile.m * lanes.m),
    n: dimCeilDiv(extents.n, tile.n * lanes.n),
  };
}

/**
 * The tiling with the least estimated time. Large tiles load less, but may overhang the problem or leave the device short
 * of work; lanes without work of their own take as long as those that have some; lanes that share rows and columns share
 * what they load. `columns`: of a unit, all of which one invocation computes.
 */
export function chooseTiling(extents: Extents, target: Target, columns = 1): Tiling {
  const sides = sidesOf(columns, target);
  let best: Tiling = { tile: { m: sides.m[0], n: sides.n[0] }, lanes: LANES[0] };
  let least = Infinity;
  for (const m of sides.m)
    for (const n of sides.n) {
      const tile = { m, n };
      for (const lanes of LANES) {
        const time = estimate(extents, tile, lanes, target);
        // Not where there is no work, and no time either.
        if (!(time < least)) continue;
        best = { tile, lanes };
        least = time;
      }
    }
  return best;
}

function estimate(extents: Extents, tile: Tile, lanes: Tiling['lanes'], target: Target): number {
  const tilesM = Math.ceil(extents.m / tile.m);
  const tilesN = Math.ceil(extents.n / tile.n);
  const groups =
    Math.ceil(extents.batch / lanes.batch) * Math.ceil(tilesM / lanes.m) * Math.ceil(tilesN / lanes.n);
  const invocations = groups * WORKGROUP_SIZE;
  const loads = target.loadCost * (tile.m + tile.n) + target.missCost * (tile.m / lanes.n + tile.n / lanes.m);
  const tiles = extents.batch * tilesM * tilesN;
  return (invocations * (tile.m * tile.n + loads)) / Math.min(1, tiles / target.invocations);
}
