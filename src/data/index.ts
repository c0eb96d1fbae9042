/**
 * `heddle/data`: data sets, batches, and what fills them. It runs in browsers, too; `heddle/data/node` reads files.
 *
 *     import { batches, split, tensorDataset } from 'heddle/data';
 *
 *     const [train, test] = split(tensorDataset(images, classes), 0.9, 1);
 *     for (const { x, y } of batches(train, { batchSize: 64, seed: 1, epoch: 0 })) step(x, y);
 */

// Data sets
export {
  allExamples,
  datasetOf,
  oneHot,
  pick,
  reshapeFeatures,
  split,
  take,
  tensorDataset,
  type Dataset,
  type Examples,
} from './dataset.js';
export { byteColumn, classColumn, tensorColumn, type Column } from './column.js';
export { batchAt, batches, epochOrder, stepsPerEpoch, type Batch, type BatchOptions } from './batches.js';

// Images
export { readIdx, unpackIdx, type IdxBytes } from './idx.js';
export { readMnist, type MnistFiles } from './mnist.js';

// Text
export {
  characterDataset,
  vocabularyOf,
  type CharacterDataset,
  type TextOptions,
  type TextPart,
  type Vocabulary,
} from './text.js';

// Arrays
export { writeNpy } from './npy.js';

// Weights
export { readSafetensors, type Safetensors } from './safetensors/read.js';
export { writeSafetensors } from './safetensors/write.js';
