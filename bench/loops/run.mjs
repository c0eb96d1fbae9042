/** Loops: an LSTM against its peers on one device, and what loops cost to compile. */
import { runChild } from '../child.mjs';
import { newReport, resultsPath, writeResults } from '../results.mjs';
import { render, summarise, TOLERANCE } from './report.mjs';

const script = (file) => new URL(file, import.meta.url);
const SIZES = [1, 16].map((batch) => ({ steps: 100, batch, units: 256 }));
/** What a smoke run takes: enough to know that the sides work. The slow ones are left out. */
const SMOKE = { sizes: [{ steps: 2, batch: 1, units: 8 }], rounds: 1, seconds: 0 };
const nameOf = ({ steps, batch, units }) => `${units} units, ${steps} steps, batch ${batch}`;

/**
 * Measures, writes the results and prints them.
 * @param {{ device: import('../device.mjs').Device, threads: number, rounds: number, seconds: number, smoke: boolean, out?: string }} asked
 * @returns {Promise<string[]>} what went wrong
 */
export async function bench(asked) {
  const job = { sizes: SIZES, ...asked, ...(asked.smoke ? SMOKE : {}) };
  const report = { ...newReport(job.device, job), layers: {}, compile: undefined, summary: undefined };
  const problems = [];
  let path = job.out;
  const save = () => {
    report.summary = summarise(report.layers, report.compile);
    if (!job.smoke && path !== undefined) writeResults(path, report);
  };
  for (const size of job.sizes) {
    const layer = nameOf(size);
    const sides = (report.layers[layer] = []);
    const handlers = {
      status: ({ text }) => console.error(`· ${layer}: ${text}`),
      adapter({ adapter }) {
        report.device.adapter = adapter;
        path ??= resultsPath(job.device, adapter, '-loops');
      },
      side(side) {
        sides.push(side);
        if (side.difference > TOLERANCE)
          problems.push(`${layer}: ${side.name} differs by ${side.difference}`);
      },
    };
    await runChild(script('./measure.mjs'), { ...job, size }, handlers).catch((error) =>
      problems.push(`${layer}: ${error.message}`),
    );
    save();
  }
  await runChild(script('./compile.mjs'), job, {
    compile: ({ compile }) => (report.compile = compile),
  }).catch((error) => problems.push(`compiling: ${error.message}`));
  save();
  console.log(render(report));
  if (!job.smoke) console.log(`written to ${path}`);
  return problems;
}
