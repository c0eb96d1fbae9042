/** What an order of kernels means for memory, without the kernels. */

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
   * Pairs of pieces [written, read] of one size: if this task is the first to touch `written` and the last to touch `read`,
   * they can be one piece.
   */
  readonly overlays: readonly (readonly [number, number])[];
}

/** The most bytes that live at once when the tasks run in `order`. */
export function peakOf(problem: MemoryProblem, order: readonly number[]): number {
  const uses = usesOf(problem);
  const left = uses.slice();
  let [peak, live] = [0, 0];
  for (const task of order) {
    const { rise, change } = effectOf(problem, uses, left, task);
    peak = Math.max(peak, live + rise);
    live += change;
    for (const piece of problem.tasks[task].touches) left[piece]--;
  }
  return peak;
}

/**
 * The pieces that are written over another when the tasks run in `order`, each with that other: as {@link peakOf} counts them.
 */
export function inPlaceAlong(
  problem: MemoryProblem,
  order: readonly number[],
): (readonly [number, number])[] {
  const uses = usesOf(problem);
  const left = uses.slice();
  return order.flatMap((task) => {
    const taken = overlaid(problem, uses, left, task);
    for (const piece of problem.tasks[task].touches) left[piece]--;
    return taken;
  });
}

/** The problem of running the tasks from last to first: what lives between two tasks is the same. */
export function reversed({ pieces, tasks }: MemoryProblem): MemoryProblem {
  const after = followersOf(tasks);
  return {
    pieces,
    tasks: tasks.map(({ touches, overlays }, i) => ({
      touches,
      before: after[i],
      overlays: overlays.map(([written, read]) => [read, written] as const),
    })),
  };
}

/** For each task, those that wait for it. */
export function followersOf(tasks: readonly MemoryTask[]): number[][] {
  const after = tasks.map((): number[] => []);
  tasks.forEach(({ before }, i) => before.forEach((j) => after[j].push(i)));
  return after;
}

/** How many tasks touch each piece. */
export function usesOf({ pieces, tasks }: MemoryProblem): Int32Array {
  const uses = new Int32Array(pieces.length);
  for (const { touches } of tasks) for (const piece of touches) uses[piece]++;
  return uses;
}

/** For each piece, the tasks that touch it. */
export function touchersOf({ pieces, tasks }: MemoryProblem): number[][] {
  const touchers = pieces.map((): number[] => []);
  tasks.forEach(({ touches }, task) => touches.forEach((piece) => touchers[piece].push(task)));
  return touchers;
}

/** What a task that may run next would do. It depends on the tasks that share a piece with it and on no others. */
export interface Effect {
  readonly task: number;
  /** Bytes that live while it runs, beyond those that live before it. */
  readonly rise: number;
  /** Bytes that live after it, less those that live before it. */
  readonly change: number;
}

/** `left`: for each piece, the tasks that touch it and have not run. */
export function effectOf(problem: MemoryProblem, uses: Int32Array, left: Int32Array, task: number): Effect {
  const { pieces, tasks } = problem;
  const { touches } = tasks[task];
  let [begun, ended, saved] = [0, 0, 0];
  for (const piece of touches) {
    if (left[piece] === uses[piece]) begun += pieces[piece];
    if (left[piece] === 1) ended += pieces[piece];
  }
  for (const [written] of overlaid(problem, uses, left, task)) saved += pieces[written];
  return { task, rise: begun - saved, change: begun - ended };
}

/** The overlays of a task that hold when it runs next, each piece in one of them. */
function overlaid(
  { tasks }: MemoryProblem,
  uses: Int32Array,
  left: Int32Array,
  task: number,
): (readonly [number, number])[] {
  const taken: (readonly [number, number])[] = [];
  for (const overlay of tasks[task].overlays) {
    const [written, read] = overlay;
    const fits = left[written] === uses[written] && left[read] === 1;
    if (fits && !taken.some((other) => other.includes(written) || other.includes(read))) taken.push(overlay);
  }
  return taken;
}
