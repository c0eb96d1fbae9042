/** `heddle tick`: a network config runs step by step, each layer once a tick. */
import { join } from 'node:path';
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import { writeNpy } from '../../data/npy.js';
import {
  initTicks,
  inputDType,
  readObservations,
  statistics,
  ticks,
  type Chain,
  type Measure,
  type NetworkConfig,
  type Observation,
  type Observer,
  type TickState,
} from '../../frontends/config/index.js';
import { jit } from '../../frontends/trace/index.js';
import { dispose, readAll, stack, tensor, zeros, type Tensor } from '../../tensor/index.js';
import { readInputs } from '../files/data-folder.js';
import { outputStems } from '../files/file-names.js';
import { checkFolderOf, makeFolder, writeBytes } from '../files/files.js';
import { keepApart, keepInputs } from '../files/outputs.js';
import { observed, prepareObserver, type ObserverOptions } from '../files/recording.js';
import { isConfig, readConfig } from '../models/config.js';
import { duration, element, facts, heading, integer, table } from '../terminal/format.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import type { ModelOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';
import { listenForInterruption, type Interruption } from '../terminal/interrupt.js';
import { ProgressBar } from '../terminal/progress.js';
import { digest, digestOf, leaveCheckpoint, resume, type RunSettings } from '../training/resume.js';
import { openBackend } from './backend.js';
import { dataSource, randomInputs } from './data.js';

export interface TickOptions extends Omit<ModelOptions, 'dim' | 'seededWeights'>, ObserverOptions {
  readonly ticks: number;
  readonly data: string;
  readonly device?: string;
  /** Ticks of a submit. */
  readonly chunk: number;
  readonly save?: string;
  /** Where Ctrl-C leaves what there is. */
  readonly checkpoint: string;
  /** A checkpoint that Ctrl-C left. */
  readonly resume?: string;
}

/** The numbers of a layer after the last tick. */
type LayerReport = Readonly<Record<Measure, number>>;

interface Ran {
  /** Of each tick: what the network gives. */
  readonly outputs: readonly TensorData[];
  readonly layers: Readonly<Record<string, LayerReport>>;
  /** What each layer gives, in the order of the network. */
  readonly last: ReadonlyMap<string, TensorData>;
  readonly milliseconds: number;
  readonly state: TickState;
}

export async function tickModel(path: string, options: TickOptions): Promise<ExitCode> {
  if (!isConfig(path))
    throw new HeddleError('USAGE', 'ticks are for network configs', {
      where: path,
      expected: 'a config: a file whose name ends with .json',
    });
  const output = new Output(options.json === true);
  const { config, network } = readConfig(path, options);
  const { input, files } = inputOf(network, options);
  const saved = options.save === undefined ? [] : outputStems(network.names).map((stem) => join(options.save!, `${stem}.npy`)); // prettier-ignore
  checkOutputs(options, saved, [path, options.weights, ...files]);
  const own = await settingsOf(config, network, input, options);
  const start =
    options.resume === undefined ? undefined : await startOf(options.resume, own, network, input, options);
  const opens = prepareObserver({ ...options, done: start?.done ?? 0 }, output);
  const { backend, device, close } = await openBackend(options.device, output);
  const interruption = listenForInterruption();
  const bar = await ProgressBar.open();
  try {
    const ran = await observed(opens, async (observer) => {
      const control = { observer, interruption, start };
      const found = await run(network.to(backend), input, options, control, (done) =>
        bar.update('ticks', done, options.ticks),
      ).finally(() => bar.close());
      // Before the observer is closed, which may wait for a server, and before signals end the process again.
      if (isCut(found, options)) await leave(found, options, own, output);
      else interruption.close();
      return found;
    });
    if (isCut(ran, options)) return interruption.exitCode;
    if (options.save !== undefined) {
      makeFolder(options.save);
      network.names.forEach((name, i) => writeBytes(saved[i], writeNpy(ran.last.get(name)!)));
    }
    print(output, path, device, ran, options, [...saved, ...(options.record === undefined ? [] : [options.record])]); // prettier-ignore
    return EXIT.ok;
  } finally {
    interruption.close();
    bar.close();
    close();
  }
}

