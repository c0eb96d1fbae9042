/** Times each kernel of a model: one after the other, each waited for. */
import { compile } from 'heddle';
import { importOnnx } from 'heddle/onnx';
import type { News, Requests, TimeResult } from '../protocol.js';
import { inputsFrom } from './data.js';
import { open } from './open.js';

const RUNS = 5;

export async function timeKernels(
  { name, bytes, engine }: Requests['time']['request'],
  news: (text: News) => void,
): Promise<TimeResult> {
  const program = importOnnx(bytes, { fileName: name });
  const { device, close } = await open(engine, news);
  try {
    news({ stage: 'compiling', done: 0, total: 1 });
    const compiled = await compile(program, { device });
    const inputs = inputsFrom(1, compiled.inputs);
    const { commands } = compiled.prepared.planned.plan;
    const done = async (): Promise<void> => {
      if ('gpu' in device) await device.gpu.queue.onSubmittedWorkDone();
    };
    const waits: number[] = [];
    const times = commands.map((): number[] => []);
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
    compiled.dispose();
    return {
      device: device.name,
      wait: medianOf(waits),
      kernels: commands.map(({ label, cost }, i) => ({ label, ms: medianOf(times[i]), operations: cost })),
    };
  } finally {
    close();
  }
}

const medianOf = (times: readonly number[]): number => times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0; // prettier-ignore
