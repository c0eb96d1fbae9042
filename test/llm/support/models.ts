/** Tiny models in memory, on devices; and the real one of the data folder. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe } from 'vitest';
import { Engine, type EngineOptions } from '../../../src/llm/engine/engine.js';
import { bytesSource } from '../../../src/llm/files/source.js';
import { readGguf } from '../../../src/llm/gguf/read.js';
import { LanguageModel } from '../../../src/llm/model.js';
import { hyperFromGguf } from '../../../src/llm/model/from-gguf.js';
import { joined } from '../../../src/llm/model/join.js';
import { weightsOfGguf } from '../../../src/llm/model/stored.js';
import { specsOf } from '../../../src/llm/model/weights.js';
import { vocabularyOfGguf } from '../../../src/llm/text/gguf-vocabulary.js';
import { Tokenizer } from '../../../src/llm/text/tokenizer.js';
import { REFERENCE } from '../../../src/tensor/index.js';
import type { Backend } from '../../../src/tensor/backends/backend.js';
import { tinyModel, type TinyModel } from './tiny.js';

/** The engine of a file. */
export async function engineOf(
  file: Uint8Array,
  backend: Backend = REFERENCE,
  options: EngineOptions = {},
): Promise<Engine> {
  const gguf = await readGguf(bytesSource(file));
  const hyper = hyperFromGguf(gguf, 'the file');
  return Engine.create(hyper, specsOf(joined(hyper, weightsOfGguf(gguf))), backend, options);
}

/** A model of one layer that is quick everywhere. */
export const QUICK: TinyModel = { layers: 1, width: 32, hidden: 48, heads: 4, kvHeads: 2, vocabulary: 304 };

export async function languageModel(
  model: TinyModel = QUICK,
  backend: Backend = REFERENCE,
): Promise<LanguageModel> {
  // prettier-ignore
  const file = tinyModel(model);
  const { metadata } = await readGguf(bytesSource(file));
  return new LanguageModel(
    'tiny',
    await engineOf(file, backend),
    new Tokenizer(vocabularyOfGguf(metadata)),
    'tiny',
  );
}

/** The words of logits, so that equality is that of bits. */
export const words = (rows: readonly Float32Array[]): number[][] =>
  rows.map((row) => [...new Uint32Array(row.slice().buffer)]);

const folder = `${process.env.HEDDLE_DATA ?? fileURLToPath(new URL('../../../../shared', import.meta.url))}/llm/stories260K`; // prettier-ignore
export const STORIES = `${folder}/stories260K.gguf`;
export const storiesFile = (name: string): Buffer => readFileSync(`${folder}/ref/${name}`);
export const haveStories = existsSync(STORIES);

/** Tests of the real model: skipped, saying so, where it is absent. */
export const describeWithStories = (name: string, body: () => void): void => {
  const reason = haveStories ? '' : ' (skipped: no stories260K in the data folder; set HEDDLE_DATA)';
  describe.runIf(haveStories)(`${name}${reason}`, body);
};
