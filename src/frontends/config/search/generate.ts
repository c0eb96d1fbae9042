/** Random networks within bounds, as edits of a config. */
import { enablePatches, Immer, type Patch } from 'immer';
import { checkedOptions } from '../../../base/options.js';
import { threefry2x32 } from '../../../numerics/threefry.js';
import { designNetwork, plainConfig } from '../network.js';
import { keyOfSeed } from '../scope.js';
import type { LayerConfig, ParallelConfig, PlainConfig } from '../types.js';
import { refuse } from '../validate.js';
import { BRAINS } from './brains.js';
import { DEFAULT_SPACE, GENERATE_OPTIONS, SPACE, type GenerateOptions, type SearchSpace } from './space.js';

/** A network that was drawn. */
export interface Generated {
  readonly config: PlainConfig;
  /** What turns the given config (without LOOM's dialect) into this one, and what undoes it. */
  readonly patches: readonly Patch[];
  readonly inversePatches: readonly Patch[];
}

/** Random choices that depend on a seed alone. */
interface Draws {
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  of<T>(list: readonly T[]): T;
}

function drawsOf(seed: number): Draws {
  const [high, low] = keyOfSeed(seed);
  const words = new Uint32Array(2);
  let count = 0;
  const between = (least: number, most: number): number => {
    threefry2x32(high, low, count++, 0, words);
    return least + (words[0] % (most - least + 1));
  };
  return { between, of: (list) => list[between(0, list.length - 1)] };
}

/**
 * A config with cells drawn from a space in place of all layers but the last, which stays: cells one after the other, each a few
 * brains side by side. The same seed gives the same config.
 *
 * @throws CONFIG_INVALID where the last layer takes its input from other layers, or does not fit what is drawn; what {@link plainConfig}
 *   throws; USAGE for a space that is none
 */
export function generate(config: unknown, options: GenerateOptions = {}): Generated {
  const { seed = 0, space = {} } = checkedOptions(options, GENERATE_OPTIONS, 'generate');
  const own: Required<SearchSpace> = {
    ...DEFAULT_SPACE,
    ...given(checkedOptions(space, SPACE, 'generate, space')),
  };
  const base = plainConfig(config);
  const head = headOf(base);
  const draws = drawsOf(seed);
  const cells = Array.from({ length: draws.between(...own.cells) }, () => cell(draws, own));
  enablePatches();
  const immer = new Immer({ autoFreeze: false });
  const [next, patches, inversePatches] = immer.produceWithPatches(
    base,
    (draft: { layers: readonly LayerConfig[] }) => {
      draft.layers = [...cells, head];
    },
  );
  // Whether the last layer fits is for the network to say.
  designNetwork(next, { maxWeights: Infinity });
  return { config: next, patches, inversePatches };
}

/** What is undefined counts as not given. */
const given = (space: SearchSpace): SearchSpace =>
  Object.fromEntries(Object.entries(space).filter(([, value]) => value !== undefined));

function headOf({ layers }: PlainConfig): LayerConfig {
  const head = layers.at(-1);
  const path = `$.layers[${layers.length - 1}]`;
  if (head === undefined)
    return refuse('a search keeps the last layer', { path: '$.layers', found: 'no layers', expected: 'at least one' }); // prettier-ignore
  for (const field of ['from', 'add_to_input', 'add_to_output'] as const)
    if (head[field] !== undefined)
      refuse('the last layer stays, and no layer that it names does', {
        path: `${path}.${field}`,
        found: JSON.stringify(head[field]),
        expected: 'nothing: its input is the layer before',
      });
  return head;
}

/** One brain, or several in a parallel layer. All give as many values. */
function cell(
  draws: Draws,
  { width, brains, combine, activations, sizes }: Required<SearchSpace>,
): LayerConfig {
  const count = draws.between(...width);
  const size = draws.of(sizes);
  const branches = Array.from({ length: count }, () => BRAINS[draws.of(brains)](size, draws.of(activations)));
  if (count === 1) return branches[0];
  const layer: ParallelConfig = { type: 'parallel', combine_mode: draws.of(combine), branches };
  if (layer.combine_mode === 'filter')
    return { ...layer, filter_gate: { type: 'dense', output_size: count } };
  if (layer.combine_mode !== 'grid_scatter') return layer;
  // A square of places, as a graft of LOOM has it.
  const columns = Math.ceil(Math.sqrt(count));
  const places = branches.map((_, i) => ({
    branch_index: i,
    target_row: Math.floor(i / columns),
    target_col: i % columns,
  }));
  return { ...layer, grid_positions: places };
}
