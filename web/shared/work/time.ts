/** Times each kernel of a program: by the GPU's own clock where it has one, else one after the other, each waited for. */
import type { Compiled, Executable, WasmExecutable } from 'heddle';
import { stepsOf } from 'heddle/inspection';
import type { ClockName, KernelTime, TimeResult } from '../measured.js';
import { whileCompiled, type Measured } from './compiled.js';
import { inputsFrom } from './data.js';
import { gpuOfPage } from './open.js';
import { PassClock, withTimestamps } from './pass-clock.js';

const RUNS = 5;
/** Browsers round timestamps, to 100 microseconds some: the mean of many runs is finer. */
const MOST_RUNS = 40;
const ENOUGH_MS = 1500;

type Any = Compiled<Executable | WasmExecutable>;
type Times = Pick<TimeResult, 'runs' | 'wait'> & { readonly ms: readonly number[] };

/** Throws what opening a device, compiling and running do. */
export function timeProgram(measured: Measured): Promise<TimeResult> {
  const gpu = measured.gpu ?? gpuOfPage();
  const timed = gpu === undefined ? measured : { ...measured, gpu: withTimestamps(gpu) };
  return whileCompiled(timed, async (compiled, device) => {
    const { commands, loops = [] } = compiled.prepared.planned.plan;
    // How often the kernels of a while run is known only when it has ended.
    const asks = loops.some(({ going }) => going !== undefined);
    const clock = asks || !('gpu' in device) ? undefined : PassClock.of(device.gpu);
    const name: ClockName = clock !== undefined ? 'timestamps' : 'gpu' in device ? 'waits' : 'cpu';
    const done = async (): Promise<void> => {
      if ('gpu' in device) await device.gpu.queue.onSubmittedWorkDone();
    };
    const { ms, ...rest } = await (clock === undefined
      ? byWaiting(compiled, done, measured)
      : byTimestamps(compiled, clock, measured));
    const kernels = commands.map(({ label, cost }, i): KernelTime => ({ label, ms: ms[i], operations: cost }));
    return { device: device.name, clock: name, ...rest, kernels };
  });
}

/** The mean time of each kernel, with all trips of the loops around it. */
async function byTimestamps(compiled: Any, clock: PassClock, { news }: Measured): Promise<Times> {
  const { plan } = compiled.prepared.planned;
  const order = [...stepsOf(plan)].flatMap((move) => ('command' in move ? [move.command] : []));
  const inputs = inputsFrom(1, compiled.inputs);
  const sums = plan.commands.map(() => 0);
  const start = performance.now();
  let runs = -1;
  // The first run is a rehearsal.
  while (runs < RUNS || (runs < MOST_RUNS && performance.now() - start < ENOUGH_MS)) {
    news({ stage: 'timing', done: Math.max(0, runs), total: MOST_RUNS });
    clock.restart();
    await compiled.executable.runStepwise(inputs, () => Promise.resolve());
    const times = await clock.read();
    if (runs >= 0) order.forEach((command, pass) => void (sums[command] += times[pass]));
    runs++;
  }
  return { runs, wait: 0, ms: sums.map((sum) => sum / runs) };
}

/** The median time of each kernel, from the end of the one before it to its own. */
async function byWaiting(compiled: Any, done: () => Promise<void>, { news }: Measured): Promise<Times> {
  const inputs = inputsFrom(1, compiled.inputs);
  const waits: number[] = [];
  const times = compiled.prepared.planned.plan.commands.map((): number[] => []);
  // The first run is a rehearsal.
  for (let run = 0; run <= RUNS; run++) {
    news({ stage: 'timing', done: run, total: RUNS + 1 });
    let start = performance.now();
    const lap = (laps: number[]): void => {
      const end = performance.now();
      if (run > 0) laps.push(end - start);
      start = end;
    };
    await done();
    start = performance.now();
    await done();
    lap(waits);
    await compiled.executable.runStepwise(inputs, async (command) => {
      await done();
      lap(times[command]);
    });
  }
  return { runs: RUNS, wait: medianOf(waits), ms: times.map(medianOf) };
}

const medianOf = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0; // prettier-ignore
