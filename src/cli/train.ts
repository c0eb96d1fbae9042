/** `heddle train`: a network config, data and labels; weights, a loss curve and the figures come out. */
import { join } from 'node:path';
import { HeddleError } from '../base/errors.js';
import { isInt } from '../base/dtype.js';
import { describeType, elementCount, type TensorData } from '../base/tensor.js';
import { writeSafetensors } from '../data/safetensors/write.js';
import { inputDType, networkProgram, type Chain } from '../frontends/config/index.js';
import { readAll, REFERENCE as INTERPRETER, webgpu, type Backend } from '../frontends/trace/index.js';
import { interpret } from '../interpreter/index.js';
import { readConfig } from './config.js';
import { openAdapter } from './device.js';
import { EXIT, type ExitCode } from './exit.js';
import { makeFolder, writeBytes } from './files.js';
import { facts, heading, integer } from './format.js';
import { REFERENCE, type CommonOptions } from './options.js';
import { Output } from './output.js';
import { lossCurve } from './plot.js';
import { ProgressBar } from './progress.js';
import { readExamples, type Examples } from './table.js';
import {
  endsWithSoftmax,
  train as fit,
  type LossName,
  type OptimizerName,
  type ScheduleName,
  type Trained,
} from './training.js';

export interface TrainOptions extends CommonOptions {
  readonly data: string;
  readonly labels: string;
  readonly device: string;
  readonly loss?: LossName;
  readonly optimizer: OptimizerName;
  readonly schedule: ScheduleName;
  readonly rate: number;
  readonly epochs: number;
  readonly batch?: number;
  readonly seed: number;
  readonly clip?: number;
  readonly accumulate?: number;
  readonly weights?: string;
  readonly out: string;
}

/** Examples in a batch, where neither the command line nor the config says. */
const BATCH = 32;

export async function train(path: string, options: TrainOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const { config, network } = readConfig(path, options);
  const examples = shaped(network, readExamples(options.data, options.labels), options.data);
  const loss = options.loss ?? likelyLoss(examples.labels);
  const batch = options.batch ?? (config.batch_size || BATCH);
  const { backend, close } = await openBackend(options.device, output);
  const bar = await ProgressBar.open();
  try {
    output.print(heading(`${path}, ${integer(network.parameterCount)} parameters, on ${backend.name}`));
    output.print(`  ${integer(examples.features.shape[0])} examples, ${loss}, ${options.optimizer}`);
    const sums = { epoch: 0, sum: 0, count: 0 };
    const trained = await fit(network, examples, backend, { ...options, loss, batch }, (progress) => {
      bar.update('training', progress.step, progress.steps);
      if (progress.epoch !== sums.epoch) Object.assign(sums, { epoch: progress.epoch, sum: 0, count: 0 });
      for (const value of progress.losses) [sums.sum, sums.count] = [sums.sum + value, sums.count + 1];
      if ((progress.step * options.epochs) % progress.steps === 0)
        output.print(`  epoch ${progress.epoch + 1}: loss ${(sums.sum / sums.count).toPrecision(5)}`);
    });
    bar.close();
    const files = await save(options.out, path, backend.name, loss, trained);
    const accuracy = await accuracyOf(trained.network, examples, loss);
    report(output, { path, loss, trained, accuracy, files, device: backend.name });
    return EXIT.ok;
  } finally {
    bar.close();
    close();
  }
}

/** Labels that are whole numbers, one for each example, are classes. */
const likelyLoss = (labels: TensorData): LossName =>
  labels.shape.length === 1 && (isInt(labels.dtype) || labels.data.every(Number.isInteger))
    ? 'cross_entropy'
    : 'mse';

