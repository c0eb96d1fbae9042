/** What the sides have in common: they are asked, in a page or in a worker, and tell what they found. */

const fetched = async (path) =>
  new Uint8Array(await (await fetch(new URL(path, location.href))).arrayBuffer());

/**
 * @typedef {object} Asked
 * @property {string} side
 * @property {string} model the file
 * @property {string} input the name of the one input
 * @property {string} dims of it, with commas
 * @property {string} then nothing, or what is done after the first result
 */

/**
 * @param {(asked: { bytes: Promise<Uint8Array>, input: string, dims: number[], data: Promise<Float32Array>, then: string }) => Promise<Float32Array>} first
 *   from files to the first element of the outputs
 * @returns {(asked: Asked) => Promise<{ output: number[] } | { problem: string }>}
 */
export function workOf(first) {
  const work = async ({ model, input, dims, then }) => {
    try {
      const data = fetched(`${model}.input.bin`).then(({ buffer }) => new Float32Array(buffer));
      const output = await first({
        bytes: fetched(model),
        input,
        dims: dims.split(',').map(Number),
        data,
        then,
      });
      // Enough to hold the sides against each other.
      return { output: [...output.subarray(0, 1000)] };
    } catch (error) {
      return { problem: String(error) };
    }
  };
  if (globalThis.document === undefined)
    addEventListener('message', async ({ data }) => postMessage(await work(data)), { once: true });
  return work;
}
