/** `heddle search`: networks drawn from a space, each trained for a short time; the best is written. */
import { join } from 'node:path';
import { inFile } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import { readSafetensors } from '../../data/safetensors/read.js';
import { writeSafetensors } from '../../data/safetensors/write.js';
import {
  fromConfig,
  generate,
  plainConfig,
  type Chain,
  type Generated,
  type PlainConfig,
  type SearchSpace,
} from '../../frontends/config/index.js';
import { designNetwork } from '../../frontends/config/network.js';
import type { FitProgress, Json } from '../../learn/index.js';
import { lossCurve } from '../../learn/plot.js';
import { threefry2x32 } from '../../numerics/threefry.js';
import { dispose, readAll, tensor, type Backend } from '../../tensor/index.js';
import type { HeaderChoice } from '../files/csv.js';
import { makeFolder, readJson, writeBytes } from '../files/files.js';
import { keepInputs } from '../files/outputs.js';
import { readExamples } from '../files/table.js';
import { readConfig } from '../models/config.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { facts, heading, integer, table } from '../terminal/format.js';
import type { CommonOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';
import { listenForInterruption, type Interruption } from '../terminal/interrupt.js';
import { ProgressBar } from '../terminal/progress.js';
import { hasClasses } from '../training/accuracy.js';
import { split, scoreOf } from '../training/holdout.js';
import {
  digest,
  digestOf,
  isJsonRecord,
  jsonNumber,
  leaveCheckpoint,
  resume,
  type RunSettings,
} from '../training/resume.js';
import { trainingData, type TrainingData } from '../training/training-data.js';
import { train, usualRate, type OptimizerName, type RuleName } from '../training/training.js';
import { openBackend } from './backend.js';

export interface SearchOptions extends CommonOptions {
  readonly data: string;
  readonly labels: string;
  readonly header?: HeaderChoice;
  readonly candidates: number;
  readonly space?: string;
  readonly optimizer: OptimizerName | RuleName;
  readonly rate?: number;
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  readonly maxWeights?: number;
  readonly device?: string;
  readonly out: string;
  /** A checkpoint that Ctrl-C left. */
  readonly resume?: string;
}

/** A network that was tried. The first is the config itself. */
interface Tried {
  readonly candidate: number;
  readonly config: PlainConfig;
  readonly patches: Generated['patches'];
  readonly parameters: number;
  readonly losses: readonly number[];
  /** Of examples that it was not trained on: the part that is right, or the mean square of what is wrong. */
  readonly score: number;
  readonly seconds: number;
}

const FILES = ['best.json', 'best.safetensors', 'search.svg', 'search.json'] as const;

/** What Ctrl-C leaves in --out. */
const CHECKPOINT = 'checkpoint.safetensors';

/** The best so far. */
interface Best {
  readonly one: Tried;
  readonly weights: Uint8Array;
}

export async function search(path: string, options: SearchOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const { config, network } = readConfig(path, options);
  const base = plainConfig(config);
  const examples = readExamples(options.data, options.labels, options.header);
  for (const note of examples.notes) output.note(note);
  const data = trainingData(network, examples);
  const parts = split(data);
  const space = options.space === undefined ? {} : (readJson(options.space) as SearchSpace);
  const drawn = inFile(options.space ?? path, () => candidatesOf(base, options, space));
  makeFolder(options.out);
  const files = FILES.map((name) => join(options.out, name));
  const checkpoint = join(options.out, CHECKPOINT);
  const inputs = [path, options.data, options.labels, options.space];
  keepInputs('--out', files, [...inputs, options.resume]);
  keepInputs('--out', [checkpoint], inputs);
  const own = settingsOf(base, data, space, options);
  const before = options.resume === undefined ? undefined : await triedBefore(options.resume, own, drawn, options); // prettier-ignore
  const { backend, device, close } = await openBackend(options.device, output);
  const interruption = listenForInterruption();
  const bar = await ProgressBar.open();
  try {
    output.print(heading(`${path}, ${integer(drawn.length)} networks, on ${device}`));
    const tried: Tried[] = [...(before?.tried ?? [])];
    let best: Best | undefined = before?.best;
    for (const result of tried) output.print(`  ${describe(result, data)}`);
    for (const [i, one] of drawn.entries()) {
      if (i < tried.length) continue;
      const progress = (done: number, total: number): void => bar.update(`network ${i + 1} of ${drawn.length}`, done, total); // prettier-ignore
      const { result, network: trained } = await attempt(
        one,
        i,
        parts,
        backend,
        options,
        progress,
        interruption,
      );
      if (result === undefined) {
        trained.dispose();
        bar.close();
        await leave(checkpoint, own, tried, best, output);
        return interruption.exitCode;
      }
      tried.push(result);
      if (best === undefined || isBetter(result, best.one, data)) best = { one: result, weights: await weightsOf(trained) }; // prettier-ignore
      trained.dispose();
      // What there is stays where the search is interrupted.
      writeBytes(files[0], text(best.one.config));
      writeBytes(files[1], best.weights);
      writeBytes(files[3], text(tried.map(({ losses: _, ...rest }) => rest)));
      output.print(`  ${describe(result, data)}`);
    }
    interruption.close();
    bar.close();
    const ranked = [...tried].sort((a, b) => (isBetter(a, b, data) ? -1 : 1));
    writeBytes(files[2], new TextEncoder().encode(picture(path, device, ranked)));
    report(output, { path, device, data, ranked, files });
    return EXIT.ok;
  } finally {
    interruption.close();
    bar.close();
    close();
  }
}

/** What decides the networks and their weights. */
const settingsOf = (
  base: PlainConfig,
  { features, labels }: TrainingData,
  space: SearchSpace,
  { candidates, optimizer, rate, epochs, batch, seed }: SearchOptions,
): RunSettings => ({
  config: digestOf(base),
  data: digest(features, labels),
  space: digestOf(space),
  candidates,
  optimizer,
  rate: rate ?? null,
  epochs,
  batch,
  seed,
});

/** The networks that were tried, in a checkpoint: the one in training begins anew. */
async function leave(
  path: string,
  settings: RunSettings,
  tried: readonly Tried[],
  best: Best | undefined,
  output: Output,
): Promise<void> {
  const more = {
    best: best?.one.candidate ?? null,
    tried: tried.map(({ parameters, losses, score, seconds }) => ({
      parameters,
      losses: losses.map(jsonNumber),
      score: jsonNumber(score),
      seconds,
    })),
  };
  const weights = best === undefined ? new Map<string, TensorData>() : readSafetensors(best.weights, 'best.safetensors').tensors; // prettier-ignore
  const model = Object.fromEntries(Array.from(weights, ([name, data]) => [name, tensor(data)]));
  await leaveCheckpoint(path, { model }, { verb: 'search', settings, done: tried.length, more }, output);
}

/** What a checkpoint has of the networks that are `drawn`. Throws as {@link resume} does. */
async function triedBefore(
  path: string,
  settings: RunSettings,
  drawn: readonly Generated[],
  { maxWeights }: SearchOptions,
): Promise<{ readonly tried: readonly Tried[]; readonly best: Best | undefined }> {
  const { more, load } = resume(path, 'search', settings);
  const { tried = null, best = null } = isJsonRecord(more) ? more : {};
  const own = (Array.isArray(tried) ? tried : []).map((one: Json, i): Tried => {
    const { parameters = null, losses = null, score = null, seconds = null } = isJsonRecord(one) ? one : {};
    return {
      candidate: i,
      config: drawn[i].config,
      patches: drawn[i].patches,
      parameters: Number(parameters),
      losses: Array.isArray(losses) ? losses.map(Number) : [],
      score: Number(score),
      seconds: Number(seconds),
    };
  });
  if (typeof best !== 'number') return { tried: own, best: undefined };
  const network = fromConfig(drawn[best].config, maxWeights === undefined ? {} : { maxWeights });
  const { model } = load({ model: { ...network.state() } });
  network.load(model);
  return { tried: own, best: { one: own[best], weights: await weightsOf(network) } };
}

/** The config itself, and what is drawn. */
function candidatesOf(
  base: PlainConfig,
  { candidates, seed, maxWeights }: SearchOptions,
  space: SearchSpace,
): Generated[] {
  const itself: Generated = { config: base, patches: [], inversePatches: [] };
  const drawn = Array.from({ length: candidates }, (_, i) =>
    generate(base, { seed: seedOf(seed, i), space }),
  );
  // One that is too large is told before any is trained.
  for (const { config } of drawn) designNetwork(config, maxWeights === undefined ? {} : { maxWeights });
  return [itself, ...drawn];
}

/** The seed of a candidate: 53 bits of Threefry, keyed by the seed of the search. */
export function seedOf(seed: number, candidate: number): number {
  const words = new Uint32Array(2);
  threefry2x32(Math.floor(seed / 2 ** 32), seed >>> 0, candidate, 0, words);
  return words[0] + 2 ** 32 * (words[1] >>> 11);
}

async function attempt(
  { config, patches }: Generated,
  candidate: number,
  { training, held }: ReturnType<typeof split>,
  backend: Backend,
  options: SearchOptions,
  onProgress: (done: number, total: number) => void,
  interruption: Interruption,
): Promise<{ readonly result: Tried | undefined; readonly network: Chain }> {
  const { maxWeights } = options;
  const network = fromConfig(config, maxWeights === undefined ? {} : { maxWeights });
  const parameters = network.parameterCount;
  const settings = {
    loss: training.loss,
    optimizer: options.optimizer,
    schedule: 'constant',
    rate: options.rate ?? usualRate(options.optimizer),
    epochs: options.epochs,
    batch: options.batch,
    seed: options.seed,
  } as const;
  const report = ({ step, steps }: FitProgress): void => onProgress(step, steps);
  const trained = await train(network, training, backend, settings, report, { interruption });
  dispose(trained.state);
  if (trained.isInterrupted) return { result: undefined, network: trained.network };
  const score = await scoreOf(trained.network, held);
  const { losses, seconds } = trained;
  return {
    result: { candidate, config, patches, parameters, losses, score, seconds },
    network: trained.network,
  };
}

async function weightsOf(network: Chain): Promise<Uint8Array> {
  const state = Object.entries(network.state());
  const tensors: readonly TensorData[] = await readAll(state.map(([, leaf]) => leaf));
  return writeSafetensors(new Map(state.map(([name], i) => [name, tensors[i]])));
}

const text = (value: unknown): Uint8Array =>
  new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`);

/** A score that is no number is the worst; among equals the one with fewer parameters is better, then the earlier. */
function isBetter(a: Tried, b: Tried, data: TrainingData): boolean {
  const of = ({ score }: Tried): number =>
    Number.isNaN(score) ? -Infinity : hasClasses(data) ? score : -score;
  return of(a) - of(b) > 0 || (of(a) === of(b) && (a.parameters < b.parameters || (a.parameters === b.parameters && a.candidate < b.candidate))); // prettier-ignore
}

const scoreText = (score: number, data: TrainingData): string =>
  hasClasses(data) ? `${(score * 100).toFixed(2)}%` : score.toPrecision(5);

/** `dense 32, parallel add (lstm, mha) 64, dense 10` */
function shapeText({ layers }: PlainConfig): string {
  return layers
    .map((layer) =>
      layer.type === 'parallel'
        ? `${layer.combine_mode ?? 'concat'}(${layer.branches.map(brainText).join(', ')})`
        : brainText(layer),
    )
    .join(' > ');
}

function brainText(layer: PlainConfig['layers'][number]): string {
  const last = layer.type === 'sequential' ? layer.layers?.at(-1) : undefined;
  return last === undefined ? layer.type : last.type;
}

const describe = (one: Tried, data: TrainingData): string =>
  `${one.candidate}: ${scoreText(one.score, data)}, ${integer(one.parameters)} parameters, ${shapeText(one.config)}`;

/** Lines in the picture. */
const DRAWN = 6;

const picture = (path: string, device: string, ranked: readonly Tried[]): string =>
  lossCurve({
    title: `${path}: the best of ${ranked.length}, on ${device}`,
    series: ranked.slice(0, DRAWN).map(({ candidate, losses }) => ({
      name: candidate === 0 ? 'as given' : `network ${candidate}`,
      points: losses.map((loss, i) => [i + 1, loss] as const),
    })),
    xLabel: 'step',
    yLabel: 'training loss',
  });

interface Report {
  readonly path: string;
  readonly device: string;
  readonly data: TrainingData;
  readonly ranked: readonly Tried[];
  readonly files: readonly string[];
}

function report(output: Output, { path, device, data, ranked, files }: Report): void {
  output.result({
    model: path,
    device,
    measure: hasClasses(data) ? 'accuracy' : 'mean square',
    best: ranked[0].candidate,
    candidates: ranked,
    files,
  });
  output.print(
    table(
      ranked.map((one, i) => [
        integer(i + 1),
        one.candidate === 0 ? 'as given' : integer(one.candidate),
        scoreText(one.score, data),
        integer(one.parameters),
        `${one.seconds.toFixed(1)} s`,
        shapeText(one.config),
      ]),
      ['rank', 'network', hasClasses(data) ? 'accuracy' : 'mean square', 'parameters', 'time', 'layers'],
      [0, 2, 3, 4],
    ),
  );
  output.print(facts([['files', files.join(', ')]]));
}
