/** A model on a device: what `run` and `verify` share. */
import { Executable } from '../../runtime/executable.js';
import type { NodeDevice } from '../../node/index.js';
import type { Clock } from '../terminal/clock.js';
import { openAdapter, targetOf } from './device.js';
import { arenaFacts, arenaRatio, type ArenaFacts } from '../reports/arena.js';
import { bytes, counted, integer } from '../terminal/format.js';
import { TARGET_TEXTS, type TargetName } from '../terminal/options.js';
import type { Model, Runnable } from '../models/model.js';
import type { Output } from '../terminal/output.js';
import type { ProgressBar } from '../terminal/progress.js';

export interface Loaded {
  readonly device: NodeDevice;
  readonly runnable: Runnable;
  readonly executable: Executable;
}

/** Opens the device, compiles for it, and makes the executable. */
export async function execute(
  model: Model,
  deviceName: string,
  output: Output,
  bar: ProgressBar,
  clock: Clock,
): Promise<Loaded> {
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
export const describeCost = ({ runnable, executable }: Loaded): string =>
  `${counted(executable.stats.kernels, 'kernel')}, ${counted(runnable.plan.pipelines.length, 'pipeline')}, ` +
  `${integer(executable.stats.submits)} ${executable.stats.submits === 1 ? 'submit' : 'submits'} a run` +
  (runnable.target === undefined ? '' : `; shaped for ${TARGET_TEXTS[runnable.target]}`);
