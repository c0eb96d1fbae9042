/** Fused groups: the unit that becomes one kernel. */
import { elementCount } from '../../base/tensor.js';
import { dimEquals, dimProduct, type Dim } from '../../ir/dim.js';
import { delinearize, indexVar, linearize, stridesOf, type Index } from '../../ir/index-expr.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { staticShape } from '../../ir/types.js';

/**
 * What a group iterates over. `flat`: the elements of its results, all of one count. `rows`: rows of `axes` of an array
 * of `shape`; its reductions run along a row, its results have one element for each element or for each row. `D`: numbers, or
 * dimensions with symbols.
 */
export type Space<D extends Dim = number> =
  | { readonly kind: 'flat'; readonly count: D }
  | {
      readonly kind: 'rows';
      readonly shape: readonly D[];
      readonly axes: readonly number[];
      readonly rows: D;
      readonly cols: D;
    }
  /**
   * The rows of what a loop carries, `rows` equal parts of each of its values: a workgroup makes all trips for one, and keeps it in its
   * memory. See cell.ts.
   */
  | { readonly kind: 'cell'; readonly rows: number; readonly carries: readonly Carry[] }
  /**
   * Nothing: the group is a loop or a cond, whose trips and branches have groups of their own. `inPlace`: of each carried
   * value whether it ends where it begins.
   */
  | { readonly kind: 'loop'; readonly inPlace: readonly boolean[] };

export type Rows<D extends Dim = number> = Space<D> & { readonly kind: 'rows' };
export type CellSpace = Space & { readonly kind: 'cell' };

/** What a kernel that makes all trips of a loop carries: the place of its result, and of the source that holds its initial value, if it is read. */
export interface Carry {
  readonly source: number | undefined;
  readonly result: number;
}

/** What one kernel computes. */
export interface Work<D extends Dim = number> {
  readonly space: Space<D>;
  /** The op around which the kernel is built; none for plain elementwise kernels. */
  readonly anchor: ValueId | undefined;
  /** Values computed inside, in topological order; results included. */
  readonly members: readonly ValueId[];
  /** Materialised values that are read. */
  readonly sources: readonly ValueId[];
  /** Values that are written to memory, in topological order. */
  readonly results: readonly ValueId[];
}

export interface Group extends Work {
  readonly id: number;
  /** Set where the group only copies its result into a concat's buffer. */
  readonly copy: Placement | undefined;
  /** What it computes, apart from where it stands. Groups that compute the same share one form. */
  readonly form: Form;
}

/**
 * The work of a group as a graph of its own: a param for each source, then what is computed, in the order of the group.
 * Sources and results stand in the order of the group's. Layers of one kind have equal forms, so what depends on the form
 * alone (legality, code) is found out once for all of them.
 */
export interface Form<D extends Dim = number> extends Work<D> {
  readonly graph: Graph;
}

/** Part of a concat's buffer in which an operand is stored, so that the concat costs nothing. */
export interface Placement {
  readonly into: ValueId;
  readonly axis: number;
  readonly start: number;
}

/** Why a value was fused or not. */
export interface Decision {
  readonly value: ValueId;
  readonly fused: boolean;
  readonly reason: string;
}

/** What is known of a loop before its program is fused. */
export interface LoopNote {
  /** Of each carried value whether it ends where it begins. */
  readonly inPlace: readonly boolean[];
  /** Why its trips are what they are. */
  readonly reason: string;
}

export interface Fusion {
  /** In an order in which they can run. */
  readonly groups: readonly Group[];
  /** Values stored inside of a concat's buffer. */
  readonly placements: ReadonlyMap<ValueId, Placement>;
  /** Values that need no memory of their own because they are reshapes of materialised values: alias -> original. */
  readonly aliases: ReadonlyMap<ValueId, ValueId>;
  readonly decisions: readonly Decision[];
}

/** The space of the rows along `axes`. */
export function rowSpace(shape: readonly number[], axes: readonly number[]): Rows;
export function rowSpace(shape: readonly Dim[], axes: readonly number[]): Rows<Dim>;
export function rowSpace(shape: readonly Dim[], axes: readonly number[]): Rows<Dim> {
  const rows = dimProduct(shape.filter((_, axis) => !axes.includes(axis)));
  return { kind: 'rows', shape, axes, rows, cols: dimProduct(axes.map((axis) => shape[axis])) };
}

/** The row of a cell, and the element of a value there that has `length` of them in a row: see {@link resultIndex}. */
export const cellRow = ({ rows }: CellSpace): Index => indexVar(ROW_VAR, rows);
export const cellElement = (length: number): Index => indexVar(cellElementName(length), length);
export const cellElementName = (length: number): string => `${COL_VAR}${length}`;

/** Merges the indices of kept and reduced axes into one multi-index. */
export function mergeAxes(
  rank: number,
  axes: readonly number[],
  kept: readonly Index[],
  reduced: readonly Index[],
): Index[] {
  const [k, r] = [[...kept], [...reduced]];
  return Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? r : k).shift() as Index);
}

/** The variables of a space: `i` for flat, `r` and `c` for rows. */
const FLAT_VAR = 'i';
export const ROW_VAR = 'r';
export const COL_VAR = 'c';

/** Index, in the array of the space, of element `col` of row `row`. */
export function elementIndex({ shape, axes }: Omit<Rows<Dim>, 'kind'>, row: Index, col: Index): Index[] {
  const kept = shape.filter((_, axis) => !axes.includes(axis));
  const inner = axes.map((axis) => shape[axis]);
  return mergeAxes(shape.length, axes, delinearize(row, kept), delinearize(col, inner));
}

/** The index at which a result of `shape` is computed and stored: of its element in `row`, or of its element `col` there. */
export function rowsIndex(space: Rows<Dim>, shape: readonly Dim[], row: Index, col: Index): Index[] {
  if (isRowLevel(space, shape)) return delinearize(row, shape);
  return delinearize(linearize(elementIndex(space, row, col), stridesOf(space.shape)), shape);
}

/** The index at which a result of `shape` is computed and stored in `space`. */
export function resultIndex(space: Space<Dim>, shape: readonly Dim[]): readonly Index[] {
  if (space.kind === 'flat') return delinearize(indexVar(FLAT_VAR, space.count), shape);
  if (space.kind === 'loop') return shape.map((extent, axis) => indexVar(`${FLAT_VAR}${axis}`, extent));
  if (space.kind === 'cell') {
    const length = elementCount(staticShape(shape)) / space.rows;
    return delinearize(linearize([cellRow(space), cellElement(length)], [length, 1]), shape);
  }
  return rowsIndex(space, shape, indexVar(ROW_VAR, space.rows), indexVar(COL_VAR, space.cols));
}

/** Whether a result of `shape` has one element a row, not one an element. */
export const isRowLevel = (space: Rows<Dim>, shape: readonly Dim[]): boolean =>
  dimEquals(dimProduct(shape), space.rows) && space.cols !== 1;

/** Elements that a kernel over `space` visits. */
export function spaceSize(space: Space): number {
  switch (space.kind) {
    case 'flat':
      return space.count;
    case 'rows':
      return space.rows * space.cols;
    case 'cell':
      return space.rows;
    case 'loop':
      return 0;
  }
}
