/**
 * How often what an operand of a product reads moves on: integers of a few bits that lie in words together come from the same
 * word for several terms, and have a scale with many more. A loop that is cut accordingly reads a word once, and knows the places in
 * it.
 */
import { DOT_BLOCK } from '../../ir/accumulation.js';
import type { Node, ValueId } from '../../ir/graph.js';
import type { Index } from '../../ir/index-expr.js';
import { mapIndex } from '../../ir/index-map.js';
import { isIdentity, isView, traitsOf, type ViewOp } from '../../ir/ops.js';
import { viewIndex } from './access.js';
import type { Evaluator } from './evaluator.js';

/**
 * Numbers of terms, the largest first, each a multiple of the next, of which the least is to be unrolled: element `index` of `id` reads by
 * quotients of `term`, which is a variable, by these. Empty where it does not, or not in a way that a loop within a block of
 * terms can follow.
 */
export function periodsOf(
  evaluator: Evaluator,
  id: ValueId,
  index: readonly Index[],
  term: Index,
  depth: number,
): readonly number[] {
  const found = new Set<number>();
  const seen = new Set<ValueId>();
  const visit = (at: ValueId, place: readonly Index[]): void => {
    if (seen.has(at)) return;
    seen.add(at);
    const source = evaluator.sources.get(at);
    if (source !== undefined) return quotients(viewIndex(source.view, place), term, found);
    const node = evaluator.node(at);
    if (isView(node.op) || isIdentity(node.op))
      return visit(node.inputs[0], mapIndex(node as Node<ViewOp>, evaluator.sizes(node.inputs[0]), place));
    if (traitsOf(node.op).class === 'scalar') for (const input of node.inputs) visit(input, place);
  };
  visit(id, index);
  const chain: number[] = [];
  for (const by of [...found].sort((a, b) => a - b))
    if (
      by > 1 &&
      by < DOT_BLOCK &&
      DOT_BLOCK % by === 0 &&
      depth % by === 0 &&
      by % (chain.at(-1) ?? 1) === 0
    )
      chain.push(by);
  return chain.length > 0 && chain[0] <= evaluator.target.unroll ? chain.reverse() : [];
}

/** Collects what the variable is divided by in an index. */
function quotients({ terms }: Index, variable: Index, into: Set<number>): void {
  for (const { atom } of terms) {
    if (atom.kind === 'var') continue;
    if (atom.of.key === variable.key) into.add(Number(atom.by));
    else quotients(atom.of, variable, into);
  }
}
