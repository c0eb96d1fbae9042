/** Opens models: ONNX models and network configs are compiled, a bundle is there already. */
import { HeddleError } from '../base/errors.js';
import type { TensorData } from '../base/tensor.js';
import { buildPreludes } from '../codegen/wgsl/prelude.js';
import { prepare } from '../compile.js';
import { importOnnx, seededWeights, type OnnxProgram } from '../frontends/onnx/index.js';
import { readModel } from '../frontends/onnx/model.js';
import { at } from '../frontends/onnx/place.js';
import { weightsOf } from '../ir/weights.js';
import type { Tensors } from '../runtime/inputs.js';
import { openBundle } from './bundle.js';
import type { Clock } from './clock.js';
import { isConfig, openConfig } from './config.js';
import { conversions, randomInputs, tensorsOf, type DataSource } from './data.js';
import { readInputs, type Found, type InputTensor } from './data-folder.js';
import { readBytes, readJson } from './files.js';
import { concrete, requireBound, type ConcretePort, type Model, type ModelPort } from './model.js';
import { orMisnamed } from './misnamed.js';
import { TARGETS, type ModelOptions } from './options.js';

/** A model with data for it. */
export interface LoadedModel {
  readonly model: Model;
  readonly inputs: Tensors;
  /** What people should know about the data. */
  readonly notes: readonly string[];
}

const isBundle = (path: string, bytes: Uint8Array): boolean =>
  path.endsWith('.heddle') || (!path.endsWith('.onnx') && bytes[8] === '{'.charCodeAt(0));

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
    : openOnnx(path, bytes, options.dim, replacements(options));
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
    const ports = model.inputs.map((port) => concrete(port, model));
    if (source.kind === 'random') return { model, inputs: randomInputs(source.seed, ports), notes: [] };
    return withData(model, found ?? { files: new Map(), notes: [] });
  }
  refuseConfigOptions(path, options);
  const bytes = readBytes(path);
  if (source.kind === 'random' || isBundle(path, bytes)) {
    const model = await openByName(path, options, clock);
    const ports = (): ConcretePort[] => model.inputs.map((port) => concrete(port, model));
    if (source.kind === 'random') return { model, inputs: randomInputs(source.seed, ports()), notes: [] };
    return withData(
      model,
      readInputs(
        source.path,
        model.inputs.map(({ name }) => name),
      ),
    );
  }
  const weights = replacements(options);
  const names = inputNames(path, bytes).filter((name) => !weights.has(name));
  const found = readInputs(source.path, names);
  clock?.lap('load');
  const model = openOnnx(path, bytes, options.dim, weights, tensorsOf(found.files));
  clock?.lap('import');
  return withData(model, found);
}

function refuseConfigOptions(path: string, { weights, maxWeights, maxSteps }: ModelOptions): void {
  const given = { '--weights': weights, '--max-weights': maxWeights, '--max-steps': maxSteps };
  const found = Object.entries(given).find(([, value]) => value !== undefined);
  if (found === undefined) return;
  throw new HeddleError('USAGE', `${found[0]} is for network configs`, {
    where: path,
    expected: 'a config: a file whose name ends with .json',
  });
}

function withData(model: Model, { files, notes }: Found<InputTensor>): LoadedModel {
  for (const [name, { tensor, file }] of files) checkAgainstBundle(model, name, tensor.shape, file);
  return { model, inputs: tensorsOf(files), notes: [...notes, ...conversions(files, model.inputs)] };
}

/** Data of another batch than the bundle was compiled for. The other checks are those of the run. Throws INPUT_SHAPE. */
function checkAgainstBundle(model: Model, name: string, shape: readonly number[], where: string): void {
  const port = model.inputs.find((candidate) => candidate.name === name);
  if (model.kind !== 'bundle' || port === undefined) return;
  const [found, expected] = [`[${shape.join(',')}]`, `[${port.shape.join(',')}]`];
  if (found === expected) return;
  throw new HeddleError('INPUT_SHAPE', `input "${name}" has another shape than the bundle was compiled for`, {
    where,
    found,
    expected,
    hint: 'if the model has a symbolic dimension there, compile it again with --dim NAME=VALUE',
  });
}

/** The inputs of an ONNX model in its order, without the initializers that old files list among them. */
function inputNames(path: string, bytes: Uint8Array): string[] {
  const { graph } = readModel(bytes, path);
  const initializers = new Set(graph.initializer.map(({ name }) => name));
  return graph.input.map(({ name }) => name).filter((name) => !initializers.has(name));
}

type Weights = ReadonlyMap<string, TensorData>;

/** The tensors that a recipe puts in the place of those of the model. */
const replacements = ({ seededWeights: recipe }: ModelOptions): Weights =>
  recipe === undefined ? new Map() : at(recipe, () => seededWeights(readJson(recipe)));

function openOnnx(
  path: string,
  bytes: Uint8Array,
  dims: ModelOptions['dim'],
  weights: Weights,
  data: Tensors = {},
): Model {
  const shapes = Object.entries(data).map(([name, { shape }]) => [name, shape] as const);
  const program = importOnnx(bytes, {
    fileName: path,
    inputShapes: Object.fromEntries(shapes),
    dims: dims ?? {},
    weights,
  });
  const ports = (list: OnnxProgram['inputs']): ModelPort[] =>
    list.map(({ name, dtype, type }) => ({ name, declared: dtype, ...type }));
  const model: Model = {
    file: path,
    kind: 'onnx',
    producer: program.producer,
    warning: program.notes.length === 0 ? undefined : `${path}: ${program.notes.join('; ')}.`,
    inputs: ports(program.inputs),
    outputs: ports(program.outputs),
    preludes: buildPreludes(),
    program,
    unbound: Object.values(program.symbols),
    prepare: (target) => {
      requireBound(model);
      const prepared = prepare(program, { target: TARGETS[target] });
      const { plan } = prepared.planned;
      return {
        plan,
        weights: weightsOf(prepared.program),
        prepared,
        target,
        fits: (other) => other === target,
      };
    },
  };
  return model;
}
