/** What is trained: sizes, optimisers, parameters and batches, in no library's terms. */
import { seeded } from '../random.mjs';
import { block, initialValues, layer, norm, table } from './parameters.mjs';

/**
 * @typedef {object} Batch
 * @property {Float32Array | Int32Array} x images [batch, 1, 28, 28], or tokens [batch, length]
 * @property {Int32Array} y labels [batch], or the tokens that come next [batch, length]
 */

/**
 * @typedef {object} Workload
 * @property {'mlp' | 'cnn' | 'transformer'} name
 * @property {string} title
 * @property {number} batch
 * @property {{ learningRate: number, momentum: number }} sgd
 * @property {TransformerSize} [size]
 * @property {() => Record<string, import('./parameters.mjs').Parameter>} parameters
 * @property {() => Batch[]} batches
 */

/**
 * @typedef {object} TransformerSize
 * @property {number} vocabulary
 * @property {number} length tokens of a sequence
 * @property {number} features
 * @property {number} heads
 * @property {number} layers
 */

/** Batches that a run goes through over and over. */
const BATCHES = 4;

/** @type {TransformerSize} */
const SMALL = { vocabulary: 65, length: 64, features: 128, heads: 4, layers: 4 };

/** @type {readonly Workload[]} */
export const WORKLOADS = [
  {
    name: 'mlp',
    title: 'MLP 784-128-10',
    batch: 128,
    sgd: { learningRate: 0.05, momentum: 0.9 },
    parameters: () => initialValues([...layer('hidden', [128, 784]), ...layer('output', [10, 128])]),
    batches: () => images(128),
  },
  {
    name: 'cnn',
    title: 'CNN 5x5 16, 5x5 32',
    batch: 64,
    sgd: { learningRate: 0.02, momentum: 0.9 },
    parameters: () =>
      initialValues([
        ...layer('first', [16, 1, 5, 5]),
        ...layer('second', [32, 16, 5, 5]),
        ...layer('hidden', [128, 512]),
        ...layer('output', [10, 128]),
      ]),
    batches: () => images(64),
  },
  {
    name: 'transformer',
    title: 'transformer, 4 layers of 128',
    batch: 8,
    sgd: { learningRate: 0.1, momentum: 0 },
    size: SMALL,
    parameters: () => initialValues(transformerParameters(SMALL)),
    batches: () => sequences(8, SMALL),
  },
];

/** @param {TransformerSize} size */
function transformerParameters({ vocabulary, length, features, layers }) {
  return [
    ...table('tokens', vocabulary, features),
    ...table('positions', length, features),
    ...Array.from({ length: layers }, (_, i) => block(`blocks.${i}`, features)).flat(),
    ...norm('norm', features),
    ...layer('head', [vocabulary, features], { bias: false }),
  ];
}

/** Images of noise around one pattern for each of ten classes, so that there is something to learn. */
function images(count) {
  const next = seeded(2);
  const patterns = Array.from({ length: 10 }, () => Float32Array.from({ length: 784 }, next));
  return Array.from({ length: BATCHES }, () => {
    const y = Int32Array.from({ length: count }, () => Math.floor(10 * next()));
    const x = Float32Array.from(
      { length: count * 784 },
      (_, i) => 0.5 * next() + 0.5 * patterns[y[Math.floor(i / 784)]][i % 784],
    );
    return { x, y };
  });
}

/** Sequences in which most tokens follow from the one before. */
function sequences(count, { length, vocabulary }) {
  const next = seeded(3);
  const any = () => Math.floor(vocabulary * next());
  return Array.from({ length: BATCHES }, () => {
    const x = new Int32Array(count * length);
    const y = new Int32Array(count * length);
    for (let row = 0; row < count; row++) {
      let token = any();
      for (let at = row * length; at < (row + 1) * length; at++) {
        x[at] = token;
        token = next() < 0.8 ? (3 * token + 7) % vocabulary : any();
        y[at] = token;
      }
    }
    return { x, y };
  });
}
