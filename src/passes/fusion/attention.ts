/**
 * Attention: a product whose left operand comes of another product, row by row, as softmax(q k') v does. One kernel computes both, and
 * keeps the rows between them in the memory of a workgroup, so that they are never stored: as FlashAttention does (Dao et al., 2022),
 * but with each sum in the order of its op, so that no bit depends on it.
 *
 * What stands between the products may be anything that an element of a row, or a row, is made of alone: scales, masks, biases, caps,
 * reductions along the row.
 */
import { isFloat } from '../../base/dtype.js';
import { elementCount } from '../../base/tensor.js';
import { termsOf } from '../../ir/contraction.js';
import type { Graph, Node, ValueId } from '../../ir/graph.js';
import { variablesOf } from '../../ir/index-expr.js';
import { isView, traitsOf } from '../../ir/ops.js';
import { staticShape } from '../../ir/types.js';
import type { Target } from '../target.js';
import { bytesKept, stepsOfAttention } from './attention-cost.js';
import { COL_VAR, ROW_VAR, type AttentionSpace } from './group.js';
import { isFree } from './traits.js';
import { findUses, type Use } from './walk.js';

/** What lies between two products, in topological order. */
export interface Chain {
  /** The first product. */
  readonly scores: ValueId;
  /** All that is computed from it and leads to the last one; the reductions among it. */
  readonly members: readonly ValueId[];
  readonly reductions: readonly ValueId[];
}

export interface Attention extends Chain {
  readonly space: AttentionSpace;
}

/** Ops that a search goes back through, at most: masks of several kinds take a few dozen. */
const MAX_SEARCHED = 192;

/**
 * The attention of which `id` is the last product; undefined where its left operand comes of no product that could be the first, and
 * why there is none where it does. `users`: of each value. `isStored`: whether a value must lie in memory.
 */
export function attentionOf(
  graph: Graph,
  users: readonly (readonly ValueId[])[],
  isStored: (id: ValueId) => boolean,
  id: ValueId,
  target: Target,
): Attention | string | undefined {
  const node = graph.nodes[id];
  if (node.op !== 'dot') return undefined;
  const space = spaceOf(graph, node);
  const found = searched(graph, node.inputs[0]);
  const size = space.rows * space.cols;
  const isProduct = (at: ValueId): boolean =>
    graph.nodes[at].op === 'dot' && elementCount(shapeIn(graph, at)) === size;
  const products = found.filter(isProduct).sort((a, b) => b - a);
  let reason: string | undefined;
  for (const scores of products) {
    const chain = chainOf(graph, found, scores);
    // Without a reduction there is one kernel less to save, and rows of both products can be computed in parts.
    if (chain.reductions.length === 0) continue;
    reason = whyNone(graph, users, isStored, id, space, chain, target);
    if (reason === undefined) return { ...chain, space };
  }
  return reason;
}

const shapeIn = (graph: Graph, id: ValueId): readonly number[] => staticShape(graph.nodes[id].type.shape);

function spaceOf(graph: Graph, node: Node<'dot'>): AttentionSpace {
  const [lhs, rhs] = node.inputs.map((input) => shapeIn(graph, input));
  const cols = termsOf(node, lhs, rhs);
  const rows = cols === 0 ? 0 : elementCount(lhs) / cols;
  return { kind: 'attention', rows, cols, width: rows === 0 ? 0 : elementCount(staticShape(node.type.shape)) / rows }; // prettier-ignore
}

/** What `id` is made from, back to the products. */
function searched(graph: Graph, id: ValueId): readonly ValueId[] {
  const found = new Set([id]);
  for (const at of found) {
    const { op, inputs } = graph.nodes[at];
    if (!isOfRows(op)) continue;
    for (const input of inputs) if (found.size < MAX_SEARCHED) found.add(input);
  }
  return [...found];
}

/** Ops of which an element of a result may need an element, or a row. */
const isOfRows = (op: Node['op']): boolean =>
  op === 'reduce' || isView(op) || (traitsOf(op).reads === 'same' && traitsOf(op).class === 'scalar');

