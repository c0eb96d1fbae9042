/** onnxruntime-web on WebGPU in Node. */
import { readFileSync } from 'node:fs';
import { reluModel } from '../onnx.mjs';
import { openGpu } from '../gpu.mjs';

const packageRoot = new URL('../node_modules/onnxruntime-web/', import.meta.url);

export const name = 'onnxruntime-web';
export const { version } = JSON.parse(readFileSync(new URL('package.json', packageRoot), 'utf8'));

/** @type {typeof import('onnxruntime-web/webgpu') | undefined} */
let ort;

/**
 * What a page pays once, whatever the model: the script, the WebAssembly module, the device. A model of one Relu makes
 * onnxruntime do all of it.
 */
export async function init() {
  openGpu();
  ort = await import('onnxruntime-web/webgpu');
  ort.env.wasm.wasmPaths = new URL('dist/', packageRoot).href;
  ort.env.logLevel = 'error';
  const { run, dispose } = await load(reluModel());
  await run([{ name: 'x', dims: [1], dtype: 'float32', data: new Float32Array([-1]) }]);
  await dispose();
}

/**
 * @param {Uint8Array} bytes the ONNX file
 * @returns {Promise<{ run(inputs: import('../tensors.mjs').Tensor[]): Promise<import('../tensors.mjs').Tensor[]>, dispose(): Promise<void> }>}
 */
export async function load(bytes) {
  const session = await ort.InferenceSession.create(bytes, { executionProviders: ['webgpu'] });
  return {
    async run(inputs) {
      const feeds = {};
      inputs.forEach((input, i) => {
        const key = session.inputNames.includes(input.name) ? input.name : session.inputNames[i];
        feeds[key] = new ort.Tensor(input.dtype, input.data, input.dims);
      });
      const results = await session.run(feeds);
      const outputs = [];
      for (const key of session.outputNames) {
        const { type, dims } = results[key];
        outputs.push({ name: key, dims: [...dims], dtype: type, data: await results[key].getData() });
      }
      return outputs;
    },
    dispose: () => session.release(),
  };
}
