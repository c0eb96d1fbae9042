/** Opens a folder of Hugging Face: config.json, tokenizer.json, and safetensors, in one file or in several with an index. */
import { HeddleError } from '../../base/errors.js';
import { parseJson } from '../../base/fields.js';
import { exists, openSource, readText } from '../files/open.js';
import type { ModelFiles } from '../files/model-files.js';
import { isObject, vocabularyOfJson, type Json } from '../text/json-vocabulary.js';
import { hyperFromConfig } from './config.js';
import { renamed } from './names.js';
import { readShards } from './shards.js';
import { requireWeight } from '../model/stored.js';

const beside = (folder: string, name: string): string => `${folder.replace(/[/\\]$/, '')}/${name}`;

async function readJson(path: string): Promise<Json> {
  const source = await openSource(path);
  try {
    const value = parseJson(await source.read(0, source.size), (each) => each, path);
    if (isObject(value)) return value;
    throw new HeddleError('FILE_FORMAT', 'the file has no JSON object', { where: path });
  } finally {
    await source.close();
  }
}

/** Throws FILE_*, LLM_UNSUPPORTED and LLM_INVALID, as `openModel` does. */
export async function openFolder(folder: string): Promise<ModelFiles> {
  const at = (name: string): string => beside(folder, name);
  const optional = async (name: string): Promise<Json> =>
    (await exists(at(name))) ? readJson(at(name)) : {};
  const config = await readJson(at('config.json'));
  const shards = await readShards(await fileNames(folder), at);
  try {
    const { hyper, architecture, hasTiedHead } = hyperFromConfig(config, at('config.json'));
    const weights = new Map(shards.weights);
    // Some files have a matrix for it all the same, which nobody reads.
    if (hasTiedHead) weights.delete('lm_head.weight');
    // Without one these are the weights of something else than a language model.
    else requireWeight(weights, 'lm_head.weight');
    const vocabulary = vocabularyOfJson({
      tokenizer: await readJson(at('tokenizer.json')),
      tokenizerConfig: await optional('tokenizer_config.json'),
      config,
      generation: await optional('generation_config.json'),
      template: (await exists(at('chat_template.jinja')))
        ? await readText(at('chat_template.jinja'))
        : undefined,
    });
    const name = folder.split(/[/\\]/).findLast((part) => part !== '') ?? folder;
    return { name, hyper, weights: renamed(architecture, hyper, weights), vocabulary, close: shards.close }; // prettier-ignore
  } catch (error) {
    await shards.close();
    throw error;
  }
}

/** The files with the weights. */
async function fileNames(folder: string): Promise<readonly string[]> {
  const index = beside(folder, 'model.safetensors.index.json');
  if (!(await exists(index))) return ['model.safetensors'];
  const { weight_map: map } = await readJson(index);
  const names = isObject(map) ? Object.values(map) : [];
  const safe = names.filter((name) => typeof name === 'string' && !/[/\\]/.test(name));
  if (safe.length === names.length && names.length > 0) return [...new Set(safe as readonly string[])].sort();
  throw new HeddleError('FILE_CORRUPT', 'the index does not say in which files weights lie', {
    where: index,
    expected: 'weight_map: names of files beside it',
  });
}
