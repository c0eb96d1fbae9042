/**
 * Edits in files: what changed, how to undo it, and of which programs that is true. A file is a safetensors file
 * (src/base/safetensors): the patches stand as JSON in its metadata, and the tensors that they put in are its tensors.
 */
import { bytes as someBytes, checkArguments } from '../base/arguments.js';
import { checksum } from '../base/checksum.js';
import { HeddleError, inFile } from '../base/errors.js';
import { list, must, object, oneOf, parseJson, type Check } from '../base/fields.js';
import { list as someList, record, required, text as someText } from '../base/kinds.js';
import { checkNesting } from '../base/nesting.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { canonicalJson } from '../base/safetensors/format.js';
import { describeType, tensorBytes, type TensorData } from '../base/tensor.js';
import { readSafetensors } from '../data/safetensors/read.js';
import { writeSafetensors } from '../data/safetensors/write.js';
import { givenProgram } from '../given-program.js';
import { checkGraph, MAX_NESTING } from '../ir/check-program.js';
import type { Program } from '../ir/graph.js';
import { exactlyBetween } from './between.js';
import { apply, type Edited, type Patch } from './edit.js';
import { decode, encode, type Json, type Load, type Store } from './encode.js';
import { formOf, unnamedWeights } from './form.js';

/** The one version of the format. */
const VERSION = '1';
const key = <K extends string>(name: K): `heddle.patches.${K}` => `heddle.patches.${name}`;

/** Levels of lists and objects in a patch: a graph in a node in a graph takes eight. */
const LEVELS = 8 * (MAX_NESTING + 2);

/** An edit as a file keeps it. */
export interface SavedPatches {
  /** Who wrote the file. */
  readonly producer: string;
  /** What makes the edited program of the program before. */
  readonly patches: readonly Patch[];
  /** What makes the program before of the edited one. */
  readonly inversePatches: readonly Patch[];
  /** What {@link fingerprint} says of the two programs. */
  readonly before: string;
  readonly after: string;
}

/** An edit to be saved. */
export interface PatchesToSave {
  /** The program that was edited. */
  readonly before: Program;
  /** What `edit(before, ...)` gave. */
  readonly edited: Edited;
  /**
   * The edited program as it is read from the file that it was written to, which may have other names and ids for some values:
   * {@link undo} is given that one. Default: as `edited` has it.
   */
  readonly written?: Program;
  /** Name and version of what writes the file. Default: heddle. */
  readonly producer?: string;
}

const lists = required(someList);
const OPTIONS: OptionTable<PatchesToSave> = {
  before: required(record),
  edited: required(record),
  written: record,
  producer: someText,
};

/** 32 hexadecimal digits that tell programs apart by their values, names, ids and the bits of their weights. */
export function fingerprint(program: Program): string {
  const nameOf = (tensor: TensorData): string =>
    `${describeType(tensor.dtype, tensor.shape)} ${checksum(tensorBytes(tensor))}`;
  const others = unnamedWeights(program).map(([id, tensor]) => [id, nameOf(tensor)]);
  const form = encode(formOf(program), nameOf);
  return checksum(new TextEncoder().encode(canonicalJson([form, others])));
}

/**
 * An edit as bytes: `writePatches({ before: model, edited: edit(model, ...) })`.
 *
 * @throws HeddleError: USAGE for what are no programs, and no edit.
 */
export function writePatches(save: PatchesToSave): Uint8Array {
  const {
    before,
    edited,
    written = edited.program,
    producer,
  } = checkedOptions(save, OPTIONS, 'writePatches');
  for (const program of [before, edited.program, written]) {
    givenProgram('writePatches', program);
    checkGraph('writePatches', program.graph);
  }
  const { patches, inversePatches } = edited;
  checkArguments('writePatches', { patches, inversePatches }, { patches: lists, inversePatches: lists });
  const inverse = [...exactlyBetween(written, edited.program).patches, ...inversePatches];
  const names = new Map<TensorData, string>();
  const store: Store = (tensor) => {
    const name = names.get(tensor) ?? String(names.size);
    names.set(tensor, name);
    return name;
  };
  const metadata = {
    [key('version')]: VERSION,
    [key('producer')]: producer ?? 'heddle',
    [key('before')]: fingerprint(before),
    [key('after')]: fingerprint(written),
    [key('patches')]: JSON.stringify(encode(patches, store)),
    [key('inverse')]: JSON.stringify(encode(inverse, store)),
  };
  return writeSafetensors(new Map(Array.from(names, ([tensor, name]) => [name, tensor])), metadata);
}

