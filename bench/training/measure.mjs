/**
 * The measuring process of one workload: all sides live in it, on the same adapter, and take turns. A process for each
 * workload, since libraries keep the buffers and pipelines of the one before.
 */
import { median, processorMs, timed } from '../clock.mjs';
import { Meter, metered, strayMeter } from '../counters.mjs';
import { describeAdapter, openGpu } from '../gpu.mjs';
import { settle } from '../settle.mjs';
import * as heddle from './heddle.mjs';
import * as jax from './jax.mjs';
import * as tfjs from './tfjs.mjs';
import { WORKLOADS } from './workloads.mjs';

const SIDES = { [jax.name]: jax, [tfjs.name]: tfjs, [heddle.name]: heddle };

/** Steps whose losses are compared, the first ones. They are the warm-up as well. */
const COMPARED = 4;

/** Dawn's promises are resolved late while the event loop is empty. */
setInterval(() => {}, 1000);

const job = JSON.parse(process.env.HEDDLE_BENCH_JOB ?? '{}');
const tell = (kind, body) => new Promise((resolve) => process.send({ kind, ...body }, resolve));
const status = (text) => tell('status', { text: `${job.workload}: ${text}` });

const isCpu = job.device.name === 'cpu';
const workload = WORKLOADS.find(({ name }) => name === job.workload);
const batches = workload.batches();

/** Starts a side, hands it the parameters and does one step: pipelines and drivers do their compiling. */
async function open(name) {
  const side = SIDES[name];
  const meter = new Meter(name);
  const parameters = workload.parameters();
  await status(`${name} starts`);
  const options = {
    device: job.device.heddle,
    backend: isCpu ? 'wasm' : 'webgpu',
    threads: job.device.threads,
  };
  const [initMs] = await timed(() => metered(meter, () => side.init(options)));
  await tell('side', { name, version: side.version, initMs });
  await settle();
  await status(`${name} loads and does a step`);
  const before = meter.snapshot();
  meter.resetPeak();
  const cpuBefore = processorMs();
  const [createMs, session] = await timed(() => metered(meter, () => side.open(workload, parameters)));
  const [firstStepMs, loss] = await timed(() => metered(meter, () => session.step(batches[0])()));
  const loadCpuMs = processorMs() - cpuBefore;
  return {
    name,
    meter,
    session,
    before,
    initMs,
    createMs,
    firstStepMs,
    loadCpuMs,
    losses: [loss],
    times: [],
    cpuTimes: [],
  };
}

/** One step; what it asked of the GPU stays in `state.perStep`, and what its reading of the loss did in `state.perRead`. */
async function stepOnce(state, number) {
  const { meter, session } = state;
  const before = meter.snapshot();
  const cpuBefore = processorMs();
  const batch = batches[number % batches.length];
  let read;
  const [startMs] = await timed(() => metered(meter, () => void (read = session.step(batch))));
  const started = meter.snapshot();
  const [readMs, loss] = await timed(() => metered(meter, read));
  state.perStep = meter.since(before);
  state.perRead = meter.since(started);
  return { ms: startMs + readMs, cpuMs: processorMs() - cpuBefore, loss };
}

/** Takes turns until there are enough rounds or the time is up; who begins alternates. */
async function takeTurns(states) {
  const deadline = performance.now() + job.seconds * 1000;
  for (let round = 0; round < job.rounds; round++) {
    if (round >= 3 && performance.now() > deadline) break;
    const order = round % 2 ? [...states].reverse() : states;
    for (const state of order) {
      const { ms, cpuMs, loss } = await stepOnce(state, COMPARED + round);
      state.times.push(ms);
      state.cpuTimes.push(cpuMs);
      state.lastLoss = loss;
    }
  }
}

async function close(state) {
  const { meter, before, perStep, perRead, times, session } = state;
  const whole = meter.since(before);
  const stats = session.stats?.(batches[0]);
  await metered(meter, () => session.dispose());
  return {
    initMs: state.initMs,
    createMs: state.createMs,
    firstStepMs: state.firstStepMs,
    loadMs: state.createMs + state.firstStepMs,
    loadCpuMs: state.loadCpuMs,
    step: {
      medianMs: median(times),
      medianCpuMs: median(state.cpuTimes),
      minMs: Math.min(...times),
      maxMs: Math.max(...times),
      rounds: times.length,
    },
    dispatches: perStep.dispatches,
    submits: perStep.submits - perRead.submits,
    submitsOfRead: perRead.submits,
    uploads: perStep.uploads,
    bindGroupsPerStep: perStep.bindGroups,
    buffersPerStep: perStep.buffers,
    bufferBytesPerStep: perStep.bytes,
    pipelines: whole.pipelines,
    liveBytes: whole.liveBytes - before.liveBytes,
    peakBytes: whole.peakBytes - before.liveBytes,
    losses: state.losses,
    lastLoss: state.lastLoss,
    ...(stats === undefined ? {} : { stats }),
  };
}

if (!isCpu) openGpu(job.device.adapter);
await tell('adapter', {
  adapter: isCpu ? { description: `WebAssembly, threads ${job.device.threads}` } : await describeAdapter(),
});
const states = [];
for (const name of job.sides) {
  try {
    states.push(await open(name));
  } catch (error) {
    await tell('side', { name, version: SIDES[name].version, problem: `${job.workload}: ${error.message}` });
  }
}
await status('the first steps');
for (let number = 1; number < COMPARED; number++) {
  for (const state of states) state.losses.push((await stepOnce(state, number)).loss);
}
await settle();
await status(`${states.map(({ name }) => name).join(', ')} in turn`);
await takeTurns(states);
const row = {};
for (const state of states) row[state.name] = await close(state);
await tell('row', { row });
if (strayMeter.buffers + strayMeter.dispatches + strayMeter.submits > 0) {
  await status(`warning: ${strayMeter.submits} submits were charged to nobody`);
}
process.exit(0);