/** `within`: what leads to the last product. */
function chainOf({ nodes }: Graph, within: readonly ValueId[], scores: ValueId): Chain {
  const depending = new Set([scores]);
  for (const id of [...within].sort((a, b) => a - b))
    if (id > scores && isOfRows(nodes[id].op) && nodes[id].inputs.some((input) => depending.has(input))) depending.add(id); // prettier-ignore
  const members = [...depending];
  return { scores, members, reductions: members.filter((id) => nodes[id].op === 'reduce') };
}

/** The chain of a kernel around the product `anchor`. */
export function chainIn(graph: Graph, members: readonly ValueId[], anchor: ValueId): Chain {
  const before = members.filter((id) => id < anchor);
  const scores = before.find((id) => graph.nodes[id].op === 'dot') ?? anchor;
  return chainOf(graph, before, scores);
}

function whyNone(
  graph: Graph,
  users: readonly (readonly ValueId[])[],
  isStored: (id: ValueId) => boolean,
  id: ValueId,
  space: AttentionSpace,
  chain: Chain,
  target: Target,
): string | undefined {
  const { nodes } = graph;
  const { scores, members, reductions } = chain;
  if (target.lanesInStep > 1) return 'lanes in step have no barriers';
  if (space.rows === 0 || space.width === 0) return 'it is empty';
  const inside = new Set(members);
  if (!inside.has(nodes[id].inputs[0]) || inside.has(nodes[id].inputs[1])) return 'both of its operands come of a product'; // prettier-ignore
  const outside = members.find((at) => isStored(at) || users[at].some((user) => user !== id && !inside.has(user))); // prettier-ignore
  if (outside !== undefined) return `%${outside} is needed outside of it`;
  if (reductions.length > target.maxReductions) return `it has ${reductions.length} reductions`;
  if (![scores, nodes[id].inputs[0]].every((at) => isFloat(nodes[at].type.dtype))) return 'its rows are no floats'; // prettier-ignore
  const [lhs, rhs] = nodes[scores].inputs.map((input) => shapeIn(graph, input));
  const depth = termsOf(nodes[scores] as Node<'dot'>, lhs, rhs);
  if (depth === 0) return 'its first product has no terms';
  const { uses } = findUses(graph, space, [id], [id, ...members]);
  const apart = members.find((at) => !isInRow(graph, space, at, uses.get(at)));
  if (apart !== undefined) return `${nodes[apart].op} is no row by row`;
  const bytes = bytesKept(space, reductions.length, 1);
  if (bytes > target.workgroupBytes) return `a row would keep ${bytes} bytes in the memory of a workgroup`;
  const { apart: steps, inOne } = stepsOfAttention(graph, nodes[id] as Node<'dot'>, depth, space, reductions.length, target); // prettier-ignore
  if (inOne <= steps) return undefined;
  return `one kernel would take ${Math.round(inOne)} steps, and several take ${Math.round(steps)}, their launches among them`;
}

/** Whether a row needs one element of a value for each of its own, or one of a reduction along it. */
function isInRow(graph: Graph, space: AttentionSpace, id: ValueId, uses: readonly Use[] = []): boolean {
  const node = graph.nodes[id];
  const [use, ...others] = uses;
  if (others.length > 0 || !use.exact || use.times !== 1) return false;
  const names = use.index.flatMap(variablesOf);
  if (node.op !== 'reduce') return names.every((name) => name === ROW_VAR || name === COL_VAR);
  const shape = shapeIn(graph, node.inputs[0]);
  const length = elementCount(node.attrs.axes.map((axis) => shape[axis]));
  return length === space.cols && names.every((name) => name === ROW_VAR);
}

/** Operands from outside: what a kernel reads unless it computes it. */
export function operandsOf({ nodes }: Graph, id: ValueId, { members }: Chain): readonly ValueId[] {
  const inside = new Set(members);
  const needed = [...members, id].flatMap((at) => nodes[at].inputs);
  return [...new Set(needed)].filter((input) => !inside.has(input) && !isFree(nodes[input].op));
}
