/** The tensors of a folder, and the inputs or outputs of a model that they are. */
import { join } from 'node:path';
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import { toTensorData, type HostTensor } from '../../frontends/onnx/host.js';
import { shorten } from '../../frontends/onnx/limits.js';
import { isText, readNamedValue } from '../../frontends/onnx/text/tensor.js';
import { fileStem, formerStem, nameOfStem } from './file-names.js';
import { namesIn, readBytes } from './files.js';
import { readArray } from './npy.js';

export type PortKind = 'input' | 'output';

/** A tensor out of a file, in the element type that it has there. */
export interface FileTensor {
  readonly file: string;
  readonly host: HostTensor;
  /** An ONNX tensor has the very type of the model; NumPy has its own habits, such as float64. */
  readonly format: 'pb' | 'npy';
}

/** An input as programs take it. */
export interface InputTensor extends FileTensor {
  readonly tensor: TensorData;
}

/** Tensors by the name of the port that they are for, and what people should know of how they were found. */
export interface Found<T extends FileTensor> {
  readonly files: ReadonlyMap<string, T>;
  readonly notes: readonly string[];
}

/**
 * The inputs of these names but `texts`, each as `tensorOf` says that programs take it. Throws INPUT_MISSING where a file is not there,
 * NAME_COLLISION, what the readers throw, and ONNX_UNSUPPORTED_DTYPE for integers that do not fit.
 */
export function readInputs(
  folder: string,
  names: readonly string[],
  tensorOf: (name: string, host: HostTensor, file: string) => TensorData = (_, host, file) =>
    toTensorData(host, file),
  texts: readonly string[] = [],
): Found<InputTensor> {
  const { files, notes } = readPorts(folder, 'input', names);
  const inputs = names.flatMap((name, i) => {
    if (texts.includes(name)) return [];
    const found = files.get(name);
    if (found !== undefined)
      return [[name, { ...found, tensor: tensorOf(name, found.host, found.file) }] as const];
    throw new HeddleError('INPUT_MISSING', `the folder has no data for input "${name}"`, {
      where: folder,
      found: listing(folder),
      expected: fileNames('input', i, name),
    });
  });
  return { files: new Map(inputs), notes };
}

/** Most files that an error lists. */
const LISTED = 5;

/** For people: the files of a folder that hold tensors. */
function listing(folder: string): string {
  const files = namesIn(folder).filter((file) => /\.(npy|pb)$/.test(file));
  if (files.length === 0) return 'no .npy or .pb files';
  return `${files
    .slice(0, LISTED)
    .map((file) => shorten(file))
    .join(', ')}${files.length > LISTED ? ', ...' : ''}`;
}

/** For people: the files in which the tensor of port `index`, called `name`, may be. */
export const fileNames = (kind: PortKind, index: number, name: string): string =>
  `${kind}_${index}.pb, ${kind}_${index}.npy or ${fileStem(name)}.npy`;

/**
 * The ports that the folder has a tensor for. An ONNX tensor is for the port whose name it has, and else for that of its
 * position; so is an array, whose name is that of its file. Where both are there, the ONNX tensor counts. Files that a former
 * version may have written for one of `others` are left to these.
 *
 * @throws NAME_COLLISION where several files are for one port, or a file of a former version may be for several ports; and what
 *   the readers throw.
 */
export function readPorts(
  folder: string,
  kind: PortKind,
  names: readonly string[],
  others: readonly string[] = [],
): Found<FileTensor> {
  const listed = namesIn(folder);
  const protos = listed.flatMap((file) => {
    const position = positionOf(kind, 'pb', file);
    if (position === undefined) return [];
    const path = join(folder, file);
    const { name, value } = readNamedValue(readBytes(path), path);
    return isText(value) ? [] : [{ file: path, position, name, host: value }];
  });
  const byProto = assign(folder, kind, protos, names);
  const arrays = listed
    .filter((file) => file.endsWith('.npy'))
    .map((file) => {
      const [stem, position] = [file.slice(0, -'.npy'.length), positionOf(kind, 'npy', file)];
      const name = nameOfStem(stem);
      // A file that says a position has a name only if a port is called like that.
      return { file, stem, position, name: position === undefined || names.includes(name) ? name : '' };
    });
  const byArray = assign(folder, kind, arrays, names, (name) => byProto.ports.has(name));
  const isFound = (name: string): boolean => byProto.ports.has(name) || byArray.ports.has(name);
  const stems = arrays
    .map(({ stem }) => stem)
    .filter((stem) => !others.some((name) => formerStem(name) === stem));
  const former = formerFiles(folder, kind, stems, names, isFound);

  const files = new Map<string, FileTensor>();
  for (const name of names) {
    const proto = byProto.ports.get(name);
    const array = byArray.ports.get(name)?.file ?? former.get(name);
    if (proto !== undefined) files.set(name, { file: proto.file, host: proto.host, format: 'pb' });
    else if (array !== undefined) {
      const path = join(folder, array);
      files.set(name, { file: path, host: readArray(readBytes(path), path), format: 'npy' });
    }
  }
  return { files, notes: [...byProto.notes, ...byArray.notes] };
}

