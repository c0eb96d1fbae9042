/** A model on a device: what `run` and `verify` share. */
import { Executable } from '../../runtime/executable.js';
import { isWasmDevice } from '../../runtime/wasm/device.js';
import { WasmExecutable } from '../../runtime/wasm/executable.js';
import type { Clock } from '../terminal/clock.js';
import { closeDevice, openDevice, targetOf, type OpenedDevice } from './device.js';
import { arenaFacts, arenaRatio, type ArenaFacts } from '../reports/arena.js';
import { bytes, counted, integer } from '../terminal/format.js';
import { TARGET_TEXTS, type TargetName } from '../terminal/targets.js';
import { requireBound, type Model, type Runnable } from '../models/model.js';
import type { Output } from '../terminal/output.js';
import type { ProgressBar } from '../terminal/progress.js';

export interface Loaded {
  readonly device: OpenedDevice;
  readonly runnable: Runnable;
  readonly executable: Executable | WasmExecutable;
}

/** Opens the device, compiles for it, and makes the executable. Without a name it is the default one. */
export async function execute(
  model: Model,
  deviceName: string | undefined,
  output: Output,
  bar: ProgressBar,
  clock: Clock,
): Promise<Loaded> {
  requireBound(model);
  const device = await openDevice(deviceName, output, model);
  clock.lap('device');
  try {
    const target = targetOf(device);
    const runnable = model.prepare(target);
    clock.lap('compile');
    if (runnable.target !== undefined && !runnable.fits(target)) output.note(misfit(runnable.target, target));
    clock.skip();
    const executable = await executableFor(model, runnable, device, bar);
    clock.lap('pipelines');
    return { device, runnable, executable };
  } catch (error) {
    closeDevice(device);
    throw error;
  }
}

function executableFor(
  { preludes }: Model,
  { plan, module, weights }: Runnable,
  device: OpenedDevice,
  bar: ProgressBar,
): Promise<Executable | WasmExecutable> {
  if (isWasmDevice(device)) return WasmExecutable.create(plan, module!, weights, device);
  return Executable.create(plan, preludes, weights, device, {
    onProgress: (ready, total) => bar.update('pipelines', ready, total),
  });
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
  const shape =
    runnable.target === undefined || runnable.target === 'wasm'
      ? ''
      : `; shaped for ${TARGET_TEXTS[runnable.target]}`;
  return `${counted(stats.kernels, 'kernel')}, ${counted(runnable.plan.pipelines.length, 'pipeline')}, ${runs} a run${shape}`;
}
