/** Training, saved and resumed: safetensors files, so that any tool reads the weights. */
import { describeValue } from '../../base/describe.js';
import { anything, record, required } from '../../base/kinds.js';
import { isBytes } from '../../base/values.js';
import type { OptionTable } from '../../base/options.js';
import type { TensorData } from '../../base/tensor.js';
import { HeddleError } from '../../base/errors.js';
import { readSafetensors } from '../../data/safetensors/read.js';
import { writeSafetensors } from '../../data/safetensors/write.js';
import { optionsOf } from '../../tensor/arguments.js';
import { flattenTensors } from '../../tensor/expressions/call.js';
import { leavesFrom } from '../nn/state.js';
import { ensureReadable, readAll, treeLeaves } from '../../tensor/trees/trees.js';
import { unflatten } from '../../tensor/trees/tree.js';
import { checkSeal, seal, UNSEALED } from './seal.js';

/** What JSON can say. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json };

export interface Checkpoint<M, S> {
  readonly model: M;
  /** Whatever else changes from step to step: of the optimiser, random keys, the place in the data. Any tree. */
  readonly state?: S;
}

export interface SaveOptions<M, S> extends Checkpoint<M, S> {
  /** Anything that is not a tensor: epoch, seeds, versions. */
  readonly metadata?: Readonly<Record<string, Json>>;
}

/** A tree may be anything; what is undefined was not given. */
const CHECKPOINT_OPTIONS: OptionTable<Checkpoint<unknown, unknown>> = {
  model: required(anything),
  state: anything,
};
const SAVE_OPTIONS: OptionTable<SaveOptions<unknown, unknown>> = { ...CHECKPOINT_OPTIONS, metadata: record };

const PREFIXES = { model: 'model', state: 'state' } as const;
const METADATA = 'heddle.checkpoint';
/** Since version 2 there is a checksum. */
const VERSION = 2;
const UNCHECKED_VERSION = 1;

/**
 * A safetensors file with the tensors of `model` as `model.PATH` and those of `state` as `state.PATH`, read from wherever
 * they are, with all their bits, and a checksum over all of the file. The same content gives the same bytes. Fails as
 * `Tensor.data` does.
 */
export function saveCheckpoint<M, S>(options: SaveOptions<M, S>): Promise<Uint8Array> {
  ensureReadable('saveCheckpoint', treeLeaves(options));
  return save(options);
}

async function save<M, S>(options: SaveOptions<M, S>): Promise<Uint8Array> {
  const { model, state, metadata = {} } = optionsOf('saveCheckpoint', options, SAVE_OPTIONS);
  // The metadata may change while the tensors are read.
  const content = JSON.stringify({ checksum: UNSEALED, version: VERSION, metadata });
  const named = [...entriesOf(PREFIXES.model, model), ...entriesOf(PREFIXES.state, state)];
  const data = await readAll(named.map(([, leaf]) => leaf));
  const tensors = new Map(named.map(([name], i) => [name, data[i]]));
  return seal(writeSafetensors(tensors, { [METADATA]: content }));
}

export interface LoadedCheckpoint<M, S> {
  readonly model: M;
  readonly state: S;
  readonly metadata: Readonly<Record<string, Json>>;
}

/**
 * The content of a checkpoint as trees like those given, which stay as they are: a new model, with the state that its
 * optimiser has for it, serve well. Tensors go where those of the given trees are. Training that is resumed has the bits of
 * training that was not interrupted.
 *
 * @throws TREE_MISMATCH, SHAPE_MISMATCH and DTYPE_MISMATCH where the trees are not those that were saved; FILE_FORMAT,
 *   FILE_TRUNCATED and FILE_CORRUPT where `bytes` are no checkpoint, or not what was written (the checksum tells),
 *   FILE_VERSION where a later version wrote them.
 */
export function loadCheckpoint<M, S = undefined>(
  bytes: Uint8Array,
  like: Checkpoint<M, S>,
): LoadedCheckpoint<M, S> {
  checkBytes('loadCheckpoint', bytes);
  optionsOf<Checkpoint<unknown, unknown>>('loadCheckpoint', like, CHECKPOINT_OPTIONS);
  const { model, state } = like;
  const file = readSafetensors(bytes, 'the checkpoint');
  const metadata = metadataOf(file.metadata[METADATA], bytes);
  const fill = <T>(what: keyof typeof PREFIXES, tree: T): T =>
    unflatten(
      flattenTensors(tree).structure,
      leavesFrom(what, tree, below(PREFIXES[what], file.tensors)),
    ) as T;
  return {
    model: fill('model', model),
    state: state === undefined ? (undefined as S) : fill('state', state),
    metadata,
  };
}

/**
 * The metadata of a checkpoint alone, such as what says which model it is of. Throws as {@link loadCheckpoint} does where `bytes` are no
 * checkpoint, or not what was written.
 */
export function checkpointMetadata(bytes: Uint8Array): Readonly<Record<string, Json>> {
  checkBytes('checkpointMetadata', bytes);
  return metadataOf(readSafetensors(bytes, 'the checkpoint').metadata[METADATA], bytes);
}

function checkBytes(call: string, bytes: unknown): asserts bytes is Uint8Array {
  if (isBytes(bytes)) return;
  throw new HeddleError('USAGE', 'a checkpoint is given as bytes', {
    where: call,
    found: describeValue(bytes),
    expected: 'a Uint8Array, such as readFileSync(path)',
  });
}

/** The name of a tree that is one tensor is its prefix alone. */
function entriesOf(prefix: string, tree: unknown) {
  const { leaves, paths } = flattenTensors(tree);
  return leaves.map((leaf, i) => [paths[i] === '' ? prefix : `${prefix}.${paths[i]}`, leaf] as const);
}

function below(prefix: string, tensors: ReadonlyMap<string, TensorData>): Map<string, TensorData> {
  const own = [...tensors].filter(([name]) => name === prefix || name.startsWith(`${prefix}.`));
  return new Map(own.map(([name, data]) => [name.slice(prefix.length + 1), data]));
}

function metadataOf(text: string | undefined, bytes: Uint8Array): Readonly<Record<string, Json>> {
  const where = 'the checkpoint';
  if (text === undefined)
    throw new HeddleError('FILE_FORMAT', 'the file is not a checkpoint', {
      where,
      found: `a safetensors file without ${METADATA}`,
      hint: 'weights alone are read with readSafetensors, and model.load(tensors)',
    });
  let content: {
    readonly version?: unknown;
    readonly metadata?: unknown;
    readonly checksum?: unknown;
  } | null;
  try {
    content = JSON.parse(text) as typeof content;
  } catch (cause) {
    throw new HeddleError('FILE_CORRUPT', 'the metadata of the checkpoint is not JSON', { where, cause });
  }
  if (content?.version !== VERSION && content?.version !== UNCHECKED_VERSION)
    throw new HeddleError('FILE_VERSION', 'the checkpoint has another version', {
      where,
      found: String(content?.version),
      expected: `${UNCHECKED_VERSION} or ${VERSION}`,
    });
  if (content.version !== UNCHECKED_VERSION) checkSeal(bytes, content.checksum, where);
  if (typeof content.metadata !== 'object' || content.metadata === null)
    throw new HeddleError('FILE_CORRUPT', 'the metadata of the checkpoint is not an object', { where });
  return content.metadata as Readonly<Record<string, Json>>;
}
