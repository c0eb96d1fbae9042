/** Ratios and tables of language models. */
import Table from 'cli-table3';
import { megabytes, ms, ratio } from '../format.mjs';

const rate = ({ ms: each }) => 1000 / each;

/** What the project has set itself: `least` or `most` is the value that counts as reached. */
const TARGETS = {
  'decode, WebAssembly to node-llama-cpp': { least: 0.5 },
  'decode, WebAssembly to node-llama-cpp, processor time': { least: 0.5 },
  'decode, WebAssembly to wllama': { least: 1 },
  'prefill to decode, WebAssembly': { least: 5 },
  'prefill to decode, WebGPU': { least: 5 },
  'submits a decoding step': { most: 1 },
  'dispatches a layer': { most: 8 },
  'pipelines as the context grows': { most: 0 },
  'memory to weights and caches, WebAssembly': { most: 1.05 },
  'load to reading the file, WebAssembly': { most: 1.2 },
};

/** @param {any[]} sides @param {{ layers: number }} shape */
export function summarise(sides, { layers }) {
  const found = {};
  const side = (name) => sides.find((each) => each.name === name && each.problem === undefined);
  const [wasm, llama, gpu] = ['heddle, WebAssembly', 'node-llama-cpp', 'heddle, WebGPU'].map(side);
  if (wasm && llama) {
    found['decode, WebAssembly to node-llama-cpp'] = llama.decode.ms / wasm.decode.ms;
    found['decode, WebAssembly to node-llama-cpp, processor time'] = llama.decode.cpuMs / wasm.decode.cpuMs;
    found['prefill, WebAssembly to node-llama-cpp, processor time'] =
      llama.prefill.cpuMs / wasm.prefill.cpuMs;
  }
  const inPage = side('wllama');
  if (wasm && inPage) found['decode, WebAssembly to wllama'] = inPage.decode.ms / wasm.decode.ms;
  for (const [name, each] of [
    ['WebAssembly', wasm],
    ['WebGPU', gpu],
  ])
    // prettier-ignore
    if (each) found[`prefill to decode, ${name}`] = each.decode.cpuMs / each.prefill.cpuMs;
  if (gpu) {
    found['submits a decoding step'] = gpu.submits;
    found['dispatches a layer'] = gpu.dispatches / layers;
    if (gpu.pipelinesOfGrowth !== undefined) found['pipelines as the context grows'] = gpu.pipelinesOfGrowth;
  }
  if (wasm) {
    found['memory to weights and caches, WebAssembly'] = wasm.memory.bytes / wasm.memory.tensorBytes;
    found['load to reading the file, WebAssembly'] = wasm.loadMs / wasm.readMs;
  }
  return Object.fromEntries(
    Object.entries(found).map(([name, value]) => {
      const target = TARGETS[name];
      const { least = -Infinity, most = Infinity } = target ?? {};
      return [name, { value, ...(target ? { target, reached: value >= least && value <= most } : {}) }];
    }),
  );
}

function line(name, { value, target, reached }) {
  const shown = `${name}: ${Number(value.toPrecision(3))}`;
  if (target === undefined) return shown;
  const wanted = 'least' in target ? `at least ${target.least}` : `at most ${target.most}`;
  return `${shown}, ${reached ? 'reached' : 'missed'}: ${wanted} wanted`;
}

const agreeing = (a, b) => {
  const differs = a.findIndex((token, i) => token !== b[i]);
  return differs < 0 ? a.length : differs;
};

/** Peers that are no sides, with the reason. */
const LEFT_OUT = [
  'transformers.js and onnxruntime-web are no sides: they take ONNX files, and there is none of this model',
];

/** The report for people. */
export function render({ date, machine, settings, sides, summary }) {
  const table = new Table({
    head: ['side', 'decode', 'heddle to it', 'prefill', 'load', 'first tokens', 'memory', 'tokens as heddle'],
    style: { head: [], border: [] },
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'left'],
  });
  const [ours] = sides;
  for (const side of sides) {
    if (side.problem !== undefined) {
      table.push([side.name, { colSpan: 7, content: side.problem.slice(0, 80) }]);
      continue;
    }
    table.push([
      side.name,
      `${rate(side.decode).toFixed(1)}/s`,
      ours.decode === undefined ? '' : ratio(side.decode.ms / ours.decode.ms),
      `${rate(side.prefill).toFixed(1)}/s`,
      ms(side.loadMs),
      ms(side.firstMs),
      side.memory === undefined ? '' : megabytes(side.memory.bytes),
      ours.chosen === undefined || side.chosen === undefined
        ? ''
        : `the first ${agreeing(side.chosen, ours.chosen)} of ${side.chosen.length}`,
    ]);
  }
  return [
    `${settings.model}, ${date}, ${machine.cores} cores, ${settings.threads} thread${settings.threads === 1 ? '' : 's'}, Node ${machine.node}, load ${machine.loadBefore.toFixed(1)}`,
    table.toString(),
    ...Object.entries(summary).map(([name, entry]) => line(name, entry)),
    ...LEFT_OUT,
  ].join('\n');
}
