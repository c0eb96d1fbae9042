/** onnxruntime-web as its documentation has it. */
import { workOf } from '../client.mjs';

/** @param {typeof import('onnxruntime-web')} ort @param {'wasm' | 'webgpu'} provider */
export function ortSide(ort, provider) {
  return workOf(async ({ bytes, input, dims, data }) => {
    ort.env.wasm.wasmPaths = new URL('./', location.href).href;
    ort.env.logLevel = 'error';
    const session = await ort.InferenceSession.create(await bytes, { executionProviders: [provider] });
    const results = await session.run({ [input]: new ort.Tensor('float32', await data, dims) });
    return results[session.outputNames[0]].data;
  });
}
