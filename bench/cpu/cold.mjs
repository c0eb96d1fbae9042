/** A process of one side: what it costs to start, to load a model and run it once, and how much memory all of it takes at most. */
import { processorMs, timed } from '../clock.mjs';
import * as heddle from './heddle.mjs';
import { readModel } from './models.mjs';
import * as ort from './ort.mjs';

const job = JSON.parse(process.env.HEDDLE_BENCH_JOB ?? '{}');
const tell = (kind, body) => new Promise((resolve) => process.send({ kind, ...body }, resolve));

const side = [ort, heddle].find(({ name }) => name === job.side);
const model = readModel(job.model);
const baseBytes = process.resourceUsage().maxRSS * 1024;
const [initMs] = await timed(() => side.init(job.threads));
const cpuBefore = processorMs();
const [loadMs] = await timed(async () => (await side.load(model)).run());
const loadCpuMs = processorMs() - cpuBefore;
const peakBytes = process.resourceUsage().maxRSS * 1024;
await tell('cold', { cold: { initMs, loadMs, loadCpuMs, baseBytes, peakBytes } });
if (side === heddle && job.compileOnly) await tell('compile', { compile: heddle.compileOnly(model) });
process.exit(0);
