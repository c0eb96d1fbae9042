/**
 * Contractions: dot and convolution as one register-tiled kernel. An invocation computes a tile of `m x n` results; the
 * terms come in the order of the op's definition (blocks of terms, then the blocks), so the tile never shows in the bits.
 *
 * The code has one structure whatever the sizes: every range is checked even where a size makes it certain, and there are
 * few tiles. Kernels that differ in numbers only are compiled once (share.ts), which is what these large ones need.
 */
import type { DType } from '../../base/dtype.js';
import { rowMajorStrides } from '../../base/tensor.js';
import type { ValueId } from '../../ir/graph.js';
import { delinearize, indexConst, linearize, type Index } from '../../ir/index-expr.js';
import { WORKGROUP_SIZE } from '../kernel.js';
import type { Ref } from '../ssa/instr.js';
import type { Target } from '../target.js';
import type { KernelContext, LoweredKernel } from './context.js';
import { elementCost } from './cost.js';
import { addBlock, multiplyAdd, zeroOf } from './loops.js';
import { roundTo } from './scalar-rules.js';

/** The shape of the work: `batch` independent products of m x n results. */
export interface Extents {
  readonly batch: number;
  readonly m: number;
  readonly n: number;
}

/** How many results an invocation computes. */
export interface Tile {
  readonly m: number;
  readonly n: number;
}

/** A coordinate of a result, limited to its range, and whether it was in range: only those results are stored. */
export interface Coordinate<T> {
  readonly index: T;
  readonly fits: Ref;
}

/** What differs between dot and conv. A column is a multi-index of the axes that n stands for. */
export interface Contraction {
  readonly extents: Extents;
  readonly tile: Tile;
  /** Tiles along n, for each batch. */
  readonly tilesN: number;
  /** Column `j` of tile number `tile`. */
  column(tile: Ref, j: Index): Coordinate<readonly Index[]>;
  /** The result's index. */
  result(batch: Index, m: Index, column: readonly Index[]): Index[];
  /**
   * Calls `block` for each block of terms, in order; within it, `term` for each term with the operands of all rows and
   * columns of the tile.
   */
  terms(
    batch: Index,
    m: readonly Index[],
    columns: readonly (readonly Index[])[],
    block: (emit: (term: (a: readonly Ref[], b: readonly Ref[]) => void) => void) => void,
  ): void;
}

/** What a load costs in multiply-adds, roughly: caches serve most of them. */
const LOAD_COST = 8;

const SIDES = [1, 4, 8] as const;

/** Share of the rows or columns that do useful work when `extent` is cut into pieces of `size`. */
const used = (extent: number, size: number): number => extent / (Math.ceil(extent / size) * size);

/**
 * The tile with the least estimated time for each result: large ones load less, but may overhang the problem or leave the
 * device short of work. `width`: n is made of runs of this many, and a tile must not cross from one to the next.
 */
export function chooseTile(extents: Extents, width: number, target: Target): Tile {
  const { batch, m: rows, n: columns } = extents;
  let best = { m: 1, n: 1, cost: Infinity };
  for (const m of SIDES)
    for (const n of SIDES) {
      const tiles = batch * Math.ceil(rows / m) * Math.ceil(columns / n);
      const work = 1 + LOAD_COST * (1 / m + 1 / n);
      const cost = work / (used(rows, m) * used(width, n) * Math.min(1, tiles / target.invocations));
      if (cost < best.cost) best = { m, n, cost };
    }
  return { m: best.m, n: best.n };
}

/** Lanes along m and n: 8 x 8 reuse both sides alike; a problem that is narrow one way takes its lanes the other way. */
function chooseLanes(tilesM: number, tilesN: number): { lanesM: number; lanesN: number } {
  const lanesN = tilesN < 4 ? 1 : tilesM < 4 ? WORKGROUP_SIZE : 8;
  return { lanesM: WORKGROUP_SIZE / lanesN, lanesN };
}

