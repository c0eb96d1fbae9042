/** The parameters in the layouts of other libraries. */

/** @typedef {import('./parameters.mjs').Parameter} Parameter */

/**
 * The axes of a parameter in the order `axes`.
 * @param {Parameter} parameter
 * @param {readonly number[]} axes
 * @returns {Parameter}
 */
export function transposed({ shape, data }, axes) {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const extents = axes.map((axis) => shape[axis]);
  const result = new Float32Array(data.length);
  const places = new Array(axes.length).fill(0);
  let from = 0;
  for (let to = 0; to < result.length; to++) {
    result[to] = data[from];
    for (let i = axes.length - 1; i >= 0; i--) {
      from += strides[axes[i]];
      if (++places[i] < extents[i]) break;
      from -= extents[i] * strides[axes[i]];
      places[i] = 0;
    }
  }
  return { shape: extents, data: result };
}

/** Tables of vectors have their rows first in every library. */
const isTable = (name) => name === 'tokens.weight' || name === 'positions.weight';

/**
 * With the weights of linear layers as [inputs, outputs].
 * @param {Record<string, Parameter>} parameters
 */
export const inputsFirst = (parameters) =>
  Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => [
      name,
      parameter.shape.length === 2 && !isTable(name) ? transposed(parameter, [1, 0]) : parameter,
    ]),
  );

/**
 * With the channels of images last: convolutions as [height, width, inputs, outputs], linear layers as [inputs, outputs],
 * and the one that follows a [channels, side, side] image with its inputs in the order [side, side, channels].
 * @param {Record<string, Parameter>} parameters
 * @param {Record<string, { channels: number, side: number }>} afterImages by name of a weight
 */
export function channelsLast(parameters, afterImages = {}) {
  const result = inputsFirst(parameters);
  for (const [name, parameter] of Object.entries(result)) {
    const image = afterImages[name];
    if (parameter.shape.length === 4) result[name] = transposed(parameter, [2, 3, 1, 0]);
    else if (image !== undefined) {
      const [inputs, outputs] = parameter.shape;
      const split = { shape: [image.channels, image.side ** 2, outputs], data: parameter.data };
      result[name] = { shape: [inputs, outputs], data: transposed(split, [1, 0, 2]).data };
    }
  }
  return result;
}
