#!/usr/bin/env node
/**
 * Heddle against its peers on one device: `npm run bench -- --help`.
 *
 * This process only chooses the device and reports; measure.mjs, started anew with the environment that the device
 * needs, does the work.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, loadavg } from 'node:os';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const HELP = `usage: npm run bench -- [options]

  --device NAME    lavapipe, swiftshader or system (default: lavapipe where it is installed, else swiftshader)
  --models A,B     only these models; the rows of the others stay as the results file has them
  --sides A,B      onnxruntime-web, heddle (default: both); the figures of the other stay, marked as earlier
  --rounds N       at most N timed runs a side (default 30)
  --seconds N      no new round of a model after N seconds (default 30), but at least 3 rounds
  --smoke          only ask whether jax-js works on the device
  --out FILE       the results (default: bench/results/DEVICE.json)
`;

/** lavapipe's start-up chatter, a hundred lines for every device. */
const CHATTER = /^Warning: maxDynamic\w+BuffersPerPipelineLayout artificially reduced/;

function stop(message) {
  console.error(message);
  process.exit(1);
}

const { values: options } = parseArgs({
  options: {
    device: { type: 'string' },
    models: { type: 'string' },
    sides: { type: 'string' },
    rounds: { type: 'string', default: '30' },
    seconds: { type: 'string', default: '30' },
    smoke: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
if (!existsSync(new URL('./node_modules/onnxruntime-web', import.meta.url))) {
  stop('The peers are not installed: npm ci --prefix bench');
}

const { chooseDevice } = await import('./device.mjs');
const { MODELS, missingModels } = await import('./models.mjs');
const { OURS, PEER, readResults, render, summarise, writeResults } = await import('./report.mjs');

function listOf(text, all) {
  const chosen = text === undefined ? all : text.split(',');
  const unknown = chosen.filter((name) => !all.includes(name));
  if (unknown.length) stop(`no ${unknown.join(', ')}; there are ${all.join(', ')}`);
  return chosen;
}

const device = await chooseDevice(options.device).catch((error) => stop(error.message));
const job = {
  device,
  models: listOf(
    options.models,
    MODELS.map((model) => model.name),
  ),
  sides: listOf(options.sides, [PEER, OURS]),
  rounds: Number(options.rounds),
  seconds: Number(options.seconds),
  smoke: options.smoke,
};
if (!job.smoke && missingModels().length) {
  stop(
    `The benchmark's models are not here (${missingModels()[0]}, ...): set HEDDLE_DATA to the folder that holds onnx/`,
  );
}

const child = spawn(process.execPath, [fileURLToPath(new URL('./measure.mjs', import.meta.url))], {
  env: { ...process.env, ...device.env, HEDDLE_BENCH_JOB: JSON.stringify(job) },
  stdio: ['inherit', 'inherit', 'pipe', 'ipc'],
});
createInterface({ input: child.stderr }).on('line', (line) => {
  if (!CHATTER.test(line)) console.error(line);
});

let path = options.out ?? fileURLToPath(new URL(`./results/${device.name}.json`, import.meta.url));
const report = {
  date: new Date().toISOString().slice(0, 10),
  device: { name: device.name, adapter: {} },
  machine: {
    arch: process.arch,
    cores: availableParallelism(),
    node: process.version,
    loadBefore: loadavg()[0],
  },
  settings: { rounds: job.rounds, seconds: job.seconds },
  sides: {},
  models: {},
  compile: {},
  summary: undefined,
};

if (report.machine.loadBefore > report.machine.cores / 4) {
  console.error(
    `· the machine is busy (load ${report.machine.loadBefore.toFixed(1)}): times will be too long`,
  );
}

/** Keeps what an earlier run on this device found out and this one was not asked to measure again. */
function keepEarlier() {
  const earlier = readResults(path);
  if (!earlier || earlier.device.adapter.description !== report.device.adapter.description) return;
  for (const [name, side] of Object.entries(earlier.sides)) {
    if (!job.sides.includes(name)) report.sides[name] = side;
  }
  for (const { name } of MODELS) {
    for (const [side, figures] of Object.entries(earlier.models[name] ?? {})) {
      if (job.models.includes(name) && job.sides.includes(side)) continue;
      report.models[name] = { ...report.models[name], [side]: { ...figures, earlier: true } };
    }
  }
  report.compile = earlier.compile;
}

const handlers = {
  status: ({ text }) => console.error(`· ${text}`),
  adapter({ adapter }) {
    report.device.adapter = adapter;
    if (device.name === 'system' && !options.out) {
      const slug = (adapter.description || adapter.architecture || 'gpu')
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, '-');
      path = fileURLToPath(new URL(`./results/${slug.replace(/^-|-$/g, '')}.json`, import.meta.url));
    }
    if (!job.smoke) keepEarlier();
  },
  side({ name, version, initMs, problem }) {
    report.sides[name] = { version, initMs, problem };
    if (problem) console.error(`· ${name}: ${problem}`);
  },
  row({ name, row }) {
    report.models[name] = { ...report.models[name], ...row };
    save();
  },
  compile({ name, row }) {
    report.compile = { ...report.compile, [name]: row };
    save();
  },
  smoke: ({ name, result }) => console.log(name, result),
};

/** Written after every model, so that an interrupted run leaves what it had. */
function save() {
  const order = MODELS.map(({ name }) => name).filter((name) => report.models[name]);
  report.models = Object.fromEntries(order.map((name) => [name, report.models[name]]));
  report.summary = summarise(report.models, report.sides);
  writeResults(path, report);
}

child.on('message', (message) => handlers[message.kind](message));
child.on('close', (code, signal) => {
  if (Object.keys(report.models).length) {
    console.log(render(report));
    console.log(`written to ${path}`);
  }
  if (code !== 0) stop(`the measuring process ended with ${signal ?? `code ${code}`}`);
  const wrong = Object.values(report.models).flatMap((row) =>
    Object.values(row).flatMap((side) => side.checks.filter((check) => !check.ok)),
  );
  if (wrong.length) stop(`${wrong.length} outputs differ from the expected ones`);
});
