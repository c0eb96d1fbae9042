#!/usr/bin/env node
/**
 * Heddle against its peers on one device: `npm run bench -- --help`.
 *
 * This process only chooses the device and reports; others, started with the environment that the device needs, do the
 * work.
 */
import { existsSync } from 'node:fs';
import { loadavg, availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

const HELP = `usage: npm run bench -- [cpu | loops | llm | page] [options]

  cpu                the WebAssembly engine against the peers' WebAssembly, on the CPU; takes --models, --workloads,
                     --rounds, --seconds, --out, --smoke and
  --threads A,B      numbers of threads (default 1,2)
  loops              an LSTM against onnxruntime-web and jax-js on WebGPU and WebAssembly, and what loops cost to compile;
                     takes --device, --threads (one number, default 1), --rounds, --seconds, --out, --smoke
  llm                a language model in the shape of SmolLM2-135M against node-llama-cpp, which it installs beside the
                     model in the system's folder for temporary files; takes what loops takes, and
  --growth           on the GPU, also decodes until the context is full, and counts pipelines

  page               in Chromium, from an empty cache to the first result: bundles and ONNX files against onnxruntime-web; bytes before
                     weights, and how long the page's thread is held; takes --models (of cpu), --rounds (default 3), --out, --smoke

  --device NAME      lavapipe, swiftshader or system (default: lavapipe where it is installed, else swiftshader)
  --inference        only the models, against onnxruntime-web
  --training         only the training steps, against jax-js and TensorFlow.js, and the compile time of a large one
  --stencil          only the heat equation, against jax-js
  --models A,B       only these models; the rows of the others stay as the results file has them
  --workloads A,B    likewise for training: mlp, cnn, transformer, compile
  --sides A,B        onnxruntime-web, @jax-js/jax, @tensorflow/tfjs, heddle (default: all); the figures of the others
                     stay, marked as earlier
  --rounds N         at most N timed runs a side (default 30)
  --seconds N        no new round of a model after N seconds (default 20; of a training step 12), but at least 3 rounds
  --smoke            only ask whether jax-js works on the device
  --out FILE         the results, with --inference or --training (default: bench/results/DEVICE.json and
                     DEVICE-training.json)
`;

function stop(message) {
  console.error(message);
  process.exit(1);
}

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    threads: { type: 'string' },
    growth: { type: 'boolean', default: false },
    device: { type: 'string' },
    inference: { type: 'boolean', default: false },
    training: { type: 'boolean', default: false },
    stencil: { type: 'boolean', default: false },
    models: { type: 'string' },
    workloads: { type: 'string' },
    sides: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    smoke: { type: 'boolean', default: false },
    out: { type: 'string' },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (options.help) {
  console.log(HELP);
  process.exit(0);
}
if (positionals.length > 1 || positionals.some((word) => !['cpu', 'loops', 'llm', 'page'].includes(word)))
  stop(`what is ${positionals.join(' ')}? There are cpu, loops, llm and page`);
if (!existsSync(new URL('./node_modules/@tensorflow/tfjs', import.meta.url))) {
  stop('The peers are not installed: npm ci --prefix bench');
}

const { chooseDevice } = await import('./device.mjs');
const inference = await import('./inference.mjs');
const training = await import('./training/run.mjs');
const stencil = await import('./stencil/run.mjs');

function listOf(text, all) {
  const chosen = text === undefined ? all : text.split(',');
  const unknown = chosen.filter((name) => !all.includes(name));
  if (unknown.length) stop(`no ${unknown.join(', ')}; there are ${all.join(', ')}`);
  return chosen;
}

if (positionals.includes('cpu')) {
  const cpu = await import('./cpu/run.mjs');
  const missing = cpu.missingModels();
  if (missing.length) console.error(`· not here: ${missing.join(', ')}`);
  const present = cpu.MODEL_NAMES.filter((name) => !missing.includes(name));
  const trained = training.WORKLOAD_NAMES.filter((name) => name !== 'compile');
  const found = await cpu.bench({
    models: listOf(options.models, present),
    threads: (options.threads ?? '1,2').split(',').map(Number),
    workloads: options.models === undefined || options.workloads ? listOf(options.workloads, trained) : [],
    rounds: Number(options.rounds ?? 30),
    seconds: Number(options.seconds ?? 10),
    smoke: options.smoke,
    out: options.out,
  });
  if (found.length) stop(found.join('\n'));
  process.exit(0);
}

if (positionals.includes('page')) {
  const { bench } = await import('./page/run.mjs');
  const found = await bench({
    rounds: Number(options.rounds ?? 3),
    smoke: options.smoke,
    ...(options.models === undefined ? {} : { models: options.models.split(',') }),
    out: options.out,
  });
  if (found.length) stop(found.join('\n'));
  process.exit(0);
}

const device = await chooseDevice(options.device).catch((error) => stop(error.message));
const [suite] = positionals;
if (suite === 'loops' || suite === 'llm') {
  const { bench } = await import(`./${suite}/run.mjs`);
  const found = await bench({
    device,
    growth: options.growth,
    threads: Number(options.threads ?? 1),
    rounds: Number(options.rounds ?? 30),
    seconds: Number(options.seconds ?? 60),
    smoke: options.smoke,
    out: options.out,
  });
  if (found.length) stop(found.join('\n'));
  process.exit(0);
}

const sides = listOf(options.sides, [...new Set([...inference.SIDES, ...training.SIDES])]);
const settings = (suite, seconds) => ({
  device,
  sides: suite.SIDES.filter((name) => sides.includes(name)),
  rounds: Number(options.rounds ?? 30),
  seconds: Number(options.seconds ?? seconds),
  out: all || (options.inference && options.training) ? undefined : options.out,
});

if (options.smoke) {
  await inference.smoke(device).catch((error) => stop(error.message));
  process.exit(0);
}

const load = loadavg()[0];
if (load > availableParallelism() / 4) {
  console.error(`· the machine is busy (load ${load.toFixed(1)}): times will be too long`);
}
const all = !options.inference && !options.training && !options.stencil;
const problems = [];
if (all || options.inference) {
  const models = listOf(options.models, inference.MODEL_NAMES);
  const missing = inference.missingModels();
  if (missing.length) {
    stop(
      `The benchmark's models are not here (${missing[0]}, ...): set HEDDLE_DATA to the folder that holds onnx/`,
    );
  }
  problems.push(...(await inference.bench({ ...settings(inference, 20), models })));
}
if (all || options.training) {
  const workloads = listOf(options.workloads, training.WORKLOAD_NAMES);
  problems.push(...(await training.bench({ ...settings(training, 12), workloads })));
}
if (all || options.stencil)
  problems.push(
    ...(await stencil.bench({
      device,
      rounds: Number(options.rounds ?? 30),
      seconds: Number(options.seconds ?? 20),
    })),
  );
if (problems.length) stop(problems.join('\n'));
