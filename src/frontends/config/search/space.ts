/** What a search may build networks of. */
import { integer, kind, type Kind } from '../../../base/kinds.js';
import type { OptionTable } from '../../../base/options.js';
import { isListOf } from '../../../base/values.js';
import { COMBINE, type Mode } from '../combine.js';
import type { ActivationName } from '../vocabulary.js';
import { BRAINS, type Brain } from './brains.js';

/** Ways to put the brains of a cell together whose number of values does not depend on the batch. */
export type CellMode = Exclude<Mode, 'concat_batches'>;

/** Bounds are both included. */
export interface SearchSpace {
  /** Cells, one after the other, from 1 to 16. Default [1, 3]. */
  readonly cells?: readonly [least: number, most: number];
  /** Brains of a cell, side by side, from 1 to 8. Default [1, 3]. */
  readonly width?: readonly [least: number, most: number];
  /** Kinds of brains. Default: all. */
  readonly brains?: readonly Brain[];
  /** How the brains of a cell become one. Default: all but multiply. */
  readonly combine?: readonly CellMode[];
  /** Activations of dense layers. Default: relu, tanh, sigmoid, leaky_relu, gelu and swish. */
  readonly activations?: readonly ActivationName[];
  /** Values that a brain gives: multiples of 8, up to 4096. Default: 16, 32 and 64. */
  readonly sizes?: readonly number[];
}

export interface GenerateOptions {
  /** Decides what is drawn. Default 0. */
  readonly seed?: number;
  readonly space?: SearchSpace;
}

/** The lists, from which one is drawn each time. */
export const DEFAULT_SPACE: Required<SearchSpace> = {
  cells: [1, 3],
  width: [1, 3],
  brains: Object.keys(BRAINS) as Brain[],
  combine: ['concat', 'add', 'average', 'grid_scatter', 'filter'],
  activations: ['relu', 'tanh', 'sigmoid', 'leaky_relu', 'gelu', 'swish'],
  sizes: [16, 32, 64],
};

const ACTIVATION_NAMES: readonly ActivationName[] = [
  'relu',
  'sigmoid',
  'tanh',
  'softmax',
  'gelu',
  'swish',
  'mish',
  'leaky_relu',
  'elu',
  'selu',
  'softplus',
  'linear',
  'none',
  '', // prettier-ignore
];

const range = (least: number, most: number): Kind<false> =>
  kind(`[least, most], whole numbers from ${least} to ${most}`, (value) => {
    if (!isListOf(value, (end) => Number.isInteger(end)) || value.length !== 2) return false;
    const [from, to] = value as readonly number[];
    return least <= from && from <= to && to <= most;
  });

const some = (expected: string, accepts: (value: unknown) => boolean): Kind<false> =>
  kind(`a list of ${expected}, at least one`, (value) => isListOf(value, accepts) && value.length > 0);

const someOf = (names: readonly string[]): Kind<false> =>
  some(names.join(', '), (value) => names.includes(value as string));

export const SPACE: OptionTable<SearchSpace> = {
  cells: range(1, 16),
  width: range(1, 8),
  brains: someOf(Object.keys(BRAINS)),
  combine: someOf(Object.keys(COMBINE).filter((mode) => mode !== 'concat_batches')),
  activations: someOf(ACTIVATION_NAMES),
  sizes: some('multiples of 8 up to 4096', (value) => Number.isInteger(value) && Number(value) > 0 && Number(value) <= 4096 && Number(value) % 8 === 0), // prettier-ignore
};

export const GENERATE_OPTIONS: OptionTable<GenerateOptions> = {
  seed: integer,
  space: kind('an object', (value) => typeof value === 'object' && value !== null),
};
