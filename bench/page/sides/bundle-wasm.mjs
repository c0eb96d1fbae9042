/** Heddle's loader, on WebAssembly. */
import { loadWasmBundle, tensorData } from '../../../dist/loader/wasm.js';
import { workOf } from '../client.mjs';

export const work = workOf(async ({ bytes, input, dims, data }) => {
  const executable = await loadWasmBundle(await bytes);
  const outputs = await executable.run({ [input]: tensorData('f32', dims, await data) });
  return Object.values(outputs)[0].data;
});
