/** What a call of a model tells all of its layers. */
import { HeddleError } from '../../base/errors.js';
import { flag, optional } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { keyKind, optionsOf, tensorKind } from '../../tensor/arguments.js';
import { nameOf } from './lift.js';
import { foldIn, key as keyOfSeed, type Key } from '../../tensor/tensors/random.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';

export interface CallContext {
  /** Whether layers that differ do what they do in training: dropout drops, batch norm uses the batch. Default false. */
  readonly training?: boolean | undefined;
  /** For layers that draw random numbers: a new one for each call. */
  readonly key?: Key | undefined;
  /**
   * For attention: what may be seen (bool), or what is added to the scores (float). Broadcasts to [..., heads, Tq, Tk]; one
   * mask for each example of a batch is [B, 1, Tq, Tk]. A query that may see nothing gets zeros from a bool mask.
   */
  readonly mask?: Tensor | undefined;
  /** For attention: where keys and values come from, f32 [..., S, memoryFeatures]. Default: its input. */
  readonly memory?: Tensor | undefined;
  /**
   * For recurrent layers: how many elements each sequence has, i32 [B]. What stands after them is padding: it changes no
   * state, and its outputs are zeros.
   */
  readonly lengths?: Tensor | undefined;
}

const CONTEXT: OptionTable<CallContext> = {
  training: flag,
  key: optional(keyKind),
  mask: tensorKind,
  memory: tensorKind,
  lengths: tensorKind,
};

/** The context of a call of `layer`. Throws USAGE for other options than those of a context. */
export const checkedContext = (layer: object, context: CallContext | undefined): CallContext =>
  optionsOf(`${nameOf(layer)}.call`, context, CONTEXT);

/** What can stand in a model: a function of one tensor with a call by name. */
export interface Layer {
  call(x: Tensor, context?: CallContext): Tensor;
}

/**
 * The context for part `i` of a model, whose random numbers are others than those of all other parts. Two layers that are
 * called with one context draw the same numbers: what calls several that draw gives each a context of its own.
 *
 *     const hidden = this.first.call(x, nn.contextOf(context, 0));
 *     return this.second.call(hidden, nn.contextOf(context, 1));
 */
export function contextOf(context: CallContext, i: number): CallContext {
  if (typeof context !== 'object' || context === null) return optionsOf('contextOf', context, CONTEXT);
  if (context.training !== true || context.key === undefined) return context;
  return { ...context, key: foldIn(context.key, i) };
}

/** The key of a call that needs one. Throws INPUT_MISSING. */
export function requiredKey({ key }: CallContext, layer: string): Tensor {
  if (key !== undefined) return typeof key === 'number' ? keyOfSeed(key) : key;
  throw new HeddleError('INPUT_MISSING', 'the layer draws random numbers in training and has no key', {
    where: layer,
    hint: 'model.call(x, { training: true, key }), with another key each time: random.foldIn(key, step)',
  });
}
