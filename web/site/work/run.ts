/** Runs an ONNX model on data from a seed. */
import { compile, printType } from 'heddle';
import { importOnnx } from 'heddle/onnx';
import type { News, OutputFacts, Requests, RunResult } from '../protocol.js';
import { inputsFrom } from '../../shared/work/data.js';
import { open } from '../../shared/work/open.js';

const RUNS = 5;
const SHOWN = 10;

export async function runModel(
  { name, bytes, engine }: Requests['run']['request'],
  news: (text: News) => void,
): Promise<RunResult> {
  const laps: number[] = [performance.now()];
  const lap = (stage: string): void => {
    laps.push(performance.now());
    news({ stage, done: laps.length - 1, total: 5 });
  };
  const program = importOnnx(bytes, { fileName: name });
  lap('opening the device');
  const { device, close } = await open(engine, news);
  lap('compiling');
  try {
    const compiled = await compile(program, { device });
    lap('running');
    const inputs = inputsFrom(1, compiled.inputs);
    const outputs = await compiled.run(inputs);
    lap('running again');
    const times: number[] = [];
    for (let i = 0; i < RUNS; i++) {
      const start = performance.now();
      await compiled.run(inputs);
      times.push(performance.now() - start);
    }
    const spent = laps.slice(1).map((time, i) => time - laps[i]);
    const result = {
      device: device.name,
      kernels: compiled.prepared.planned.plan.commands.length,
      inputs: compiled.inputs.map(({ name: input, ...type }) => `${input}: ${printType(type)}`),
      outputs: Object.entries(outputs).map(([output, tensor]): OutputFacts => ({
        name: output,
        type: printType(tensor),
        first: Array.from(tensor.data.subarray(0, SHOWN)),
      })),
      times: {
        import: spent[0],
        open: spent[1],
        compile: spent[2],
        'first run': spent[3],
        'run, median of 5': times.sort((a, b) => a - b)[RUNS >> 1],
      },
    };
    compiled.dispose();
    return result;
  } finally {
    close();
  }
}
