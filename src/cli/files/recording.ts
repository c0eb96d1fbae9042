/** Where verbs send what they observe: `--record` and `--post`. */
import { closeSync, ftruncateSync, openSync, writeFileSync } from 'node:fs';
import { HeddleError, inFile } from '../../base/errors.js';
import {
  httpObserver,
  parseRecording,
  type HttpObserver,
  type Observer,
} from '../../frontends/config/index.js';
import { observationLine, recordingHeader } from '../../frontends/config/observe/lines.js';
import { failure, readBytes } from '../../node/files.js';
import { integer } from '../terminal/format.js';
import type { Output } from '../terminal/output.js';
import { checkFolderOf } from './files.js';

export interface ObserverOptions {
  /** A file for the recording. */
  readonly record?: string;
  /** An address that takes lines of JSON. */
  readonly post?: string;
  /** Observations that a recording has already, of a run that goes on. Default: 0. */
  readonly done?: number;
}

/** Opens an observer; nothing is written before that. Throws FILE_UNWRITABLE. */
export type OpensObserver = () => Required<Observer>;

/**
 * How the observer that the options ask for is opened; undefined where they ask for none. What is wrong with the options is found here,
 * before the work begins. A server that fails is a note and no more; `next` throws FILE_UNWRITABLE. Throws USAGE, FILE_UNWRITABLE; for a
 * recording that goes on FILE_UNREADABLE, FILE_FORMAT, FILE_VERSION, FILE_CORRUPT, FILE_TRUNCATED.
 */
export function prepareObserver(
  { record, post, done = 0 }: ObserverOptions,
  output: Output,
): OpensObserver | undefined {
  if (record === undefined && post === undefined) return undefined;
  const server = post === undefined ? undefined : posting(post, output);
  if (record !== undefined) checkFolderOf('--record', record);
  const before = record === undefined || done === 0 ? undefined : recordedBefore(record, done);
  return () => {
    const file = record === undefined ? undefined : fileRecorder(record, before);
    return {
      next: (observation) => {
        server?.next(observation);
        return file?.next(observation);
      },
      close: async () => {
        try {
          await file?.close();
        } finally {
          await server?.close();
          if (server !== undefined && server.lost > 0)
            output.note(`Of ${integer(server.lost + server.sent)} observations ${integer(server.lost)} did not reach ${post}`); // prettier-ignore
        }
      },
    };
  };
}

/** What `body` gives with the observer, which is closed whatever `body` throws. */
export async function observed<T>(
  opens: OpensObserver | undefined,
  body: (observer: Required<Observer> | undefined) => Promise<T>,
): Promise<T> {
  const observer = opens?.();
  let result: T;
  try {
    result = await body(observer);
  } catch (error) {
    // It is the first error that says what went wrong.
    await Promise.resolve(observer?.close()).catch(() => {});
    throw error;
  }
  await observer?.close();
  return result;
}

/** Says the first failure. */
function posting(url: string, output: Output): HttpObserver {
  let isSaid = false;
  return httpObserver(url, {
    onError: ({ message }) => {
      if (!isSaid)
        output.note(
          message
            .split('\n')
            .map((line) => line.trim())
            .join('; '),
        );
      isSaid = true;
    },
  });
}

/**
 * Line by line, so that what there is stays where the run is interrupted. A recording that goes on has the bytes `before` at its beginning
 * at all times; what is behind them is cut off.
 */
function fileRecorder(path: string, before: Uint8Array | undefined): Required<Observer> {
  const attempt = <T>(body: () => T): T => {
    try {
      return body();
    } catch (error) {
      return failure('FILE_UNWRITABLE', 'the file cannot be written', path, error);
    }
  };
  const write = (data: string | Uint8Array): void => attempt(() => writeFileSync(file, data));
  const file = attempt(() => openSync(path, before === undefined ? 'w' : 'r+'));
  write(before ?? recordingHeader());
  if (before !== undefined) attempt(() => ftruncateSync(file, before.length));
  return {
    next: (observation) => write(observationLine(observation)),
    close: () => attempt(() => closeSync(file)),
  };
}

const LINE_FEED = 0x0a;

/**
 * The bytes of a recording with its first `done` observations. What is behind them may be anything, such as a line that was torn. Throws
 * FILE_TRUNCATED where there are fewer, and as {@link parseRecording} does.
 */
function recordedBefore(path: string, done: number): Uint8Array {
  const bytes = readBytes(path);
  let [end, lines] = [0, 0];
  // The first line is the header.
  for (; lines <= done; lines++) {
    const next = bytes.indexOf(LINE_FEED, end);
    if (next < 0) break;
    end = next + 1;
  }
  const text = bytes.subarray(0, end);
  // A file without a line is none of these.
  inFile(path, () => parseRecording(new TextDecoder().decode(lines === 0 ? bytes : text)));
  if (lines > done) return text;
  throw new HeddleError('FILE_TRUNCATED', 'the recording is not that of the run that goes on', {
    where: path,
    found: `${lines - 1} observations`,
    expected: `at least ${done}`,
  });
}
