/** An observer that posts what it sees, as lines of JSON. */
import { describeValue } from '../../../base/describe.js';
import { HeddleError } from '../../../base/errors.js';
import { func, integer, kind, record } from '../../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../../base/options.js';
import { observationLine } from './lines.js';
import { keepNewest, type Observation } from './observation.js';
import type { Observer } from './observer.js';

export interface HttpOptions {
  /** Milliseconds that the server has for each request. Default: 2000. */
  readonly timeout?: number;
  /** Observations that wait for a request; where there are more, the oldest are dropped. Default: 1024. */
  readonly limit?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Told of every request that fails (OBSERVER_FAILED), which goes no further. Default: it is counted only. */
  readonly onError?: (error: HeddleError) => void;
}

const fromOne = kind('an integer from 1', (value) => integer.accepts(value) && Number(value) >= 1);

const OPTIONS: OptionTable<HttpOptions> = {
  timeout: fromOne,
  limit: fromOne,
  headers: record,
  onError: func,
};

export interface HttpObserver extends Required<Observer> {
  next(observation: Observation): void;
  /** Resolves when the last request was answered, or had its time. Throws what `onError` threw first. */
  close(): Promise<void>;
  /** Observations that the server took. */
  readonly sent: number;
  /** Those that were in requests that failed, or that did not fit in the queue. */
  readonly lost: number;
}

/**
 * Posts observations to `url` (http or https) with `fetch`: lines of JSON (application/x-ndjson), as a recording has them. One request is
 * under way at a time, and what comes meanwhile goes with the next. A server that is slow, refuses, or is not there costs observations,
 * never the run. Throws USAGE.
 */
export function httpObserver(url: string, options: HttpOptions = {}): HttpObserver {
  const target = targetOf(url);
  const {
    timeout = 2000,
    limit = 1024,
    headers = {},
    onError,
  } = checkedOptions(options, OPTIONS, 'httpObserver');
  let waiting: Observation[] = [];
  let [sent, lost, closed] = [0, 0, false];
  let sending: Promise<void> | undefined;
  /** By `onError`. */
  let thrown: { readonly error: unknown } | undefined;

  const post = async (batch: readonly Observation[]): Promise<void> => {
    try {
      const { ok, status, body } = await fetch(target, {
        method: 'POST',
        headers: { ...headers, 'content-type': 'application/x-ndjson' },
        body: batch.map(observationLine).join(''),
        signal: AbortSignal.timeout(timeout),
      });
      // What the server says is not read.
      void body?.cancel().catch(() => {});
      if (!ok) throw new Error(`status ${status}`);
      sent += batch.length;
    } catch (cause) {
      lost += batch.length;
      onError?.(
        new HeddleError('OBSERVER_FAILED', 'the server did not take what was observed', {
          where: target.href,
          found: describeFailure(cause, timeout),
          cause,
        }),
      );
    }
  };
  const sendAll = async (): Promise<void> => {
    while (waiting.length > 0) {
      const batch = waiting;
      waiting = [];
      try {
        await post(batch);
      } catch (error) {
        thrown ??= { error };
      }
    }
    sending = undefined;
  };
  return {
    next: (observation) => {
      if (closed) return;
      lost += keepNewest(waiting, observation, limit);
      sending ??= sendAll();
    },
    close: async () => {
      closed = true;
      await sending;
      if (thrown !== undefined) throw thrown.error;
    },
    get sent() {
      return sent;
    },
    get lost() {
      return lost;
    },
  };
}

/** Throws USAGE unless it is an address of a server. */
function targetOf(url: unknown): URL {
  const target = typeof url === 'string' && URL.canParse(url) ? new URL(url) : undefined;
  if (target !== undefined && /^https?:$/.test(target.protocol)) return target;
  throw new HeddleError('USAGE', 'observations are posted to an address', {
    where: 'httpObserver',
    found: describeValue(url),
    expected: 'http://HOST/PATH or https://HOST/PATH',
  });
}

function describeFailure(error: unknown, timeout: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${timeout} ms`;
  // What Node's fetch throws says "fetch failed", and its cause why.
  const { cause } = error;
  return cause instanceof Error && cause.message !== '' ? cause.message : error.message;
}
