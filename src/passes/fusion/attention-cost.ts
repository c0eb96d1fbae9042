/** How attention in one kernel is dealt to workgroups, and what it takes: see attention.ts. No bit depends on any of it. */
import { DEVICE_ELEMENT_BYTES } from '../../base/dtype.js';
import { elementCount } from '../../base/tensor.js';
import { REDUCE_LANES } from '../../ir/accumulation.js';
import type { Graph, Node } from '../../ir/graph.js';
import { staticShape } from '../../ir/types.js';
import type { Target } from '../target.js';
import type { AttentionSpace } from './group.js';

/** Rows that a workgroup computes at a time, columns of an invocation, and sums that it keeps in registers, at most. */
const MAX_ROWS = 8;
const MAX_COLUMNS = 8;
const MAX_SUMS = 16;

/** WebGPU counts the memory of each variable of a workgroup in 16 bytes. */
const alignedTo4 = (count: number): number => Math.ceil(count / 4) * 4;

/** Bytes that a workgroup keeps for so many rows: their terms, and what lanes have summed for each reduction. */
export const bytesKept = ({ cols }: AttentionSpace, reductions: number, rows: number): number =>
  DEVICE_ELEMENT_BYTES * (alignedTo4(rows * cols) + rows * REDUCE_LANES * reductions);

/** How many rows of attention around `product` have the same operands but for the left one: those of a batch. */
export function rowsTogether({ nodes }: Graph, product: Node<'dot'>, { rows }: AttentionSpace): number {
  const shape = staticShape(nodes[product.inputs[0]].type.shape);
  return rows / elementCount(product.attrs.lhsBatch.map((axis) => shape[axis]));
}

/** Rows of a workgroup, of `together`: as many as leave work for the whole device and fit its memory. They share what they load. */
export function rowsOfWorkgroup(
  space: AttentionSpace,
  reductions: number,
  together: number,
  { invocations, workgroupBytes }: Target,
): number {
  const isGood = (rows: number): boolean =>
    rows <= together &&
    bytesKept(space, reductions, rows) <= workgroupBytes &&
    (space.rows / rows) * REDUCE_LANES >= invocations;
  for (let rows = MAX_ROWS; rows > 1; rows--) if (isGood(rows)) return rows;
  return 1;
}

/** Columns of an invocation, of `extent`, for each of `rows`: as many as leave work for `lanes` invocations. */
export function columnsOfLane(rows: number, extent: number, lanes: number): number {
  for (let each = MAX_COLUMNS; each > 1; each /= 2)
    if (rows * each <= MAX_SUMS && extent >= each * lanes) return each;
  return 1;
}

/** Steps of an invocation: of attention in one kernel, and of three kernels, which store its rows twice and have two launches more. */
interface Steps {
  readonly inOne: number;
  readonly apart: number;
}

/** `depth`: the terms of the first product. */
export function stepsOfAttention(
  graph: Graph,
  product: Node<'dot'>,
  depth: number,
  space: AttentionSpace,
  reductions: number,
  target: Target,
): Steps {
  const { rows, cols, width } = space;
  const { invocations, lanesAtOnce, loadCost, launchSteps, storeCost, maxTile } = target;
  const together = rowsTogether(graph, product, space);
  const atOnce = Math.max(invocations, lanesAtOnce);
  const sums = (terms: number, m: number, n: number, busy: number): number =>
    (terms * (1 + (loadCost * (m + n)) / (m * n))) / Math.max(1, Math.min(atOnce, busy));
  const tiled = (count: number, extent: number, terms: number): number => {
    const [m, n] = [together, extent].map((side) => Math.min(maxTile, side));
    return count / (m * n) >= invocations
      ? sums(count * terms, m, n, count / (m * n))
      : sums(count * terms, 1, 1, count);
  };
  const own = rowsOfWorkgroup(space, reductions, together, target);
  const workgroups = Math.ceil(rows / own);
  const inOne = (count: number, extent: number, terms: number, lanes: number): number => {
    const each = columnsOfLane(own, extent, lanes);
    return sums(count * terms, own, each, workgroups * Math.min(REDUCE_LANES, Math.ceil(extent / each)));
  };
  return {
    inOne: inOne(rows * cols, cols, depth, REDUCE_LANES) + inOne(rows * width, width, cols, lanesAtOnce),
    apart:
      tiled(rows * cols, cols, depth) +
      tiled(rows * width, width, cols) +
      (2 * storeCost * rows * cols) / Math.min(atOnce, rows * cols) +
      2 * launchSteps,
  };
}
