/**
 * Orders of tasks that need little memory. Finding the best is NP-hard; a beam search keeps the few most promising sets of
 * tasks that can have run after 1, 2, 3, ... tasks. It is tried from the first task on and from the last one back.
 */

/** Tasks and the pieces of memory that they touch; a piece lives from the first task that touches it to the last. */
export interface MemoryProblem {
  /** Bytes of each piece. */
  readonly pieces: readonly number[];
  readonly tasks: readonly MemoryTask[];
}

export interface MemoryTask {
  /** Tasks that must have run before. */
  readonly before: readonly number[];
  readonly touches: readonly number[];
  /**
   * Pairs of pieces [written, read] of one size: where this is the first task that touches the one and the last that
   * touches the other, they can be one piece.
   */
  readonly overlays: readonly (readonly [number, number])[];
}

/** The most bytes that live at once when the tasks run in `order`. */
export function peakOf(problem: MemoryProblem, order: readonly number[]): number {
  let state = startOf(problem);
  for (const task of order) {
    const { peak, live } = step(problem, state, task);
    state = advance(problem, state, task, peak, live, 0);
  }
  return state.peak;
}

/**
 * An order with a small peak. `width`: sets that are kept at each length; the time is about `width` times the square of
 * the number of tasks. The same problem gives the same order each time.
 */
export function smallOrder(problem: MemoryProblem, width: number): readonly number[] {
  const forward = search(problem, width);
  const backward = [...search(reversed(problem), width)].reverse();
  return peakOf(problem, backward) < peakOf(problem, forward) ? backward : forward;
}

/** The problem of running the tasks from last to first: what lives between two tasks is the same. */
function reversed({ pieces, tasks }: MemoryProblem): MemoryProblem {
  const after = tasks.map((): number[] => []);
  tasks.forEach(({ before }, i) => before.forEach((j) => after[j].push(i)));
  return {
    pieces,
    tasks: tasks.map(({ touches, overlays }, i) => ({
      touches,
      before: after[i],
      overlays: overlays.map(([written, read]) => [read, written] as const),
    })),
  };
}

interface State {
  readonly peak: number;
  /** Bytes that live after the tasks that have run. */
  readonly live: number;
  /** For each piece, the tasks that touch it and have not run. */
  readonly left: Int32Array;
  /** For each task, the tasks before it that have not run; -1: it has run itself. */
  readonly waits: Int32Array;
  /** Names the set of tasks that have run. */
  readonly hash: number;
  readonly last: { readonly task: number; readonly before: State['last'] } | undefined;
}

/** Tasks that touch each piece, and tasks that wait for each task: facts of a problem. */
interface Facts {
  readonly uses: Int32Array;
  readonly after: readonly (readonly number[])[];
}

const factsOf = new WeakMap<MemoryProblem, Facts>();

function facts(problem: MemoryProblem): Facts {
  const known = factsOf.get(problem);
  if (known !== undefined) return known;
  const uses = new Int32Array(problem.pieces.length);
  const after = problem.tasks.map((): number[] => []);
  problem.tasks.forEach(({ touches, before }, i) => {
    for (const piece of touches) uses[piece]++;
    for (const j of before) after[j].push(i);
  });
  const found = { uses, after };
  factsOf.set(problem, found);
  return found;
}

function startOf(problem: MemoryProblem): State {
  return {
    peak: 0,
    live: 0,
    left: facts(problem).uses,
    waits: Int32Array.from(problem.tasks, ({ before }) => before.length),
    hash: 0,
    last: undefined,
  };
}

/** Peak and live bytes once `task` has run after `state`. */
function step(problem: MemoryProblem, state: State, task: number): { peak: number; live: number } {
  const { uses } = facts(problem);
  const { touches, overlays } = problem.tasks[task];
  const { left } = state;
  let [during, ended] = [state.live, 0];
  for (const piece of touches) {
    if (left[piece] === uses[piece]) during += problem.pieces[piece];
    if (left[piece] === 1) ended += problem.pieces[piece];
  }
  let saved = 0;
  const taken: number[] = [];
  for (const [written, read] of overlays) {
    const fits = left[written] === uses[written] && left[read] === 1 && left[read] < uses[read];
    if (!fits || taken.includes(written) || taken.includes(read)) continue;
    taken.push(written, read);
    saved += problem.pieces[written];
  }
  return { peak: Math.max(state.peak, during - saved), live: during - ended };
}

function advance(
  problem: MemoryProblem,
  state: State,
  task: number,
  peak: number,
  live: number,
  hash: number,
): State {
  const left = state.left.slice();
  for (const piece of problem.tasks[task].touches) left[piece]--;
  const waits = state.waits.slice();
  waits[task] = -1;
  for (const next of facts(problem).after[task]) waits[next]--;
  return { peak, live, left, waits, hash, last: { task, before: state.last } };
}

/** A number without pattern for each task: a set of tasks is named by the sum of its tasks' numbers. */
const numberOf = (task: number): number => {
  let h = Math.imul(task + 1, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 15), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) + ((Math.imul(h, 0x27d4eb2f) >>> 12) & 0xfffff) * 2 ** 32;
};

function search(problem: MemoryProblem, width: number): readonly number[] {
  const numbers = problem.tasks.map((_, task) => numberOf(task));
  let beam = [startOf(problem)];
  for (let length = 0; length < problem.tasks.length; length++) {
    const next: { from: State; task: number; peak: number; live: number; hash: number }[] = [];
    for (const from of beam)
      from.waits.forEach((waits, task) => {
        if (waits !== 0) return;
        const hash = (from.hash + numbers[task]) % 2 ** 53;
        next.push({ from, task, hash, ...step(problem, from, task) });
      });
    // Sorting is stable: what comes first in the program goes first where it is free.
    next.sort((a, b) => a.peak - b.peak || a.live - b.live);
    const seen = new Set<number>();
    beam = [];
    for (const { from, task, peak, live, hash } of next) {
      if (beam.length >= width) break;
      if (seen.has(hash)) continue;
      seen.add(hash);
      beam.push(advance(problem, from, task, peak, live, hash));
    }
  }
  const order: number[] = [];
  for (let { last } = beam[0]; last !== undefined; last = last.before) order.push(last.task);
  return order.reverse();
}
