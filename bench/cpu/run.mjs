/** The CPU engine: Heddle as WebAssembly against onnxruntime-web's, jax-js's and TensorFlow.js's. */
import { fileURLToPath } from 'node:url';
import { runChild } from '../child.mjs';
import { newReport, writeResults } from '../results.mjs';
import * as training from '../training/run.mjs';
import { MODEL_NAMES } from './models.mjs';
import { OURS, PEER, render, summarise } from './report.mjs';

export { MODEL_NAMES, missingModels } from './models.mjs';

const script = (file) => new URL(file, import.meta.url);
/** The models that the interpreter runs as well, once. */
const INTERPRETED = ['mnist-cntk', 'squeezenet-coreml-cut7'];
/** The model whose compilation is measured by itself. */
const COMPILED = 'light_resnet50';
/** What a smoke run takes: enough to know that both sides work. */
const SMOKE = { models: ['matmul-512'], threads: [1], rounds: 1, seconds: 1 };

/**
 * Measures, writes the results and prints them.
 * @param {{ models: string[], threads: number[], workloads: string[], rounds: number, seconds: number, smoke: boolean, out?: string }} asked
 * @returns {Promise<string[]>} what went wrong
 */
export async function bench(asked) {
  const job = asked.smoke ? { ...asked, ...SMOKE, workloads: [] } : asked;
  const device = { name: 'cpu' };
  const report = { ...newReport(device, job), threads: {}, compile: undefined, summary: undefined };
  const path = job.out ?? fileURLToPath(new URL('../results/cpu.json', import.meta.url));
  const problems = [];
  const save = () => {
    report.summary = summarise(report.threads, report.compile);
    if (!job.smoke) writeResults(path, report);
  };
  const child = (file, body, handlers) =>
    runChild(script(file), { ...job, ...body }, handlers).catch((error) =>
      problems.push(`${body.model}: ${error.message}`),
    );

  for (const threads of job.threads) {
    const models = (report.threads[threads] = {});
    for (const model of MODEL_NAMES.filter((name) => job.models.includes(name))) {
      console.error(`· ${model}, ${threads} thread${threads === 1 ? '' : 's'}`);
      const interpret = threads === 1 && INTERPRETED.includes(model);
      await child(
        './measure.mjs',
        { model, threads, interpret },
        { row: ({ row }) => (models[model] = row) },
      );
      for (const side of threads === 1 && !job.smoke ? [PEER, OURS] : [])
        await child(
          './cold.mjs',
          { model, threads, side, compileOnly: model === COMPILED },
          {
            cold: ({ cold }) => models[model] && Object.assign(models[model][side], cold),
            compile: ({ compile }) => (report.compile = compile),
          },
        );
      if (models[model]?.[OURS].agrees === false)
        problems.push(`${model}: the outputs differ from onnxruntime-web's`);
      if (models[model]?.[OURS].bits === false) problems.push(`${model}: other bits than the interpreter's`);
      save();
    }
  }
  console.log(render(report));
  if (!job.smoke) console.log(`written to ${path}`);
  for (const threads of job.workloads.length > 0 ? job.threads : [])
    problems.push(
      ...(await training.bench({
        device: { name: 'cpu', threads, env: {} },
        sides: training.SIDES,
        workloads: job.workloads,
        rounds: job.rounds,
        seconds: job.seconds,
        out: fileURLToPath(new URL(`../results/cpu-${threads}-training.json`, import.meta.url)),
      })),
    );
  return problems;
}
