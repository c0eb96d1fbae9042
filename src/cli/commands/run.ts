/** `heddle run`: one model, one set of inputs, all the numbers. */
import { join } from 'node:path';
import { HeddleError } from '../../base/errors.js';
import type { TensorData } from '../../base/tensor.js';
import { interpret } from '../../interpreter/index.js';
import { Clock, median } from '../terminal/clock.js';
import { dataSource } from './data.js';
import { closeDevice, describeDevice } from './device.js';
import { describeCost, describeMemory, execute, memoryOf, type MemoryReport } from './execute.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { outputStems } from '../files/file-names.js';
import { makeFolder, writeBytes } from '../files/files.js';
import { keepInputs } from '../files/outputs.js';
import { jsonOfTexts } from '../files/texts.js';
import { bytes, counted, duration, facts, heading, indented } from '../terminal/format.js';
import { nodesOnHost, requireBound, type ModelPort } from '../models/model.js';
import { openWithData, type LoadedModel } from '../models/open.js';
import { npyFile, writeNpy } from '../../data/npy.js';
import { toNumbers, toTensorData, type HostTensor } from '../../frontends/onnx/host.js';
import { isText } from '../../frontends/onnx/text/tensor.js';
import { hostTensor } from '../../frontends/onnx/wide/storage.js';
import { isWideDType, type WideDType } from '../../frontends/onnx/wide/value.js';
import { REFERENCE, type ModelOptions } from '../terminal/options.js';
import type { TargetName } from '../terminal/targets.js';
import { Output } from '../terminal/output.js';
import { ProgressBar } from '../terminal/progress.js';
import { describeSummary, summarize, summarizeText, type Summarized, type TensorSummary, type TextSummary } from '../reports/summary.js'; // prettier-ignore

export interface RunOptions extends ModelOptions {
  readonly data: string;
  /** Default: see openDevice. */
  readonly device?: string;
  readonly repeat?: number;
  readonly save?: string;
}

/** The words of 64-bit elements as the elements that they are. */
const elementsOf = ({ declared, paired }: ModelPort, tensor: TensorData): HostTensor | undefined =>
  paired === true && declared !== undefined ? hostTensor(tensor, declared, true) : undefined;

const readable = (port: ModelPort, tensor: TensorData): Summarized => {
  const host = elementsOf(port, tensor);
  return host === undefined ? tensor : { ...host, data: toNumbers(host) };
};

function fileOf(port: ModelPort, tensor: TensorData): Uint8Array {
  const host = elementsOf(port, tensor);
  if (host === undefined) return writeNpy(tensor);
  return npyFile(WIDE_NPY[host.dtype as WideDType], host.shape, host.data);
}

/** NumPy's descriptors of 64-bit elements. */
const WIDE_NPY: Readonly<Record<WideDType, string>> = { double: '<f8', int64: '<i8', uint64: '<u8' };

/** What a run of either kind tells. */
interface Report {
  readonly device: string;
  /** What the kernels are shaped for; undefined for the interpreter, and where a bundle does not tell. */
  readonly target?: TargetName | undefined;
  readonly outputs: Readonly<Record<string, TensorData>>;
  /** Milliseconds of the runs after the first. */
  readonly repeats: readonly number[];
  /** Of the device: what a run costs. */
  readonly kernels?: number;
  readonly submits?: number;
  readonly cost?: string;
  readonly memory?: MemoryReport;
  /** Of the interpreter. */
  readonly subnormals?: number;
  readonly processBytes?: number;
}

export async function run(path: string, options: RunOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const clock = new Clock();
  const bar = await ProgressBar.open();
  const loaded = await openWithData(path, dataSource(options.data), options, clock);
  for (const note of loaded.notes) output.note(note);
  if (loaded.host === undefined && loaded.model.outputs.length === 0 && nodesOnHost(loaded.model) > 0)
    throw new HeddleError('USAGE', 'all nodes of the model run on the host, on texts or images', {
      where: path,
      found: `--data ${options.data}`,
      expected: 'a folder with NAME.json (lists of strings), input_N.json or input_N.pb',
    });
  const files = options.save === undefined ? [] : outputFiles(options.save, loaded);
  if (options.save !== undefined) makeFolder(options.save);
  keepInputs('--save', files, loaded.files);
  // Where all is done on the host, there is nothing for a device.
  const isHostOnly = loaded.host !== undefined && loaded.model.outputs.length === 0;
  const report = await (
    options.device === REFERENCE || isHostOnly
      ? runReference(loaded, options.repeat ?? 0, bar, clock)
      : runDevice(loaded, options.device, options.repeat ?? 1, output, bar, clock)
  ).finally(() => bar.close());

  const results = resultsOf(loaded, report.outputs);
  if (files.length > 0) results.forEach(({ file }, i) => writeBytes(files[i], file()));
  print(output, path, { ...report, outputs: results.map(({ summary }) => summary) }, files, clock);
  return EXIT.ok;
}

