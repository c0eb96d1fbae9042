/** LOOM's form of configs: a grid of cells, which is only an address, and an input whose shape the first layer tells. */
import { given, type Shape } from '../scope.js';
import type { GridConfig, LayerConfig, NetworkConfig } from '../types.js';
import { refuse } from '../validate.js';

export const isGrid = (config: NetworkConfig): config is GridConfig => 'grid_rows' in config;

/** Throws CONFIG_INVALID unless there are as many layers as places. */
export function checkGrid({ grid_rows, grid_cols, layers_per_cell, layers }: GridConfig): void {
  const cells = grid_rows * grid_cols * layers_per_cell;
  if (layers.length !== cells)
    refuse('the grid has room for another number of layers', {
      path: '$.layers',
      found: `${layers.length} layers`,
      expected: `${grid_rows} x ${grid_cols} x ${layers_per_cell} = ${cells}`,
    });
}

/** The shape of an example. Throws CONFIG_INVALID where neither the config nor its first layer says it. */
export const gridInput = ({ input, layers }: GridConfig): Shape =>
  input ??
  inputShapeOf(layers) ??
  refuse('nothing says which shape an example has', {
    path: '$',
    found: 'neither "input" nor sizes in the first layer',
    expected: '"input": [...], or sizes in the first layer',
  });

/** What the first layer says; undefined where it says too little. */
function inputShapeOf([first]: readonly LayerConfig[]): Shape | undefined {
  return first === undefined ? undefined : shapeFor(first);
}

function shapeFor(layer: LayerConfig): Shape | undefined {
  switch (layer.type) {
    case 'dense':
      return whole(given(layer.width, layer.input_size, layer.input_height));
    case 'stitch':
      return whole(given(layer.input_size));
    case 'conv1d':
      return whole(given(layer.input_channels) ?? 1, given(layer.input_length, layer.input_height));
    case 'conv2d': {
      const { input_channels, input_height, input_width } = layer;
      return whole(given(input_channels) ?? 1, given(input_height), given(input_width, input_height));
    }
    case 'rnn':
    case 'lstm':
    case 'gru':
      return whole(given(layer.seq_length) ?? 1, given(layer.input_size));
    case 'multi_head_attention':
    case 'mha':
      return whole(given(layer.seq_length) ?? 1, given(layer.d_model));
    case 'layer_norm':
    case 'layernorm':
    case 'rms_norm':
    case 'rmsnorm':
      return whole(given(layer.norm_size));
    case 'swiglu':
      return whole(given(layer.input_size, layer.input_height));
    case 'embedding':
      return whole(given(layer.seq_length) ?? 1);
    case 'softmax':
      return whole(given(layer.softmax_rows) ?? 1, given(layer.softmax_cols));
    case 'sequential':
      return inputShapeOf(layer.branches ?? layer.layers ?? []);
    case 'parallel':
      return layer.branches.map(shapeFor).find((shape) => shape !== undefined);
    case 'kmeans':
      if (layer.attached_layer !== undefined) return shapeFor(layer.attached_layer);
      return whole(given(layer.cluster_dim));
    case 'residual':
      return undefined;
  }
}

const whole = (...sizes: readonly (number | undefined)[]): Shape | undefined =>
  sizes.every((size) => size !== undefined) ? sizes : undefined;