/** Throws USAGE where a file would be written over one that is read, but for the checkpoint that goes on, or over another one. */
function checkOutputs(
  { record, checkpoint, resume: from }: TickOptions,
  saved: readonly string[],
  inputs: readonly (string | undefined)[],
): void {
  keepInputs('--save', saved, [...inputs, from]);
  if (record !== undefined) keepInputs('--record', [record], [...inputs, from]);
  keepInputs('--checkpoint', [checkpoint], inputs);
  checkFolderOf('--checkpoint', checkpoint);
  keepApart([...(record === undefined ? [] : [['--record', record] as const]), ['--checkpoint', checkpoint]]);
}

/** Whether a signal ended it before its last tick. */
const isCut = ({ outputs }: Ran, { ticks: count }: TickOptions): boolean => outputs.length < count;

async function leave(
  { state, outputs }: Ran,
  { checkpoint }: TickOptions,
  settings: RunSettings,
  output: Output,
): Promise<void> {
  const tensors = { model: state, state: stack(outputs.map((each) => tensor(each))) };
  await leaveCheckpoint(checkpoint, tensors, { verb: 'tick', settings, done: outputs.length, more: null }, output); // prettier-ignore
}

/** What decides what comes out. */
async function settingsOf(
  config: NetworkConfig,
  network: Chain,
  { tensor: input, isEach }: Input,
  { ticks: count }: TickOptions,
): Promise<RunSettings> {
  const weights = await readAll(Object.values(network.state()));
  // With one input for all ticks, any number of them may follow.
  return { config: digestOf(config), weights: digest(...weights), data: digest(input), ...(isEach ? { ticks: count } : {}) }; // prettier-ignore
}

/** Where ticks go on. */
interface TickStart {
  readonly done: number;
  readonly state: TickState;
  readonly outputs: readonly TensorData[];
}

async function startOf(
  path: string,
  settings: RunSettings,
  network: Chain,
  { tensor: input, isEach }: Input,
  { ticks: count }: TickOptions,
): Promise<TickStart> {
  const { done, load } = resume(path, 'tick', settings);
  if (done >= count)
    throw new HeddleError('USAGE', 'the checkpoint has as many ticks', {
      where: `--resume ${path}`,
      found: `--ticks ${count}`,
      expected: `more than ${done}`,
    });
  const first = initTicks(network, input.shape[isEach ? 1 : 0]);
  const { shape } = first.outputs[network.names[network.names.length - 1]];
  const { model: state, state: before } = load({ model: first, state: zeros([done, ...shape]) });
  const outputs = before === undefined ? [] : eachOf(await before.toHost());
  return { done, state, outputs };
}

/** The input of all ticks, or one for each of them. */
interface Input {
  readonly tensor: TensorData;
  readonly isEach: boolean;
}

/** Throws INPUT_SHAPE, INPUT_MISSING where the data does not fit. */
function inputOf(
  network: Chain,
  { data, ticks: count }: TickOptions,
): { readonly input: Input; readonly files: readonly string[] } {
  const source = dataSource(data);
  const shape = [1, ...network.input];
  if (source.kind === 'random') {
    const ports = [{ name: 'input', dtype: inputDType(network), shape }];
    return { input: { tensor: randomInputs(source.seed, ports).input, isEach: false }, files: [] };
  }
  const found = readInputs(source.path, ['input']).files.get('input');
  if (found === undefined)
    throw new HeddleError('INPUT_MISSING', 'the folder has no input', {
      where: source.path,
      expected: 'input.npy',
    });
  const { tensor: own, file } = found;
  const [rank, end] = [own.shape.length, own.shape.slice(-network.input.length || own.shape.length)];
  const fits = network.input.every((extent, i) => extent === end[i]) && own.dtype === inputDType(network);
  const isEach = rank === network.input.length + 2 && own.shape[0] === count;
  if (fits && (isEach || rank === network.input.length + 1))
    return { input: { tensor: own, isEach }, files: [file] };
  throw new HeddleError('INPUT_SHAPE', 'the input does not fit the network', {
    where: file,
    found: `${own.dtype}[${own.shape.join(',')}]`,
    expected: `${inputDType(network)}[N,${network.input.join(',')}] for all ticks, or [${count},N,${network.input.join(',')}] with one for each`,
  });
}

interface TickControl {
  readonly observer: Observer | undefined;
  readonly interruption: Interruption;
  readonly start: TickStart | undefined;
}

