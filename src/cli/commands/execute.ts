/** A model on a device: what `run` and `verify` share. */
import { HeddleError } from '../../base/errors.js';
import { prepare } from '../../compile.js';
import { weightsOf } from '../../ir/weights.js';
import type { NodeDevice } from '../../node/index.js';
import { WASM_TARGET } from '../../passes/target.js';
import { Executable } from '../../runtime/executable.js';
import type { WasmDevice } from '../../runtime/wasm/device.js';
import { WasmExecutable } from '../../runtime/wasm/executable.js';
import type { Clock } from '../terminal/clock.js';
import { openAdapter, openEngine, targetOf } from './device.js';
import { arenaFacts, arenaRatio, type ArenaFacts } from '../reports/arena.js';
import { bytes, counted, integer } from '../terminal/format.js';
import { isWasmName, TARGET_TEXTS, type TargetName } from '../terminal/options.js';
import { requireBound, type Model, type Runnable } from '../models/model.js';
import type { Output } from '../terminal/output.js';
import type { ProgressBar } from '../terminal/progress.js';

export interface Loaded {
  readonly device: NodeDevice | WasmDevice;
  readonly runnable: Runnable;
  readonly executable: Executable | WasmExecutable;
}

/** Opens the device, compiles for it, and makes the executable. */
export async function execute(
  model: Model,
  deviceName: string,
  output: Output,
  bar: ProgressBar,
  clock: Clock,
): Promise<Loaded> {
  if (isWasmName(deviceName)) return executeOnCpu(model, deviceName, clock);
  const device = await openAdapter(deviceName, output, { preludes: model.preludes });
  clock.lap('device');
  try {
    const target = targetOf(device);
    const runnable = model.prepare(target);
    clock.lap('compile');
    if (runnable.target !== undefined && !runnable.fits(target)) output.note(misfit(runnable.target, target));
    clock.skip();
    const executable = await Executable.create(runnable.plan, model.preludes, runnable.weights, device, {
      onProgress: (ready, total) => bar.update('pipelines', ready, total),
    });
    clock.lap('pipelines');
    return { device, runnable, executable };
  } catch (error) {
    device.gpu.destroy();
    throw error;
  }
}

/** The same on the WebAssembly engine, for which the graph is compiled. Throws USAGE for a bundle without one. */
async function executeOnCpu(model: Model, deviceName: string, clock: Clock): Promise<Loaded> {
  const { program } = model;
  if (program === undefined)
    throw new HeddleError('USAGE', 'the bundle does not carry its graph, so it cannot be compiled for another device', {
      where: model.file,
      hint: 'run it with --device webgpu, or run the model that it was made from',
    }); // prettier-ignore
  requireBound(model);
  const device = await openEngine(deviceName);
  clock.lap('device');
  try {
    const prepared = prepare(program, { target: WASM_TARGET });
    const { plan, module } = prepared.planned;
    const weights = weightsOf(prepared.program);
    clock.lap('compile');
    const executable = await WasmExecutable.create(plan, module!.bytes, weights, device);
    clock.lap('pipelines');
    const runnable: Runnable = { plan, weights, prepared, target: undefined, fits: () => true };
    return { device, runnable, executable };
  } catch (error) {
    device.dispose();
    throw error;
  }
}

const misfit = (made: TargetName, target: TargetName): string =>
  `The bundle was compiled for ${TARGET_TEXTS[made]}, and this is ${TARGET_TEXTS[target]}. The results are the same; ` +
  `recompile with --target ${target} for speed on this device.`;

/** Memory on the device, in bytes. */
export interface MemoryReport extends ArenaFacts {
  /** Values of a run, at most. */
  readonly arena: number;
  readonly weights: number;
  /** Inputs and outputs that have buffers of their own; undefined where they lie in the arena. */
  readonly ports?: number | undefined;
  readonly total: number;
}

export const memoryOf = ({ plan }: Runnable): MemoryReport => ({
  arena: plan.arenaBytes,
  ...arenaFacts(plan),
  weights: plan.weightBytes,
  ports: plan.ports?.bytes,
  total: plan.arenaBytes + plan.weightBytes + (plan.ports?.bytes ?? 0),
});

export function describeMemory({ arena, weights, ports, total, ...facts }: MemoryReport): string {
  const ratio = arenaRatio(arena, facts);
  const own = ports === undefined ? '' : `, inputs and outputs ${bytes(ports)}`;
  return `${bytes(total)}: arena ${bytes(arena)}${ratio && ` (${ratio})`}, weights ${bytes(weights)}${own}`;
}

/** `9 kernels, 7 pipelines, 1 submit a run; shaped for a software GPU` */
export function describeCost({ runnable, executable: { stats } }: Loaded): string {
  const runs =
    'submits' in stats ? `${integer(stats.submits)} ${stats.submits === 1 ? 'submit' : 'submits'}` : counted(stats.calls, 'call'); // prettier-ignore
  const shape = runnable.target === undefined ? '' : `; shaped for ${TARGET_TEXTS[runnable.target]}`;
  return `${counted(stats.kernels, 'kernel')}, ${counted(runnable.plan.pipelines.length, 'pipeline')}, ${runs} a run${shape}`;
}
