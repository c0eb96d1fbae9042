/** Where verbs send what they observe: `--record` and `--post`. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { HeddleError, inFile } from '../../base/errors.js';
import {
  httpObserver,
  parseRecording,
  recorder,
  type HttpObserver,
  type Observation,
  type Observer,
} from '../../frontends/config/index.js';
import { failure, readBytes } from '../../node/files.js';
import { integer } from '../terminal/format.js';
import type { Output } from '../terminal/output.js';

export interface ObserverOptions {
  /** A file for the recording. */
  readonly record?: string;
  /** An address that takes lines of JSON. */
  readonly post?: string;
  /** Observations that a recording has already, of a run that goes on. Default: 0. */
  readonly done?: number;
}

/**
 * The observer that the options ask for, open before the work begins; undefined where they ask for none. A server that fails is a note
 * and no more; `next` throws FILE_UNWRITABLE. Throws USAGE, FILE_UNWRITABLE.
 */
export function openObserver(
  { record, post, done = 0 }: ObserverOptions,
  output: Output,
): Required<Observer> | undefined {
  if (record === undefined && post === undefined) return undefined;
  const server = post === undefined ? undefined : posting(post, output);
  const file = record === undefined ? undefined : fileRecorder(record, done);
  return {
    next: (observation) => {
      server?.next(observation);
      return file?.next(observation);
    },
    close: async () => {
      await file?.close();
      await server?.close();
      if (server !== undefined && server.lost > 0)
        output.note(`Of ${integer(server.lost + server.sent)} observations ${integer(server.lost)} did not reach ${post}`); // prettier-ignore
    },
  };
}

/** Says the first failure. */
function posting(url: string, output: Output): HttpObserver {
  let isSaid = false;
  return httpObserver(url, {
    onError: ({ message }) => {
      if (!isSaid) output.note(message);
      isSaid = true;
    },
  });
}

/** Line by line, so that what there is stays where the run is interrupted. */
function fileRecorder(path: string, done: number): Required<Observer> {
  const before = done === 0 ? [] : recordedBefore(path, done);
  const attempt = <T>(body: () => T): T => {
    try {
      return body();
    } catch (error) {
      return failure('FILE_UNWRITABLE', 'the file cannot be written', path, error);
    }
  };
  const file = attempt(() => openSync(path, 'w'));
  const { next } = recorder((line) => void attempt(() => writeSync(file, line)));
  for (const observation of before) void next(observation);
  return { next, close: () => attempt(() => closeSync(file)) };
}

/** The first `done` observations of a recording, which may have more. Throws FILE_TRUNCATED where it has fewer. */
function recordedBefore(path: string, done: number): readonly Observation[] {
  const found = inFile(path, () => parseRecording(new TextDecoder().decode(readBytes(path))));
  if (found.length >= done) return found.slice(0, done);
  throw new HeddleError('FILE_TRUNCATED', 'the recording is not that of the run that goes on', {
    where: path,
    found: `${found.length} observations`,
    expected: `at least ${done}`,
  });
}
