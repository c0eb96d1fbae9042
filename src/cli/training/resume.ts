/** Checkpoints of verbs that were interrupted: what there was, and the settings with which alone it may go on. */
import { checksum } from '../../base/checksum.js';
import { HeddleError, inFile } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import {
  checkpointMetadata,
  loadCheckpoint,
  saveCheckpoint,
  type Checkpoint,
  type Json,
} from '../../learn/index.js';
import { readBytes, replaceFile } from '../files/files.js';
import { counted } from '../terminal/format.js';
import type { Output } from '../terminal/output.js';

/** What has to be the same when a verb goes on, by the names of options; those that are not given are null. */
export type RunSettings = Readonly<Record<string, string | number | null>>;

/** What is in a checkpoint beside tensors. */
export interface RunRecord {
  readonly verb: string;
  readonly settings: JsonRecord;
  /** Steps done. */
  readonly done: number;
  /** What the verb needs besides. */
  readonly more: Json;
}

/** A few digits for data, so that a run does not go on with other data. */
export const digest = (...tensors: readonly TensorData[]): string =>
  tensors.map(({ data: { buffer, byteOffset, byteLength } }) => checksum(new Uint8Array(buffer, byteOffset, byteLength))).join(''); // prettier-ignore

/** The same for a config. */
export const digestOf = (config: object): string =>
  checksum(new TextEncoder().encode(JSON.stringify(config)));

/** What verbs count. */
const UNITS: Readonly<Record<string, string>> = { train: 'step', tick: 'tick', search: 'candidate' };

/** Writes what there is, in one step over a checkpoint from before, and says how it goes on. Throws FILE_UNWRITABLE. */
export async function leaveCheckpoint<M, S>(
  path: string,
  tensors: Checkpoint<M, S>,
  record: RunRecord,
  output: Output,
): Promise<void> {
  replaceFile(path, await saveCheckpoint({ ...tensors, metadata: { ...record } }));
  output.note(
    `Interrupted after ${counted(record.done, UNITS[record.verb] ?? 'step')}: the same command with --resume ${path} goes on.`,
  );
  output.result({ interrupted: true, done: record.done, checkpoint: path });
}

/** A checkpoint whose record was read and checked; `load` gives its tensors, as trees like those that it takes. */
export interface Resumed {
  readonly done: number;
  readonly more: Json;
  load<M, S>(like: Checkpoint<M, S>): Checkpoint<M, S>;
}

/**
 * The checkpoint at `path`. Throws FILE_UNREADABLE; FILE_FORMAT where it is none of this verb; USAGE where the run has other settings;
 * `load` throws as {@link loadCheckpoint} does.
 */
export function resume(path: string, verb: string, settings: RunSettings): Resumed {
  const bytes = readBytes(path);
  const record = inFile(path, () => recordOf(checkpointMetadata(bytes), verb));
  const other = Object.keys(settings).find((name) => (record.settings[name] ?? null) !== settings[name]);
  if (other !== undefined)
    throw new HeddleError('USAGE', 'the run that was interrupted had other settings', {
      where: `--resume ${path}`,
      found: `${other}: ${JSON.stringify(settings[other])}`,
      expected: `${other}: ${JSON.stringify(record.settings[other] ?? null)}`,
    });
  return {
    done: record.done,
    more: record.more,
    load: (like) =>
      inFile(path, () => {
        const { model, state } = loadCheckpoint(bytes, like);
        return { model, state };
      }),
  };
}

function recordOf(metadata: Readonly<Record<string, Json>>, verb: string): RunRecord {
  const { verb: own, settings, done, more } = metadata;
  if (
    own === verb &&
    isJsonRecord(settings) &&
    Number.isSafeInteger(done) &&
    Number(done) >= 0 &&
    more !== undefined
  )
    return { verb, settings, done: Number(done), more };
  throw new HeddleError('FILE_FORMAT', `the checkpoint is none of heddle ${verb}`, {
    found: typeof own === 'string' ? `one of heddle ${own}` : 'one of a program',
    expected: `what Ctrl-C of heddle ${verb} leaves`,
  });
}

type JsonRecord = Readonly<Record<string, Json>>;

/** Whether it is an object of JSON. */
export const isJsonRecord = (value: Json | undefined): value is JsonRecord =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A number that may be NaN or infinite, which JSON has no numbers for: `Number` reads it. */
export const jsonNumber = (value: number): Json => (Number.isFinite(value) ? value : String(value));
