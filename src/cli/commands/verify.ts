/** `heddle verify`: a reference and a device side by side, bit for bit, and against the outputs that the data has. */
import pc from 'picocolors';
import { HeddleError } from '../../base/errors.js';
import { printable, printableLines } from '../../base/printable.js';
import type { SubnormalMode } from '../../numerics/subnormals.js';
import type { ReferenceName } from '../../verify/reference.js';
import {
  chooseReference,
  compareOutputs,
  describeDifference,
  describeOutputDifference,
  verifyExecutable,
  withReference,
  type Verification,
} from '../../verify/verify.js';
import { isWasmDevice } from '../../runtime/wasm/device.js';
import { Clock } from '../terminal/clock.js';
import { compareWithFile, type Comparison, type Tolerance } from '../reports/compare.js';
import { dataSource, describeSource, expectedFiles, readExpected, type DataSource } from './data.js';
import { closeDevice, describeDevice } from './device.js';
import { describeCost, execute, type Loaded } from './execute.js';
import { describeSize } from '../reports/sizes.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { counted, duration, element, heading, indented } from '../terminal/format.js';
import { nodesOnHost, type Model } from '../models/model.js';
import { openWithData, type LoadedModel } from '../models/open.js';
import type { ModelOptions } from '../terminal/options.js';
import { Output } from '../terminal/output.js';
import { ProgressBar } from '../terminal/progress.js';

export interface VerifyCommandOptions extends ModelOptions, Tolerance {
  readonly data: string;
  /** Default: see openDevice. */
  readonly device?: string;
  /** Default: see VerifyOptions. */
  readonly reference?: ReferenceName;
}

/** What was compared, and what came of it. */
interface Findings extends Pick<
  Verification,
  'values' | 'elements' | 'differences' | 'outputDifferences' | 'deviceOutputs'
> {
  /** `kernels`: every value that a kernel stores. `outputs`: only these. `repeat`: only one run with another. */
  readonly level: 'kernels' | 'outputs' | 'repeat';
  /** What the device was held against; undefined where that was a run of its own. */
  readonly reference: ReferenceName | undefined;
  /** Operations that met a subnormal; undefined where nothing counted them. */
  readonly subnormals: number | undefined;
  readonly comparisons: readonly Comparison[];
}

export async function verify(path: string, options: VerifyCommandOptions): Promise<ExitCode> {
  const output = new Output(options.json === true);
  const clock = new Clock();
  const bar = await ProgressBar.open();
  try {
    const source = dataSource(options.data);
    const data = await openWithData(path, source, options, clock);
    for (const note of data.notes) output.note(note);
    if (data.model.outputs.length === 0 && nodesOnHost(data.model) > 0)
      throw new HeddleError(
        'USAGE',
        'all nodes of the model run on the host: there are no kernels to verify',
        {
          where: path,
          hint: '`heddle run` with a folder of data shows what they give',
        },
      );
    const loaded = await execute(data.model, options.device, output, bar, clock);
    try {
      const findings = await examine(data, loaded, source, options, output, bar);
      clock.lap('verify');
      return report(output, data.model, source, loaded, findings, options, clock);
    } finally {
      loaded.executable.dispose();
      closeDevice(loaded.device);
    }
  } finally {
    bar.close();
  }
}

async function examine(
  { model, inputs }: LoadedModel,
  { executable, runnable }: Loaded,
  source: DataSource,
  options: VerifyCommandOptions,
  output: Output,
  bar: ProgressBar,
): Promise<Findings> {
  const { files: expected, notes } = readExpected(source, model);
  if (model.program === undefined && expected.size === 0)
    throw new HeddleError('VERIFY_FAILED', 'nothing to compare with', {
      where: model.file,
      found: 'a bundle without its graph, and data without outputs',
      expected:
        'a bundle of `heddle compile`, or output_N.pb, output_N.npy or NAME.npy in the folder of the data',
    });

  for (const note of notes) output.note(note);
  const side = await bySide(model, inputs, { executable, runnable }, options.reference, bar);
  const comparisons = model.outputs.flatMap(({ name, declared, paired }) => {
    const file = expected.get(name);
    if (file === undefined) return [];
    return [compareWithFile({ name, declared, tensor: side.deviceOutputs[name], paired }, file, options)];
  });
  return { ...side, comparisons };
}

/** The reference run, with as much of the device's run as the model allows to compare. */
async function bySide(
  { program }: Model,
  inputs: LoadedModel['inputs'],
  { executable, runnable: { prepared, plan } }: Pick<Loaded, 'executable' | 'runnable'>,
  asked: ReferenceName | undefined,
  bar: ProgressBar,
): Promise<Omit<Findings, 'comparisons'>> {
  const name = chooseReference(asked, executable, plan);
  bar.begin(name, (prepared?.original ?? program)?.graph.nodes.length ?? 0);
  if (prepared !== undefined) {
    const verification = await verifyExecutable(prepared, executable, inputs, {
      reference: name,
      onProgress: (stage, done, total) => bar.update(stage, done, total),
    });
    return { level: 'kernels', ...verification };
  }
  const { subnormals: mode } = executable.device.profile;
  const progress = (done: number, total: number): void => bar.update(name, done, total);
  const { subnormals, outputs } =
    program === undefined
      ? { subnormals: undefined, outputs: await executable.run(inputs) }
      : await withReference(name, mode, (refer) =>
          refer({ program, inputs, subnormals: mode, wanted: new Set(), progress }),
        );
  const deviceOutputs = await executable.run(inputs);
  const outputDifferences = compareOutputs('run', deviceOutputs, outputs);
  const tensors = Object.values(outputs);
  const elements = tensors.reduce((sum, { data }) => sum + data.length, 0);
  const isRepeat = program === undefined;
  return {
    level: isRepeat ? 'repeat' : 'outputs',
    reference: isRepeat ? undefined : name,
    values: tensors.length,
    elements,
    differences: [],
    outputDifferences,
    subnormals,
    deviceOutputs,
  };
}

