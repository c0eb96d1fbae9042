/** Observers of a network: where observations go. */
import { checkArguments } from '../../../base/arguments.js';
import { describeValue } from '../../../base/describe.js';
import { HeddleError } from '../../../base/errors.js';
import { func, integer, kind, list, required } from '../../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../../base/options.js';
import { observationLine, recordingHeader } from './lines.js';
import { keepNewest, type LayerObservation, type Observation } from './observation.js';

/** Takes observations as they come. */
export interface Observer {
  next(observation: Observation): void | Promise<void>;
  /** Resolves when all is where it goes. Nothing comes after it. */
  close?(): void | Promise<void>;
}

export const isObserver = (value: unknown): value is Observer => {
  const { next, close } = (value ?? {}) as Partial<Readonly<Record<keyof Observer, unknown>>>;
  return typeof next === 'function' && (close === undefined || typeof close === 'function');
};

// -- several at once --

export interface BroadcastOptions {
  /** Told of what an observer throws, which goes no further. Default: it is dropped. */
  readonly onError?: (error: HeddleError) => void;
}

const BROADCAST: OptionTable<BroadcastOptions> = { onError: func };

/**
 * One observer that hands on to all of `observers`, one after the other. Where one of them fails, the others and the run go on: the
 * failure is an OBSERVER_FAILED for `onError`. Throws USAGE.
 */
export function broadcast(
  observers: readonly Observer[],
  options: BroadcastOptions = {},
): Required<Observer> {
  checkArguments('broadcast', { observers }, { observers: required(list) });
  const { onError } = checkedOptions(options, BROADCAST, 'broadcast');
  observers.forEach((observer, i) => {
    if (!isObserver(observer))
      throw new HeddleError('USAGE', 'the value is not an observer', {
        where: `broadcast, observers[${i}]`,
        found: describeValue(observer),
        expected: '{ next, close? }',
      });
  });
  const each = async (body: (observer: Observer) => void | Promise<void>): Promise<void> => {
    for (const [i, observer] of observers.entries())
      try {
        await body(observer);
      } catch (cause) {
        onError?.(failed(`observers[${i}]`, cause));
      }
  };
  return {
    next: (observation) => each((observer) => observer.next(observation)),
    close: () => each((observer) => observer.close?.()),
  };
}

/** What an observer threw, as an error of ours. */
export function failed(where: string, cause: unknown): HeddleError {
  if (cause instanceof HeddleError && cause.code === 'OBSERVER_FAILED') return cause;
  const found = cause instanceof Error ? cause.message : String(cause);
  return new HeddleError('OBSERVER_FAILED', 'an observer failed', { where, found, cause });
}

// -- console --

export interface ConsoleOptions {
  /** Takes each line. Default: console.log. */
  readonly write?: (line: string) => void;
}

const CONSOLE: OptionTable<ConsoleOptions> = { write: func };

const toConsole = (line: string): void => console.log(line);

/** Writes a line for each step, and one for each of its layers. */
export function consoleObserver(options: ConsoleOptions = {}): Observer {
  const { write = toConsole } = checkedOptions(options, CONSOLE, 'consoleObserver');
  return {
    next: ({ mode, step, layers, loss }) => {
      write(`${mode} ${step}${loss === undefined ? '' : `: loss ${digits(loss)}`}`);
      for (const layer of layers) write(`  ${describeLayer(layer)}`);
    },
  };
}

/** `hidden (dense): mean 0.25, -1 to 1, 8 of 8 active` */
const describeLayer = ({ name, type, mean, min, max, active, total }: LayerObservation): string =>
  `${name} (${type}): mean ${digits(mean)}, ${digits(min)} to ${digits(max)}, ${active} of ${total} active`;

const digits = (value: number): string => (Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value)); // prettier-ignore

// -- recordings --

/**
 * Gives the lines of a recording to `write`, each with its end: what `parseRecording` reads when they stand behind each other. The same
 * run gives the same lines, on every device. Throws USAGE.
 */
export function recorder(write: (line: string) => void): Observer {
  checkArguments('recorder', { write }, { write: required(func) });
  write(recordingHeader());
  return { next: (observation) => write(observationLine(observation)) };
}

export interface ReplayOptions {
  /** Milliseconds between two observations. Default: 0. */
  readonly interval?: number;
}

const REPLAY: OptionTable<ReplayOptions> = {
  interval: kind('a number of milliseconds from 0', (value) => Number(value) >= 0 && Number.isFinite(value)),
};

/** Gives `observations`, such as those of `parseRecording`, to an observer, and closes it. Throws USAGE; what the observer throws. */
export async function replay(
  observations: readonly Observation[],
  observer: Observer,
  options: ReplayOptions = {},
): Promise<void> {
  checkArguments(
    'replay',
    { observations, observer },
    { observations: required(list), observer: required(kind('an observer: { next, close? }', isObserver)) },
  );
  const { interval = 0 } = checkedOptions(options, REPLAY, 'replay');
  for (const [i, observation] of observations.entries()) {
    if (i > 0 && interval > 0) await new Promise((resolve) => setTimeout(resolve, interval));
    await observer.next(observation);
  }
  await observer.close?.();
}

// -- an iterator --

export interface StreamOptions {
  /** Observations that wait for the reader; where there are more, the oldest are dropped. Default: 1024. */
  readonly limit?: number;
}

const STREAM: OptionTable<StreamOptions> = {
  limit: kind('an integer from 1', (value) => integer.accepts(value) && Number(value) >= 1),
};

/** An observer that is read with `for await`. */
export interface ObservationStream extends Required<Observer>, AsyncIterable<Observation> {
  next(observation: Observation): void;
  close(): void;
  /** How many observations were dropped, since nobody read them in time. */
  readonly dropped: number;
}

/** Observations for one reader, which ends after `close`. A reader that is slow or has gone does not hold the run. Throws USAGE. */
export function observationStream(options: StreamOptions = {}): ObservationStream {
  const { limit = 1024 } = checkedOptions(options, STREAM, 'observationStream');
  const waiting: Observation[] = [];
  let [dropped, closed, isRead] = [0, false, false];
  let wake: () => void = () => {};
  return {
    next: (observation) => {
      if (closed) return;
      dropped += keepNewest(waiting, observation, limit);
      wake();
    },
    close: () => {
      closed = true;
      wake();
    },
    get dropped() {
      return dropped;
    },
    async *[Symbol.asyncIterator]() {
      if (isRead) throw new HeddleError('USAGE', 'the observations have a reader already', { where: 'observationStream' }); // prettier-ignore
      isRead = true;
      for (;;) {
        const observation = waiting.shift();
        if (observation !== undefined) yield observation;
        else if (closed) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