async function runDevice(
  { model, inputs }: LoadedModel,
  deviceName: string | undefined,
  repeat: number,
  output: Output,
  bar: ProgressBar,
  clock: Clock,
): Promise<Report> {
  const loaded = await execute(model, deviceName, output, bar, clock);
  const { executable, device, runnable } = loaded;
  try {
    const outputs = await executable.run(inputs);
    clock.lap('first run');
    const repeats: number[] = [];
    for (let i = 0; i < repeat; i++) {
      const start = performance.now();
      await executable.run(inputs);
      repeats.push(performance.now() - start);
      bar.update('runs', i + 1, repeat);
    }
    const cost = describeCost(loaded);
    return {
      device: describeDevice(device),
      target: runnable.target,
      outputs,
      repeats,
      ...executable.stats,
      cost,
      memory: memoryOf(runnable),
    };
  } finally {
    executable.dispose();
    closeDevice(device);
  }
}

function runReference(
  { model, inputs }: LoadedModel,
  repeat: number,
  bar: ProgressBar,
  clock: Clock,
): Promise<Report> {
  const { program } = model;
  if (program === undefined)
    return Promise.reject(
      new HeddleError('USAGE', 'the bundle does not carry its graph, so the interpreter cannot run it', {
        where: model.file,
        hint: 'run it on a device (--device webgpu), or run the ONNX model',
      }),
    );
  requireBound(model);
  bar.begin('interpreter', program.graph.nodes.length);
  const once = (): ReturnType<typeof interpret> =>
    interpret(program, inputs, { progress: (done, total) => bar.update('interpreter', done, total) });
  const { outputs, subnormals } = once();
  clock.lap('first run');
  const repeats = Array.from({ length: repeat }, () => {
    const start = performance.now();
    once();
    return performance.now() - start;
  });
  // maxRSS is in KiB on all platforms.
  const processBytes = process.resourceUsage().maxRSS * 1024;
  return Promise.resolve({
    device: describeDevice(undefined),
    outputs,
    repeats,
    subnormals,
    processBytes,
  });
}

/** An output in a few words, and as a file. */
interface Result {
  readonly summary: TensorSummary | TextSummary;
  readonly file: () => Uint8Array;
}

/** The outputs of the graph, then those of the host. */
function resultsOf({ model, host }: LoadedModel, outputs: Report['outputs']): readonly Result[] {
  const computed = model.outputs.map((port): Result => {
    const tensor = outputs[port.name];
    return { summary: summarize(port.name, readable(port, tensor)), file: () => fileOf(port, tensor) };
  });
  const made = Object.entries(host?.run.finish(outputs) ?? {}).map(([name, value]): Result =>
    isText(value)
      ? { summary: summarizeText(name, value), file: () => jsonOfTexts(value) }
      : { summary: summarize(name, { ...value, data: toNumbers(value) }), file: () => hostFile(value) },
  );
  return [...computed, ...made];
}

const hostFile = (value: HostTensor): Uint8Array =>
  isWideDType(value.dtype)
    ? npyFile(WIDE_NPY[value.dtype], value.shape, value.data)
    : writeNpy(toTensorData(value, 'an output'));

/** A file for each output, in their order: texts as JSON. */
function outputFiles(folder: string, { model, host }: LoadedModel): readonly string[] {
  const ports = [...model.outputs.map(({ name }) => ({ name, dtype: '' })), ...(host?.outputs ?? [])];
  const stems = outputStems(ports.map(({ name }) => name));
  return stems.map((stem, i) => join(folder, `${stem}.${ports[i].dtype === 'string' ? 'json' : 'npy'}`));
}

interface Readable extends Omit<Report, 'outputs'> {
  readonly outputs: readonly (TensorSummary | TextSummary)[];
}

function print(output: Output, path: string, report: Readable, saved: readonly string[], clock: Clock): void {
  const {
    device,
    outputs: summaries,
    repeats,
    kernels,
    submits,
    cost,
    memory,
    subnormals,
    processBytes,
  } = report;
  const medianRun = repeats.length === 0 ? undefined : median(repeats);
  output.result({
    model: path,
    device,
    target: report.target,
    outputs: Object.fromEntries(summaries.map(({ name, ...rest }) => [name, rest])),
    milliseconds: { ...clock.phases, ...(medianRun === undefined ? {} : { median: medianRun }) },
    runs: 1 + repeats.length,
    kernels,
    submits,
    memoryBytes: memory,
    processBytes,
    subnormals,
    files: saved.length === 0 ? undefined : saved,
  });

  output.print(heading(`${path} on ${device}`));
  for (const summary of summaries) output.print(indented(describeSummary(summary)));
  const times = Object.entries(clock.phases).map(([phase, ms]) => `${phase} ${duration(ms)}`);
  if (medianRun !== undefined)
    times.push(
      `${repeats.length === 1 ? 'second run' : `median of ${repeats.length} later runs`} ${duration(medianRun)}`,
    );
  const rows: (readonly [string, string])[] = [['time', times.join(', ')]];
  if (cost !== undefined) rows.push(['cost', cost]);
  if (memory !== undefined) rows.push(['peak memory', describeMemory(memory)]);
  if (processBytes !== undefined) rows.push(['peak memory', `${bytes(processBytes)} (the process)`]);
  if (subnormals !== undefined) rows.push(['subnormals', `${counted(subnormals, 'operation')}`]);
  if (saved.length > 0) rows.push(['files', saved.join(', ')]);
  output.print(facts(rows));
}
