/** Where the inputs come from: files in a folder, or a seeded generator. */
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { allocateHost, isFloat } from '../base/dtype.js';
import { HeddleError } from '../base/errors.js';
import { elementCount, type TensorData } from '../base/tensor.js';
import { irDType } from '../frontends/onnx/dtype.js';
import { readTensorProto, type OnnxDType } from '../frontends/onnx/index.js';
import { preserveLang } from '../numerics/js-lang.js';
import { toHalf } from '../numerics/math/half.js';
import type { Tensors } from '../runtime/inputs.js';
import { readBytes } from './files.js';
import type { ConcretePort, ModelPort } from './model.js';
import { readArray } from './npy.js';

export type DataSource =
  { readonly kind: 'folder'; readonly path: string } | { readonly kind: 'random'; readonly seed: number };

/** A tensor out of a file. */
export interface FileTensor {
  readonly file: string;
  readonly tensor: TensorData;
  /** The element type in the file. */
  readonly dtype: OnnxDType;
  /** An ONNX tensor has the very type of the model; NumPy has its own habits, such as float64. */
  readonly format: 'pb' | 'npy';
}

/** Reads the argument of `--data`. Throws USAGE. */
export function dataSource(text: string): DataSource {
  const random = /^random:(.*)$/.exec(text);
  if (random !== null && /^\d{1,15}$/.test(random[1])) return { kind: 'random', seed: Number(random[1]) };
  const problem = (message: string, hint?: string): HeddleError =>
    new HeddleError('USAGE', message, {
      where: '--data',
      found: text === '' ? '""' : text,
      expected: 'a folder with input_N.pb, input_N.npy or NAME.npy, or random:SEED, such as random:1',
      ...(hint === undefined ? {} : { hint }),
    });
  if (!existsSync(text))
    throw problem(random === null ? 'there is no such folder' : 'the seed is not a whole number');
  if (statSync(text).isDirectory()) return { kind: 'folder', path: text };
  throw problem('this is a file, not a folder', `give the folder that it lies in: --data ${dirname(text)}`);
}

/** The name of a tensor as part of a file name. */
export const fileStem = (name: string): string => name.replaceAll(/[^A-Za-z0-9._-]/g, '_');

/** The files in which the tensor of port `index`, called `name`, may be; the first that is there counts. */
const fileNames = (kind: 'input' | 'output', index: number, name: string): readonly string[] => [
  `${kind}_${index}.pb`,
  `${kind}_${index}.npy`,
  `${fileStem(name)}.npy`,
];

/** The tensor of a port, where the folder has it. */
function readPort(
  folder: string,
  kind: 'input' | 'output',
  index: number,
  name: string,
): FileTensor | undefined {
  const file = fileNames(kind, index, name)
    .map((fileName) => join(folder, fileName))
    .find((path) => existsSync(path));
  if (file === undefined) return undefined;
  const format = file.endsWith('.pb') ? 'pb' : 'npy';
  const read = format === 'pb' ? readTensorProto : readArray;
  const { tensor, dtype } = read(readBytes(file), file);
  return { file, tensor, dtype, format };
}

/** The inputs of these names. Throws INPUT_MISSING where a file is not there, and what the readers throw. */
export function readInputs(folder: string, names: readonly string[]): ReadonlyMap<string, FileTensor> {
  const inputs = names.map((name, i) => {
    const found = readPort(folder, 'input', i, name);
    if (found !== undefined) return [name, found] as const;
    throw new HeddleError('INPUT_MISSING', `the folder has no data for input "${name}"`, {
      where: folder,
      expected: alternatives(fileNames('input', i, name)),
    });
  });
  return new Map(inputs);
}

const alternatives = (names: readonly string[]): string =>
  `${names.slice(0, -1).join(', ')} or ${names[names.length - 1]}`;

/** Just the tensors. */
export const tensorsOf = (files: ReadonlyMap<string, FileTensor>): Tensors =>
  Object.fromEntries([...files].map(([name, { tensor }]) => [name, tensor]));

/** Element types that stay what they are. */
const UNCHANGED: ReadonlySet<OnnxDType> = new Set(['float', 'float16', 'int32', 'uint32', 'bool']);

/** What became of NumPy arrays whose type is neither that of the model nor one of Heddle's, for people. */
export function conversions(
  files: ReadonlyMap<string, FileTensor>,
  ports: readonly ModelPort[],
): readonly string[] {
  return [...files].flatMap(([name, { file, dtype, format }]) => {
    const declared = ports.find((port) => port.name === name)?.declared;
    if (format === 'pb' || dtype === declared || UNCHANGED.has(dtype)) return [];
    return [`${file}: ${dtype === 'double' ? 'float64' : dtype} was converted to ${irDType(dtype)}.`];
  });
}

/** Those of the outputs that the folder tells, by name. */
export function readExpected(source: DataSource, names: readonly string[]): ReadonlyMap<string, FileTensor> {
  const expected = new Map<string, FileTensor>();
  if (source.kind === 'folder')
    names.forEach((name, i) => {
      const found = readPort(source.path, 'output', i, name);
      if (found !== undefined) expected.set(name, found);
    });
  return expected;
}

/** Inputs out of thin air: floats evenly from [-1, 1), integers from 0 to 9, bools. The same seed gives the same. */
export function randomInputs(seed: number, ports: readonly ConcretePort[]): Tensors {
  const next = mulberry32(seed);
  return Object.fromEntries(ports.map((port) => [port.name, randomTensor(port, next)]));
}

function randomTensor({ dtype, shape }: ConcretePort, next: () => number): TensorData {
  const data = allocateHost(dtype, elementCount(shape));
  for (let i = 0; i < data.length; i++) {
    const u = next();
    if (!isFloat(dtype)) data[i] = Math.floor(u * (dtype === 'bool' ? 2 : 10));
    else data[i] = dtype === 'f16' ? toHalf(preserveLang, Math.fround(2 * u - 1)) : 2 * u - 1;
  }
  return { dtype, shape, data };
}

/** The next number in [0, 1) of the mulberry32 generator. */
function mulberry32(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const describeSource = (source: DataSource): string =>
  source.kind === 'folder' ? source.path : `random:${source.seed}`;

/** Where {@link readExpected} looks for these outputs. */
export const expectedFiles = (names: readonly string[]): string =>
  names.length === 0 ? 'none' : alternatives(fileNames('output', 0, names[0]));
