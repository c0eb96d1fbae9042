/** Opens models: ONNX models and network configs are compiled, a bundle is there already. */
import type { DType } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import { DEFAULT_ONNX_DTYPE, dtypeBehind, type OnnxDType } from '../../frontends/onnx/dtype.js';
import { fromNumbers, toNumbers, toTensorData, type HostTensor } from '../../frontends/onnx/host.js';
import { importOnnx, seededWeights, type OnnxProgram } from '../../frontends/onnx/index.js';
import { shorten } from '../../frontends/onnx/limits.js';
import { isText, STRING, type HostValue } from '../../frontends/onnx/text/tensor.js';
import { needsWords, storedTensor, wordsOf } from '../../frontends/onnx/wide/storage.js';
import { isWideDType, type WideDType } from '../../frontends/onnx/wide/value.js';
import { readModel } from '../../frontends/onnx/model.js';
import { at } from '../../frontends/onnx/place.js';
import { isStatic } from '../../ir/dim.js';
import { leastSizes } from '../../ir/least-sizes.js';
import { describeSizes } from '../../ir/sizes.js';
import type { Tensors } from '../../runtime/inputs.js';
import { isBundle, openBundle } from './bundle.js';
import type { Clock } from '../terminal/clock.js';
import { isConfig, openConfig } from './config.js';
import { conversions, numpyName, randomInputs, tensorsOf, type DataSource } from '../commands/data.js';
import { readInputs, type Found, type InputTensor } from '../files/data-folder.js';
import { externalFiles } from '../../node/external-files.js';
import { imageDecoders } from '../../node/image-decoders.js';
import { readBytes, readJson } from '../files/files.js';
import { readTexts } from '../files/texts.js';
import {
  readQuantized,
  withQuantized,
  type Arithmetic,
  type QuantizedFile,
  type QuantizedTensors,
} from '../../quantize/index.js';
import { concrete, type Model, type ModelPort } from './model.js';
import { startHost, withHost, type HostNodes } from './host.js';
import { orMisnamed } from './misnamed.js';
import { onnxModel } from './onnx.js';
import type { ModelOptions } from '../terminal/options.js';

/** A model with data for it. */
export interface LoadedModel {
  readonly model: Model;
  readonly inputs: Tensors;
  /** Where the inputs lie. */
  readonly files: readonly string[];
  /** What people should know about the data. */
  readonly notes: readonly string[];
  /** The nodes on the host, which have run as far as they do before the graph. */
  readonly host?: HostNodes;
}

/** Opens a model without data. Throws what the readers and the importer do. */
export const openModel = (path: string, options: ModelOptions, clock?: Clock): Promise<Model> =>
  orMisnamed(path, () => openByName(path, options, clock));

async function openByName(path: string, options: ModelOptions, clock?: Clock): Promise<Model> {
  if (isConfig(path)) return openConfig(path, options);
  refuseConfigOptions(path, options);
  const bytes = readBytes(path);
  clock?.lap('load');
  const model = isBundle(path, bytes)
    ? await openBundle(path, bytes, options)
    : onnxModel(path, importFile(path, bytes, options.dim, replacements(options)));
  clock?.lap('import');
  return model;
}

/** Opens a model and reads data for it, whose shapes bind symbolic dimensions. */
export const openWithData = (
  path: string,
  source: DataSource,
  options: ModelOptions,
  clock?: Clock,
): Promise<LoadedModel> => orMisnamed(path, () => openBoth(path, source, options, clock));

