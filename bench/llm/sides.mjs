/** A language model that goes on with tokens, in each library's own words. */
import { openWasmDevice } from '../../dist/index.js';
import { loadModel } from '../../dist/llm/index.js';
import { openNodeDevice } from '../../dist/node/index.js';
import { importLlama, isInstalled, LLAMA, WLLAMA } from './peers.mjs';
import { wllama } from './wllama.mjs';

/**
 * @typedef {object} Session
 * @property {(tokens: number[]) => Promise<void>} prefill forgets what was, and takes these
 * @property {(token: number, count: number, each: (token: number) => void) => Promise<void>} decode takes a token, then the likeliest, then
 *   the likeliest after that; tells each as it comes
 * @property {() => { tensorBytes: number, bytes: number }} [memory] weights and caches; and with the programs' own
 */

/** @typedef {{ name: string, where: 'cpu' | 'gpu', start: (job: any) => Promise<(path: string) => Promise<Session>>, isHere?: () => boolean, isElsewhere?: boolean }} Side `start` opens the device, what it
 *   gives the model; `isElsewhere`: in another process, whose processor time is not known */

/** Positions that texts may have, on all sides. */
export const CONTEXT = 2048;

function likeliest(logits) {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i] > logits[best]) best = i;
  return best;
}

const heddle = (openDevice) => async (job) => {
  const device = await openDevice(job);
  return (path) => openHeddle(path, device);
};

async function openHeddle(path, device) {
  const model = await loadModel(path, { device, context: CONTEXT });
  const { engine } = model;
  const sequence = engine.sequence();
  return {
    async prefill(tokens) {
      sequence.rollback(0);
      await engine.advance([{ sequence, tokens }]);
    },
    async decode(token, count, each) {
      for (let i = 0, next = token; i < count; i++) {
        const [logits] = await engine.advance([{ sequence, tokens: [next] }]);
        next = likeliest(logits);
        each(next);
      }
    },
    memory: () => engine.memory,
  };
}

/** Flash attention and caches of 16 bits are its defaults, and the fastest that it has. */
async function llama({ threads }) {
  const { getLlama } = await importLlama();
  const own = await getLlama({ gpu: false, build: 'never', maxThreads: threads, logLevel: 'error' });
  return (path) => openLlama(own, path, threads);
}

async function openLlama(own, path, threads) {
  const model = await own.loadModel({ modelPath: path });
  const context = await model.createContext({ contextSize: CONTEXT, threads, batchSize: 512 });
  const sequence = context.getSequence();
  return {
    async prefill(tokens) {
      await sequence.clearHistory();
      await sequence.evaluateWithoutGeneratingNewTokens(tokens);
    },
    async decode(token, count, each) {
      let left = count;
      for await (const next of sequence.evaluate([token], { temperature: 0, yieldEogToken: true })) {
        each(next);
        if (--left === 0) return;
      }
    },
  };
}

/** @type {readonly Side[]} ours first */
export const SIDES = [
  { name: 'heddle, WebAssembly', where: 'cpu', start: heddle(({ threads }) => openWasmDevice({ threads })) },
  { name: 'node-llama-cpp', where: 'cpu', start: llama, isHere: () => isInstalled(LLAMA) },
  { name: 'wllama', where: 'cpu', start: wllama, isHere: () => isInstalled(WLLAMA), isElsewhere: true },
  { name: 'heddle, WebGPU', where: 'gpu', start: heddle(({ device }) => openNodeDevice(device.heddle)) },
];
