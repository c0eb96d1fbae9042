/** How soon something that learns while it works is right again after its task changed. */
import { checkArguments } from '../../base/arguments.js';
import { ensure } from '../../base/errors.js';
import { kind, number, required } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import { isListOf } from '../../base/values.js';

/** One answer that was given. */
export interface Answer {
  /** In any unit; answers stand in the order of time. */
  readonly time: number;
  readonly right: boolean;
}

export interface AdaptationOptions {
  /** Length of a window, in the unit of the times. */
  readonly window: number;
  /** Times at which the task changed, ascending. */
  readonly changes?: readonly number[];
  /** The accuracy from which on it counts as recovered; default 0.5. */
  readonly recovered?: number;
}

export interface AdaptationWindow {
  /** The time at which it begins; it ends a window's length later. */
  readonly from: number;
  readonly answers: number;
  /** The part of the answers that was right; 0 where none was given. */
  readonly accuracy: number;
}

export interface TaskChange {
  readonly time: number;
  /** Accuracy of the last window that had ended, and of the first that began not before the change; NaN where there is none. */
  readonly before: number;
  readonly after: number;
  /** Windows after the change until the accuracy was there again, from 0; undefined where it never was before the next change. */
  readonly recovery: number | undefined;
}

export interface AdaptationReport {
  readonly windows: readonly AdaptationWindow[];
  readonly changes: readonly TaskChange[];
  /** The mean over the windows. */
  readonly accuracy: number;
  /** The part of the windows in which any answer was given. */
  readonly availability: number;
}

const answersKind = required(
  kind('a list of { time, right }', (value) =>
    isListOf(value, (answer) => {
      const { time, right } = (answer ?? {}) as Partial<Answer>;
      return typeof time === 'number' && Number.isFinite(time) && typeof right === 'boolean';
    }),
  ),
);

const isAscending = (value: unknown): boolean =>
  isListOf(value, (time): time is number => Number.isFinite(time)) &&
  value.every((time, i) => i === 0 || time >= value[i - 1]);

const OPTIONS: OptionTable<AdaptationOptions> = {
  window: required(
    kind('a positive number', (value) => typeof value === 'number' && value > 0 && value < Infinity),
  ),
  changes: kind('a list of finite numbers, ascending', isAscending),
  recovered: number,
};

/** Windows that an analysis may have. */
const MOST_WINDOWS = 2 ** 20;

/**
 * The answers in windows of time that begin at the first answer. Throws USAGE, and DATASET_INVALID where there are none or
 * their times descend; LIMIT_EXCEEDED where there would be more than 2^20 windows.
 */
export function adaptation(answers: readonly Answer[], given: AdaptationOptions): AdaptationReport {
  checkArguments('metrics.adaptation', { answers }, { answers: answersKind });
  const { window, changes = [], recovered = 0.5 } = checkedOptions(given, OPTIONS, 'metrics.adaptation');
  ensure(answers.length > 0, 'DATASET_INVALID', 'there is nothing to measure', () => ({
    where: 'metrics.adaptation',
    found: 'no answer',
    expected: 'at least one',
  }));
  const descends = answers.findIndex((answer, i) => i > 0 && answer.time < answers[i - 1].time);
  ensure(descends < 0, 'DATASET_INVALID', 'the answers are not in the order of time', () => ({
    where: `metrics.adaptation, answers[${descends}]`,
    found: `time ${answers[descends].time} after ${answers[descends - 1].time}`,
    expected: 'ascending times',
  }));
  const windows = cut(answers, window);
  const mean = (value: (each: AdaptationWindow) => number): number =>
    windows.reduce((sum, each) => sum + value(each), 0) / windows.length;
  return {
    windows,
    changes: changes.map((time, i) => change(windows, window, time, changes.at(i + 1) ?? Infinity, recovered)), // prettier-ignore
    accuracy: mean((each) => each.accuracy),
    availability: mean((each) => (each.answers > 0 ? 1 : 0)),
  };
}

function cut(answers: readonly Answer[], length: number): AdaptationWindow[] {
  const start = answers[0].time;
  const count = Math.floor((answers[answers.length - 1].time - start) / length) + 1;
  ensure(count <= MOST_WINDOWS, 'LIMIT_EXCEEDED', 'there are too many windows', () => ({
    where: 'metrics.adaptation',
    found: `${count}`,
    expected: `at most ${MOST_WINDOWS}`,
    hint: 'a longer window',
  }));
  const given = new Uint32Array(count);
  const right = new Uint32Array(count);
  for (const answer of answers) {
    const i = Math.floor((answer.time - start) / length);
    given[i]++;
    if (answer.right) right[i]++;
  }
  return Array.from(given, (total, i) => ({
    from: start + i * length,
    answers: total,
    accuracy: total === 0 ? 0 : right[i] / total,
  }));
}

function change(
  windows: readonly AdaptationWindow[],
  length: number,
  time: number,
  next: number,
  recovered: number,
): TaskChange {
  const first = windows.findIndex((each) => each.from >= time);
  const after = first < 0 ? [] : windows.slice(first).filter((each) => each.from < next);
  const recovery = after.findIndex((each) => each.accuracy >= recovered);
  return {
    time,
    before: windows.findLast((each) => each.from + length <= time)?.accuracy ?? NaN,
    after: after.at(0)?.accuracy ?? NaN,
    recovery: recovery < 0 ? undefined : recovery,
  };
}
