/** Runs of a model and of variants of it on the same data, for reports that compare them. */
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import { compile } from '../../compile.js';
import { networkProgram, type Chain } from '../../frontends/config/index.js';
import { interpret } from '../../interpreter/index.js';
import type { Program } from '../../ir/graph.js';
import { readAll } from '../../tensor/index.js';
import type { Tensors } from '../../runtime/inputs.js';
import { dataSource } from '../commands/data.js';
import { closeDevice, describeDevice, openDevice, targetOf, type OpenedDevice } from '../commands/device.js';
import type { HeaderChoice } from '../files/csv.js';
import { readExamples } from '../files/table.js';
import { asStored, isConfig, readConfig } from '../models/config.js';
import { openModel, openWithData } from '../models/open.js';
import { requireBound, type Model } from '../models/model.js';
import { REFERENCE, type ModelOptions } from '../terminal/options.js';
import { TARGETS } from '../terminal/targets.js';
import type { Output } from '../terminal/output.js';
import { countRight, hasClasses } from '../training/accuracy.js';
import { trainingData, type TrainingData } from '../training/training-data.js';

export interface SampleOptions extends ModelOptions {
  /** Examples with labels: .npy or .csv. Without labels: a folder or random:SEED. */
  readonly data?: string;
  readonly labels?: string;
  readonly header?: HeaderChoice;
  readonly device?: string;
}

export interface Samples {
  /** With the weights as f32. */
  readonly program: Program;
  /** As a file of weights says: with quantised weights where it has some. */
  readonly stored: Program;
  /** The tensors that a file of weights has besides those that are quantised. */
  readonly others: ReadonlyMap<string, TensorData>;
  /** Undefined where nothing runs. */
  readonly device: string | undefined;
  /** What is compared, for people. */
  readonly compared: 'outputs' | 'weights';
  /** The examples, where they have labels, and how many numbers the network gives for each. */
  readonly examples: { readonly labels: TrainingData; readonly each: number } | undefined;
  /** The outputs, one after the other; undefined without data. */
  run(program: Program): Promise<Float32Array | undefined>;
  /** The part of the examples whose class `outputs` name; undefined where there are no classes. */
  accuracy(outputs: Float32Array | undefined): number | undefined;
  close(): void;
}

/** Examples that are computed at a time. */
const BATCH = 256;

/** Opens the model, the data and a device as the options say. Throws what these do. */
export async function openSamples(path: string, options: SampleOptions, output: Output): Promise<Samples> {
  if (options.data === undefined) {
    if (options.labels !== undefined)
      throw new HeddleError('USAGE', 'labels need examples', {
        where: '--labels',
        expected: '--data FILE',
      });
    const model = await openModel(path, options);
    return { ...withoutData(programOf(model)), others: await othersOf(path, options) };
  }
  const { program, stored, inputs, labels } = await (options.labels === undefined
    ? withInputs(path, options.data, options, output)
    : withExamples(path, options.data, options.labels, options, output));
  const others = await othersOf(path, options);
  const device = options.device === REFERENCE ? undefined : await openDevice(options.device, output);
  return {
    program,
    stored,
    others,
    device: describeDevice(device),
    compared: 'outputs',
    examples: labels && { labels, each: classesIn(program) },
    // The last batch is filled up with examples that count for nothing.
    run: async (own) =>
      (await outputsOf(own, inputs, device)).subarray(
        0,
        labels && labels.features.shape[0] * classesIn(program),
      ),
    accuracy: (outputs) =>
      labels === undefined || outputs === undefined || !hasClasses(labels)
        ? undefined
        : countRight(outputs, labels.labels.data) / labels.labels.data.length,
    close: () => {
      if (device !== undefined) closeDevice(device);
    },
  };
}

const withoutData = (program: Program): Omit<Samples, 'others'> => ({
  program,
  stored: program,
  device: undefined,
  compared: 'weights',
  examples: undefined,
  run: () => Promise.resolve(undefined),
  accuracy: () => undefined,
  close: () => {},
});

