/**
 * The measuring process: run.mjs starts it with the environment of the device and receives its findings as messages.
 * All sides live in this one process, on the same adapter, and take turns.
 */
import { median, processorMs, timed } from './clock.mjs';
import { Meter, metered, strayMeter } from './counters.mjs';
import { describeAdapter, openGpu } from './gpu.mjs';
import * as heddle from './heddle.mjs';
import { readLightModel, readModel } from './models.mjs';
import * as jax from './peers/jax.mjs';
import * as ort from './peers/ort.mjs';
import { settle } from './settle.mjs';
import { compareTensors } from './tensors.mjs';

const SIDES = { [ort.name]: ort, [heddle.name]: heddle };

/**
 * Keeps the event loop occupied. Without it Node finds the loop empty whenever a promise of Dawn's is the only thing
 * pending, and then waits for V8's background compilation before it goes on: that alone made onnxruntime's start take
 * 30 s instead of 1 s.
 */
setInterval(() => {}, 1000);

const job = JSON.parse(process.env.HEDDLE_BENCH_JOB ?? '{}');
const tell = (kind, body) => new Promise((resolve) => process.send({ kind, ...body }, resolve));
const status = (text) => tell('status', { text });

/** Starts the sides that can be started. */
async function startSides(names) {
  const started = [];
  for (const name of names) {
    const side = SIDES[name];
    const meter = new Meter(name);
    await status(`${name}: starting`);
    try {
      const [initMs] = await timed(() => metered(meter, () => side.init({ device: job.device.heddle })));
      started.push({ name, side, meter });
      await tell('side', { name, version: side.version, initMs });
    } catch (error) {
      await tell('side', { name, problem: error.message });
    }
  }
  return started;
}

/** Loads a model on one side and runs it once, which is where pipelines and drivers do their compiling. */
async function open({ name, side, meter }, model) {
  await status(`${model.name}: ${name} loads and runs once`);
  const before = meter.snapshot();
  meter.resetPeak();
  const cpuBefore = processorMs();
  const [createMs, session] = await timed(() => metered(meter, () => side.load(model.bytes)));
  const [firstRunMs, outputs] = await timed(() => metered(meter, () => session.run(model.inputs)));
  const loadCpuMs = processorMs() - cpuBefore;
  const checks = model.expected.map((expected, i) => ({
    output: expected.name,
    ...(outputs[i]
      ? compareTensors(outputs[i], expected, { atol: 1e-5 })
      : { ok: false, reason: 'no such output' }),
  }));
  return { name, meter, session, before, createMs, firstRunMs, loadCpuMs, checks, times: [], cpuTimes: [] };
}

/** One run; what it asked of the GPU stays in `state.perRun`. */
async function runOnce(state, model) {
  const before = state.meter.snapshot();
  const cpuBefore = processorMs();
  const [ms] = await timed(() => metered(state.meter, () => state.session.run(model.inputs)));
  state.perRun = state.meter.since(before);
  return { ms, cpuMs: processorMs() - cpuBefore };
}

/** Takes turns until there are enough rounds or the time is up; who begins alternates. */
async function takeTurns(states, model) {
  const deadline = performance.now() + job.seconds * 1000;
  for (let round = 0; round < job.rounds; round++) {
    if (round >= 3 && performance.now() > deadline) break;
    const order = round % 2 ? [...states].reverse() : states;
    for (const state of order) {
      const { ms, cpuMs } = await runOnce(state, model);
      state.times.push(ms);
      state.cpuTimes.push(cpuMs);
    }
  }
}

async function close(state) {
  const { meter, before, perRun, times, session } = state;
  const whole = meter.since(before);
  await metered(meter, () => session.dispose?.());
  return {
    createMs: state.createMs,
    firstRunMs: state.firstRunMs,
    loadMs: state.createMs + state.firstRunMs,
    loadCpuMs: state.loadCpuMs,
    run: {
      medianMs: median(times),
      medianCpuMs: median(state.cpuTimes),
      minMs: Math.min(...times),
      maxMs: Math.max(...times),
      rounds: times.length,
    },
    dispatches: perRun.dispatches,
    submits: perRun.submits,
    uploads: perRun.uploads,
    bindGroupsPerRun: perRun.bindGroups,
    buffersPerRun: perRun.buffers,
    bufferBytesPerRun: perRun.bytes,
    pipelines: whole.pipelines,
    liveBytes: whole.liveBytes - before.liveBytes,
    peakBytes: whole.peakBytes - before.liveBytes,
    keptAfterDispose: meter.liveBytes - before.liveBytes,
    checks: state.checks,
    ...(session.stats ? { stats: session.stats } : {}),
  };
}

async function measureModel(sides, name) {
  const model = readModel(name);
  const states = [];
  for (const side of sides) {
    await settle();
    states.push(await open(side, model));
  }
  await status(`${name}: warming up`);
  for (const state of states) await runOnce(state, model);
  await settle();
  await status(`${name}: ${sides.map((side) => side.name).join(' and ')} in turn`);
  await takeTurns(states, model);
  const row = {};
  for (const state of states) row[state.name] = await close(state);
  await tell('row', { name, row });
}

/** Import and compilation without the driver: the median of five. */
async function measureCompile(name) {
  await status(`${name}: importing and compiling`);
  const bytes = readLightModel(name);
  const results = [];
  for (let i = 0; i < 5; i++) results.push(await heddle.compileOnly(bytes));
  await tell('compile', {
    name,
    row: {
      ...results.at(-1),
      importMs: median(results.map((result) => result.importMs)),
      compileMs: median(results.map((result) => result.compileMs)),
    },
  });
}

/** One matmul in jax-js, checked: a sign of life for the peer that the training benchmarks need. */
async function smoke() {
  const n = 128;
  const meter = new Meter(jax.name);
  const a = Float32Array.from({ length: n * n }, (_, i) => Math.sin(i));
  const b = Float32Array.from({ length: n * n }, (_, i) => Math.cos(i));
  const data = Float32Array.from({ length: n * n }, (_, at) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += a[Math.floor(at / n) * n + k] * b[k * n + (at % n)];
    return Math.max(0, sum);
  });
  const [initMs] = await timed(() => metered(meter, () => jax.init()));
  const product = jax.matmul(n);
  const [firstRunMs, actual] = await timed(() => metered(meter, () => product.run(a, b)));
  const before = meter.snapshot();
  const [runMs] = await timed(() => metered(meter, () => product.run(a, b)));
  const dims = [n, n];
  const check = compareTensors({ dims, data: actual }, { dims, data }, { atol: 1e-4 });
  await tell('smoke', {
    name: jax.name,
    result: { version: jax.version, initMs, firstRunMs, runMs, ...meter.since(before), check },
  });
}

openGpu(job.device.adapter);
await tell('adapter', { adapter: await describeAdapter() });
if (job.smoke) {
  await smoke();
} else {
  const sides = await startSides(job.sides);
  await status('waiting until V8 has optimised the WebAssembly');
  await settle();
  for (const name of sides.length ? job.models : []) await measureModel(sides, name);
  if (sides.some(({ name }) => name === heddle.name)) await measureCompile('light_resnet50');
}
if (strayMeter.buffers + strayMeter.dispatches + strayMeter.submits > 0) {
  await status(`warning: ${strayMeter.submits} submits were charged to nobody`);
}
process.exit(0);
