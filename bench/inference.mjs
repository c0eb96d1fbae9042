/** Running models: Heddle against onnxruntime-web. measure.mjs measures, this reports. */
import { runChild } from './child.mjs';
import { MODELS } from './models.mjs';
import { OURS, PEER, render, summarise } from './report.mjs';
import { keepEarlier, newReport, readResults, resultsPath, writeResults } from './results.mjs';

export { missingModels } from './models.mjs';
export const SIDES = [PEER, OURS];
export const MODEL_NAMES = MODELS.map(({ name }) => name);

const measure = new URL('./measure.mjs', import.meta.url);
const status = ({ text }) => console.error(`· ${text}`);

/** Does jax-js work on this device? */
export const smoke = (device) =>
  runChild(
    measure,
    { device, smoke: true },
    { status, adapter: () => {}, smoke: ({ name, result }) => console.log(name, result) },
  );

/**
 * Measures, writes the results and prints them.
 * @param {{ device: import('./device.mjs').Device, models: string[], sides: string[], rounds: number, seconds: number, out?: string }} job
 * @returns {Promise<string[]>} what went wrong
 */
export async function bench(job) {
  const report = { ...newReport(job.device, job), models: {}, compile: {}, summary: undefined };
  let path = job.out;

  /** Written after every model, so that an interrupted run leaves what it had. */
  const save = () => {
    const order = MODEL_NAMES.filter((name) => report.models[name]);
    report.models = Object.fromEntries(order.map((name) => [name, report.models[name]]));
    report.summary = summarise(report.models, report.sides);
    writeResults(path, report);
  };
  const handlers = {
    status,
    adapter({ adapter }) {
      report.device.adapter = adapter;
      path ??= resultsPath(job.device, adapter);
      keepEarlier(report, 'models', readResults(path), { rows: job.models, sides: job.sides });
    },
    side({ name, version, initMs, problem }) {
      report.sides[name] = { version, initMs, problem };
      if (problem) console.error(`· ${name}: ${problem}`);
    },
    row({ name, row }) {
      report.models[name] = { ...report.models[name], ...row };
      save();
    },
    compile({ name, row }) {
      report.compile = { ...report.compile, [name]: row };
      save();
    },
  };
  const problems = [];
  await runChild(measure, job, handlers).catch((error) => problems.push(error.message));
  if (Object.keys(report.models).length) {
    console.log(render(report));
    console.log(`written to ${path}`);
  }
  const wrong = Object.values(report.models).flatMap((row) =>
    Object.values(row).flatMap((side) => side.checks.filter((check) => !check.ok)),
  );
  if (wrong.length) problems.push(`${wrong.length} outputs differ from the expected ones`);
  return problems;
}
