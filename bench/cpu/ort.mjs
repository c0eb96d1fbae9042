/** onnxruntime-web on its WebAssembly backend in Node. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reluModel } from '../onnx.mjs';

const packageRoot = new URL('../node_modules/onnxruntime-web/', import.meta.url);

export const name = 'onnxruntime-web';
export const { version } = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8'));

/** @type {typeof import('onnxruntime-web/wasm') | undefined} */
let ort;

/** What a page pays once: the script, the WebAssembly module, threads. A model of one Relu makes onnxruntime do all of it. */
export async function init(threads) {
  globalThis.navigator ??= { userAgent: 'node', hardwareConcurrency: threads };
  ort = await import('onnxruntime-web/wasm');
  // A path and no URL: with threads, it would fetch that, and Node fetches no files.
  ort.env.wasm.wasmPaths = fileURLToPath(new URL('dist/', packageRoot));
  ort.env.wasm.numThreads = threads;
  ort.env.logLevel = 'error';
  const inputs = [{ name: 'x', dims: [1], dtype: 'float32', data: new Float32Array([-1]) }];
  const session = await load({ bytes: reluModel(), inputs });
  await session.run();
  await session.dispose();
}

/** @param {import('./models.mjs').CpuModel} model */
export async function load({ bytes, inputs }) {
  const session = await ort.InferenceSession.create(bytes, {
    executionProviders: ['wasm'],
    logSeverityLevel: 3,
  });
  const feeds = {};
  inputs.forEach((input, i) => {
    const key = session.inputNames.includes(input.name) ? input.name : session.inputNames[i];
    feeds[key] = new ort.Tensor(input.dtype, input.data, input.dims);
  });
  return {
    async run() {
      const results = await session.run(feeds);
      return session.outputNames.map((key) => ({
        name: key,
        dims: [...results[key].dims],
        data: results[key].data,
      }));
    },
    dispose: () => session.release(),
  };
}
