/** Several networks as the branches of one parallel layer. */
import { enablePatches, Immer, type Patch } from 'immer';
import { checkArguments } from '../../base/arguments.js';
import { list, oneOf, record, required } from '../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../base/options.js';
import type { State } from '../../learn/nn/state.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { COMBINE } from './combine.js';
import { fromConfig, plainConfig } from './network.js';
import { printShape } from './scope.js';
import type { LayerConfig, PlainConfig } from './types.js';
import { refuse } from './validate.js';
import type { CombineMode } from './vocabulary.js';

/** A network that is grafted. */
export interface Scion {
  readonly config: unknown;
  /** Default: those that its config makes. */
  readonly weights?: State;
}

export interface GraftOptions {
  /** How outputs become one. Default: concat. grid_scatter has the places of the branches in a column. */
  readonly combine?: CombineMode;
}

export interface Grafted {
  readonly config: PlainConfig;
  /** The tensors of the networks, under their names in the new one. They are not copied. */
  readonly weights: Readonly<Record<string, Tensor>>;
  /** What turns the first network's config (without LOOM's dialect) into this one, and what undoes it. */
  readonly patches: readonly Patch[];
  readonly inversePatches: readonly Patch[];
}

const OPTIONS: OptionTable<GraftOptions> = { combine: oneOf(...Object.keys(COMBINE)) };

/**
 * One network with the others side by side in a parallel layer, all on one input. Training it does not change the networks
 * that were given: tensors are values.
 *
 * @throws CONFIG_INVALID, with the JSON path in the new config, where inputs differ or outputs cannot be combined; what
 *   {@link fromConfig} throws for one that is none; USAGE.
 */
export function graft(networks: readonly Scion[], options: GraftOptions = {}): Grafted {
  checkArguments('graft', { networks }, { networks: required(list) });
  // A list with holes is one of undefined.
  const scions = Array.from(networks);
  const { combine = 'concat' } = checkedOptions(options, OPTIONS, 'graft');
  scions.forEach((scion, i) =>
    checkArguments('graft', { [`networks[${i}]`]: scion }, { [`networks[${i}]`]: required(record) }),
  );
  if (scions.length === 0)
    refuse('a graft has branches', {
      path: '$.layers[0].branches',
      found: 'no networks',
      expected: 'at least one',
    });
  const configs = scions.map(({ config }) => plainConfig(config));
  const [first] = configs;
  configs.forEach(({ input }, i) => {
    if (`${input}` !== `${first.input}`)
      refuse('networks that are grafted have one input', {
        path: `$.layers[0].branches[${i}]`,
        found: printShape(input),
        expected: `${printShape(first.input)}, as the first has`,
      });
  });
  const branches = configs.map(({ layers }): LayerConfig => ({ type: 'sequential', layers }));
  const places = branches.map((_, i) => ({ branch_index: i, target_row: i, target_col: 0 }));
  const layer: LayerConfig = {
    type: 'parallel',
    combine_mode: combine,
    branches,
    ...(combine === 'grid_scatter' ? { grid_positions: places } : {}),
  };
  enablePatches();
  const immer = new Immer({ autoFreeze: false });
  const [config, patches, inversePatches] = immer.produceWithPatches(
    first,
    (draft: { layers: readonly LayerConfig[] }) => {
      draft.layers = [layer];
    },
  );
  const states = scions.map((scion, i) => {
    const network = fromConfig(configs[i]);
    return (scion.weights === undefined ? network : network.load(scion.weights)).state();
  });
  const named = states.flatMap((state, i) =>
    Object.entries(state).map(([name, tensor]) => [`layers.0.branches.${i}.${name}`, tensor] as const),
  );
  const weights = Object.fromEntries(named);
  // Whether outputs go together is for the network to say.
  fromConfig(config, { weights });
  return { config, weights, patches, inversePatches };
}
