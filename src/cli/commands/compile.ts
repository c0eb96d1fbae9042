/** `heddle compile`: an ONNX model becomes a bundle. Needs no GPU. */
import { HeddleError } from '../../base/errors.js';
import { sha256 } from '../../plan/container.js';
import { shellWord } from '../../base/printable.js';
import { prepare, toBundle, type Prepared } from '../../compile.js';
import { WASM_TARGET } from '../../passes/target.js';
import { producerOf } from '../models/bundle.js';
import { Clock } from '../terminal/clock.js';
import { compileSizes } from './compile-sizes.js';
import { chooseTarget } from './device.js';
import { EXIT, type ExitCode } from '../terminal/exit.js';
import { writeBytes } from '../files/files.js';
import { checkEnding, keepInputs } from '../files/outputs.js';
import { arenaFacts, arenaRatio } from '../reports/arena.js';
import { bytes, counted, duration, facts, heading } from '../terminal/format.js';
import { describePort, portFields } from '../models/model.js';
import { nodesOnHost } from '../models/model.js';
import { openModel } from '../models/open.js';
import type { BundleTarget, ModelOptions } from '../terminal/options.js';
import { TARGET_TEXTS } from '../terminal/targets.js';
import { Output } from '../terminal/output.js';

export interface CompileCommandOptions extends ModelOptions {
  readonly out: string;
  /** Default: gpu, or where there is a device, auto; without WebAssembly. */
  readonly target?: BundleTarget;
  readonly device?: string;
}

export async function compile(
  path: string,
  options: CompileCommandOptions,
  version: string,
): Promise<ExitCode> {
  checkEnding(options.out, ['.heddle']);
  keepInputs('--out', [options.out], [path, options.seededWeights, options.weights]);
  const output = new Output(options.json === true);
  const clock = new Clock();
  const model = await openModel(path, options, clock);
  if (model.kind === 'bundle')
    throw new HeddleError('USAGE', 'a bundle is compiled already', {
      where: path,
      hint: '`heddle run` and `heddle verify` take it as it is; for other options, compile its ONNX model or config again',
    });
  const onHost = nodesOnHost(model);
  if (onHost > 0)
    throw new HeddleError('USAGE', 'a bundle holds no nodes that run on the host', {
      where: path,
      found: `${onHost} of them, which take or give texts or images`,
      hint: '`heddle run` and heddle/ort run the ONNX file as it is',
    });
  const target = await chooseTarget(
    options.target?.webgpu ?? (options.device === undefined ? 'gpu' : 'auto'),
    options.device,
  );
  if (target === 'wasm')
    throw new HeddleError('USAGE', 'a bundle has kernels for WebGPU, and for WebAssembly beside them', {
      found: '--device wasm',
      expected: '--target webgpu,wasm',
    });
  const { program } = model;
  if (program?.free !== undefined && Object.values(options.dim ?? {}).some((dim) => typeof dim !== 'number'))
    return compileSizes(
      {
        model: path,
        out: options.out,
        program,
        free: program.free,
        target,
        producer: producerOf(version, target),
        wasm: options.target?.wasm === true,
      },
      output,
      clock,
    );
  const { prepared } = model.prepare(target);
  if (prepared === undefined)
    throw new HeddleError('IR_INVALID', 'the model has no program', { where: path });
  const wasm =
    options.target?.wasm === true ? prepare(prepared.original, { target: WASM_TARGET }) : undefined;
  clock.lap('compile');
  const bundle = await toBundle(prepared, producerOf(version, target), wasm);
  const hash = await sha256(bundle);
  clock.lap('bundle');
  writeBytes(options.out, bundle);

  const { plan } = prepared.planned;
  output.result({
    model: path,
    bundle: options.out,
    target,
    bytes: bundle.length,
    sha256: hash,
    kernels: plan.commands.length,
    pipelines: plan.pipelines.length,
    arenaBytes: plan.arenaBytes,
    arenaLowerBound: plan.arenaLowerBound,
    weightBytes: plan.weightBytes,
    ...(wasm === undefined ? {} : { wasm: wasmFacts(wasm) }),
    inputs: plan.inputs.map(portFields),
    outputs: plan.outputs.map(portFields),
    milliseconds: clock.phases,
  });

  const ratio = arenaRatio(plan.arenaBytes, arenaFacts(plan));
  output.print(heading(`${path} -> ${options.out}`));
  output.print(
    facts([
      ['size', bytes(bundle.length)],
      ['SHA-256', hash],
      ['target', `${target}: shaped for ${TARGET_TEXTS[target]}; runs on all, with the same results`],
      [
        'kernels',
        `${counted(plan.commands.length, 'kernel')}, ${counted(plan.pipelines.length, 'pipeline')}`,
      ],
      ['arena', `${bytes(plan.arenaBytes)}${ratio && ` (${ratio})`}`],
      ['weights', bytes(plan.weightBytes)],
      ...(wasm === undefined ? [] : [['WebAssembly', wasmText(wasm)] as const]),
      ['inputs', plan.inputs.map(describePort).join(', ')],
      ['outputs', plan.outputs.map(describePort).join(', ')],
      ['time', Object.entries(clock.phases).map(([phase, ms]) => `${phase} ${duration(ms)}`).join(', ')], // prettier-ignore
    ]),
  );
  output.print(
    `\nNext: heddle run ${shellWord(options.out)} --data random:1, or in a page loadBundle(bytes, { device: navigator.gpu }).`,
  );
  return EXIT.ok;
}

/** What the kernels for WebAssembly need. */
const wasmFacts = ({ planned: { plan, module } }: Prepared) => ({
  kernels: plan.commands.length,
  moduleBytes: module?.bytes.length ?? 0,
  arenaBytes: plan.arenaBytes,
  weightBytes: plan.weightBytes,
});

function wasmText(prepared: Prepared): string {
  const { kernels, moduleBytes, arenaBytes } = wasmFacts(prepared);
  return `${counted(kernels, 'kernel')}, ${bytes(moduleBytes)} of code; arena ${bytes(arenaBytes)}`;
}
