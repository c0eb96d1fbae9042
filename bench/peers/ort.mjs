/** onnxruntime-web on WebGPU in Node. */
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs/minimal.js';
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
  const { run, dispose } = await load(oneRelu());
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

/** The bytes of an ONNX model y = Relu(x) for x: f32[1]. */
function oneRelu() {
  const message = (fields) => {
    const writer = protobuf.Writer.create();
    for (const [id, value] of fields) {
      if (typeof value === 'number') writer.uint32((id << 3) | 0).int64(value);
      else if (typeof value === 'string') writer.uint32((id << 3) | 2).string(value);
      else writer.uint32((id << 3) | 2).bytes(value);
    }
    return writer.finish();
  };
  const valueInfo = (id) => {
    const shape = message([[1, message([[1, 1]])]]);
    const tensorType = message([
      [1, 1],
      [2, shape],
    ]);
    return message([
      [1, id],
      [2, message([[1, tensorType]])],
    ]);
  };
  const node = message([
    [1, 'x'],
    [2, 'y'],
    [4, 'Relu'],
  ]);
  const graph = message([
    [1, node],
    [2, 'one-relu'],
    [11, valueInfo('x')],
    [12, valueInfo('y')],
  ]);
  return message([
    [1, 8],
    [7, graph],
    [8, message([[2, 13]])],
  ]);
}
