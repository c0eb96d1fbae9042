/** What loops cost to compile, and what gradients of loops keep: no device is needed. */
import { grad, jit, nn, prepare, scan, toBundle, zeros } from '../../dist/index.js';
import { median, processorMs } from '../clock.mjs';

const job = JSON.parse(process.env.HEDDLE_BENCH_JOB ?? '{}');
const UNITS = 32;
const COUNTS = { few: 10, many: 10_000 };
const GRADIENT_STEPS = 1000;
const BYTES = 4;
/** Compilations: those before any is timed, and those that are, at least, but in a smoke run. */
const WARM_UP = job.smoke ? 0 : 30;
const LEAST = job.smoke ? 1 : 300;

const network = new nn.RNN(UNITS, UNITS, { key: 3 });

/** The last state of a cell that has gone over [steps, 1, UNITS]. */
function last({ cells: [cell] }, x, options) {
  const step = (state, element) => [cell.step(cell.project(element), state), null];
  return scan(step, cell.initialState(1, x.dtype), x, options)[0];
}

const elements = (steps) => zeros([steps, 1, UNITS]);
const programs = {};
for (const [name, steps] of Object.entries(COUNTS)) {
  const compiled = await jit((x) => last(network, x)).compile(elements(steps));
  programs[name] = compiled.program;
}
const times = { few: [], many: [] };
let prepared = {};
for (let round = 0; round < WARM_UP + Math.max(job.rounds, LEAST); round++)
  for (const name of round % 2 ? ['few', 'many'] : ['many', 'few']) {
    const start = processorMs();
    prepared[name] = prepare(programs[name]);
    // In the first rounds, V8 compiles the compiler.
    if (round >= WARM_UP) times[name].push(processorMs() - start);
  }
const bundles = {};
for (const name of Object.keys(COUNTS)) bundles[name] = (await toBundle(prepared[name])).length;

const bytesOf = (ports) =>
  ports.reduce((sum, { shape }) => sum + BYTES * shape.reduce((a, b) => a * b, 1), 0);
/** Bytes of a gradient by the parameters beside what comes in and goes out. */
async function gradientBytes(checkpoint) {
  const slope = (net, x) => grad((own) => last(own, x, { checkpoint }).sum())(net);
  const { program } = await jit(slope).compile(network, elements(GRADIENT_STEPS));
  const { plan } = prepare(program).planned;
  return plan.arenaBytes - bytesOf([...plan.inputs, ...plan.outputs]);
}
const compile = {
  counts: COUNTS,
  compileMs: { few: median(times.few), many: median(times.many) },
  bundleBytes: bundles,
  gradient: {
    steps: GRADIENT_STEPS,
    residualBytes: GRADIENT_STEPS * UNITS * BYTES,
    bytes: await gradientBytes(false),
    checkpointBytes: await gradientBytes(true),
  },
};
await new Promise((resolve) => process.send({ kind: 'compile', compile }, resolve));
process.exit(0);
