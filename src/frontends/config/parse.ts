/** From JSON to a config that is what its types say. */
import { checkNesting } from '../../base/nesting.js';
import { CONFIG_NESTING, NESTING_HINT } from './limits.js';
import { checkGrid, isGrid } from './loom/grid.js';
import { CONFIG_SCHEMA } from './schema.js';
import type { LayerConfig, NetworkConfig } from './types.js';
import { refuse, validate } from './validate.js';

/**
 * Checks a config, given as JSON text or as what that parses to.
 *
 * @throws CONFIG_INVALID, with the JSON path, what was found, what was expected, and the name that was probably meant;
 *   LIMIT_EXCEEDED where it nests deeper than 256 lists and objects.
 */
export function parseConfig(json: unknown): NetworkConfig {
  const value = typeof json === 'string' ? parseText(json) : json;
  checkNesting(value, CONFIG_NESTING, '$', NESTING_HINT);
  validate(CONFIG_SCHEMA, value);
  const config = value as NetworkConfig;
  if (isGrid(config)) checkGrid(config);
  checkNames(config.layers, '$.layers');
  return config;
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    return refuse('the text is not JSON', { path: '$', found: String(error), expected: 'a JSON object' });
  }
}

/** A name stands for one layer. Numbers are positions, and `input` is what the first layer gets. */
function checkNames(layers: readonly LayerConfig[], path: string): void {
  const seen = new Map<string, number>();
  layers.forEach((layer, i) => {
    for (const [key, inner] of nestedIn(layer)) checkNames(inner, `${path}[${i}].${key}`);
    const { name } = layer;
    if (name === undefined) return;
    const at = `${path}[${i}].name`;
    const before = seen.get(name);
    if (before !== undefined)
      refuse('two layers have the same name', {
        path: at,
        found: JSON.stringify(name),
        expected: `another name than that of layer ${before}`,
      });
    if (name === 'input' || !/^[A-Za-z_][\w-]*$/.test(name))
      refuse('this cannot be a name', {
        path: at,
        found: JSON.stringify(name),
        expected: 'letters, digits, _ and -, not a digit first, and not "input"',
      });
    seen.set(name, i);
  });
}

/** The lists of layers in a layer, each a scope of names of its own. */
function nestedIn(layer: LayerConfig): readonly (readonly [key: string, layers: readonly LayerConfig[]])[] {
  switch (layer.type) {
    case 'sequential':
      return [
        ['branches', layer.branches ?? []],
        ['layers', layer.layers ?? []],
      ];
    case 'parallel':
      return [
        ['branches', layer.branches],
        ['filter_gate', layer.filter_gate === undefined ? [] : [layer.filter_gate]],
      ];
    case 'kmeans':
      return [['attached_layer', layer.attached_layer === undefined ? [] : [layer.attached_layer]]];
    default:
      return [];
  }
}