async function openBoth(
  path: string,
  source: DataSource,
  options: ModelOptions,
  clock?: Clock,
): Promise<LoadedModel> {
  if (isConfig(path)) {
    const found = source.kind === 'random' ? undefined : readInputs(source.path, ['input']);
    const model = await openConfig(path, options, found?.files.get('input')?.tensor);
    clock?.lap('import');
    if (source.kind === 'random') return randomly(model, source.seed);
    return withData(model, options.dim, found ?? { files: new Map(), notes: [] });
  }
  refuseConfigOptions(path, options);
  const bytes = readBytes(path);
  if (source.kind === 'random' || isBundle(path, bytes)) {
    if (source.kind === 'random' && !isBundle(path, bytes))
      return chosen(path, bytes, source.seed, options, clock);
    const model = await openByName(path, options, clock);
    if (source.kind === 'random') return randomly(model, source.seed);
    const found = readInputs(
      source.path,
      model.inputs.map(({ name }) => name),
      (name, host, file) =>
        tensorFor(
          model.inputs.find((port) => port.name === name)!,
          host,
          file,
        ),
    );
    const shapes = Object.fromEntries([...found.files].map(([name, { tensor }]) => [name, tensor]));
    return withData(await openBundle(path, bytes, options, shapes), options.dim, found);
  }
  const weights = replacements(options);
  const declared = declaredInputs(path, bytes);
  const names = [...declared.keys()].filter((name) => !weights.plain.has(name));
  const ofText = names.filter((name) => declared.get(name) === 'string');
  const texts = readTexts(source.path, ofText, names);
  const tensorOf = (name: string, host: HostTensor, file: string): TensorData => {
    const type = declared.get(name);
    return type !== undefined && type !== 'string' && isWideDType(type)
      ? storedTensor(asDeclared(host, type), file)
      : toTensorData(host, file);
  };
  const found = readInputs(source.path, names, tensorOf, ofText);
  clock?.lap('load');
  const values = new Map<string, HostValue>();
  for (const [name, { host }] of found.files) values.set(name, host);
  for (const [name, { value }] of texts) values.set(name, value);
  const program = importFile(path, bytes, options.dim, weights, values);
  const host = startHost(program, { texts, numbers: found.files });
  if (host === undefined) {
    clock?.lap('import');
    return withData(onnxModel(path, program), options.dim, found);
  }
  // What the host makes says sizes, too.
  const made = importFile(path, bytes, options.dim, weights, new Map([...values, ...host.given]));
  clock?.lap('import');
  return withHost(withData(onnxModel(path, made, true), options.dim, found), host, texts);
}

function refuseConfigOptions(path: string, { maxWeights, maxSteps }: ModelOptions): void {
  const given = { '--max-weights': maxWeights, '--max-steps': maxSteps };
  const found = Object.entries(given).find(([, value]) => value !== undefined);
  if (found === undefined) return;
  throw new HeddleError('USAGE', `${found[0]} is for network configs`, {
    where: path,
    expected: 'a config: a file whose name ends with .json',
  });
}

function withData(model: Model, dim: ModelOptions['dim'], { files, notes }: Found<InputTensor>): LoadedModel {
  for (const [name, file] of files) checkInput(model, dim, name, file);
  return {
    model,
    inputs: tensorsOf(files),
    files: [...files.values()].map(({ file }) => file),
    notes: [...notes, ...conversions(files, model.inputs)],
  };
}

function randomly(model: Model, seed: number): LoadedModel {
  const ports = model.inputs.map((port) => concrete(port, model));
  return { model, inputs: randomInputs(seed, ports), files: [], notes: [] };
}

/** What files hold for each dtype. */
const NEAREST: Readonly<Record<DType, OnnxDType>> = { ...DEFAULT_ONNX_DTYPE, i32: 'int32' };

/** Data that does not fit the model, in the words of its file. Throws INPUT_SHAPE, then INPUT_DTYPE. */
function checkInput(model: Model, dim: ModelOptions['dim'], name: string, input: InputTensor): void {
  const port = model.inputs.find((candidate) => candidate.name === name);
  if (port === undefined || !port.shape.every(isStatic)) return;
  const { file, host, format, tensor } = input;
  const own = hasWords(port, host) ? port.shape.slice(0, -1) : port.shape;
  const [found, expected] = [host.shape, own].map((shape) => `[${shape.join(',')}]`);
  const batch = dim?.batch;
  const isBundle = model.kind === 'bundle';
  const hint = isBundle
    ? 'if the model has a symbolic dimension there, compile it again with --dim NAME=VALUE'
    : typeof batch === 'number' && batch !== host.shape.at(0)
      ? `--dim batch=${batch} binds the batch to ${batch}; without it, it is that of the data`
      : undefined;
  if (found !== expected)
    throw new HeddleError(
      'INPUT_SHAPE',
      `input "${shorten(name)}" has another shape than the ${isBundle ? 'bundle was compiled for' : 'model takes'}`,
      { where: file, found, expected, hint },
    );
  if (tensor.dtype === port.dtype) return;
  const numpy = numpyName(port.declared ?? NEAREST[port.dtype]);
  throw new HeddleError('INPUT_DTYPE', `input "${shorten(name)}" has another dtype`, {
    where: file,
    found: `${numpyName(host.dtype)}${found}`,
    expected: `${numpy}${expected}`,
    hint: format === 'npy' ? `numpy.save(path, array.astype('${numpy}'))` : undefined,
  });
}

