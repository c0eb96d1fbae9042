/** Heddle's loader, on WebGPU. */
import { loadBundle, tensorData } from '../../../dist/loader/index.js';
import { workOf } from '../client.mjs';

export const work = workOf(async ({ bytes, input, dims, data }) => {
  const executable = await loadBundle(await bytes, { device: navigator.gpu });
  const outputs = await executable.run({ [input]: tensorData('f32', dims, await data) });
  return Object.values(outputs)[0].data;
});
