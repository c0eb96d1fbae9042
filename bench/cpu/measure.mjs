/** The measuring process of a model: both sides live in it, load, run once, warm up, and then take turns. */
import { median, processorMs, timed } from '../clock.mjs';
import { settle } from '../settle.mjs';
import { compareTensors } from '../tensors.mjs';
import * as heddle from './heddle.mjs';
import { readModel } from './models.mjs';
import * as ort from './ort.mjs';

/** Runs before any is timed: V8 replaces the code of both meanwhile. */
const WARM_UP_MS = 1500;

const job = JSON.parse(process.env.HEDDLE_BENCH_JOB ?? '{}');
const tell = (kind, body) => new Promise((resolve) => process.send({ kind, ...body }, resolve));

const model = readModel(job.model);
const states = [];
for (const side of [ort, heddle]) {
  await side.init(job.threads);
  const session = await side.load(model);
  states.push({ name: side.name, session, first: await session.run(), times: [], cpuTimes: [] });
}
const [peer, ours] = states;
const check = peer.first.map((expected, i) => compareTensors(ours.first[i], expected, { atol: 1e-4 }));

for (const { session } of states) {
  const end = performance.now() + (job.smoke ? 0 : WARM_UP_MS);
  while (performance.now() < end) await session.run();
}
if (!job.smoke) await settle({ timeoutMs: 20_000 });
const deadline = performance.now() + job.seconds * 1000;
for (let round = 0; round < job.rounds && (round < 3 || performance.now() < deadline); round++) {
  for (const state of round % 2 ? [...states].reverse() : states) {
    const cpuBefore = processorMs();
    const [ms] = await timed(() => state.session.run());
    state.times.push(ms);
    state.cpuTimes.push(processorMs() - cpuBefore);
  }
}
const row = Object.fromEntries(
  states.map(({ name, times, cpuTimes }) => [
    name,
    {
      medianMs: median(times),
      minMs: Math.min(...times),
      medianCpuMs: median(cpuTimes),
      rounds: times.length,
      ...(model.operations ? { gigaflops: model.operations / median(times) / 1e6 } : {}),
    },
  ]),
);
row[heddle.name].agrees = check.every(({ ok }) => ok);
if (job.interpret) {
  const [ms, expected] = await timed(() => ours.session.interpret());
  const words = ({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  row.interpreter = { medianMs: ms };
  row[heddle.name].bits = expected.every((output, i) => words(output).equals(words(ours.first[i])));
}
await tell('row', { row });
process.exit(0);
