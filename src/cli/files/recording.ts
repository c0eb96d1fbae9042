/** Where verbs send what they observe: `--record` and `--post`. */
import { closeSync, openSync, writeSync } from 'node:fs';
import { httpObserver, recorder, type HttpObserver, type Observer } from '../../frontends/config/index.js';
import { failure } from '../../node/files.js';
import { integer } from '../terminal/format.js';
import type { Output } from '../terminal/output.js';

export interface ObserverOptions {
  /** A file for the recording. */
  readonly record?: string;
  /** An address that takes lines of JSON. */
  readonly post?: string;
}

/**
 * The observer that the options ask for, open before the work begins; undefined where they ask for none. A server that fails is a note
 * and no more; `next` throws FILE_UNWRITABLE. Throws USAGE, FILE_UNWRITABLE.
 */
export function openObserver(
  { record, post }: ObserverOptions,
  output: Output,
): Required<Observer> | undefined {
  if (record === undefined && post === undefined) return undefined;
  const server = post === undefined ? undefined : posting(post, output);
  const file = record === undefined ? undefined : fileRecorder(record);
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
function fileRecorder(path: string): Required<Observer> {
  const attempt = <T>(body: () => T): T => {
    try {
      return body();
    } catch (error) {
      return failure('FILE_UNWRITABLE', 'the file cannot be written', path, error);
    }
  };
  const file = attempt(() => openSync(path, 'w'));
  const { next } = recorder((line) => void attempt(() => writeSync(file, line)));
  return { next, close: () => attempt(() => closeSync(file)) };
}
