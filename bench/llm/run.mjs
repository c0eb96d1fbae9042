/** Language models: one in the shape of SmolLM2-135M against its peers. */
import { fileURLToPath } from 'node:url';
import { runChild } from '../child.mjs';
import { newReport, writeResults } from '../results.mjs';
import { modelFile, SMALL, SMOLLM2_135M } from './model.mjs';
import { render, summarise } from './report.mjs';

/** The model, the context at which is decoded, and the tokens of the prompt whose prefill is timed. */
const WHOLE = { model: 'smollm2-135m-q8_0', shape: SMOLLM2_135M, context: 128, prompt: 256, steps: 32 };
/** Enough to know that the sides work. */
const SMOKE = { model: 'small-q8_0', shape: SMALL, context: 16, prompt: 20, steps: 2, rounds: 1, seconds: 0 };

/**
 * Measures, writes the results and prints them.
 * @param {{ device: import('../device.mjs').Device, threads: number, rounds: number, seconds: number, smoke: boolean, out?: string }} asked
 * @returns {Promise<string[]>} what went wrong
 */
export async function bench(asked) {
  const job = { ...WHOLE, ...asked, ...(asked.smoke ? SMOKE : {}) };
  const path = modelFile(job.model, job.shape);
  const { model, shape, context, prompt, threads } = job;
  const report = { ...newReport(job.device, job), sides: [], summary: {} };
  report.settings = { ...report.settings, model, context, prompt, threads };
  const out = job.out ?? fileURLToPath(new URL(`../results/${job.device.name}-llm.json`, import.meta.url));
  const problems = [];
  const handlers = {
    status: ({ text }) => console.error(`· ${text}`),
    adapter: ({ adapter }) => (report.device.adapter = adapter),
    side({ side }) {
      report.sides.push(side);
      if (side.problem !== undefined) problems.push(`${side.name}: ${side.problem}`);
    },
  };
  for (const where of ['cpu', 'gpu']) {
    await runChild(new URL('./measure.mjs', import.meta.url), { ...job, path, where }, handlers).catch(
      (error) => problems.push(`${where}: ${error.message}`),
    );
    report.summary = summarise(report.sides, shape);
    if (!job.smoke) writeResults(out, report);
  }
  console.log(render(report));
  if (!job.smoke) console.log(`written to ${out}`);
  return problems;
}
