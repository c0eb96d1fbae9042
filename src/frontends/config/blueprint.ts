/** The blueprint of a network, as JSON: LOOM's form, for tools that draw it. */
import { zeros } from '../../tensor/tensors/factories.js';
import { isGrid } from './loom/grid.js';
import { fromConfig, plainConfig, type ConfigOptions } from './network.js';
import { layerOutputs } from './outputs.js';
import { parseConfig } from './parse.js';
import { inputDType } from './program.js';
import type { LayerConfig, NetworkConfig } from './types.js';

export interface LayerBlueprint {
  /** What `from` and the names of weights call it. */
  readonly name: string;
  /** The place in LOOM's grid; in a list all layers stand in one cell. */
  readonly grid_row: number;
  readonly grid_col: number;
  readonly cell_layer: number;
  readonly type: LayerConfig['type'];
  readonly activation: string;
  readonly parameters: number;
  /** Shapes of one example. */
  readonly input_shape: readonly number[];
  readonly output_shape: readonly number[];
  /** Layers side by side, or one after the other within this one. */
  readonly branches: number;
  /** Of a parallel layer. */
  readonly combine_mode?: string;
}

export interface ModelBlueprint {
  readonly id: string;
  readonly total_layers: number;
  readonly total_parameters: number;
  readonly layers: readonly LayerBlueprint[];
}

/**
 * What a config builds, layer by layer: types, places, shapes and numbers of weights. Nothing is computed.
 *
 * @throws as {@link fromConfig}
 */
export function blueprint(
  config: unknown,
  options: ConfigOptions = {},
): { readonly models: readonly ModelBlueprint[] } {
  const parsed = parseConfig(config);
  const network = fromConfig(parsed, options);
  const { layers } = plainConfig(parsed, options.compat === undefined ? {} : { compat: options.compat });
  const input = zeros([1, ...network.input], { dtype: inputDType(network) });
  // Only the shapes of these are looked at.
  const outputs = layerOutputs(network, input);
  const described = network.names.map((name, i): LayerBlueprint => {
    const { view, type, activation } = network.wires[i];
    const layer = layers[i];
    return {
      name,
      ...placeOf(parsed, i),
      type,
      activation: activation.name === '' || activation.name === 'none' ? 'linear' : activation.name,
      parameters: network.layers[name].parameterCount,
      input_shape: view,
      output_shape: outputs[name].shape.slice(1),
      branches: branchesOf(layer).length,
      ...(layer.type === 'parallel' ? { combine_mode: layer.combine_mode ?? 'concat' } : {}),
    };
  });
  return {
    models: [
      {
        id: parsed.id ?? 'network',
        total_layers: described.length,
        total_parameters: network.parameterCount,
        layers: described,
      },
    ],
  };
}

const branchesOf = (layer: LayerConfig): readonly LayerConfig[] =>
  layer.type === 'parallel' || layer.type === 'sequential'
    ? (layer.branches ?? ('layers' in layer ? (layer.layers ?? []) : []))
    : [];

/** LOOM's address of layer `i`. */
function placeOf(
  config: NetworkConfig,
  i: number,
): Pick<LayerBlueprint, 'grid_row' | 'grid_col' | 'cell_layer'> {
  if (!isGrid(config)) return { grid_row: 0, grid_col: 0, cell_layer: i };
  const { grid_cols: columns, layers_per_cell: deep } = config;
  return {
    grid_row: Math.floor(i / (columns * deep)),
    grid_col: Math.floor(i / deep) % columns,
    cell_layer: i % deep,
  };
}
