/** Opens models: GGUF files, one or several, and folders of Hugging Face. */
import { checksum } from '../base/checksum.js';
import { HeddleError } from '../base/errors.js';
import { kind, text } from '../base/kinds.js';
import { checkedOptions, type OptionTable } from '../base/options.js';
import { openWasmDevice } from '../runtime/wasm/device.js';
import { ResidentWasmBackend } from '../tensor/backends/resident-wasm.js';
import { merged, type Adapter } from './adapt/adapter.js';
import { checkAdapter, isAdapter } from './adapt/check.js';
import { isAdapterFile, type AdapterFile } from './adapt/config.js';
import { decodeAdapter, encodeAdapter } from './adapt/peft.js';
import { Engine } from './engine/engine.js';
import { backendAt, type Place } from './engine/place.js';
import { isFolder, openSource } from './files/open.js';
import { openFolder } from './folder/open.js';
import { openGguf } from './gguf/split.js';
import type { ModelFiles } from './files/model-files.js';
import { LanguageModel } from './model.js';
import { hyperFromGguf } from './model/from-gguf.js';
import { checkWeights } from './model/check.js';
import { joined, neededWeights, storedName } from './model/join.js';
import { requireWeight, weightsOfGguf } from './model/stored.js';
import { specsOf } from './model/weights.js';
import { dequantize } from './quants/types.js';
import { vocabularyOfGguf } from './text/gguf-vocabulary.js';
import { Tokenizer } from './text/tokenizer.js';

export interface LoadModelOptions {
  /** Where it runs: an open device, or a backend. Default: a WebAssembly engine of its own, which ends with the model. */
  readonly device?: Place;
  /** Positions that a text may have. Default: those that the model was made for, with LongRoPE those of its factors for short texts. */
  readonly context?: number;
  /**
   * An adapter (LoRA), with which the model is loaded merged: what `fineTune` gave, the bytes of a file of `encodeAdapter`, or a file of PEFT
   * and its configuration.
   */
  readonly adapter?: Uint8Array | AdapterFile | Adapter;
  /** What the model is called. Default: what its file says, or the name of the file. */
  readonly name?: string;
}

const OPTIONS: OptionTable<LoadModelOptions> = {
  device: kind('an open device, or a backend', (value) => typeof value === 'object' && value !== null),
  context: kind('an integer from 1 on', (value) => Number.isSafeInteger(value) && (value as number) > 0),
  adapter: kind(
    'bytes of a file, { bytes, config }, or an adapter',
    (value) => value instanceof Uint8Array || isAdapterFile(value) || isAdapter(value),
  ),
  name: text,
};

/** Opens a model without reading its weights. Throws FILE_*, LLM_UNSUPPORTED and LLM_INVALID. */
export async function openModel(path: string): Promise<ModelFiles> {
  if (await isFolder(path)) return openFolder(path);
  const gguf = await openGguf(path, openSource);
  const close = async (): Promise<void> => {
    await Promise.all(gguf.sources.map((source) => source.close()));
  };
  try {
    const stored = weightsOfGguf(gguf);
    const floats = async (name: string): Promise<Float32Array | undefined> => {
      const weight = stored.get(name);
      return weight && dequantize(weight.type, await weight.read());
    };
    const own = (await floats('rope_freqs.weight')) ?? (await floats('rope_factors_short.weight'));
    const hyper = hyperFromGguf(gguf, path, { own, long: await floats('rope_factors_long.weight') });
    const vocabulary = vocabularyOfGguf(gguf.metadata);
    const title = gguf.metadata.get('general.name');
    const name = typeof title === 'string' ? title : (path.split(/[/\\]/).at(-1) ?? path);
    return { name, hyper, weights: stored, vocabulary, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Which weights a model has: by names, types and shapes of all, and the values of the last norm, which any training moves. */
async function identityOf({ hyper, weights }: ModelFiles, adapter: Adapter | undefined): Promise<string> {
  const all = Array.from(weights, ([name, { type, shape }]) => [name, type, shape]);
  const norm = await weights.get('output_norm.weight')!.read();
  const own = `${checksum(new TextEncoder().encode(JSON.stringify(all)))}.${checksum(norm)}`;
  return adapter === undefined ? own : `${own}.${checksum(encodeAdapter(adapter, hyper))}`;
}

/** An adapter for the model. Throws as {@link withAdapter}. */
function adapterOf({ hyper, weights }: ModelFiles, given: Uint8Array | AdapterFile | Adapter): Adapter {
  const file = given instanceof Uint8Array ? { bytes: given } : given;
  if (isAdapterFile(file))
    return decodeAdapter(file.bytes, hyper, neededWeights(hyper, weights).keys(), file.config);
  checkAdapter(file, 'withAdapter');
  return file;
}

/**
 * The model with an adapter in its weights; it keeps all others, those that only say how positions turn, too. Throws USAGE for other values,
 * FILE_*, LLM_INVALID and LLM_UNSUPPORTED for adapters that are none, of another model, or of a kind that Heddle does not know.
 */
export function withAdapter(files: ModelFiles, given: Uint8Array | AdapterFile | Adapter): ModelFiles {
  const adapter = adapterOf(files, given);
  const changed = merged(neededWeights(files.hyper, files.weights), adapter);
  const weights = new Map(files.weights);
  for (const name of adapter.factors.keys())
    weights.set(storedName(files.weights, name), requireWeight(changed, name));
  return { ...files, weights };
}

/**
 * Loads a model: `path` is a GGUF file (of several, any), a URL of one whose server answers ranges, or a folder with config.json,
 * tokenizer.json and safetensors.
 *
 * @throws FILE_UNREADABLE, FILE_FORMAT, FILE_VERSION, FILE_TRUNCATED, FILE_CORRUPT for files that are none; LLM_UNSUPPORTED for
 *   architectures, types and vocabularies that Heddle does not know, LLM_INVALID for models that contradict themselves; DEVICE_LIMIT
 *   where a weight does not fit the device; LLM_CONTEXT for positions that were never learned; USAGE for options that are none.
 */
export async function loadModel(path: string, given: LoadModelOptions = {}): Promise<LanguageModel> {
  const { device, context, adapter: option, name } = checkedOptions(given, OPTIONS, 'loadModel');
  if (typeof path !== 'string')
    throw new HeddleError('USAGE', 'a model is named by a path or a URL', { where: 'loadModel' });
  const own = device === undefined ? new ResidentWasmBackend(await openWasmDevice()) : undefined;
  try {
    const opened = await openModel(path);
    try {
      const adapter = option === undefined ? undefined : adapterOf(opened, option);
      const files = adapter === undefined ? opened : withAdapter(opened, adapter);
      const { hyper, vocabulary } = files;
      checkWeights(hyper, files.weights, vocabulary);
      const tokenizer = new Tokenizer(vocabulary);
      const specs = specsOf(joined(hyper, files.weights));
      const engine = await Engine.create(hyper, specs, own ?? backendAt(device!), { context });
      const identity = await identityOf(files, adapter);
      return new LanguageModel(name ?? files.name, engine, tokenizer, identity, () => own?.dispose());
    } finally {
      await opened.close();
    }
  } catch (error) {
    own?.dispose();
    throw error;
  }
}
