/**
 * LOOM's dialect as ordinary configs, which give the same bits. It has two parts: defaults that come with the grid form, and
 * with `compat: "loom"` the constants and the wiring of LOOM's code. Layers keep their places, names and nesting, so weights
 * keep their names and errors their JSON paths.
 */
import type { LayerConfig, NetworkConfig, ParallelConfig, PlainConfig, SoftmaxConfig } from '../types.js';
import { gridInput, isGrid } from './grid.js';

/** What LOOM multiplies the input of a ReLU by, its slope below zero, and the base of its rotary embedding. */
const LOOM = { reluScale: 1.1, leakySlope: 0.1, ropeBase: 10000 } as const;

interface Dialect {
  /** Whether the defaults are those of the grid form. */
  readonly grid: boolean;
  /** Whether constants and wiring are those of LOOM's code. */
  readonly loom: boolean;
}

/**
 * The same network without LOOM's dialect: in the list form, without `compat`. An ordinary config stays as it is. `compat`
 * stands in place of the config's own. Throws CONFIG_INVALID where nothing says the shape of an example.
 */
export function plainConfig(config: NetworkConfig, compat = config.compat): PlainConfig {
  const dialect = { grid: isGrid(config), loom: compat === 'loom' };
  const layers = translateList(config.layers, dialect);
  const { compat: _, ...rest } = config;
  if (!isGrid(config)) return { ...rest, input: config.input, layers };
  const { grid_rows, grid_cols, layers_per_cell, ...fields } = rest as typeof config;
  return { ...fields, input: gridInput(config), layers };
}

/** Layers one after the other, with the skips that LOOM has without a layer for them. */
function translateList(layers: readonly LayerConfig[], dialect: Dialect): readonly LayerConfig[] {
  let kept: Reference | undefined;
  return layers.map((layer, i) => {
    const own = translateLayer(layer, dialect);
    if (!dialect.loom) return own;
    const skips = withSkips(own, kept);
    kept = keptAfter(layer, i, kept);
    return skips;
  });
}

type Reference = string | number;

/**
 * LOOM adds what is kept to the output of attention and swiglu and to the input of layer_norm. What has another size it leaves
 * out, in a residual as well.
 */
function withSkips(layer: LayerConfig, kept: Reference | undefined): LayerConfig {
  const skip_mismatched = true;
  switch (layer.type) {
    case 'residual':
      return { ...layer, skip_mismatched };
    case 'multi_head_attention':
    case 'mha':
    case 'swiglu':
      if (kept === undefined) return layer;
      return { ...layer, skip_mismatched, add_to_output: [layer.add_to_output ?? [], kept].flat() };
    case 'layer_norm':
    case 'layernorm':
      if (kept === undefined) return layer;
      return { ...layer, skip_mismatched, add_to_input: [layer.add_to_input ?? [], kept].flat() };
    default:
      return layer;
  }
}

/** An rms_norm keeps its input; attention and swiglu keep their output. */
function keptAfter(
  { type, from }: LayerConfig,
  i: number,
  kept: Reference | undefined,
): Reference | undefined {
  switch (type) {
    case 'rms_norm':
    case 'rmsnorm': {
      const [source = i === 0 ? 'input' : i - 1] = [from ?? []].flat();
      return source;
    }
    case 'multi_head_attention':
    case 'mha':
    case 'swiglu':
      return i;
    default:
      return kept;
  }
}

function translateLayer(config: LayerConfig, dialect: Dialect): LayerConfig {
  const layer = translateActivation(config, dialect);
  const inner = (own: LayerConfig): LayerConfig => translateLayer(own, dialect);
  switch (layer.type) {
    case 'multi_head_attention':
    case 'mha':
      return dialect.grid ? { rope_freq_base: LOOM.ropeBase, causal: true, ...layer } : layer;
    case 'swiglu':
      return dialect.grid ? { bias: true, ...layer } : layer;
    case 'softmax':
      return translateSoftmax(layer, dialect);
    case 'sequential': {
      const { branches, layers, ...rest } = layer;
      return {
        ...rest,
        ...(branches && { branches: translateList(branches, dialect) }),
        ...(layers && { layers: translateList(layers, dialect) }),
      };
    }
    case 'parallel': {
      const { branches, filter_gate } = layer;
      return {
        ...(dialect.loom ? translateCombination(layer) : layer),
        branches: branches.map(inner),
        ...(filter_gate && { filter_gate: inner(filter_gate) }),
      };
    }
    case 'kmeans':
      return layer.attached_layer === undefined
        ? layer
        : { ...layer, attached_layer: inner(layer.attached_layer) };
    default:
      return layer;
  }
}

/** In the grid form three kinds of layers have an activation, by default LOOM's ReLU. */
function translateActivation(layer: LayerConfig, { grid, loom }: Dialect): LayerConfig {
  const { type } = layer;
  if (grid && type !== 'dense' && type !== 'conv1d' && type !== 'conv2d') {
    const { activation, activation_scale, activation_slope, ...rest } = layer;
    return rest;
  }
  if (!loom) return layer;
  const activation = layer.activation ?? (grid ? 'relu' : 'linear');
  if (activation === 'relu') return { activation_scale: LOOM.reluScale, ...layer, activation };
  if (activation === 'leaky_relu') return { activation_slope: LOOM.leakySlope, ...layer };
  return layer;
}

/** LOOM names the variants adaptive and mixture, and computes the plain softmax. */
const isPlain = (variant: string | undefined): boolean => variant === 'adaptive' || variant === 'mixture';

/** LOOM's is over all values of an example, and blends in entmax, whose alpha may be anything. */
function translateSoftmax(layer: SoftmaxConfig, { grid, loom }: Dialect): SoftmaxConfig {
  const { softmax_variant: variant } = layer;
  const own: SoftmaxConfig = grid ? { softmax_over: 'all', ...layer } : layer;
  if (!loom) return own;
  if (isPlain(variant)) {
    const { temperature, softmax_rows, softmax_cols, ...rest } = own;
    return { ...rest, softmax_variant: 'standard' };
  }
  if (variant !== 'entmax') return own;
  const { entmax_alpha: alpha = 1.5 } = layer;
  return { entmax_mode: 'blend', ...own, entmax_alpha: Math.min(Math.max(alpha, 1), 2) };
}

/** LOOM's concat puts whole batches behind each other; its filters have the softmax of {@link translateSoftmax}. */
function translateCombination(layer: ParallelConfig): ParallelConfig {
  const { combine_mode: mode = '', filter_softmax: variant } = layer;
  if (mode === 'concat' || mode === '') return { ...layer, combine_mode: 'concat_batches' };
  if (variant === 'entmax') return { filter_entmax_mode: 'blend', ...layer };
  if (!isPlain(variant)) return layer;
  const { filter_temperature, ...rest } = layer;
  return { ...rest, filter_softmax: 'standard' };
}
