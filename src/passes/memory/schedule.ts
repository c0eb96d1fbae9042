/** The order in which groups run: one in which little memory is in use at once. */
import { DEVICE_ELEMENT_BYTES } from '../../base/dtype.js';
import type { Graph, ValueId } from '../../ir/graph.js';
import { sizeOf } from '../../ir/types.js';
import type { Fusion } from '../fusion/group.js';
import type { Target } from '../target.js';
import { smallOrder } from './beam.js';
import type { Dataflow } from './dataflow.js';
import { overwritable, type Overwrites } from './overwrite.js';
import type { MemoryProblem, MemoryTask } from './problem.js';

/**
 * `fusion` with its groups in an order that respects `before`: for each group, those that must have run. It is the program's
 * own unless another needs less of the arena. `resident`: values that do not lie there.
 */
export function schedule(
  graph: Graph,
  fusion: Fusion,
  flow: Dataflow,
  overwrites: Overwrites,
  before: readonly ReadonlySet<number>[],
  resident: (root: ValueId) => boolean,
  target: Target,
): Fusion {
  const problem = problemOf(graph, fusion, flow, overwrites, before, resident);
  const work = problem.tasks.length * (problem.tasks.length + problem.pieces.length);
  const width = Math.max(
    1,
    Math.min(target.scheduleWidth, Math.floor(target.scheduleBudget / Math.max(1, work))),
  );
  const order = smallOrder(problem, programOrder(before), width);
  return { ...fusion, groups: order.map((at, id) => ({ ...fusion.groups[at], id })) };
}

/** The groups as they stand, except that what a group waits for is moved in front of it. */
function programOrder(before: readonly ReadonlySet<number>[]): readonly number[] {
  const order: number[] = [];
  const done = new Set<number>();
  const run = (start: number): void => {
    const stack = [start];
    for (let at = stack.at(-1); at !== undefined; at = stack.at(-1)) {
      const waiting = [...before[at]].filter((other) => !done.has(other));
      if (waiting.length > 0) stack.push(...waiting.sort((a, b) => b - a));
      else {
        stack.pop();
        if (!done.has(at)) order.push(at);
        done.add(at);
      }
    }
  };
  before.forEach((_, group) => run(group));
  return order;
}

function problemOf(
  graph: Graph,
  fusion: Fusion,
  flow: Dataflow,
  overwrites: Overwrites,
  before: readonly ReadonlySet<number>[],
  resident: (root: ValueId) => boolean,
): MemoryProblem {
  const numbers = new Map<ValueId, number>();
  const pieces: number[] = [];
  /** The piece in which a value lies, if it lies in the arena. */
  const pieceOf = (id: ValueId): number | undefined => {
    const root = flow.root(id);
    if (resident(root)) return undefined;
    const known = numbers.get(root);
    if (known !== undefined) return known;
    const piece = pieces.push(sizeOf(graph.nodes[root].type) * DEVICE_ELEMENT_BYTES) - 1;
    numbers.set(root, piece);
    return piece;
  };
  const tasks = fusion.groups.map((group, i): MemoryTask => {
    const touched = [...group.sources, ...(group.copy === undefined ? group.results : [group.copy.into])];
    const touches = new Set(touched.flatMap((id) => pieceOf(id) ?? []));
    const overlays = overwritable(fusion, group, overwrites).flatMap(([result, source]) => {
      const [written, read] = [pieceOf(result), pieceOf(source)];
      return written === undefined || read === undefined ? [] : [[written, read] as const];
    });
    return { before: [...before[i]], touches: [...touches], overlays };
  });
  return { pieces, tasks };
}
