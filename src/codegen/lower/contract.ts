/**
 * Contractions: dot and convolution as one register-tiled kernel. An invocation computes a tile of `m x n` results; the
 * terms come in the order of the op's definition (blocks of terms, then the blocks), so the tile never shows in the bits.
 * Where the sums of the blocks are the result (split-K), they are results like others, of one block each.
 *
 * Where the kernel's elements need several columns each (passes/fusion/units.ts), a tile holds all of them for its units.
 *
 * The code has one structure whatever the sizes: every range is checked even where a size makes it certain, and there are
 * few tiles. Kernels that differ in numbers only are compiled once (share.ts), which is what these large ones need.
 */
import type { DType } from '../../base/dtype.js';
import { DOT_BLOCK } from '../../ir/accumulation.js';
import { dimAdd, dimCeilDiv, dimMul, dimProduct, type Dim } from '../../ir/dim.js';
import type { ValueId } from '../../ir/graph.js';
import { delinearize, indexAdd, indexConst, linearize, stridesOf, type Index } from '../../ir/index-expr.js';
import { columnsPerUnit, partOf, unitIndices } from '../../passes/fusion/units.js';
import type { LoweredKernel } from '../kernel/body.js';
import type { Ref } from '../ssa/instr.js';
import type { KernelContext } from './context.js';
import { lastOf } from './bounds.js';
import { elementCost } from './cost.js';
import { chooseTiling, workgroupsOf, type Extents, type Tile } from './tiling.js';
import { addBlock, multiplyAdd, zeroOf } from './loops.js';
import { roundTo } from './scalar-rules.js';

/** A coordinate of a result, limited to its range, and whether it was in range: only those results are stored. */
interface Coordinate {
  readonly index: Index;
  readonly fits: Ref;
}

/** The operands of a term, for all rows and for all columns of a tile. */
export type Operands = readonly [a: readonly Ref[], b: readonly Ref[]];

/** What differs between dot and conv. A column is a multi-index of the axes that n stands for. */
export interface Contraction {
  readonly extents: Extents<Dim>;
  /** Terms of a result. */
  readonly depth: Dim;
  column(n: Index): readonly Index[];
  /** The result's index. */
  result(batch: Index, m: Index, column: readonly Index[]): readonly Index[];
  /** Whether the results of a column are sums of anything; undefined where all of them are. A float sum of nothing is +0. */
  covered?(column: readonly Index[]): Ref;
  /** The terms from number `from` on: each call, in the body of a loop, emits the operands of term `at`, the next one. */
  terms(
    batch: Index,
    rows: readonly Index[],
    columns: readonly (readonly Index[])[],
    from: Ref,
  ): (at: Ref) => Operands;
}

export function lowerContraction(
  k: KernelContext,
  anchor: ValueId,
  work: Contraction,
  separate: boolean,
): LoweredKernel {
  const { s, evaluator, graph } = k;
  const blocks = separate ? dimCeilDiv(work.depth, DOT_BLOCK) : 1;
  const extents = { ...work.extents, batch: dimMul(blocks, work.extents.batch) };
  const { space } = k.form;
  const perUnit = space.kind === 'flat' ? columnsPerUnit(evaluator.shape(anchor), space.count) : 1;
  const units = partOf(extents.n, perUnit);
  const tiling = chooseTiling(likelyExtents(k, extents), k.target, perUnit);
  const { tile, lanes } = tiling;
  const unitsOfTile = tile.n / perUnit;
  /** How far the columns of a unit lie from its first. */
  const offsets = Array.from({ length: perUnit }, (_, at) => dimMul(at, units));
  const { dtype } = graph.nodes[anchor].type;
  const groups = workgroupsOf(extents, tiling);

  const rest = k.form.members.filter((id) => id !== anchor);
  const costOfUnit = dimAdd(dimMul(perUnit, elementCost(k, [anchor])), elementCost(k, rest));
  const cost = dimProduct([extents.batch, extents.m, units, costOfUnit]);
  return k.kernel(dimProduct([groups.batch, groups.m, groups.n]), cost, (group) => {
    const [sizeM, sizeN, sizeSlab] = [extents.m, units, extents.batch].map((extent) => sizeOf(k, extent));
    const [groupsM, groupsN] = [groups.m, groups.n].map((n) => s.literal(n));
    const [lanesBatch, lanesM, lanesN] = [lanes.batch, lanes.m, lanes.n].map((n) => s.literal(n));
    const [groupM, lane] = [s.udiv(group, groupsN), s.udiv(k.lane, lanesN)];
    const tileN = s.iadd(s.imul(s.urem(group, groupsN), lanesN), s.urem(k.lane, lanesN));
    const tileM = s.iadd(s.imul(s.urem(groupM, groupsM), lanesM), s.urem(lane, lanesM));
    const slab = limit(
      k,
      s.iadd(s.imul(s.udiv(groupM, groupsM), lanesBatch), s.udiv(lane, lanesM)),
      sizeSlab,
    );
    const [block, batch] = delinearize(slab.index, [blocks, work.extents.batch]);
    const [firstM, firstN] = [s.imul(tileM, tile.m), s.imul(tileN, unitsOfTile)];
    const row = (i: Index): Coordinate => limit(k, s.iadd(firstM, evaluator.indices.emit(i)), sizeM);
    /** Unit j of the tile, by its first column. */
    const unit = (j: Index): Coordinate => limit(k, s.iadd(firstN, evaluator.indices.emit(j)), sizeN);

    const rows = constants(tile.m).map((i) => row(i).index);
    const columns = constants(unitsOfTile).flatMap((j) => {
      const { index } = unit(j);
      return offsets.map((offset) => work.column(indexAdd(index, indexConst(offset))));
    });
    const summing = { k, tile, dtype, depth: s.literal(work.depth) };
    const from = s.imul(evaluator.indices.emit(block), DOT_BLOCK);
    const next = work.terms(batch, rows, columns, from);
    const sums = separate ? sumOfBlock(summing, from, next) : sumOfBlocks(summing, next);
    const shape = evaluator.shape(anchor);
    const strides = stridesOf(perUnit === 1 ? shape : [...shape.slice(0, -1), units]);
    forEachUnit(k, tile, perUnit, sums, (i, j, own) => {
      const [m, n] = [row(i), unit(j)];
      s.if(s.band(s.band(slab.fits, m.fits), n.fits), () => {
        const position = work.column(n.index);
        const total = (sum: Ref): Ref =>
          work.covered === undefined ? sum : s.select(work.covered(position), sum, s.fconst(0));
        const result = work.result(batch, m.index, position);
        const place = linearize(separate ? [block, ...result] : result, strides);
        const indices = perUnit === 1 ? [delinearize(place, shape)] : unitIndices(shape, perUnit, place);
        evaluator.pin(anchor, ...own.map((sum, at) => [indices[at], roundTo(s, dtype, total(sum))] as const));
        k.store(k.form.results.map((id) => [id, delinearize(place, evaluator.shape(id))]));
      });
    });
  });
}

