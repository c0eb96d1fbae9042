/** How contractions are dealt to lanes. */
import { expect, test } from 'vitest';
import { chooseTiling, workgroupsOf, type Extents, type Tiling } from '../../src/codegen/lower/tiling.js';
import { WORKGROUP_SIZE } from '../../src/codegen/kernel/body.js';
import { DEFAULT_TARGET, SOFTWARE_TARGET } from '../../src/passes/target.js';

const TARGETS = [DEFAULT_TARGET, SOFTWARE_TARGET];

/** The workgroups of a problem of known extents. */
function groupsOf(extents: Extents, tiling: Tiling): Extents {
  const { batch, m, n } = workgroupsOf(extents, tiling);
  return { batch: Number(batch), m: Number(m), n: Number(n) };
}

/** The share of the results for which there is room that are results of the problem. */
function used(extents: Extents, target = SOFTWARE_TARGET): number {
  const tiling = chooseTiling(extents, target);
  const groups = groupsOf(extents, tiling);
  const room = groups.batch * groups.m * groups.n * WORKGROUP_SIZE * tiling.tile.m * tiling.tile.n;
  return (extents.batch * extents.m * extents.n) / room;
}

test.each<[string, Extents]>([
  ['small images of a batch', { batch: 1, m: 16, n: 128 * 8 * 8 }],
  ['heads of attention', { batch: 32, m: 64, n: 64 }],
  ['short sequences', { batch: 64, m: 16, n: 16 }],
  ['depthwise', { batch: 512, m: 1, n: 49 }],
  ['blocks of a gradient of weights', { batch: 64, m: 16, n: 200 }],
  ['a tall matrix', { batch: 1, m: 4096, n: 8 }],
  ['a vector', { batch: 1, m: 1, n: 4096 }],
])('%s fill the lanes', (_, extents) => {
  for (const target of TARGETS) expect(used(extents, target)).toBeGreaterThan(0.7);
});

test('a tiling has a place for every lane, and for every result', () => {
  const extents = [0, 1, 3, 9, 64, 65, 1000];
  for (const batch of extents)
    for (const m of extents)
      for (const n of extents)
        for (const target of TARGETS) {
          const tiling = chooseTiling({ batch, m, n }, target);
          const { lanes, tile } = tiling;
          expect(lanes.batch * lanes.m * lanes.n).toBe(WORKGROUP_SIZE);
          const groups = groupsOf({ batch, m, n }, tiling);
          expect(groups.batch * lanes.batch).toBeGreaterThanOrEqual(batch);
          expect(groups.m * lanes.m * tile.m).toBeGreaterThanOrEqual(m);
          expect(groups.n * lanes.n * tile.n).toBeGreaterThanOrEqual(n);
        }
});

test('large problems have large square tiles; where the device would be short of work they are small', () => {
  const large = chooseTiling({ batch: 1, m: 4096, n: 4096 }, DEFAULT_TARGET);
  expect(large).toEqual({ tile: { m: 8, n: 8 }, lanes: { batch: 1, m: 8, n: 8 } });
  expect(chooseTiling({ batch: 1, m: 64, n: 64 }, DEFAULT_TARGET).tile).toEqual({ m: 1, n: 1 });
  expect(chooseTiling({ batch: 1, m: 64, n: 64 }, SOFTWARE_TARGET).tile).toEqual({ m: 8, n: 8 });
});