function report(
  output: Output,
  model: Model,
  source: DataSource,
  loaded: Loaded,
  findings: Findings,
  tolerance: Tolerance,
  clock: Clock,
): ExitCode {
  const { level, reference, values, elements, differences, outputDifferences, subnormals, comparisons } =
    findings;
  const { device, executable } = loaded;
  const bitsAgree = differences.length === 0 && outputDifferences.length === 0;
  const ok = bitsAgree && comparisons.every((comparison) => comparison.ok);
  if (model.warning !== undefined) output.note(model.warning);
  output.result({
    model: model.file,
    data: describeSource(source),
    size: model.sizes?.chosen,
    device: describeDevice(device),
    target: loaded.runnable.target,
    ok,
    bitsAgree,
    compared: level,
    reference,
    ...executable.stats,
    values,
    elements,
    differences,
    outputDifferences,
    subnormals,
    profile: device.profile,
    expected: comparisons,
    milliseconds: clock.phases,
  });

  const code = isWasmDevice(device) ? 'WAT of the kernel:' : 'WGSL of the kernel (after the prelude):';
  const mark = (good: boolean): string => (good ? pc.green('ok ') : pc.red('FAIL'));
  output.print(heading(`${model.file} with ${describeSource(source)} on ${describeDevice(device)}`));
  output.print(`  ${describeCost(loaded)}`);
  if (model.sizes !== undefined) output.print(`  at ${describeSize(model.sizes.chosen)}`);
  const against = reference === undefined ? 'a second run' : REFERENCES[reference];
  const what = `${counted(values, level === 'kernels' ? 'value' : 'output')} with ${counted(elements, 'element')}`;
  output.print(
    `  ${mark(bitsAgree)} ${bitsAgree ? `every bit agrees with ${against}` : 'bits differ'}: ${what}`,
  );
  if (level === 'outputs' && isWasmDevice(device))
    output.print('  Of kernels for WebAssembly in a bundle only outputs are compared: verify the model, or --device webgpu, for every kernel.'); // prettier-ignore
  for (const text of describeFaults(findings, code)) output.print(indented(text, '      '));
  for (const comparison of comparisons)
    output.print(
      `  ${mark(comparison.ok)} ${describeComparison(comparison)}${describeDistance(comparison, tolerance)}`,
    );
  if (comparisons.length === 0)
    output.print(`  no outputs to compare with: ${printable(absence(source, model))}`);
  if (subnormals !== undefined && bitsAgree)
    output.print(`  ${describeSubnormals(subnormals, device.profile.subnormals)}`);
  output.print(`  ${Object.entries(clock.phases).map(([phase, ms]) => `${phase} ${duration(ms)}`).join(', ')}`); // prettier-ignore
  return ok ? EXIT.ok : EXIT.failure;
}

const REFERENCES: Readonly<Record<ReferenceName, string>> = {
  interpreter: 'the interpreter',
  wasm: 'WebAssembly (--reference interpreter takes longer, and is the definition)',
};

const absence = (source: DataSource, { outputs }: Model): string =>
  source.kind === 'random'
    ? 'random data has none'
    : `the folder has no ${expectedFiles(outputs.map(({ name }) => name))}`;

/** @param code what the text of a kernel is */
function describeFaults({ differences, outputDifferences }: Findings, code: string): string[] {
  const lines: string[] = [];
  if (differences.length > 0) {
    const [first, ...others] = differences;
    lines.push(describeDifference(first), 'IR of the kernel:', indented(first.ir.join('\n')));
    lines.push(code, indented(printableLines(first.wgsl.trimEnd())));
    if (others.length > 0) lines.push(`${counted(others.length, 'later value')} differ as well`);
  }
  return [...lines, ...outputDifferences.map(describeOutputDifference)];
}

const describeComparison = ({ output, file, elements, maxError, problem }: Comparison): string =>
  printable(
    problem === undefined
      ? `${output} matches ${file}: ${counted(elements, 'element')}, largest difference ${element(maxError)}`
      : `${output} does not match ${file}: ${problem}`,
  );

/** How far an output is from its file, in lines below what is wrong with it. */
function describeDistance(
  { problem, maxError, maxRelative, isNear }: Comparison,
  { rtol, atol }: Tolerance,
): string {
  if (problem === undefined || Number.isNaN(maxError)) return '';
  const lines = [`largest difference ${element(maxError)}, in proportion ${element(maxRelative)}`];
  if (isNear)
    lines.push(
      `hint: rounding in another order may explain this; --rtol and --atol allow more (now ${rtol} and ${atol})`,
    );
  return `\n${indented(lines.join('\n'), '      ')}`;
}

const MODES: Readonly<Record<SubnormalMode, string>> = {
  flush: 'flush subnormals to zero',
  preserve: 'keep subnormals',
};

const describeSubnormals = (count: number, mode: SubnormalMode): string =>
  count === 0
    ? 'no operation met a subnormal: these results are identical on all devices'
    : `${counted(count, 'operation')} met a subnormal: these results are those of devices that ${MODES[mode]}`;
