/** Training: Heddle against jax-js and TensorFlow.js. measure.mjs and compile.mjs measure, this reports. */
import { runChild } from '../child.mjs';
import { median } from '../clock.mjs';
import { keepEarlier, newReport, readResults, resultsPath, writeResults } from '../results.mjs';
import { JAX, LOSS_TOLERANCE, lossDifference, OURS, render, summarise, TFJS } from './report.mjs';
import { WORKLOADS } from './workloads.mjs';

export const SIDES = [JAX, TFJS, OURS];
const COMPILE = 'compile';
const TRAINED = WORKLOADS.map(({ name }) => name);
export const WORKLOAD_NAMES = [...TRAINED, COMPILE];

const script = (file) => new URL(`./${file}`, import.meta.url);

/** Compilations in one process; the first is the one that counts. */
const COMPILE_RUNS = 3;
/** Processes that compile the config once each: the median counts. */
const CONFIG_RUNS = 5;

/**
 * Measures, writes the results and prints them.
 * @param {{ device: import('../device.mjs').Device, workloads: string[], sides: string[], rounds: number, seconds: number, out?: string }} job
 * @returns {Promise<string[]>} what went wrong
 */
export async function bench(job) {
  const report = {
    ...newReport(job.device, job),
    workloads: {},
    compile: undefined,
    config: undefined,
    summary: undefined,
  };
  const problems = [];
  let path = job.out;
  let isFirst = true;

  /** Written after every workload, so that an interrupted run leaves what it had. */
  const save = () => {
    const order = TRAINED.filter((name) => report.workloads[name]);
    report.workloads = Object.fromEntries(order.map((name) => [name, report.workloads[name]]));
    report.summary = summarise(report);
    if (path !== undefined) writeResults(path, report);
  };
  const handlersFor = (workload) => ({
    status: ({ text }) => console.error(`· ${text}`),
    adapter({ adapter }) {
      if (!isFirst) return;
      isFirst = false;
      report.device.adapter = adapter;
      path ??= resultsPath(job.device, adapter, '-training');
      keepEarlier(report, 'workloads', readResults(path), { rows: job.workloads, sides: job.sides });
    },
    side({ name, version, initMs, problem }) {
      report.sides[name] = { ...report.sides[name], version, initMs: initMs ?? report.sides[name]?.initMs };
      if (problem) problems.push(`${name}: ${problem}`);
    },
    row({ row }) {
      report.workloads[workload] = { ...report.workloads[workload], ...row };
      save();
    },
  });

  for (const workload of job.workloads.filter((name) => name !== COMPILE)) {
    await runChild(script('measure.mjs'), { ...job, workload }, handlersFor(workload)).catch((error) =>
      problems.push(`${workload}: ${error.message}`),
    );
  }
  if (job.workloads.includes(COMPILE) && job.sides.includes(OURS)) {
    console.error('· compiling a training step of the shape of GPT-2');
    const found = {};
    const handlers = { compile: (message) => Object.assign(found, message.found) };
    await runChild(script('compile.mjs'), { runs: COMPILE_RUNS }, handlers);
    // Once more under the profiler, in a process of its own, so that it meets an unprepared V8 as well.
    const profile = {};
    await runChild(
      script('compile.mjs'),
      { profile: true },
      { compile: (message) => Object.assign(profile, message.found) },
    );
    report.compile = { ...found, profile };
    save();
    console.error('· compiling a config of a thousand layers');
    const runs = [];
    for (let i = 0; i < CONFIG_RUNS; i++)
      await runChild(script('config.mjs'), {}, { config: (message) => runs.push(message.found) });
    const middle = (pick) => median(runs.map(pick));
    report.config = {
      ...runs[0],
      totalMs: middle(({ totalMs }) => totalMs),
      cpuMs: middle(({ cpuMs }) => cpuMs),
    };
    save();
  }
  console.log(render(report));
  if (path !== undefined) console.log(`written to ${path}`);
  for (const [name, row] of Object.entries(report.workloads)) {
    const difference = lossDifference(row);
    if (difference > LOSS_TOLERANCE) {
      problems.push(`${name}: the losses of the sides differ by ${difference.toExponential(1)}`);
    }
  }
  return problems;
}
