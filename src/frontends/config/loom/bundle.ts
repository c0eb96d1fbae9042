/** LOOM's model bundles: configs with weights, in one JSON file. */
import { checkArguments } from '../../../base/arguments.js';
import { number, oneOf, record, required, text } from '../../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../../base/options.js';
import { excerptOf } from '../../../base/describe.js';
import { HeddleError } from '../../../base/errors.js';
import { flattenTensors } from '../../../tensor/expressions/call.js';
import { readAll } from '../../../tensor/trees/trees.js';
import type { Chain } from '../chain.js';
import { fromConfig, type ConfigOptions } from '../network.js';
import { parseConfig } from '../parse.js';
import { networkKind } from '../program.js';
import type { NetworkConfig } from '../types.js';
import { fromBase64, toBase64 } from './elements.js';
import { readWeights, writeWeights, type LayerWeights } from './weights.js';

const TYPE = 'modelhost/bundle';

/** How weights are kept: decimal numbers, or base64 of their bytes. */
const FORMATS = ['jsonModelB64', 'multiPrecisionB64'] as const;
export type LoomFormat = (typeof FORMATS)[number];

interface Weights {
  readonly dtype?: string;
  readonly layers: readonly LayerWeights[];
}

interface SavedModel {
  readonly id: string;
  readonly cfg: unknown;
  readonly weights: { readonly fmt: LoomFormat; readonly data: string };
}

interface BundleFile {
  readonly type: typeof TYPE;
  readonly version: number;
  readonly models: readonly SavedModel[];
}

export interface LoomOptions extends Omit<ConfigOptions, 'weights'> {
  /** Which model, by its id. Default: the first. */
  readonly model?: string;
}

const MODEL_OPTIONS: OptionTable<Pick<LoomOptions, 'model'>> = { model: text };
const LOOM_OPTIONS: OptionTable<LoomOptions> = {
  ...MODEL_OPTIONS,
  seed: number,
  compat: oneOf('standard', 'loom'),
  maxWeights: number,
  maxSteps: number,
};

/** Whether JSON is a bundle, and not a config. */
export const isLoomBundle = (json: unknown): json is BundleFile =>
  typeof json === 'object' && json !== null && 'type' in json && json.type === TYPE;

/** The config of a model of a bundle. Throws as {@link fromLoomBundle}. */
export const loomConfig = (json: unknown, options: Pick<LoomOptions, 'model'> = {}): unknown =>
  savedModel(json, checkedOptions(options, MODEL_OPTIONS, 'loomConfig').model).cfg;

/**
 * A network with the weights of LOOM's bundle, given as text or as what that parses to. Weights of types other than f32 are
 * converted. What a bundle does not hold (the gates of filters, in LOOM's own) is as the seed makes it.
 *
 * @throws FILE_FORMAT where it is none, or in an unknown format; FILE_CORRUPT where the weights do not fit the config;
 *   WEIGHT_MISSING; CONFIG_INVALID.
 */
export function fromLoomBundle(json: unknown, options: LoomOptions = {}): Chain {
  const { model, ...rest } = checkedOptions(options, LOOM_OPTIONS, 'fromLoomBundle');
  const { cfg, weights } = savedModel(json, model);
  const network = fromConfig(cfg, rest);
  const { dtype = 'float32', layers } = weightsIn(weights);
  const { leaves, paths } = flattenTensors(network);
  const shapes = new Map(leaves.map(({ shape }, i) => [paths[i], shape]));
  return network.load(readWeights(network, { branch_weights: layers }, shapes, dtype), { strict: false });
}

function savedModel(json: unknown, id: string | undefined): SavedModel {
  const value = typeof json === 'string' ? parse(json) : json;
  const listed: unknown = isLoomBundle(value) ? value.models : [];
  const isObject = (model: unknown): model is SavedModel => typeof model === 'object' && model !== null;
  const models = Array.isArray(listed) ? listed.filter(isObject) : [];
  const found = models.find((model) => id === undefined || model.id === id);
  if (found !== undefined && typeof found.weights?.data === 'string') return found;
  throw new HeddleError('FILE_FORMAT', 'the bundle has no such model', {
    found:
      models.length === 0 ? excerptOf(value) : `the models ${models.map((model) => model.id).join(', ')}`,
    expected: `{"type": "${TYPE}", "models": [{"id": ${JSON.stringify(id ?? '...')}, "cfg": {...}, "weights": {...}}]}`,
  });
}

function weightsIn({ fmt, data }: SavedModel['weights']): Weights {
  if (!FORMATS.includes(fmt))
    throw new HeddleError('FILE_FORMAT', 'the weights have another format', {
      where: 'weights.fmt',
      found: excerptOf(fmt),
      expected: FORMATS.join(' or '),
    });
  const value = parse(new TextDecoder().decode(fromBase64(data, 'weights.data')));
  if (typeof value === 'object' && value !== null && 'layers' in value && Array.isArray(value.layers))
    return value as Weights;
  throw new HeddleError('FILE_CORRUPT', 'the weights list no layers', {
    where: 'weights.data',
    found: excerptOf(value),
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw new HeddleError('FILE_FORMAT', 'the bundle is not JSON', { found: String(cause), cause });
  }
}

interface SaveOptions {
  /** Default: multiPrecisionB64. */
  readonly format?: LoomFormat;
}

const SAVE_OPTIONS: OptionTable<SaveOptions> = { format: oneOf(...FORMATS) };

/**
 * A bundle with one network and its config, as text. Both formats keep all bits of f32: `multiPrecisionB64` is LOOM's version
 * 2, and far smaller. What LOOM has no field for stands in fields that it ignores. Rejects as `Tensor.data` does.
 */
export async function toLoomBundle(
  network: Chain,
  config: NetworkConfig,
  options: SaveOptions = {},
): Promise<string> {
  checkArguments('toLoomBundle', { network, config }, { network: networkKind, config: required(record) });
  const { format = 'multiPrecisionB64' } = checkedOptions(options, SAVE_OPTIONS, 'toLoomBundle');
  parseConfig(config);
  const { leaves, paths } = flattenTensors(network);
  const data = await readAll(leaves);
  const tensors = new Map(paths.map((path, i) => [path, data[i]]));
  const isBytes = format === 'multiPrecisionB64';
  const { branch_weights: layers = [] } = writeWeights(network, tensors, isBytes ? 'bytes' : 'numbers');
  const weights = isBytes ? { dtype: 'float32', scale: 1, layers } : { type: 'float32', layers };
  const id = config.id ?? 'network';
  const bytes = new TextEncoder().encode(JSON.stringify(weights));
  const model: SavedModel = { id, cfg: config, weights: { fmt: format, data: toBase64(bytes) } };
  const bundle: BundleFile = { type: TYPE, version: isBytes ? 2 : 1, models: [model] };
  return JSON.stringify(bundle);
}