/**
 * The inputs of an ONNX model in its order, without the initializers that old files list among them, with the element types
 * that it declares.
 */
function declaredInputs(
  path: string,
  bytes: Uint8Array,
): ReadonlyMap<string, OnnxDType | 'string' | undefined> {
  const { graph } = readModel(bytes, path);
  const initializers = new Set(graph.initializer.map(({ name }) => name));
  const inputs = graph.input.filter(({ name }) => !initializers.has(name));
  return new Map(
    inputs.map(({ name, type }) => {
      const code = type?.tensorType?.elemType;
      return [name, code === STRING ? 'string' : dtypeBehind(code)];
    }),
  );
}

/** A float as the double that it is, where the model wants one; others as they are. */
const asDeclared = (host: HostTensor, declared: OnnxDType): HostTensor =>
  declared === 'double' && host.dtype === 'float' ? fromNumbers('double', host.shape, toNumbers(host)) : host;

/** Whether a port takes the words of 64-bit elements. */
const hasWords = ({ dtype, shape }: ModelPort, host: HostTensor): boolean =>
  dtype === 'u32' && shape.length === host.shape.length + 1 && shape.at(-1) === 2 && isWideDType(host.dtype);

/** A tensor as a port takes it. */
const tensorFor = (port: ModelPort, host: HostTensor, file: string): TensorData =>
  hasWords(port, host) ? wordsOf(host as HostTensor<WideDType>) : toTensorData(host, file);

type Weights = ReadonlyMap<string, TensorData>;

/** What takes the place of weights of the model. */
interface Replacements {
  readonly plain: Weights;
  readonly quantized: QuantizedTensors;
  readonly arithmetic: Arithmetic;
}

/** Those of a recipe, of a file of weights, and of the verb, the later ones in place of the earlier. */
function replacements({
  seededWeights: recipe,
  weights: file,
  tensors = new Map(),
}: ModelOptions): Replacements {
  const made = recipe === undefined ? [] : at(recipe, () => seededWeights(readJson(recipe)));
  const {
    tensors: own,
    quantized,
    arithmetic = 'f32',
  }: QuantizedFile = file === undefined ? NO_FILE : readQuantized(readBytes(file), file);
  return { plain: new Map([...made, ...own, ...tensors]), quantized, arithmetic };
}

const NO_FILE = { tensors: new Map<string, TensorData>(), quantized: new Map() } as const;

function importFile(
  path: string,
  bytes: Uint8Array,
  dims: ModelOptions['dim'],
  { plain, quantized, arithmetic }: Replacements,
  data: ReadonlyMap<string, HostValue> = new Map(),
): OnnxProgram {
  const given = [...data];
  const program = importOnnx(bytes, {
    fileName: path,
    externalData: externalFiles(path),
    imageDecoders: imageDecoders(),
    inputShapes: Object.fromEntries(given.map(([name, { shape }]) => [name, shape])),
    wideInputs: given.filter(([, value]) => !isText(value) && needsWords(value)).map(([name]) => name),
    dims: dims ?? {},
    weights: plain,
  });
  return quantized.size === 0
    ? program
    : { ...program, ...withQuantized(program, quantized, { arithmetic }) };
}

/** An ONNX model with random data, for which free dimensions get sizes. */
function chosen(
  path: string,
  bytes: Uint8Array,
  seed: number,
  options: ModelOptions,
  clock?: Clock,
): LoadedModel {
  const weights = replacements(options);
  clock?.lap('load');
  const program = importFile(path, bytes, options.dim, weights);
  const { free, symbols } = program;
  if (free === undefined) {
    clock?.lap('import');
    return randomly(onnxModel(path, program), seed);
  }
  const sizes = leastSizes(free);
  const dims = Object.fromEntries(Object.entries(sizes).map(([symbol, size]) => [symbols[symbol], size]));
  const model = onnxModel(path, importFile(path, bytes, { ...options.dim, ...dims }, weights));
  clock?.lap('import');
  const loaded = randomly(model, seed);
  return { ...loaded, notes: [`Sizes were chosen: ${describeSizes(free, sizes)}. Others: --dim name=value.`, ...loaded.notes] }; // prettier-ignore
}