/** The N of `input_N.pb`. */
function positionOf(kind: PortKind, ending: string, file: string): number | undefined {
  const match = new RegExp(`^${kind}_(0|[1-9]\\d*)\\.${ending}$`).exec(file);
  return match === null ? undefined : Number(match[1]);
}

/** A file that may be for a port. */
interface Candidate {
  readonly file: string;
  readonly position: number | undefined;
  /** Empty where it has none. */
  readonly name: string;
}

/**
 * Files by the port that they are for: by name where a port is called like that and one file only says so, else by position.
 * Throws NAME_COLLISION where several say so, and nothing else is for that port.
 */
function assign<C extends Candidate>(
  folder: string,
  kind: PortKind,
  candidates: readonly C[],
  names: readonly string[],
  isFound: (name: string) => boolean = () => false,
): { readonly ports: ReadonlyMap<string, C>; readonly notes: readonly string[] } {
  const known = new Set(names);
  const claims = new Map<string, number>();
  for (const { name } of candidates) claims.set(name, (claims.get(name) ?? 0) + 1);
  const isNamed = ({ name }: C): boolean => known.has(name) && claims.get(name) === 1;
  const ports = new Map(candidates.filter(isNamed).map((candidate) => [candidate.name, candidate] as const));
  const notes: string[] = [];
  for (const candidate of candidates) {
    const { file, position, name } = candidate;
    if (position === undefined) continue;
    const port = position < names.length ? names[position] : undefined;
    if (isNamed(candidate)) {
      if (name !== port)
        notes.push(`${file} is for ${kind} "${name}", by its name, not for ${kind} ${position}.`);
    } else if (port !== undefined && !ports.has(port)) {
      ports.set(port, candidate);
      if (name !== '' && name !== port)
        notes.push(`${file} has the name "${name}"; by its position, it is for ${kind} "${port}".`);
    } else notes.push(`${file} is for no ${kind} of the model.`);
  }
  for (const [name, count] of claims) {
    if (!known.has(name) || count === 1 || ports.has(name) || isFound(name)) continue;
    const files = candidates.filter((candidate) => candidate.name === name).map(({ file }) => file);
    throw new HeddleError('NAME_COLLISION', `several files are for one ${kind}`, {
      where: folder,
      found: files.join(', '),
      expected: `one file for ${kind} ${JSON.stringify(name)}`,
      hint: 'the others can be taken out of the folder',
    });
  }
  return { ports, notes };
}

/** Files for ports that have none yet, under names that several ports may have had. */
function formerFiles(
  folder: string,
  kind: PortKind,
  stems: readonly string[],
  names: readonly string[],
  isFound: (name: string) => boolean,
): ReadonlyMap<string, string> {
  const left = names.filter((name) => !isFound(name));
  return new Map(
    left.flatMap((name) => {
      const stem = formerStem(name);
      if (stem === name || !stems.includes(stem)) return [];
      const sharers = names.filter(
        (other) => formerStem(other) === stem && (other === stem || !isFound(other)),
      );
      if (sharers.length === 1) return [[name, `${stem}.npy`] as const];
      throw new HeddleError('NAME_COLLISION', `a file may be for several ${kind}s`, {
        where: join(folder, `${stem}.npy`),
        found: sharers.map((sharer) => JSON.stringify(sharer)).join(', '),
        expected: sharers.map((sharer) => `${fileStem(sharer)}.npy`).join(', '),
        hint: 'a file for each, as `heddle run --save` writes them',
      });
    }),
  );
}
