/**
 * The parameters of the models at the start, which all sides are given. Shapes are those of PyTorch: [outputs, inputs] for
 * linear layers, [outputs, inputs, height, width] for convolutions; a side with other habits rearranges them.
 */
import { seeded } from '../random.mjs';

/**
 * @typedef {object} Parameter
 * @property {readonly number[]} shape
 * @property {Float32Array} data
 */

/**
 * @typedef {object} Recipe
 * @property {string} name
 * @property {readonly number[]} shape
 * @property {number} center
 * @property {number} spread values are uniform in center ± spread
 */

/** Weight and bias, uniform in ±1/sqrt(inputs of an output), as PyTorch has it. */
export function layer(name, weight, { bias = true } = {}) {
  const [outputs, ...rest] = weight;
  const spread = 1 / Math.sqrt(rest.reduce((a, b) => a * b, 1));
  return [
    { name: `${name}.weight`, shape: weight, center: 0, spread },
    ...(bias ? [{ name: `${name}.bias`, shape: [outputs], center: 0, spread }] : []),
  ];
}

/** Weight and bias of a layer norm. */
export const norm = (name, features) => [
  { name: `${name}.weight`, shape: [features], center: 1, spread: 0 },
  { name: `${name}.bias`, shape: [features], center: 0, spread: 0 },
];

/** A table of vectors, with the standard deviation 0.02 of GPT-2. */
export const table = (name, rows, features) => [
  { name: `${name}.weight`, shape: [rows, features], center: 0, spread: 0.02 * Math.sqrt(3) },
];

/** A transformer block with the norms before its parts and biases everywhere. */
export const block = (name, features) => [
  ...norm(`${name}.attentionNorm`, features),
  ...['query', 'key', 'value', 'output'].flatMap((part) =>
    layer(`${name}.attention.${part}`, [features, features]),
  ),
  ...norm(`${name}.feedForwardNorm`, features),
  ...layer(`${name}.feedForward.up`, [4 * features, features]),
  ...layer(`${name}.feedForward.down`, [features, 4 * features]),
];

/**
 * @param {readonly Recipe[]} recipes
 * @returns {Record<string, Parameter>} by name; the same numbers every time
 */
export function initialValues(recipes) {
  const next = seeded(1);
  return Object.fromEntries(
    recipes.map(({ name, shape, center, spread }) => {
      const length = shape.reduce((a, b) => a * b, 1);
      const data = Float32Array.from({ length }, () => center + spread * (2 * next() - 1));
      return [name, { shape, data }];
    }),
  );
}
