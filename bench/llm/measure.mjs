/** The measuring process: the sides of one kind of device live in it, and take turns. */
import { readFileSync } from 'node:fs';
import { median, processorMs, timed } from '../clock.mjs';
import { Meter, metered } from '../counters.mjs';
import { describeAdapter, openGpu } from '../gpu.mjs';
import { settle } from '../settle.mjs';
import { tokensOf } from './model.mjs';
import { CONTEXT, SIDES } from './sides.mjs';

/** Dawn's promises are resolved late while the event loop is empty. */
setInterval(() => {}, 1000);

const job = JSON.parse(process.env.HEDDLE_BENCH_JOB ?? '{}');
const tell = (kind, body) => new Promise((resolve) => process.send({ kind, ...body }, resolve));
const { path, shape, where, prompt, context, steps } = job;

if (where === 'gpu') {
  openGpu(job.device.adapter);
  await tell('adapter', { adapter: await describeAdapter() });
}
const tokens = tokensOf(shape, Math.max(prompt, context));
/** The file is in the system's memory from here on. */
const [readMs] = await timed(() => readFileSync(path).length);
const states = [];
// A smoke run installs nothing.
for (const { name, start, isElsewhere = false } of SIDES.filter(
  ({ where: place, isHere }) => place === where && (!job.smoke || isHere?.() !== false),
)) {
  await tell('status', { text: `${name} loads and runs` });
  const meter = new Meter(name);
  try {
    const open = await metered(meter, () => start(job));
    const cpuBefore = processorMs();
    const [loadMs, session] = await timed(() => metered(meter, () => open(path)));
    const loadCpuMs = processorMs() - cpuBefore;
    const [firstMs] = await timed(() => metered(meter, () => warmUp(session)));
    states.push({ name, isElsewhere, meter, session, loadMs, loadCpuMs, firstMs, rounds: [] });
  } catch (error) {
    await tell('side', { side: { name, where, problem: error.message } });
  }
}

/** All programs that will be timed, once. */
async function warmUp(session) {
  await session.prefill(tokens.slice(0, prompt));
  await session.prefill(tokens.slice(0, context - 1));
  await session.decode(tokens[context - 1], 2, () => {});
}

/** Milliseconds a token, of the wall and of the processor. The first token of a decode is not timed. */
async function round({ meter, session }) {
  const perToken = async (count, work) => {
    const cpuBefore = processorMs();
    const [ms] = await timed(work);
    return { ms: ms / count, cpuMs: (processorMs() - cpuBefore) / count };
  };
  const found = {};
  await metered(meter, async () => {
    found.prefill = await perToken(prompt, () => session.prefill(tokens.slice(0, prompt)));
    await session.prefill(tokens.slice(0, context - 1));
    const times = [];
    const chosen = [];
    const before = meter.snapshot();
    let cpuBefore = 0;
    await session.decode(tokens[context - 1], steps + 1, (token) => {
      if (times.length === 0) cpuBefore = processorMs();
      times.push(performance.now());
      chosen.push(token);
    });
    const { dispatches, submits, pipelines, buffers } = meter.since(before);
    const count = times.length - 1;
    found.decode = { ms: (times[count] - times[0]) / count, cpuMs: (processorMs() - cpuBefore) / count };
    found.perStep = { dispatches: dispatches / times.length, submits: submits / times.length };
    found.made = { pipelines, buffers };
    found.chosen = chosen;
  });
  return found;
}

await settle(job.smoke ? { timeoutMs: 0 } : {});
const deadline = performance.now() + job.seconds * 1000;
for (let i = 0; i < job.rounds && (i < 3 || performance.now() < deadline); i++)
  for (const state of i % 2 ? [...states].reverse() : states) state.rounds.push(await round(state));

/** Steps of one token, as the context grows: pipelines that were made after the first. */
async function growth({ meter, session }) {
  await metered(meter, () => session.prefill([tokens[0]]));
  const before = meter.snapshot();
  await metered(meter, () => session.decode(tokens[0], (job.smoke ? 130 : CONTEXT) - 1, () => {}));
  return meter.since(before).pipelines;
}

for (const state of states) {
  const { name, isElsewhere, meter, session, loadMs, loadCpuMs, firstMs, rounds } = state;
  const memory = session.memory?.();
  const of = (pick) => median(rounds.map(pick));
  // The processor time of another process is not known, nor are its tokens.
  const own = isElsewhere ? {} : { loadCpuMs, chosen: rounds[0].chosen };
  const times = (pick) => ({
    ms: of((each) => pick(each).ms),
    ...(isElsewhere ? {} : { cpuMs: of((each) => pick(each).cpuMs) }),
  });
  await tell('side', {
    side: {
      name,
      where,
      ...{ loadMs, readMs, firstMs, rounds: rounds.length, ...own },
      prefill: times(({ prefill }) => prefill),
      decode: times(({ decode }) => decode),
      ...(memory === undefined ? {} : { memory: { tensorBytes: memory.tensorBytes, bytes: memory.bytes } }),
      ...(where === 'gpu' ? { ...rounds.at(-1).perStep, peakBytes: meter.peakBytes } : {}),
      ...(where === 'gpu' && job.growth ? { pipelinesOfGrowth: await growth(state) } : {}),
    },
  });
}
process.exit(0);
