/** Which results a kernel may write over what it reads: where it reads an element only to compute the one in its place. */
import { isFloat } from '../../base/dtype.js';
import { dimEquals, dimProduct, type Dim } from '../../ir/dim.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { loopOperands } from '../../ir/subgraphs.js';
import { isRowLevel, resultIndex, type Form, type Group } from '../fusion/group.js';
import { findUses, usedOnlyAt, type Uses } from '../fusion/walk.js';

const shapeIn = (graph: Graph, id: ValueId): readonly Dim[] => graph.nodes[id].type.shape;

/** Whether two values can lie in one buffer: as many words, read as the same type. */
export function sameWords(graph: Graph, a: ValueId, b: ValueId): boolean {
  const isFloatValue = (id: ValueId): boolean => isFloat(graph.nodes[id].type.dtype);
  return (
    isFloatValue(a) === isFloatValue(b) &&
    dimEquals(dimProduct(shapeIn(graph, a)), dimProduct(shapeIn(graph, b)))
  );
}

/** A result, and a source that it may be written over. */
export type Overwrite = readonly [result: ValueId, source: ValueId];

/**
 * What a kernel of `form` may overwrite, in the values of the form. Any number of the pairs may be overwritten in one run; a
 * value may be in several.
 */
export function overwritesOf(form: Form<Dim>): readonly Overwrite[] {
  const { graph, space, members, sources, results } = form;
  if (space.kind === 'loop') return carriedInPlace(form);
  // An invocation reads what it begins with before the first trip, and writes over that after the last.
  if (space.kind === 'cell')
    return space.carries.flatMap(({ source, result }) =>
      source !== undefined && sameWords(graph, results[result], sources[source])
        ? [[results[result], sources[source]] as const]
        : [],
    );
  const usesOf = (wanted: readonly ValueId[]): Uses => findUses(graph, space, wanted, members).uses;
  const uses = usesOf(results);
  // Lanes that are done with a row must not overwrite what the others still read to compute its elements.
  const elements =
    space.kind === 'rows' ? results.filter((id) => !isRowLevel(space, shapeIn(graph, id))) : [];
  const elementUses = usesOf(elements);
  const shared = (source: ValueId): boolean =>
    space.kind === 'rows' && isRowLevel(space, shapeIn(graph, source)) && elementUses.has(source);
  const inPlace = sources.filter(
    (source) => !shared(source) && usedOnlyAt(uses, source, resultIndex(space, shapeIn(graph, source))),
  );
  return results.flatMap((result) =>
    inPlace.filter((source) => sameWords(graph, result, source)).map((source) => [result, source] as const),
  );
}

/**
 * Where a loop leaves a carried value where it began: trips write it over what they read, or they read and write two buffers in turn
 * and their number is even. Whoever made the loop has seen to it that nothing else reads the initial values (`ownCarries`).
 */
function carriedInPlace({ graph, anchor, results, space }: Form<Dim>): readonly Overwrite[] {
  const loop = graph.nodes[anchor!];
  if (loop.op !== 'loop' || space.kind !== 'loop') return [];
  const { carried } = loopOperands(loop, loop.inputs);
  return results.flatMap((id) => {
    const node = graph.nodes[id];
    const at = node.op === 'result' ? node.attrs.index : carried.length;
    return at < carried.length && space.inPlace[at] ? [[id, carried[at]] as const] : [];
  });
}

/** Gives the pairs of a result and a source that the kernel of a group may write over, in the values of its graph. */
export type Overwrites = (group: Group) => readonly Overwrite[];

/** A table of {@link Overwrites}: each form is looked at once. */
export function overwriteTable(): Overwrites {
  const known = new Map<Form, readonly Overwrite[]>();
  return ({ form, results, sources, copy }) => {
    // All that a copy writes goes into the concat.
    if (copy !== undefined || sources.length === 0) return [];
    const pairs = known.get(form) ?? overwritesOf(form);
    known.set(form, pairs);
    return pairs.map(([result, source]) => [
      results[form.results.indexOf(result)],
      sources[form.sources.indexOf(source)],
    ]);
  };
}
