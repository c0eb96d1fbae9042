/** `heddle compile` of a model with ranges of sizes: one bundle with a plan for each of them. */
import { HeddleError } from '../../base/errors.js';
import { shellWord } from '../../base/printable.js';
import { toDynamicBundle, type DynamicBundle } from '../../compile-sizes.js';
import { MAX_SIZES, sizesWithin, type RangesAsGiven } from '../../ir/sizes-within.js';
import { describeRange } from '../../ir/dim-range.js';
import type { FreeDims, Program } from '../../ir/graph.js';
import { sha256 } from '../../plan/container.js';
import { writeBytes } from '../files/files.js';
import { describePort, portFields } from '../models/model.js';
import { bytes, counted, duration, facts, heading } from '../terminal/format.js';
import type { Clock } from '../terminal/clock.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { TARGET_TEXTS, TARGETS, type TargetName } from '../terminal/targets.js';
import type { Output } from '../terminal/output.js';
import { ProgressBar } from '../terminal/progress.js';

export interface SizesRequest {
  readonly model: string;
  readonly out: string;
  readonly program: Program;
  readonly free: FreeDims;
  readonly target: TargetName;
  readonly producer: string;
  /** Whether kernels for WebAssembly are asked for, too. */
  readonly wasm: boolean;
}

/** Throws USAGE for WebAssembly, and what {@link toDynamicBundle} does. */
export async function compileSizes(request: SizesRequest, output: Output, clock: Clock): Promise<ExitCode> {
  const { model, out, program, target, producer, wasm } = request;
  if (wasm)
    throw new HeddleError('USAGE', 'a bundle for several sizes has kernels for WebGPU only', {
      where: model,
      found: '--target webgpu,wasm',
      hint: '--dim with one size for each dimension, or another --target',
    });
  // Says what is missing in words of this command line.
  sizesWithin(request.free, {}, asOptions);
  const bar = await ProgressBar.open();
  const made = await toDynamicBundle(program, {
    target: TARGETS[target],
    producer,
    onProgress: (done, total) => bar.update('sizes', done, total),
  }).finally(() => bar.close());
  clock.lap('compile');
  const hash = await sha256(made.bytes);
  writeBytes(out, made.bytes);
  clock.lap('bundle');
  report(request, made, hash, output, clock);
  output.print(
    `\nNext: in a page loadDynamicBundle(bytes, { device: navigator.gpu }) of heddle/runtime/dynamic; at most ${MAX_SIZES} sizes fit a bundle.`,
  );
  return EXIT.ok;
}

/** `--dim width=1..8` */
const asOptions: RangesAsGiven = (ranges) =>
  Object.entries(ranges)
    .map(([name, { min, max, step }]) => `${name}=${min}..${max}${step === undefined ? '' : `:${step}`}`)
    .map((range) => `--dim ${shellWord(range)}`)
    .join(' ');

function report(
  { model, out, free, target }: SizesRequest,
  { bytes: file, sizes, prepared, classes, pipelines, arenaBytes }: DynamicBundle,
  hash: string,
  output: Output,
  clock: Clock,
): void {
  const { plan } = prepared.planned;
  output.result({
    model,
    bundle: out,
    target,
    bytes: file.length,
    sha256: hash,
    sizes: sizes.length,
    classes,
    kernels: plan.commands.length,
    pipelines,
    arenaBytes,
    weightBytes: plan.weightBytes,
    inputs: free.inputs.map(portFields),
    milliseconds: clock.phases,
  });
  const ranges = free.symbols.map((name) => `${name} from ${describeRange(free.ranges[name])}`);
  output.print(heading(`${model} -> ${out}`));
  output.print(
    facts([
      ['size', bytes(file.length)],
      ['SHA-256', hash],
      ['target', `${target}: shaped for ${TARGET_TEXTS[target]}; runs on all, with the same results`],
      ['sizes', `${sizes.length}: ${ranges.join(', ')}`],
      ['kernels', `${counted(plan.commands.length, 'kernel')} at the first size`],
      ['pipelines', `${pipelines} for all sizes, in ${counted(classes, 'kind')} of plans`],
      ['arena', `up to ${bytes(arenaBytes)}`],
      ['inputs', free.inputs.map(describePort).join(', ')],
      ['time', Object.entries(clock.phases).map(([phase, ms]) => `${phase} ${duration(ms)}`).join(', ')], // prettier-ignore
    ]),
  );
}