/** How many numbers the program gives for an example. */
function classesIn({ graph: { nodes, outputs } }: Program): number {
  const { shape } = nodes[outputs[0].value].type;
  return shape.slice(1).reduce<number>((product, extent) => product * Number(extent), 1);
}

function programOf(model: Model): Program {
  requireBound(model);
  if (model.program !== undefined) return model.program;
  throw new HeddleError('USAGE', 'the bundle does not carry its graph', {
    where: model.file,
    expected: 'a model',
  });
}

/** All weights of a config: a file has to have them all. */
async function othersOf(path: string, options: ModelOptions): Promise<ReadonlyMap<string, TensorData>> {
  if (!isConfig(path)) return new Map();
  const state = Object.entries(readConfig(path, options).network.state());
  const data = await readAll(state.map(([, leaf]) => leaf));
  return new Map(state.map(([name], i) => [name, data[i]]));
}

interface Run {
  readonly program: Program;
  readonly stored: Program;
  readonly inputs: readonly Tensors[];
  readonly labels?: TrainingData;
}

async function withInputs(path: string, data: string, options: ModelOptions, output: Output): Promise<Run> {
  const { model, inputs, notes } = await openWithData(path, dataSource(data), options);
  for (const note of notes) output.note(note);
  const program = programOf(model);
  return { program, stored: program, inputs: [inputs] };
}

async function withExamples(
  path: string,
  data: string,
  labelsPath: string,
  options: SampleOptions,
  output: Output,
): Promise<Run> {
  if (!isConfig(path))
    throw new HeddleError('USAGE', 'labels are for network configs', {
      where: path,
      expected: 'a config: a file whose name ends with .json',
    });
  const configured = readConfig(path, options);
  const { network } = configured;
  const examples = readExamples(data, labelsPath, options.header);
  for (const note of examples.notes) output.note(note);
  const labels = trainingData(network, examples);
  const run = await batched(network, labels.features);
  return { ...run, stored: asStored(run.program, configured), labels };
}

/** The examples in batches of one size, the last one filled up with the first examples. */
async function batched(network: Chain, { shape, data }: TensorData): Promise<Omit<Run, 'stored'>> {
  const count = shape[0];
  const batch = Math.min(BATCH, count);
  const size = data.length / count;
  const inputs = Array.from({ length: Math.ceil(count / batch) }, (_, i): Tensors => {
    const own = new Float32Array(batch * size);
    const part = data.subarray(i * batch * size, Math.min(count, (i + 1) * batch) * size);
    own.set(part);
    own.set(data.subarray(0, own.length - part.length), part.length);
    return { input: { dtype: 'f32', shape: [batch, ...shape.slice(1)], data: own } };
  });
  const program = await networkProgram(network, batch);
  const { dtype } = program.graph.nodes.find(({ op }) => op === 'param')!.type;
  if (dtype === 'f32') return { program, inputs };
  const ints = inputs.map(({ input }): Tensors => ({ input: { dtype: 'i32', shape: input.shape, data: Int32Array.from(input.data) } })); // prettier-ignore
  return { program, inputs: ints };
}

async function outputsOf(
  program: Program,
  inputs: readonly Tensors[],
  device: OpenedDevice | undefined,
): Promise<Float32Array> {
  const compiled =
    device === undefined ? undefined : await compile(program, { device, target: TARGETS[targetOf(device)] });
  try {
    const all: Float32Array[] = [];
    for (const given of inputs) {
      const outputs = compiled === undefined ? interpret(program, given).outputs : await compiled.run(given);
      for (const { name } of program.graph.outputs) all.push(Float32Array.from(outputs[name].data));
    }
    const joined = new Float32Array(all.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const each of all) {
      joined.set(each, at);
      at += each.length;
    }
    return joined;
  } finally {
    compiled?.dispose();
  }
}