/**
 * The edit in a file that {@link writePatches} wrote. `where` names the file in errors.
 *
 * @throws HeddleError: FILE_FORMAT for other files, FILE_VERSION for those of another version, FILE_TRUNCATED and FILE_CORRUPT for
 *   damaged ones, LIMIT_EXCEEDED where values are nested beyond what a program may hold.
 */
export function readPatches(bytes: Uint8Array, where = 'the file'): SavedPatches {
  checkArguments('readPatches', { bytes, where }, { bytes: required(someBytes), where: someText });
  const { tensors, metadata } = readSafetensors(bytes, where);
  const refused = (code: 'FILE_FORMAT' | 'FILE_VERSION', found: string, expected: string): HeddleError =>
    new HeddleError(code, code === 'FILE_FORMAT' ? 'not a file of patches' : 'a file of patches of another version', { where, found, expected }); // prettier-ignore
  const version = Object.hasOwn(metadata, key('version')) ? metadata[key('version')] : undefined;
  if (version === undefined)
    throw refused('FILE_FORMAT', 'a safetensors file without patches', 'what `heddle edit --patches` or writePatches wrote'); // prettier-ignore
  if (version !== VERSION)
    throw refused('FILE_VERSION', `version ${version.slice(0, 20)}`, `version ${VERSION}`);
  return inFile(where, () => {
    const field = (name: string): string => {
      must(Object.hasOwn(metadata, key(name)), 'a field is missing', key(name));
      return metadata[key(name)];
    };
    const load: Load = (name) => tensors.get(name);
    return {
      producer: field('producer'),
      patches: patchesIn(field('patches'), load, key('patches')),
      inversePatches: patchesIn(field('inverse'), load, key('inverse')),
      before: field('before'),
      after: field('after'),
    };
  });
}

const step: Check<string | number> = (value, path) => {
  must(typeof value === 'string' || Number.isSafeInteger(value), 'not a step of a path', path);
  return value as string | number;
};

const json: Check<Json> = (value) => (value ?? null) as Json;

const checkPatch = object<{ op: Patch['op']; path: readonly (string | number)[]; value: Json }>({
  op: oneOf('replace', 'remove', 'add'),
  path: list(step),
  value: json,
});

function patchesIn(text: string, load: Load, where: string): readonly Patch[] {
  const entries = parseJson(
    text,
    (value) => {
      checkNesting(value, { levels: LEVELS }, where);
      return list(checkPatch)(value, where);
    },
    where,
  );
  return entries.map(({ op, path, value }, i) => ({
    op,
    path: [...path],
    ...(op === 'remove' ? {} : { value: decode(value, load, `${where}[${i}].value`) }),
  }));
}

/**
 * The program before the edit in `saved`, given the edited one. `where` names the file in errors.
 *
 * @throws HeddleError: USAGE where `program` is not the edited one; FILE_CORRUPT where the patches do not lead from it to the program
 *   that they were made of.
 */
export function undo(program: Program, saved: SavedPatches, where = 'undo'): Program {
  givenProgram('undo', program);
  checkGraph('undo', program.graph);
  checkArguments('undo', { saved, where }, { saved: required(record), where: someText });
  const found = fingerprint(program);
  if (found !== saved.after)
    throw new HeddleError('USAGE', 'the patches are not those of this model', {
      where,
      found: found === saved.before ? 'the model before the edit' : `a model with the fingerprint ${found}`,
      expected: `the model after the edit, ${saved.after}, as ${saved.producer} reads it`,
    });
  const broken = (cause?: unknown): HeddleError =>
    new HeddleError('FILE_CORRUPT', 'the patches do not lead back to the model before the edit', {
      where,
      found: cause instanceof HeddleError ? cause.summary : undefined,
      cause,
    });
  let before: Program;
  try {
    before = apply(program, saved.inversePatches);
  } catch (error) {
    throw error instanceof HeddleError && error.code !== 'INTERNAL' ? broken(error) : error;
  }
  if (fingerprint(before) !== saved.before) throw broken();
  return before;
}
