/** Pages: the time from an empty cache to the first result in Chromium, what is downloaded before weights, and how long the page's thread is held. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { openBrowser, watchTasks } from '../../scripts/browser.mjs';
import { prepare, SOFTWARE_TARGET, toBundle, WASM_TARGET } from '../../dist/index.js';
import { importOnnx } from '../../dist/frontends/onnx/index.js';
import { readBundle } from '../../dist/loader/index.js';
import { median } from '../clock.mjs';
import { missingModels, readModel } from '../cpu/models.mjs';
import { newReport, writeResults } from '../results.mjs';
import { differenceOf, render, summarise, TOLERANCE } from './report.mjs';
import { serve } from './server.mjs';
import { SIDES } from './sides.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const PEER_FOLDER = at('../node_modules/onnxruntime-web/dist/');
const MODELS = ['squeezenet-coreml-cut7', 'ppocrv4-det'];
/** What a smoke run takes: enough to know that pages, workers and both libraries work. */
const SMOKE = { models: ['mnist-cntk'], sides: ['ort-wasm', 'bundle-wasm', 'training-wasm'], rounds: 1 };
/** Of a page, in ms. */
const PATIENCE = 180_000;

/** The code of each side in one file, and what onnxruntime-web fetches beside it. */
async function code(files) {
  const { outputFiles } = await build({
    entryPoints: SIDES.map(({ name }) => at(`./sides/${name}.mjs`)),
    ...{ bundle: true, minify: true, write: false, format: 'esm', platform: 'browser', target: 'es2022' },
    ...{ outdir: '/', outExtension: { '.js': '.mjs' }, logLevel: 'error' },
  });
  for (const { path, contents } of outputFiles) files.set(path.slice(1), contents);
  for (const file of readdirSync(PEER_FOLDER).filter((name) =>
    /^ort-wasm-simd-threaded.*\.(mjs|wasm)$/.test(name),
  ))
    // prettier-ignore
    files.set(file, readFileSync(PEER_FOLDER + file));
  files.set('index.html', readFileSync(at('./index.html')));
}

/** Of a bundle without its weights, under gzip: plan, kernels of both kinds, graph. */
async function programBytesOf(bundle) {
  const { data, tensors } = (await readBundle(bundle)).container;
  const [start, end] = tensors.get('heddle.wasm').data_offsets;
  const header = bundle.subarray(0, bundle.length - data.length);
  return gzipSync(Buffer.concat([header, data.subarray(start, end)])).length;
}

/** A model's file, its bundle for both kinds of engine, and its input. */
async function filesOf(name, files) {
  const { bytes, inputs, shapes } = readModel(name);
  const [{ name: input, dims, data }] = inputs;
  const program = importOnnx(bytes, { inputShapes: shapes });
  const [gpu, cpu] = [SOFTWARE_TARGET, WASM_TARGET].map((target) => prepare(program, { target }));
  const bundle = await toBundle(gpu, 'bench', cpu);
  for (const [kind, content] of Object.entries({ onnx: bytes, bundle })) {
    files.set(`${name}.${kind}.bin`, content);
    files.set(`${name}.${kind}.bin.input.bin`, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return { input, dims: dims.join(','), programBytes: await programBytesOf(bundle) };
}

/** One page in a browser of its own, whose caches are empty. */
async function visit(server, query) {
  const browser = await openBrowser();
  try {
    const [page] = await browser.pages();
    const tasks = await watchTasks(page);
    server.take();
    await page.goto(`${server.url}?${new URLSearchParams(query)}`);
    await page.waitForFunction('globalThis.told', { timeout: PATIENCE, polling: 50 });
    return { told: await page.evaluate('told'), sent: server.take(), tasks: await tasks() };
  } finally {
    await browser.close();
  }
}

/**
 * Measures, writes the results and prints them.
 * @param {{ rounds: number, smoke: boolean, models?: string[], out?: string }} asked
 * @returns {Promise<string[]>} what went wrong
 */
export async function bench(asked) {
  const missing = missingModels();
  const chosen = {
    models: MODELS,
    sides: SIDES.map(({ name }) => name),
    ...asked,
    ...(asked.smoke ? SMOKE : {}),
  };
  const models = chosen.models.filter((name) => !missing.includes(name));
  const report = {
    ...newReport({ name: 'chromium' }, { rounds: chosen.rounds }),
    pages: {},
    summary: undefined,
  };
  const path = chosen.out ?? at('../results/chromium-page.json');
  const problems = [];
  const files = new Map();
  await code(files);
  const facts = new Map();
  for (const name of models) facts.set(name, await filesOf(name, files));
  const browser = await openBrowser();
  report.device.adapter = { description: `${await browser.version()}, WebGPU on SwiftShader` };
  await browser.close();
  const server = await serve(files);
  try {
    for (const name of models) {
      const { input, dims, programBytes } = facts.get(name);
      const rows = SIDES.filter((side) => chosen.sides.includes(side.name)).flatMap((side) => side.threads.map((thread) => ({ side, thread, found: [] }))); // prettier-ignore
      for (let round = 0; round < chosen.rounds; round++)
        for (const { side, thread, found } of rows) {
          console.error(`· ${name}: ${side.title}, ${thread}`);
          const query = { side: side.name, thread, then: side.then ?? '', model: `${name}.${side.file}.bin`, input, dims }; // prettier-ignore
          found.push(await visit(server, query).catch((error) => ({ told: { problem: String(error) } })));
        }
      const expected = rows[0].found[0].told.output;
      report.pages[name] = rows.map(({ side, thread, found }) => {
        const problem = found.find(({ told }) => told.problem !== undefined)?.told.problem;
        const row = { name: side.name, title: side.title, thread };
        if (problem !== undefined) return { ...row, problem };
        const before = found[0].sent.filter((file) => !file.path.endsWith('.bin'));
        const difference = side.isPeerless ? 0 : differenceOf(found[0].told.output, expected);
        if (difference > TOLERANCE) problems.push(`${name}: ${side.title} differs by ${difference}`);
        return {
          ...row,
          difference,
          firstMs: median(found.map(({ told }) => told.ms)),
          bytesBefore: before.reduce((sum, { bytes }) => sum + bytes, 0) + (side.file === 'bundle' ? programBytes : 0), // prettier-ignore
          longTasks: Math.min(...found.map(({ tasks }) => tasks.length)),
          longestMs: median(found.map(({ tasks }) => Math.max(0, ...tasks))),
        };
      });
      report.summary = summarise(report.pages);
      if (!chosen.smoke) writeResults(path, report);
    }
  } finally {
    await server.close();
  }
  for (const name of chosen.models.filter((each) => missing.includes(each)))
    problems.push(`not here: ${name}`);
  console.log(render(report));
  if (!chosen.smoke) console.log(`written to ${path}`);
  return problems;
}
