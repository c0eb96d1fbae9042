/** `heddle train`: a network config, data and labels; weights, a loss curve and the figures come out. */
import { join } from 'node:path';
import { writeSafetensors } from '../../data/safetensors/write.js';
import { HeddleError } from '../../base/errors.js';
import type { Chain, NetworkConfig } from '../../frontends/config/index.js';
import { dispose, readAll, REFERENCE as INTERPRETER } from '../../tensor/index.js';
import { accuracyOf, hasClasses } from '../training/accuracy.js';
import { readConfig } from '../models/config.js';
import { checksum } from '../../base/checksum.js';
import type { HeaderChoice } from '../files/csv.js';
import { openBackend } from './backend.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { makeFolder, readBytes, writeBytes } from '../files/files.js';
import { keepApart, keepInputs } from '../files/outputs.js';
import { observed, prepareObserver, type ObserverOptions } from '../files/recording.js';
import type { FitProgress } from '../../learn/index.js';
import { facts, heading, integer } from '../terminal/format.js';
import { checkLosses, diverged, EpochLosses } from '../training/losses.js';
import { orOtherModel } from '../models/misnamed.js';
import type { CommonOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';
import { lossCurve } from '../../learn/plot.js';
import { listenForInterruption } from '../terminal/interrupt.js';
import { ProgressBar } from '../terminal/progress.js';
import { ProgressLines } from '../terminal/progress-lines.js';
import { readExamples } from '../files/table.js';
import { digest, digestOf, leaveCheckpoint, resume, type RunSettings } from '../training/resume.js';
import { trainingData, type TrainingData } from '../training/training-data.js';
import {
  endsWithSoftmax,
  train as fit,
  usualRate,
  type LossName,
  type OptimizerName,
  type RuleName,
  type ScheduleName,
  type Settings,
  type Trained,
  type TrainingStart,
} from '../training/training.js';

export interface TrainOptions extends CommonOptions, Pick<ObserverOptions, 'record' | 'post'> {
  readonly data: string;
  readonly labels: string;
  /** Default: what the first lines look like. */
  readonly header?: HeaderChoice;
  /** Default: see openDevice. */
  readonly device?: string;
  readonly loss?: LossName;
  readonly optimizer: OptimizerName | RuleName;
  readonly schedule: ScheduleName;
  /** Default: see {@link usualRate}. */
  readonly rate?: number;
  readonly epochs: number;
  readonly batch?: number;
  readonly seed: number;
  readonly clip?: number;
  readonly accumulate?: number;
  readonly weights?: string;
  readonly maxWeights?: number;
  readonly maxSteps?: number;
  readonly out: string;
  /** A checkpoint that Ctrl-C left. */
  readonly resume?: string;
}

/** What is written. */
const FILES = ['weights.safetensors', 'loss.svg'] as const;

/** Examples in a batch, where neither the command line nor the config says. */
const BATCH = 32;

export async function train(path: string, options: TrainOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const { config, network } = orOtherModel(path, () => readConfig(path, options));
  const examples = readExamples(options.data, options.labels, options.header);
  for (const note of examples.notes) output.note(note);
  const data = trainingData(network, examples, options.loss);
  const count = data.features.shape[0];
  if (data.choice !== undefined) output.note(data.choice);
  const asked = options.batch ?? (config.batch_size || undefined);
  const batch = Math.min(asked ?? BATCH, count);
  if ((asked ?? BATCH) > count) output.note(describeWholeBatch(asked ?? BATCH, count));
  const leftOut = count % batch;
  const rate = options.rate ?? usualRate(options.optimizer);
  // Before the training, which may take hours: where nothing can be written, it would be lost.
  makeFolder(options.out);
  const files = FILES.map((name) => join(options.out, name));
  const checkpoint = join(options.out, CHECKPOINT);
  const inputs = [path, options.data, options.labels, options.weights];
  keepInputs('--out', files, [...inputs, options.resume]);
  keepInputs('--out', [checkpoint], inputs);
  const { record: recording } = options;
  if (recording !== undefined) {
    keepInputs('--record', [recording], [...inputs, options.resume]);
    keepApart([['--record', recording], ...[...files, checkpoint].map((file) => ['--out', file] as const)]);
  }
  const own = settingsOf(config, data, { ...options, loss: data.loss, rate, batch }, options.weights);
  const start = options.resume === undefined ? undefined : startOf(options.resume, own);
  const opens = prepareObserver({ ...options, done: start?.done ?? 0 }, output);
  const { backend, device, close } = await openBackend(options.device, output);
  const interruption = listenForInterruption();
  const bar = await ProgressBar.open();
  const lines = ProgressLines.open();
  try {
    output.print(heading(`${path}, ${integer(network.parameterCount)} parameters, on ${device}`));
    output.print(`  ${integer(count)} examples, ${data.loss}, ${options.optimizer}`);
    if (leftOut > 0) output.print(`  ${describeLeftOut(leftOut, batch)}`);
    const epochs = new EpochLosses(Math.floor(count / batch));
    const means = epochs.add(start?.losses ?? []).map(({ loss }) => loss);
    if (start !== undefined) output.print(`  goes on after step ${integer(start.done)}`);
    const settings = {
      ...options,
      rate,
      loss: data.loss,
      batch,
      // The interpreter is slow, and reading its losses costs nothing.
      ...(backend === INTERPRETER ? { readEvery: 1 } : {}),
    };
    const told = (progress: FitProgress): void => {
      const { step, steps, losses } = progress;
      checkLosses(progress, rate);
      bar.update('training', step, steps);
      for (const over of epochs.add(losses)) {
        means.push(over.loss);
        output.print(`  epoch ${over.epoch}: loss ${loss(over.loss)}`);
      }
      lines?.update(() => `  step ${integer(step)} of ${integer(steps)}: loss ${loss(losses[losses.length - 1])}`); // prettier-ignore
    };
    const trained = await observed(opens, async (observer) => {
      const found = await fit(network, data, backend, settings, told, { interruption, start, observer });
      bar.close();
      const { network: model, state, losses, isInterrupted } = found;
      // Before the observer is closed, which may wait for a server, and before signals end the process again.
      if (isInterrupted) {
        const record = { verb: 'train', settings: own, done: losses.length, more: losses };
        await leaveCheckpoint(checkpoint, { model, state }, record, output);
      } else interruption.close();
      return found;
    });
    if (trained.isInterrupted) return interruption.exitCode;
    dispose(trained.state);
    await save({ ...options, rate }, path, device, data.loss, trained);
    const accuracy = await measured(trained.network, data, output, bar, lines);
    bar.close();
    const written = recording === undefined ? files : [...files, recording];
    report(output, { path, data, trained, means, accuracy, files: written, device, batch, leftOut });
    return EXIT.ok;
  } finally {
    interruption.close();
    bar.close();
    close();
  }
}

/** What Ctrl-C leaves in --out. */
const CHECKPOINT = 'checkpoint.safetensors';

/** What decides the weights that come out. */
const settingsOf = (
  config: NetworkConfig,
  { features, labels }: TrainingData,
  options: Settings,
  weights: string | undefined,
): RunSettings => ({
  config: digestOf(config),
  data: digest(features, labels),
  weights: weights === undefined ? null : checksum(readBytes(weights)),
  loss: options.loss,
  optimizer: options.optimizer,
  schedule: options.schedule,
  rate: options.rate,
  epochs: options.epochs,
  batch: options.batch,
  seed: options.seed,
  clip: options.clip ?? null,
  accumulate: options.accumulate ?? null,
});

function startOf(path: string, settings: RunSettings): TrainingStart {
  const { done, more, load } = resume(path, 'train', settings);
  const losses = Array.isArray(more) ? more.map(Number) : [];
  if (losses.length === done) return { done, losses, load };
  throw new HeddleError('FILE_CORRUPT', 'the checkpoint has not a loss for each step', {
    where: path,
    found: `${losses.length}`,
    expected: `${done}`,
  });
}

const loss = (value: number): string => value.toPrecision(5);

/** What people should know of a batch that is greater than there are examples. */
export const describeWholeBatch = (asked: number, count: number): string =>
  `There are fewer examples than a batch of ${integer(asked)}: each step takes all ${integer(count)}.`;

/** What people should know of examples that fill no batch; the order changes, so that they are others each time. */
export const describeLeftOut = (leftOut: number, batch: number): string =>
  `${integer(leftOut)} ${leftOut === 1 ? 'example is' : 'examples are'} left out of each epoch (batches of ${integer(batch)})`;

/** The accuracy on the examples themselves; undefined where there are no classes. */
async function measured(
  network: Chain,
  data: TrainingData,
  output: Output,
  bar: ProgressBar,
  lines: ProgressLines | undefined,
): Promise<number | undefined> {
  if (!hasClasses(data)) return undefined;
  output.print('  measuring accuracy');
  return accuracyOf(network, data, (done, total) => {
    bar.update('measuring accuracy', done, total);
    lines?.update(() => `  measuring accuracy: ${integer(done)} of ${integer(total)} examples`);
  });
}

/** The weights, under the names that --weights takes, and the loss curve. Throws LOSS_NOT_FINITE where a weight is none. */
async function save(
  { out, rate }: TrainOptions & { readonly rate: number },
  path: string,
  device: string,
  lossName: LossName,
  { network, losses }: Trained,
): Promise<void> {
  const state = Object.entries(network.state());
  const data = await readAll(state.map(([, leaf]) => leaf));
  // The last loss is that of before the last step.
  const wrong = data.findIndex((tensor) => tensor.dtype === 'f32' && !tensor.data.every(Number.isFinite));
  if (wrong >= 0) throw diverged(state[wrong][0], 'a weight that is not finite after the last step', rate);
  const files: Readonly<Record<(typeof FILES)[number], Uint8Array>> = {
    'weights.safetensors': writeSafetensors(new Map(state.map(([name], i) => [name, data[i]]))),
    'loss.svg': new TextEncoder().encode(
      lossCurve({
        title: `${path} on ${device}`,
        series: [{ name: 'training loss', points: losses.map((value, i) => [i + 1, value] as const) }],
        xLabel: 'step',
        yLabel: lossName.replace('_', ' '),
      }),
    ),
  };
  for (const name of FILES) writeBytes(join(out, name), files[name]);
}

interface Report {
  readonly path: string;
  readonly device: string;
  readonly data: TrainingData;
  readonly batch: number;
  readonly leftOut: number;
  readonly trained: Trained;
  /** The mean loss of each epoch. */
  readonly means: readonly number[];
  readonly accuracy: number | undefined;
  readonly files: readonly string[];
}

/** `0.69 -> 0.31, means of the first epoch and the last` */
const describeMeans = (means: readonly number[]): string =>
  means.length === 1
    ? `${loss(means[0])}, the mean of the epoch`
    : `${loss(means[0])} -> ${loss(means[means.length - 1])}, means of the first epoch and the last`;

function report(output: Output, found: Report): void {
  const { path, device, data, batch, leftOut, trained, means, accuracy, files } = found;
  const { losses, seconds, network } = trained;
  output.result({
    model: path,
    device,
    loss: data.loss,
    probabilities: endsWithSoftmax(network),
    parameters: network.parameterCount,
    examples: data.features.shape[0],
    batch,
    leftOut,
    steps: losses.length,
    losses,
    epochs: means,
    accuracy,
    seconds,
    files,
  });
  const rows: (readonly [string, string])[] = [
    ['steps', `${integer(losses.length)} in ${seconds.toFixed(1)} s`],
    ['loss', describeMeans(means)],
  ];
  if (accuracy !== undefined) rows.push(['training accuracy', `${(accuracy * 100).toFixed(2)}%`]);
  output.print(facts([...rows, ['files', files.join(', ')]]));
}
