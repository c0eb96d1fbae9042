/** Where the inputs come from: files in a folder, or a seeded generator. */
import { existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { allocateHost, isFloat } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';
import { elementCount, type TensorData } from '../../base/tensor.js';
import { irDType, type OnnxDType } from '../../frontends/onnx/dtype.js';
import { fromNumbers, type HostTensor } from '../../frontends/onnx/host.js';
import { wordsOf } from '../../frontends/onnx/wide/storage.js';
import type { WideDType } from '../../frontends/onnx/wide/value.js';
import { preserveLang } from '../../numerics/js-lang.js';
import { toHalf } from '../../numerics/math/half.js';
import type { Tensors } from '../../runtime/inputs.js';
import { fileNames, readPorts, type FileTensor, type Found, type InputTensor } from '../files/data-folder.js';
import type { ConcretePort, Model, ModelPort } from '../models/model.js';

export type DataSource =
  { readonly kind: 'folder'; readonly path: string } | { readonly kind: 'random'; readonly seed: number };

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
    throw problem(random === null ? 'the folder does not exist' : 'the seed is not a whole number');
  if (statSync(text).isDirectory()) return { kind: 'folder', path: text };
  throw problem('this is a file, not a folder', `give the folder that it lies in: --data ${dirname(text)}`);
}

/** Just the tensors. */
export const tensorsOf = (files: ReadonlyMap<string, InputTensor>): Tensors =>
  Object.fromEntries([...files].map(([name, { tensor }]) => [name, tensor]));

/** Element types that stay what they are. */
const UNCHANGED: ReadonlySet<OnnxDType> = new Set(['float', 'float16', 'int32', 'uint32', 'bool']);

/** What became of inputs whose type in a NumPy array is neither that of the model nor one of Heddle's, for people. */
export function conversions(
  files: ReadonlyMap<string, FileTensor>,
  ports: readonly ModelPort[],
): readonly string[] {
  return [...files].flatMap(([name, { file, host, format }]) => {
    const port = ports.find((each) => each.name === name);
    if (port === undefined || format === 'pb' || host.dtype === port.declared || UNCHANGED.has(host.dtype))
      return [];
    return [`${file}: ${numpyName(host.dtype)} was converted to ${irDType(host.dtype)}.`];
  });
}

/** NumPy's name for an element type. */
export const numpyName = (dtype: OnnxDType): string =>
  ({ double: 'float64', float: 'float32' })[dtype as string] ?? dtype;

/** Those of the outputs that the folder tells, by name. Throws NAME_COLLISION, and what the readers throw. */
export const readExpected = (
  source: DataSource,
  { inputs, outputs }: Pick<Model, 'inputs' | 'outputs'>,
): Found<FileTensor> => {
  const [names, others] = [outputs, inputs].map((ports) => ports.map(({ name }) => name));
  return source.kind === 'folder'
    ? readPorts(source.path, 'output', names, others)
    : { files: new Map(), notes: [] };
};

/** Inputs out of thin air: floats evenly from [-1, 1), integers from 0 to 9, bools. The same seed gives the same. */
export function randomInputs(seed: number, ports: readonly ConcretePort[]): Tensors {
  const next = mulberry32(seed);
  return Object.fromEntries(ports.map((port) => [port.name, randomTensor(port, next)]));
}

function randomTensor({ dtype, shape, declared, paired }: ConcretePort, next: () => number): TensorData {
  if (paired === true && declared !== undefined) {
    const outer = shape.slice(0, -1);
    const drawn = Array.from({ length: elementCount(outer) }, next);
    const values = drawn.map((u) => (declared === 'double' ? 2 * u - 1 : Math.floor(u * 10)));
    return wordsOf(fromNumbers(declared, outer, values) as HostTensor<WideDType>);
  }
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
  names.length === 0 ? 'none' : fileNames('output', 0, names[0]);
