/** Language models in GGUF files, up to where their weights would be read for a device. */
import { bytesSource } from '../../../src/llm/files/source.js';
import { openGguf } from '../../../src/llm/gguf/split.js';
import { checkWeights } from '../../../src/llm/model/check.js';
import { hyperFromGguf } from '../../../src/llm/model/from-gguf.js';
import { neededWeights } from '../../../src/llm/model/join.js';
import { weightsOfGguf } from '../../../src/llm/model/stored.js';
import { vocabularyOfGguf } from '../../../src/llm/text/gguf-vocabulary.js';
import { Tokenizer } from '../../../src/llm/text/tokenizer.js';
import { tinyModel } from '../../llm/support/tiny.js';
import type { InputFamily } from './family.js';
import { mutateBytes } from './mutate.js';

const SHAPE = { layers: 1, width: 32, hidden: 32, heads: 2, kvHeads: 1, vocabulary: 304 };
const MODELS = [
  tinyModel(SHAPE),
  tinyModel({ ...SHAPE, type: 'Q8_0' }),
  tinyModel({ ...SHAPE, architecture: 'gemma2' }),
];

async function open(bytes: Uint8Array): Promise<void> {
  const gguf = await openGguf('x.gguf', () => Promise.resolve(bytesSource(bytes)));
  const stored = weightsOfGguf(gguf);
  const hyper = hyperFromGguf(gguf, 'x.gguf');
  const weights = neededWeights(hyper, stored);
  const vocabulary = vocabularyOfGguf(gguf.metadata);
  checkWeights(hyper, weights, vocabulary);
  for (const { read } of weights.values()) await read();
  new Tokenizer(vocabulary).encode('the on a.');
}

export const gguf: InputFamily = {
  name: 'gguf',
  make(random) {
    const { bytes, how } = mutateBytes(random.pick(MODELS), random);
    return { describe: how, run: () => open(bytes) };
  },
};
