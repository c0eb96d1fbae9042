/** Where the inputs come from: files in a folder, or a seeded generator. */
import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { allocateHost, isFloat } from '../base/dtype.js';
import { HeddleError } from '../base/errors.js';
import { elementCount, type TensorData } from '../base/tensor.js';
import { readTensorProto, type OnnxDType } from '../frontends/onnx/index.js';
import { preserveLang } from '../numerics/js-lang.js';
import { toHalf } from '../numerics/math/half.js';
import type { Tensors } from '../runtime/inputs.js';
import { readBytes } from './files.js';
import type { ConcretePort } from './model.js';
import { readNpy } from './npy.js';

export type DataSource =
  { readonly kind: 'folder'; readonly path: string } | { readonly kind: 'random'; readonly seed: number };

/** A tensor out of a file. */
export interface FileTensor {
  readonly file: string;
  readonly tensor: TensorData;
  /** The element type that the file declares, where it is an ONNX tensor. */
  readonly declared?: OnnxDType;
}

/** Reads the argument of `--data`. Throws USAGE. */
export function dataSource(text: string): DataSource {
  const random = /^random:(\d+)$/.exec(text);
  if (random !== null) return { kind: 'random', seed: Number(random[1]) };
  if (existsSync(text) && statSync(text).isDirectory()) return { kind: 'folder', path: text };
  throw new HeddleError('USAGE', 'there is no such folder', {
    where: '--data',
    found: text,
    expected: 'a folder with input_N.pb or NAME.npy, or random:SEED, such as random:1',
  });
}

/** The name of a tensor as part of a file name. */
export const fileStem = (name: string): string => name.replaceAll(/[^A-Za-z0-9._-]/g, '_');

/** The tensor of port `index`, called `name`, if the folder has it as `input_0.pb` (`output_0.pb`) or as `NAME.npy`. */
function readPort(
  folder: string,
  kind: 'input' | 'output',
  index: number,
  name: string,
): FileTensor | undefined {
  const proto = join(folder, `${kind}_${index}.pb`);
  if (existsSync(proto)) {
    const { tensor, dtype } = readTensorProto(readBytes(proto), proto);
    return { file: proto, tensor, declared: dtype };
  }
  const npy = join(folder, `${fileStem(name)}.npy`);
  return existsSync(npy) ? { file: npy, tensor: readNpy(readBytes(npy), npy) } : undefined;
}

/** The inputs of these names. Throws INPUT_MISSING where a file is not there, and what the readers throw. */
export function readInputs(folder: string, names: readonly string[]): Tensors {
  const inputs = names.map((name, i) => {
    const found = readPort(folder, 'input', i, name);
    if (found !== undefined) return [name, found.tensor] as const;
    throw new HeddleError('INPUT_MISSING', `the folder has no data for input "${name}"`, {
      where: folder,
      expected: `input_${i}.pb or ${fileStem(name)}.npy`,
    });
  });
  return Object.fromEntries(inputs);
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
  source.kind === 'folder' ? basename(source.path) : `random:${source.seed}`;