const likelyExtents = (k: KernelContext, { batch, m, n }: Extents<Dim>): Extents => ({
  batch: k.likely(batch),
  m: k.likely(m),
  n: k.likely(n),
});

const constants = (count: number): Index[] => Array.from({ length: count }, (_, i) => indexConst(i));

/** An extent and the last coordinate in it, as literals: see {@link SsaBuilder.literal}. */
interface Size {
  readonly extent: Dim;
  readonly end: Ref;
  readonly last: Ref;
}

function sizeOf({ s }: KernelContext, extent: Dim): Size {
  return { extent, end: s.literal(extent), last: s.literal(lastOf(extent)) };
}

/** `ref` as a coordinate in [0, extent). The check is made even where it is not needed: see above. */
function limit({ s, evaluator }: KernelContext, ref: Ref, { extent, end, last }: Size): Coordinate {
  return { index: evaluator.indexOf(s.prim('umin', ref, last), extent), fits: s.prim('ltu', ref, end) };
}

/** Calls `finish` for every unit of the tile, with its place in the tile and the sums of its columns. */
function forEachUnit(
  k: KernelContext,
  tile: Tile,
  perUnit: number,
  sums: readonly (readonly Ref[])[],
  finish: (i: Index, j: Index, sums: readonly Ref[]) => void,
): void {
  const { s, evaluator } = k;
  const units = tile.n / perUnit;
  const count = tile.m * units;
  if (count <= k.target.unrolledResults) {
    for (const [i, line] of sums.entries())
      for (let j = 0; j < units; j++) {
        const own = line.slice(j * perUnit, (j + 1) * perUnit);
        finish(indexConst(i), indexConst(j), own.map((sum) => s.get(sum))); // prettier-ignore
      }
    return;
  }
  const { type } = sums[0][0];
  const results = s.array({ name: 'sums', type, length: tile.m * tile.n, space: 'private' });
  sums.flat().forEach((sum, i) => s.arrayStore(results, i, s.get(sum)));
  s.rolled(s.literal(count), (ref) => {
    const [i, j] = delinearize(evaluator.indexOf(ref, count), [tile.m, units]);
    const first = s.imul(ref, perUnit);
    const own = Array.from({ length: perUnit }, (_, at) => s.arrayLoad(results, type, s.iadd(first, at)));
    finish(i, j, own);
  });
}

interface Summing {
  readonly k: KernelContext;
  readonly tile: Tile;
  readonly dtype: DType;
  /** The number of terms. */
  readonly depth: Ref;
}

function gridOf<T>({ tile }: Summing, make: (i: number, j: number) => T): T[][] {
  const grid: T[][] = [];
  for (let i = 0; i < tile.m; i++) {
    const line: T[] = [];
    for (let j = 0; j < tile.n; j++) line.push(make(i, j));
    grid.push(line);
  }
  return grid;
}

/** Variables that hold, for every result of the tile, the sum of the block of terms that begins at `from`. */
function sumOfBlock(summing: Summing, from: Ref, next: (at: Ref) => Operands): Ref[][] {
  const { s, evaluator } = summing.k;
  const { dtype } = summing;
  const sums = gridOf(summing, () => s.variable(zeroOf(evaluator, dtype)));
  s.for(from, s.prim('umin', s.iadd(from, DOT_BLOCK), summing.depth), 1, (at) => {
    const [a, b] = next(at);
    gridOf(summing, (i, j) => s.update(sums[i][j], (old) => multiplyAdd(evaluator, dtype, old, a[i], b[j])));
  });
  return sums;
}

/** The same for the sum of all blocks, whose terms `next` gives. */
function sumOfBlocks(summing: Summing, next: (at: Ref) => Operands): Ref[][] {
  const { s, evaluator } = summing.k;
  const { dtype } = summing;
  const totals = gridOf(summing, () => s.variable(zeroOf(evaluator, dtype)));
  s.for(0, s.prim('iopaque', summing.depth), DOT_BLOCK, (from) => {
    const sums = sumOfBlock(summing, from, next);
    gridOf(summing, (i, j) => {
      const sum = s.get(sums[i][j]);
      s.update(totals[i][j], (old) => addBlock(evaluator, dtype, old, sum));
    });
  });
  return totals;
}
