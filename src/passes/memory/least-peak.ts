/** How little memory an order of tasks may hope to need: a search that reaches it is done. */
import { followersOf, touchersOf, type MemoryProblem } from './problem.js';

/** Bytes that the largest task needs by itself: a bound that is cheap to have, and below {@link leastPeak}. */
export function largestTask({ pieces, tasks }: MemoryProblem): number {
  return tasks.reduce((most, { touches, overlays }) => {
    const written = new Set(overlays.map(([piece]) => piece));
    return Math.max(
      most,
      touches.reduce((bytes, piece) => bytes + (written.has(piece) ? 0 : pieces[piece]), 0),
    );
  }, 0);
}

/**
 * Bytes that no order needs less of at once: while a task runs, a piece is live that it touches, and also one that some task
 * before it touches, whatever the order, and some task after it.
 */
export function leastPeak(problem: MemoryProblem): number {
  const { pieces, tasks } = problem;
  const count = tasks.length;
  const { upTo, from } = orderOf(problem);
  const live = new Float64Array(count);
  touchersOf(problem).forEach((touchers, piece) => {
    const begun = unionOf(count, touchers, from);
    const needed = unionOf(count, touchers, upTo);
    forEachMember(intersection(begun, needed), (task) => (live[task] += pieces[piece]));
  });
  const peaks = tasks.map(({ overlays }, task) => {
    const written = new Set(overlays.map(([piece]) => piece));
    return [...written].reduce((bytes, piece) => bytes - pieces[piece], live[task]);
  });
  return peaks.reduce((a, b) => Math.max(a, b), 0);
}

/** A set of tasks, a bit each. */
type TaskSet = Uint32Array;

const emptySet = (count: number): TaskSet => new Uint32Array((count + 31) >>> 5);

function add(set: TaskSet, others: TaskSet): void {
  for (let i = 0; i < set.length; i++) set[i] |= others[i];
}

function unionOf(count: number, tasks: readonly number[], sets: readonly TaskSet[]): TaskSet {
  const union = emptySet(count);
  for (const task of tasks) add(union, sets[task]);
  return union;
}

const intersection = (a: TaskSet, b: TaskSet): TaskSet => a.map((word, i) => word & b[i]);

function forEachMember(set: TaskSet, visit: (task: number) => void): void {
  set.forEach((word, i) => {
    for (let rest = word; rest !== 0; rest &= rest - 1) visit(32 * i + (31 - Math.clz32(rest & -rest)));
  });
}

/** For each task, itself with all that must run before it, and itself with all that must run after it. */
function orderOf({ tasks }: MemoryProblem): { upTo: TaskSet[]; from: TaskSet[] } {
  const after = followersOf(tasks);
  const own = (task: number): TaskSet => {
    const set = emptySet(tasks.length);
    set[task >>> 5] = 1 << (task & 31);
    return set;
  };
  const [upTo, from] = [tasks.map((_, task) => own(task)), tasks.map((_, task) => own(task))];
  const waits = tasks.map(({ before }) => before.length);
  const order = waits.flatMap((count, task) => (count === 0 ? [task] : []));
  // The list grows while it is walked.
  for (const task of order)
    for (const next of after[task]) {
      add(upTo[next], upTo[task]);
      if (--waits[next] === 0) order.push(next);
    }
  for (const task of order.reverse())
    for (const earlier of tasks[task].before) add(from[earlier], from[task]);
  return { upTo, from };
}
