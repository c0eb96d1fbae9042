/** What observers see of a network at a step: the statistics of its layers, as plain numbers. */
import { checkArguments, instanceOf } from '../../../base/arguments.js';
import { HeddleError } from '../../../base/errors.js';
import { integer, kind, oneOf, record, required } from '../../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../../base/options.js';
import type { TensorData } from '../../../base/tensor.js';
import { checkTensors } from '../../../tensor/arguments.js';
import { isTensor, type Tensor } from '../../../tensor/tensors/tensor.js';
import { readAll } from '../../../tensor/trees/trees.js';
import { Chain } from '../chain.js';
import type { LayerStatistics } from '../statistics.js';

/** What the network was doing. */
export const MODES = ['run', 'tick', 'train'] as const;
export type ObservedMode = (typeof MODES)[number];

/** The numbers of a layer, in the order of {@link LayerStatistics}. */
export const MEASURES = [
  'mean',
  'max',
  'min',
  'active',
  'total',
] as const satisfies readonly (keyof LayerStatistics)[];
export type Measure = (typeof MEASURES)[number];

/** A layer at a step. */
export type LayerObservation = {
  readonly name: string;
  /** As the config says it, such as `dense`. */
  readonly type: string;
} & Readonly<Record<Measure, number>>;

/** A network at a step: plain data. */
export interface Observation {
  readonly mode: ObservedMode;
  /** Counts from 0. */
  readonly step: number;
  /** In the order of the network. */
  readonly layers: readonly LayerObservation[];
  /** Of training. */
  readonly loss?: number;
}

export interface ObservationOptions {
  readonly mode: ObservedMode;
  /** Of the first observation. Default: 0. */
  readonly step?: number;
  /** f32, a scalar, or [T] as the statistics are. */
  readonly loss?: Tensor;
}

const OPTIONS: OptionTable<ObservationOptions> = {
  mode: required(oneOf(...MODES)),
  step: integer,
  loss: kind('a tensor', isTensor),
};

/**
 * The observations that `statistics` hold, read at once: one where they are scalars, T where they are [T], as `ticks` gives them.
 *
 * @throws USAGE; TREE_MISMATCH where a layer is missing, SHAPE_MISMATCH where the tensors differ in their number of steps
 */
export async function readObservations(
  network: Chain,
  statistics: Readonly<Record<string, LayerStatistics>>,
  options: ObservationOptions,
): Promise<readonly Observation[]> {
  checkArguments(
    'readObservations',
    { network, statistics },
    { network: chain, statistics: required(record) },
  );
  const { mode, step = 0, loss } = checkedOptions(options, OPTIONS, 'readObservations');
  const tensors = network.names.flatMap((name) =>
    MEASURES.map((measure) => numbersOf(statistics, name, measure)),
  );
  const data = await readAll(loss === undefined ? tensors : [...tensors, loss]);
  const count = stepsOf(data);
  return Array.from({ length: count }, (_, t): Observation => {
    const layers = network.names.map((name, i): LayerObservation => {
      const [mean, max, min, active, total] = MEASURES.map((_, m) => data[i * MEASURES.length + m].data[t]);
      return { name, type: network.wires[i].type, mean, max, min, active, total };
    });
    const base = { mode, step: step + t, layers };
    return loss === undefined ? base : { ...base, loss: data[data.length - 1].data[t] };
  });
}

const chain = instanceOf('a network, such as fromConfig(config)', Chain);

function numbersOf(
  statistics: Readonly<Record<string, LayerStatistics>>,
  layer: string,
  measure: Measure,
): Tensor {
  const found: Partial<LayerStatistics> | undefined = Object.hasOwn(statistics, layer)
    ? statistics[layer]
    : undefined;
  const tensor = found?.[measure];
  if (tensor === undefined)
    throw new HeddleError('TREE_MISMATCH', 'the statistics lack a layer', {
      where: 'readObservations',
      found: Object.keys(statistics).join(', '),
      expected: `${layer}.${measure}`,
    });
  checkTensors('readObservations', { [`statistics.${layer}.${measure}`]: tensor });
  return tensor;
}

/** How many steps the tensors are of. Throws SHAPE_MISMATCH. */
function stepsOf(data: readonly TensorData[]): number {
  const count = data[0].data.length;
  const other = data.find(({ shape, data: { length } }) => shape.length > 1 || length !== count);
  if (other === undefined) return count;
  throw new HeddleError('SHAPE_MISMATCH', 'the statistics are not of the same steps', {
    where: 'readObservations',
    found: `[${other.shape.join(', ')}]`,
    expected: count === 1 ? 'scalars' : `[${count}] each`,
  });
}

/** Puts an observation behind those that wait, of which `limit` are kept. How many were dropped for it, the oldest. */
export function keepNewest(waiting: Observation[], observation: Observation, limit: number): 0 | 1 {
  waiting.push(observation);
  if (waiting.length <= limit) return 0;
  waiting.shift();
  return 1;
}