async function run(
  network: Chain,
  { tensor: given, isEach }: Input,
  { ticks: count, chunk }: TickOptions,
  { observer, interruption, start }: TickControl,
  onProgress: (done: number) => void,
): Promise<Ran> {
  const batch = given.shape[isEach ? 1 : 0];
  const most = Math.min(chunk, count);
  const [step, rest] = [most, (count - (start?.done ?? 0)) % most].map((length) =>
    jit(
      (net: Chain, state: TickState, x: Tensor) => {
        const each = { statistics: observer !== undefined };
        const ran = ticks(net, state, x, isEach ? each : { ...each, count: length });
        return observer === undefined ? { ...ran, statistics: statistics(ran.state.outputs) } : ran;
      },
      { donate: [1], name: 'ticks' },
    ),
  );
  const started = performance.now();
  let state = start?.state ?? initTicks(network, batch);
  let layers: Readonly<Record<string, LayerReport>> = {};
  const outputs: TensorData[] = [...(start?.outputs ?? [])];
  try {
    for (let done = outputs.length; done < count;) {
      const now = Math.min(most, count - done);
      const x = tensor(isEach ? rows(given, done, now) : given);
      const ran = (now === most ? step : rest)(network, state, x);
      const [stacked] = await readAll([ran.outputs[network.names[network.names.length - 1]]]);
      for (const each of eachOf(stacked)) outputs.push(each);
      const seen = await readObservations(network, ran.statistics, { mode: 'tick', step: done });
      for (const observation of seen) await observer?.next(observation);
      layers = reportOf(seen[seen.length - 1]);
      state = ran.state;
      dispose({ outputs: ran.outputs, statistics: ran.statistics });
      done += now;
      onProgress(done);
      if (await interruption.isTold()) break;
    }
    const milliseconds = performance.now() - started;
    const last = await readAll(network.names.map((name) => state.outputs[name]));
    return {
      outputs,
      layers,
      milliseconds,
      state,
      last: new Map(network.names.map((name, i) => [name, last[i]])),
    };
  } finally {
    step.dispose();
    rest.dispose();
  }
}

/** `count` elements of the first axis. */
function rows({ dtype, shape, data }: TensorData, from: number, count: number): TensorData {
  const size = data.length / shape[0];
  const part = data.subarray(from * size, (from + count) * size);
  return { dtype, shape: [count, ...shape.slice(1)], data: part };
}

/** The elements of the first axis, one by one. */
const eachOf = (whole: TensorData): readonly TensorData[] =>
  Array.from({ length: whole.shape[0] }, (_, i) => {
    const { dtype, shape, data } = rows(whole, i, 1);
    return { dtype, shape: shape.slice(1), data };
  });

const reportOf = ({ layers }: Observation): Readonly<Record<string, LayerReport>> =>
  Object.fromEntries(
    layers.map(({ name, mean, max, min, active, total }) => [name, { mean, max, min, active, total }]),
  );

/** Ticks that are printed. */
const SHOWN = 12;
/** Numbers of an output that are printed. */
const NUMBERS = 6;

function print(
  output: Output,
  path: string,
  device: string,
  ran: Ran,
  { ticks: count, chunk }: TickOptions,
  files: readonly string[],
): void {
  const { outputs, layers, last, milliseconds } = ran;
  output.result({
    model: path,
    device,
    ticks: count,
    submits: Math.ceil(count / chunk),
    milliseconds,
    shape: outputs[0].shape,
    outputs: outputs.map(({ data }) => data),
    layers,
    files: files.length === 0 ? undefined : files,
  });
  output.print(heading(`${path} on ${device}`));
  const shown = outputs.slice(-SHOWN);
  output.print(
    table(
      shown.map(({ data }, i) => [
        integer(count - shown.length + i + 1),
        `${[...data.subarray(0, NUMBERS)].map(element).join('  ')}${data.length > NUMBERS ? '  ...' : ''}`,
      ]),
      ['tick', 'output'],
      [0],
    ),
  );
  output.print(
    table(
      [...last.keys()].map((name) => {
        const { mean, max, min, active, total } = layers[name];
        return [name, element(mean), element(min), element(max), `${integer(active)} of ${integer(total)}`];
      }),
      ['layer', 'mean', 'min', 'max', 'active'],
      [1, 2, 3, 4],
    ),
  );
  output.print(
    facts([
      ['time', `${duration(milliseconds)} for ${integer(count)} ticks, compilation included`],
      ...(files.length === 0 ? [] : [['files', files.join(', ')] as const]),
    ]),
  );
}
