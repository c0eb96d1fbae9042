/**
 * Times tracing and compiling of a large training step, without a device. A process of its own: the first compilation
 * meets a V8 that has optimised nothing yet, as in a page that was just opened.
 *
 *     node bench/training/compile.mjs                 # the same by hand
 *     node --cpu-prof bench/training/compile.mjs      # for the developer tools of a browser
 */
import { prepare } from '../../dist/index.js';
import { median, processorMs, timed } from '../clock.mjs';
import { donationsOf } from './donations.mjs';
import { gpt2Step, SIZE } from './gpt2.mjs';
import { profiled } from './profile.mjs';

const job = JSON.parse(process.env.HEDDLE_BENCH_JOB ?? '{"runs":3}');

/** Everything from the model to WGSL and plan. */
async function compileOnce() {
  const cpuBefore = processorMs();
  const [modelMs, { step, parameters, args }] = await timed(gpt2Step);
  const [lowerMs, graph] = await timed(() => step.lower(...args));
  const options = { residents: true, donate: donationsOf(graph) };
  const [prepareMs, { planned }] = await timed(() => prepare({ graph, weights: new Map() }, options));
  const cpuMs = processorMs() - cpuBefore;
  const totalMs = modelMs + lowerMs + prepareMs;
  return { parameters, graph, planned, totalMs, modelMs, lowerMs, prepareMs, cpuMs };
}

const times = ({ totalMs, modelMs, lowerMs, prepareMs, cpuMs }) => ({
  totalMs,
  modelMs,
  lowerMs,
  prepareMs,
  cpuMs,
});

async function measure() {
  const first = await compileOnce();
  const later = [];
  for (let i = 1; i < job.runs; i++) later.push((await compileOnce()).totalMs);
  const { plan } = first.planned;
  return {
    ...SIZE,
    parameters: first.parameters,
    nodes: first.graph.nodes.length,
    kernels: plan.commands.length,
    pipelines: plan.pipelines.length,
    wgslBytes: plan.pipelines.reduce((sum, { code }) => sum + code.length, 0),
    arenaBytes: plan.arenaBytes,
    arenaLowerBoundBytes: plan.arenaLowerBound,
    residentBytes: plan.ports.bytes,
    first: times(first),
    ...(later.length > 0 ? { laterMs: median(later) } : {}),
  };
}

const found = job.profile ? await profiled(async () => void (await compileOnce())) : await measure();
if (process.send) process.send({ kind: 'compile', found });
else console.log(found);
