/** The options of tweening. */
import { flag, kind, oneOf, type Kind } from '../../../base/kinds.js';
import { checkedOptions, type OptionTable } from '../../../base/options.js';
import { rateKind, type Rate } from '../../../learn/optim/schedules.js';
import { aboveZero, decayRate } from '../../../learn/optim/ranges.js';
import type { LayerType } from '../types.js';
import { TYPE_RULES } from './tables.js';

export interface TweenOptions {
  /** What changes of weights are multiplied by: a number, or a schedule by steps. */
  readonly learningRate: Rate;
  /** How targets go back: by derivatives (`chain`), or through the weights themselves (`legacy`). Default chain. */
  readonly mode?: 'chain' | 'legacy';
  /** What a change keeps of the one before. Default 0.9. */
  readonly momentum?: number;
  /** In place of those that {@link TYPE_RULES} has: what the rate of layers of a type is multiplied by, from 0. */
  readonly rates?: Readonly<Partial<Record<LayerType, number>>>;
  /** By what factor gradients grow with each layer on the way back; 1 leaves them as they are. Default 1.2. */
  readonly depthScale?: number;
  /** Slows down where the gap at the output grows at once. Default false. */
  readonly damping?: boolean;
  /** The outputs are logits: their softmax is what is compared with the target. Default false. */
  readonly logits?: boolean;
}

const TYPES = Object.keys(TYPE_RULES);

const ratesKind: Kind<false> = kind(
  'rates from 0 by types of layers, such as { dense: 1, lstm: 0.5 }',
  (value) =>
    typeof value === 'object' && value !== null
      ? Object.entries(value).every(
          ([type, rate]) => TYPES.includes(type) && Number.isFinite(rate) && rate >= 0,
        )
      : false,
);

const OPTIONS: OptionTable<TweenOptions> = {
  learningRate: rateKind,
  mode: oneOf('chain', 'legacy'),
  momentum: decayRate,
  rates: ratesKind,
  depthScale: aboveZero,
  damping: flag,
  logits: flag,
};

/** All of them. */
export type Settings = Required<TweenOptions>;

/** Throws USAGE. */
export function settingsOf(given: TweenOptions): Settings {
  const options = checkedOptions(given, OPTIONS, 'tween');
  return {
    mode: 'chain',
    momentum: 0.9,
    rates: {},
    depthScale: 1.2,
    damping: false,
    logits: false,
    // What is undefined counts as not given.
    ...Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)),
    learningRate: options.learningRate,
  };
}