/** The examples in the shape that the network takes. Throws DATASET_INVALID. */
function shaped(network: Chain, { features, labels }: Examples, where: string): Examples {
  const [count, ...shape] = features.shape;
  if (elementCount(shape) !== elementCount(network.input))
    throw new HeddleError('DATASET_INVALID', 'the examples do not fit the network', {
      where,
      found: `${describeType(features.dtype, shape)} for each example`,
      expected: describeType(inputDType(network), network.input),
    });
  const data = features.dtype === 'f32' ? features.data : Float32Array.from(features.data);
  return { features: { dtype: 'f32', shape: [count, ...network.input], data }, labels };
}

async function openBackend(
  name: string,
  output: Output,
): Promise<{ readonly backend: Backend; readonly close: () => void }> {
  if (name === REFERENCE) return { backend: INTERPRETER, close: () => {} };
  const device = await openAdapter(name, output);
  const backend = webgpu(device);
  return {
    backend,
    close: () => {
      backend.dispose();
      device.gpu.destroy();
    },
  };
}

/** The weights, under the names that --weights takes, and the loss curve. */
async function save(
  folder: string,
  path: string,
  device: string,
  loss: LossName,
  { network, losses }: Trained,
): Promise<readonly string[]> {
  makeFolder(folder);
  const state = Object.entries(network.state());
  const data = await readAll(state.map(([, leaf]) => leaf));
  const files: Readonly<Record<string, Uint8Array>> = {
    'weights.safetensors': writeSafetensors(new Map(state.map(([name], i) => [name, data[i]]))),
    'loss.svg': new TextEncoder().encode(
      lossCurve({
        title: `${path} on ${device}`,
        series: [{ name: 'training loss', points: losses.map((value, i) => [i + 1, value] as const) }],
        xLabel: 'step',
        yLabel: loss.replace('_', ' '),
      }),
    ),
  };
  for (const [name, bytes] of Object.entries(files)) writeBytes(join(folder, name), bytes);
  return Object.keys(files).map((name) => join(folder, name));
}

/** Examples that the interpreter looks at at a time. */
const CHUNK = 256;

/** The part of the examples whose class the network names; undefined where there are no classes. */
async function accuracyOf(
  network: Chain,
  { features, labels }: Examples,
  loss: LossName,
): Promise<number | undefined> {
  if (loss !== 'cross_entropy' || labels.shape.length !== 1) return undefined;
  const [count, ...shape] = features.shape;
  const size = elementCount(shape);
  const dtype = inputDType(network);
  let right = 0;
  for (let from = 0; from < count; from += CHUNK) {
    const n = Math.min(CHUNK, count - from);
    const program = await networkProgram(network, n);
    const part = features.data.slice(from * size, (from + n) * size);
    const data = dtype === 'i32' ? Int32Array.from(part) : part;
    const { outputs } = interpret(program, { input: { dtype, shape: [n, ...shape], data } });
    const classes = outputs.output.data.length / n;
    for (let i = 0; i < n; i++) {
      const scores = outputs.output.data.subarray(i * classes, (i + 1) * classes);
      if (scores.indexOf(Math.max(...scores)) === labels.data[from + i]) right++;
    }
  }
  return right / count;
}

interface Report {
  readonly path: string;
  readonly device: string;
  readonly loss: LossName;
  readonly trained: Trained;
  readonly accuracy: number | undefined;
  readonly files: readonly string[];
}

function report(output: Output, { path, device, loss, trained, accuracy, files }: Report): void {
  const { losses, seconds, network } = trained;
  output.result({
    model: path,
    device,
    loss,
    probabilities: endsWithSoftmax(network),
    parameters: network.parameterCount,
    steps: losses.length,
    losses,
    accuracy,
    seconds,
    files,
  });
  const rows: (readonly [string, string])[] = [
    ['steps', `${integer(losses.length)} in ${seconds.toFixed(1)} s`],
    ['loss', `${losses[0].toPrecision(5)} -> ${losses[losses.length - 1].toPrecision(5)}`],
  ];
  if (accuracy !== undefined) rows.push(['right', `${(accuracy * 100).toFixed(2)}% of the examples`]);
  output.print(facts([...rows, ['files', files.join(', ')]]));
}
