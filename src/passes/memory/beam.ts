/**
 * Orders of tasks that need little memory. Finding the best is NP-hard; a beam search keeps the few most promising sets of
 * tasks that can have run after 1, 2, 3, ... tasks. It is tried from the first task on and from the last one back.
 */
import { largestTask, leastPeak } from './least-peak.js';
import {
  effectOf,
  followersOf,
  peakOf,
  reversed,
  touchersOf,
  usesOf,
  type Effect,
  type MemoryProblem,
} from './problem.js';
import { nameOf, NO_TASKS, unionName } from './set-name.js';
import { insertSorted, Shortlist } from './shortlist.js';

/**
 * `order`, which must be a legal one, or another whose peak is smaller. `width`: sets that are kept at each length. `bounded`: whether
 * it is found out how little any order needs, for which the sets of what comes before and after each task have to be in memory. The
 * same problem gives the same order each time.
 */
export function smallOrder(
  problem: MemoryProblem,
  order: readonly number[],
  width: number,
  bounded = true,
): readonly number[] {
  const ownPeak = peakOf(problem, order);
  if (ownPeak <= largestTask(problem)) return order;
  const least = bounded ? leastPeak(problem) : 0;
  if (ownPeak <= least) return order;
  const forward = new Search(problem).run(width, ownPeak, least) ?? order;
  const forwardPeak = peakOf(problem, forward);
  if (forwardPeak <= least) return forward;
  const backward = new Search(reversed(problem)).run(width, forwardPeak, least);
  return backward === undefined ? forward : [...backward].reverse();
}

/** A set of tasks that have run, in the order in which they did. */
interface State {
  readonly peak: number;
  /** Bytes that live after them. */
  readonly live: number;
  /** For each piece, the tasks that touch it and have not run. */
  readonly left: Int32Array;
  /** For each task, the tasks before it that have not run. */
  readonly waits: Int32Array;
  /** The tasks that may run next, in the order of their numbers. */
  readonly ready: readonly Effect[];
  /** The set's name. */
  readonly hash: number;
  readonly last: Step | undefined;
}

interface Step {
  readonly task: number;
  readonly before: Step | undefined;
}

/** A state that is not made yet. */
interface Candidate {
  readonly from: State;
  readonly task: number;
  readonly peak: number;
  readonly live: number;
  readonly hash: number;
}

const isBetter = (a: Candidate, b: Candidate): boolean =>
  a.peak !== b.peak ? a.peak < b.peak : a.live < b.live;

class Search {
  private readonly uses: Int32Array;
  private readonly after: readonly (readonly number[])[];
  /** For each piece, the tasks that touch it. */
  private readonly touching: readonly (readonly number[])[];
  /** Their names. */
  private readonly names: readonly number[];
  /** For each task, the number of the last step that changed its effect. */
  private readonly marks: Float64Array;
  private nextMark = 1;

  constructor(private readonly problem: MemoryProblem) {
    const { tasks } = problem;
    this.uses = usesOf(problem);
    this.after = followersOf(tasks);
    this.names = tasks.map((_, task) => nameOf(task));
    this.touching = touchersOf(problem);
    this.marks = new Float64Array(tasks.length);
  }

  /**
   * An order with a small peak, if there is one below `limit` among those that it looks at.
   * @param least bytes that every order needs
   */
  run(width: number, limit: number, least: number): readonly number[] | undefined {
    let beam = [this.start()];
    for (let length = 0; length < this.problem.tasks.length; length++) {
      // What comes first in the program goes first where it is free: of equals the first is kept.
      const next = new Shortlist<Candidate>(width, isBetter);
      for (const from of beam) {
        // What frees memory and needs no more than is needed anyway cannot run too early: no other task is worth a look.
        const bound = Math.max(from.peak, least) - from.live;
        const free = from.ready.find(({ rise, change }) => change <= 0 && rise <= bound);
        for (const { task, rise, change } of free === undefined ? from.ready : [free]) {
          const peak = Math.max(from.peak, from.live + rise);
          // Peaks only grow, so that this leads to nothing better.
          if (peak >= limit) continue;
          const hash = unionName(from.hash, this.names[task]);
          next.offer({ from, task, peak, live: from.live + change, hash });
        }
      }
      if (next.items.length === 0) return undefined;
      const children = new Map<State, number>();
      for (const { from } of next.items) children.set(from, (children.get(from) ?? 0) + 1);
      beam = next.items.map((candidate) => {
        const others = children.get(candidate.from)! - 1;
        children.set(candidate.from, others);
        return this.advance(candidate, others === 0);
      });
    }
    const order: number[] = [];
    for (let { last } = beam[0]; last !== undefined; last = last.before) order.push(last.task);
    return order.reverse();
  }

  private start(): State {
    const { tasks } = this.problem;
    const left = this.uses.slice();
    const ready = tasks.flatMap(({ before }, task) => (before.length === 0 ? [this.effect(left, task)] : []));
    const waits = Int32Array.from(tasks, ({ before }) => before.length);
    return { peak: 0, live: 0, left, waits, ready, hash: NO_TASKS, last: undefined };
  }

  private effect(left: Int32Array, task: number): Effect {
    return effectOf(this.problem, this.uses, left, task);
  }

  /** `isLast`: nothing else comes of `from`, whose arrays the new state may have. */
  private advance({ from, task, peak, live, hash }: Candidate, isLast: boolean): State {
    const { touches } = this.problem.tasks[task];
    const left = isLast ? from.left : from.left.slice();
    const changed = this.nextMark++;
    for (const piece of touches) {
      // Only whether a task is the first or the last to touch the piece makes a difference to it.
      if (left[piece] === this.uses[piece] || left[piece] === 2)
        for (const other of this.touching[piece]) this.marks[other] = changed;
      left[piece]--;
    }
    const waits = isLast ? from.waits : from.waits.slice();
    const ready: Effect[] = [];
    for (const effect of from.ready)
      if (effect.task !== task)
        ready.push(this.marks[effect.task] === changed ? this.effect(left, effect.task) : effect);
    for (const next of this.after[task])
      if (--waits[next] === 0) insertSorted(ready, this.effect(left, next), (a, b) => a.task < b.task);
    return { peak, live, left, waits, ready, hash, last: { task, before: from.last } };
  }
}