export function lowerContraction(k: KernelContext, anchor: ValueId, work: Contraction): LoweredKernel {
  const { s, evaluator, graph } = k;
  k.offsets = true;
  const { extents, tile, tilesN } = work;
  const { dtype } = graph.nodes[anchor].type;
  const tilesM = Math.ceil(extents.m / tile.m);
  const { lanesM, lanesN } = chooseLanes(tilesM, tilesN);
  const blocksM = Math.ceil(tilesM / lanesM);
  const blocksN = Math.ceil(tilesN / lanesN);
  const workgroups = extents.batch * blocksM * blocksN;

  const [sizeM, sizeBatch] = [sizeOf(k, extents.m), sizeOf(k, extents.batch)];
  const [acrossN, acrossM, alongM, alongN] = [blocksN, blocksM, lanesM, lanesN].map((n) => s.literal(n));
  const rest = s.udiv(k.group, acrossN);
  const tileM = s.iadd(s.imul(s.urem(rest, acrossM), alongM), s.udiv(k.lane, alongN));
  const tileN = s.iadd(s.imul(s.urem(k.group, acrossN), alongN), s.urem(k.lane, alongN));
  const batch = limit(k, s.udiv(rest, acrossM), sizeBatch);
  const firstM = s.imul(tileM, tile.m);
  const row = (i: Index): Coordinate<Index> => limit(k, s.iadd(firstM, evaluator.indices.emit(i)), sizeM);
  const column = (j: Index): Coordinate<readonly Index[]> => work.column(tileN, j);

  const sums = accumulate(
    k,
    work,
    dtype,
    batch.index,
    constants(tile.m).map((i) => row(i).index),
    constants(tile.n).map((j) => column(j).index),
  );
  const strides = rowMajorStrides(evaluator.shape(anchor));
  forEachSum(k, tile, sums, (i, j, sum) => {
    const [m, n] = [row(i), column(j)];
    s.if(s.band(s.band(batch.fits, m.fits), n.fits), () => {
      const position = linearize(work.result(batch.index, m.index, n.index), strides);
      evaluator.pin(anchor, delinearize(position, evaluator.shape(anchor)), roundTo(s, dtype, sum));
      k.store(k.spec.results.map((id) => [id, delinearize(position, evaluator.shape(id))]));
    });
  });
  const cost = extents.batch * extents.m * extents.n * elementCost(graph, k.spec.members);
  return k.finish(workgroups, cost, true);
}

const constants = (count: number): Index[] => Array.from({ length: count }, (_, i) => indexConst(i));

/** An extent and the last coordinate in it, as literals: see {@link SsaBuilder.literal}. */
export interface Size {
  readonly extent: number;
  readonly end: Ref;
  readonly last: Ref;
}

export function sizeOf({ s }: KernelContext, extent: number): Size {
  return { extent, end: s.literal(extent), last: s.literal(Math.max(extent - 1, 0)) };
}

/** `ref` as a coordinate in [0, extent). The check is made even where it is not needed: see above. */
export function limit(
  { s, evaluator }: KernelContext,
  ref: Ref,
  { extent, end, last }: Size,
): Coordinate<Index> {
  return { index: evaluator.indexOf(s.prim('umin', ref, last), extent), fits: s.prim('ltu', ref, end) };
}

/** Tiles of more results than this store them in a loop: the epilogue is then compiled once. */
const UNROLLED_SUMS = 2;

/** Calls `finish` for every sum of the tile, with its place in the tile. */
function forEachSum(
  k: KernelContext,
  tile: Tile,
  sums: readonly (readonly Ref[])[],
  finish: (i: Index, j: Index, sum: Ref) => void,
): void {
  const { s, evaluator } = k;
  const count = tile.m * tile.n;
  if (count <= UNROLLED_SUMS)
    return sums.forEach((line, i) =>
      line.forEach((sum, j) => finish(indexConst(i), indexConst(j), s.get(sum))),
    );
  const { type } = sums[0][0];
  const results = s.array({ name: 'sums', type, length: count, space: 'private' });
  sums.flat().forEach((sum, i) => s.arrayStore(results, i, s.get(sum)));
  s.rolled(s.literal(count), (ref) => {
    const [i, j] = delinearize(evaluator.indexOf(ref, count), [tile.m, tile.n]);
    finish(i, j, s.arrayLoad(results, type, ref));
  });
}

/** The sums of the tile, as variables. */
function accumulate(
  { s, evaluator }: KernelContext,
  work: Contraction,
  dtype: DType,
  batch: Index,
  m: readonly Index[],
  columns: readonly (readonly Index[])[],
): Ref[][] {
  const zero = zeroOf(evaluator, dtype);
  const grid = <T>(make: (i: number, j: number) => T): T[][] =>
    m.map((_, i) => columns.map((_unused, j) => make(i, j)));
  const totals = grid(() => s.variable(zero));
  work.terms(batch, m, columns, (emit) => {
    const acc = grid(() => s.variable(zero));
    emit((a, b) =>
      grid((i, j) => s.update(acc[i][j], (old) => multiplyAdd(evaluator, dtype, old, a[i], b[j]))),
    );
    grid((i, j) => {
      const sum = s.get(acc[i][j]);
      s.update(totals[i][j], (old) => addBlock(evaluator, dtype, old, sum));
    });
  });
  return totals;
}
