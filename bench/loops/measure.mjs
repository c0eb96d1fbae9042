/** The measuring process of one layer: all sides live in it, on the same adapter, and take turns. */
import { setFlagsFromString } from 'node:v8';
import { median, processorMs, timed } from '../clock.mjs';
import { Meter, metered } from '../counters.mjs';
import { describeAdapter, openGpu } from '../gpu.mjs';
import { settle } from '../settle.mjs';
import { makeLayer } from './model.mjs';
import { SIDES } from './sides.mjs';

/** Dawn's promises are resolved late while the event loop is empty. */
setInterval(() => {}, 1000);

const job = JSON.parse(process.env.HEDDLE_BENCH_JOB ?? '{}');
const tell = (kind, body) => new Promise((resolve) => process.send({ kind, ...body }, resolve));
/** Runs of a side on the CPU before any is timed: V8 replaces the code of both meanwhile. */
const WARM_UP_MS = { cpu: 1500, gpu: 0 };

// A process does not end before V8 has replaced the code of onnxruntime's modules, which takes a minute.
if (job.smoke) setFlagsFromString('--liftoff-only');
openGpu(job.device.adapter);
await tell('adapter', { adapter: await describeAdapter() });
const layer = makeLayer(job.size);
const states = [];
for (const { name, where, open } of job.smoke ? SIDES.filter(({ isSlow }) => !isSlow) : SIDES) {
  await tell('status', { text: `${name} loads and runs` });
  const meter = new Meter(name);
  try {
    const opened = await metered(meter, () => open(layer, job));
    const [firstMs, result] = await timed(() => metered(meter, () => opened.run()));
    const before = meter.snapshot();
    await metered(meter, () => opened.run());
    const { dispatches, submits } = meter.since(before);
    const asked = { name, where, usesGpu: dispatches > 0, dispatches, submits };
    states.push({ asked, where, meter, opened, result, firstMs, times: [], cpuTimes: [] });
  } catch (error) {
    await tell('side', { name, where, problem: error.message });
  }
}
await settle(job.smoke ? { timeoutMs: 0 } : {});
for (const { opened, meter, where } of states) {
  const end = performance.now() + (job.smoke ? 0 : WARM_UP_MS[where]);
  while (performance.now() < end) await metered(meter, () => opened.run());
}
await settle(job.smoke ? { timeoutMs: 0 } : {});
const deadline = performance.now() + job.seconds * 1000;
for (let round = 0; round < job.rounds && (round < 3 || performance.now() < deadline); round++)
  for (const state of round % 2 ? [...states].reverse() : states) {
    const cpuBefore = processorMs();
    state.times.push((await timed(() => metered(state.meter, () => state.opened.run())))[0]);
    state.cpuTimes.push(processorMs() - cpuBefore);
  }
const ours = states.find(({ where }) => where === 'gpu')?.result ?? [];
const words = (result) => Buffer.from(result.buffer, result.byteOffset, result.byteLength);
for (const { asked, result, firstMs, times, cpuTimes } of states)
  await tell('side', {
    ...asked,
    firstMs,
    medianMs: median(times),
    minMs: Math.min(...times),
    medianCpuMs: median(cpuTimes),
    rounds: times.length,
    difference: result.reduce((most, value, i) => Math.max(most, Math.abs(value - ours[i])), 0),
    sameBits: words(result).equals(words(ours)),
  });
process.exit(0);
