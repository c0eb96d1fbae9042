/**
 * Products of which an element of a kernel needs several columns of its row, as gates in the cells of recurrent networks and in gated
 * linear units: unit u needs the columns u, u + units, u + 2 units, ... Each is needed once, so the product can stand in that kernel,
 * where an invocation computes all columns of a unit.
 */
import { HeddleError } from '../../base/errors.js';
import { elementCount } from '../../base/tensor.js';
import { dimMul, dimProduct, isStatic, type Dim } from '../../ir/dim.js';
import { exactQuotient } from '../../ir/dim-proofs.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { delinearize, indexAdd, indexConst, indexDiv, indexMod, type Index } from '../../ir/index-expr.js';
import { traitsOf } from '../../ir/ops.js';
import { staticShape } from '../../ir/types.js';
import type { Target } from '../target.js';
import { resultIndex, type Space } from './group.js';
import { indexKey, type Use } from './walk.js';

/** Where the element at `place`, a unit of a row, needs its `columns` of a value of `shape`. */
export function unitIndices(shape: readonly Dim[], columns: number, place: Index): Index[][] {
  const units = partOf(shape[shape.length - 1], columns);
  const row = delinearize(indexDiv(place, units), shape.slice(0, -1));
  const unit = indexMod(place, units);
  return Array.from({ length: columns }, (_, at) => [...row, indexAdd(unit, indexConst(dimMul(at, units)))]);
}

/** Whether each element of a kernel over `space` needs the columns of a unit of a value of `shape`, and nothing else of it. */
export function areColumnsOfUnits(
  space: Space,
  shape: readonly number[],
  uses: readonly Use[],
  { maxUnitColumns }: Target,
): boolean {
  const columns = uses.length;
  if (space.kind !== 'flat' || space.count === 0 || columns < 2 || columns > maxUnitColumns) return false;
  if (shape.length === 0 || shape[shape.length - 1] % columns !== 0) return false;
  if (elementCount(shape) !== columns * space.count) return false;
  const [place] = resultIndex(space, [space.count]);
  const expected = new Set(unitIndices(shape, columns, place).map(indexKey));
  return uses.every(({ key, times, exact }) => exact && times === 1 && expected.has(key));
}

/** How many columns a unit has of a product of `shape` in a kernel of `count` elements; 1 where elements are columns. */
export const columnsPerUnit = (shape: readonly Dim[], count: Dim): number =>
  count === 0 ? 1 : staticShape([partOf(dimProduct(shape), count)])[0];

/** `whole` over what divides it. Throws DIM_UNBOUND where it depends on sizes whether it does. */
export function partOf(whole: Dim, by: Dim): Dim {
  if (isStatic(whole) && isStatic(by)) return whole / by;
  const part = exactQuotient(whole, by);
  if (part !== undefined) return part;
  throw new HeddleError('DIM_UNBOUND', 'a quotient depends on symbolic dimensions', {
    found: `${String(whole)} by ${String(by)}`,
    hint: 'bind them to numbers',
  });
}

/**
 * Whether `id` is a product of rows and columns, or is made from one element by element, at most `depth` ops later. `users`: of each
 * value.
 */
export function leadsToProduct(
  graph: Graph,
  users: readonly (readonly ValueId[])[],
  id: ValueId,
  depth: number,
): boolean {
  const node = graph.nodes[id];
  if (node.op === 'dot') {
    const { rhsBatch, rhsContract } = node.attrs;
    const rank = staticShape(graph.nodes[node.inputs[1]].type.shape).length;
    return rank - rhsBatch.length - rhsContract.length === 1;
  }
  if (depth === 0 || traitsOf(node.op).reads !== 'same') return false;
  return node.inputs.some(
    (input) => users[input].length === 1 && leadsToProduct(graph, users, input, depth - 1),
  );
}
