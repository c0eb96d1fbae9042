/** Networks out of configs. */
import { number, oneOf, record } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import type { State } from '../../learn/nn/state.js';
import { designChain, type Chain } from './chain.js';
import { designLayer } from './layers/index.js';
import { Budget, checkAxes, type Limits } from './limits.js';
import { translate } from './loom/translate.js';
import { parseConfig } from './parse.js';
import { keyOfSeed, type Blueprint, type Scope } from './scope.js';
import type { PlainConfig } from './types.js';

export interface ConfigOptions extends Limits {
  /** In place of the config's own. */
  readonly seed?: number;
  readonly compat?: 'standard' | 'loom';
  /** Tensors by name, such as `readSafetensors(bytes).tensors`, in place of those that `seed` makes. */
  readonly weights?: State;
}

const CONFIG_OPTIONS: OptionTable<ConfigOptions> = {
  seed: number,
  compat: oneOf('standard', 'loom'),
  weights: record,
  maxWeights: number,
  maxSteps: number,
};

/**
 * The network of a config: a module that takes [B, ...input] for any B, with the same bits for each example. The weights are
 * those that `seed` makes, the same on every machine, unless there are others.
 *
 * @throws CONFIG_INVALID, with the JSON path; TREE_MISMATCH, SHAPE_MISMATCH and DTYPE_MISMATCH where `weights` do not fit;
 *   LIMIT_EXCEEDED where it nests too deep, or asks for more weights or steps than it may, before any are made.
 */
export function fromConfig(json: unknown, options: ConfigOptions = {}): Chain {
  checkedOptions(options, CONFIG_OPTIONS, 'fromConfig');
  const network = buildNetwork(translate(parseConfig(json), options.compat), options);
  return options.weights === undefined ? network : network.load(options.weights);
}

type Dialect = Pick<ConfigOptions, 'compat'>;

const DIALECT: OptionTable<Dialect> = { compat: CONFIG_OPTIONS.compat };

/**
 * The config without LOOM's dialect: in the list form, without `compat`; its network has the same bits. An ordinary config stays
 * as it is.
 *
 * @throws CONFIG_INVALID, with the JSON path, also where nothing says the shape of an example
 */
export function plainConfig(json: unknown, options: Dialect = {}): PlainConfig {
  const { compat } = checkedOptions(options, DIALECT, 'plainConfig');
  return translate(parseConfig(json), compat);
}

const buildNetwork = (config: PlainConfig, options: ConfigOptions): Chain =>
  designNetwork(config, options).make();

/** A network that was checked, and has no weights yet. Throws as {@link fromConfig} does. */
export function designNetwork(
  { input, layers, seed }: PlainConfig,
  options: ConfigOptions,
): Blueprint<Chain> {
  checkAxes(input);
  const scope: Scope = {
    path: '$',
    input,
    key: keyOfSeed(options.seed ?? seed ?? 0),
    budget: new Budget(options),
    design: designLayer,
  };
  return designChain(layers, 'layers', scope);
}
