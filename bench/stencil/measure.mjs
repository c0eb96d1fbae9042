/** The measuring process: all sides live in it, on the same adapter, and take turns. */
import { median, timed } from '../clock.mjs';
import { Meter, metered } from '../counters.mjs';
import { describeAdapter, openGpu } from '../gpu.mjs';
import { seeded } from '../random.mjs';
import { settle } from '../settle.mjs';
import { SIDES } from './sides.mjs';

/** Dawn's promises are resolved late while the event loop is empty. */
setInterval(() => {}, 1000);

const job = JSON.parse(process.env.HEDDLE_BENCH_JOB ?? '{}');
const tell = (kind, body) => new Promise((resolve) => process.send({ kind, ...body }, resolve));

openGpu(job.device.adapter);
await tell('adapter', { adapter: await describeAdapter() });
const random = seeded(1);
const start = Float32Array.from({ length: job.size * job.size }, () => random());
const states = [];
for (const [name, open] of Object.entries(SIDES)) {
  const meter = new Meter(name);
  const given = { ...job, start, device: job.device.heddle };
  const [firstMs, [session, result]] = await timed(() =>
    metered(meter, async () => {
      const opened = await open(given);
      return [opened, await opened.run()];
    }),
  );
  const before = meter.snapshot();
  await metered(meter, () => session.run());
  const { dispatches, submits } = meter.since(before);
  states.push({ name, meter, session, result, firstMs, dispatches, submits, times: [] });
}
await settle();
const deadline = performance.now() + job.seconds * 1000;
for (let round = 0; round < job.rounds && (round < 3 || performance.now() < deadline); round++)
  for (const state of round % 2 ? [...states].reverse() : states)
    state.times.push((await timed(() => metered(state.meter, () => state.session.run())))[0]);
const [{ result: ours }] = states;
const differenceOf = (result) =>
  result.reduce((most, value, i) => Math.max(most, Math.abs(value - ours[i])), 0);
for (const { name, result, firstMs, dispatches, submits, times } of states)
  await tell('side', { name, medianMs: median(times), rounds: times.length, firstMs, dispatches, submits, difference: differenceOf(result) }); // prettier-ignore
process.exit(0);
