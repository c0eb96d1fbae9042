/** The blocks of transformers. */
import { shown } from '../../base/describe.js';
import { anything, either, flag, func, integer, number, oneOf, text } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import type { GateKind } from '../../compose/index.js';
import { keyKind, optionsOf } from '../../tensor/arguments.js';
import { split, type Key } from '../../tensor/tensors/random.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { gelu } from './activations.js';
import { MultiHeadAttention, type MultiHeadAttentionOptions } from './attention.js';
import { checkedContext, contextOf, type CallContext } from './context.js';
import { Dropout } from './dropout.js';
import { FeedForward, GatedFeedForward } from './feed-forward.js';
import { checkInput, checkOption, nameOf } from './lift.js';
import { Module } from './module.js';
import { LayerNorm, RMSNorm } from './normalize.js';

export interface TransformerBlockOptions extends Pick<
  MultiHeadAttentionOptions,
  'keyValueHeads' | 'headFeatures' | 'memoryFeatures' | 'causal' | 'positions'
> {
  readonly key: Key;
  /** Default `layer`. */
  readonly norm?: 'layer' | 'rms';
  /** An activation, or the kind of the gates. Default: gelu. */
  readonly feedForward?: ((x: Tensor) => Tensor) | GateKind;
  /** Features in the feed-forward part. Default: 4 times the features; with gates 8/3 times, which is as much to compute. */
  readonly hidden?: number;
  /** Whether a second attention looks at the context's `memory`. Default false. */
  readonly cross?: boolean;
  /** Of projections. Default: true with an activation, false with gates. */
  readonly bias?: boolean;
  /** Of what each part adds, and of the hidden features. Default 0. */
  readonly dropout?: number;
}

const OPTIONS: OptionTable<TransformerBlockOptions> = {
  key: keyKind,
  keyValueHeads: integer,
  headFeatures: integer,
  memoryFeatures: integer,
  causal: flag,
  positions: anything,
  norm: oneOf('layer', 'rms'),
  feedForward: either(func, text),
  hidden: integer,
  cross: flag,
  bias: flag,
  dropout: number,
};

/**
 * f32 [..., T, features] -> the same: x += attention(norm(x)), then x += feedForward(norm(x)). The norms stand before the
 * parts, as in Xiong et al., "On layer normalization in the transformer architecture" (2020).
 *
 * With `cross`, a second attention between both looks at the `memory` of the context, f32 [..., S, memoryFeatures]; the
 * `mask` of the context, `causal` and `positions` are those of the first alone. Throws as {@link MultiHeadAttention}; ATTRIBUTE_INVALID for memoryFeatures without `cross`.
 */
export class TransformerBlock extends Module {
  readonly attentionNorm: LayerNorm | RMSNorm;
  readonly attention: MultiHeadAttention;
  readonly crossNorm: LayerNorm | RMSNorm | undefined;
  readonly cross: MultiHeadAttention | undefined;
  readonly feedForwardNorm: LayerNorm | RMSNorm;
  readonly feedForward: FeedForward | GatedFeedForward;
  readonly dropout: Dropout;

  constructor(
    readonly features: number,
    heads: number,
    given: TransformerBlockOptions,
  ) {
    super();
    const options = optionsOf(nameOf(this), given, OPTIONS);
    const { feedForward = gelu, dropout = 0 } = options;
    const isGated = typeof feedForward === 'string';
    const { bias = !isGated, hidden = isGated ? Math.ceil((features * 8) / 3) : features * 4 } = options;
    const norm = (): LayerNorm | RMSNorm =>
      options.norm === 'rms' ? new RMSNorm(features) : new LayerNorm(features, { bias });
    const [forAttention, forFeedForward, forCross] = split(options.key, 3);
    this.attentionNorm = norm();
    this.attention = new MultiHeadAttention(features, heads, {
      ...headOptions(options),
      ...orderOptions(options),
      key: forAttention,
      bias,
    });
    const { cross = false, memoryFeatures = features } = options;
    checkOption(
      this,
      cross || options.memoryFeatures === undefined,
      'memoryFeatures needs { cross: true }',
      shown`memoryFeatures=${memoryFeatures}`,
    );
    const crossOptions = { ...headOptions(options), memoryFeatures, key: forCross, bias };
    this.crossNorm = cross ? norm() : undefined;
    this.cross = cross ? new MultiHeadAttention(features, heads, crossOptions) : undefined;
    this.feedForwardNorm = norm();
    this.feedForward = isGated
      ? new GatedFeedForward(feedForward, features, hidden, { key: forFeedForward, bias, dropout })
      : new FeedForward(features, hidden, { key: forFeedForward, bias, dropout, activation: feedForward });
    this.dropout = new Dropout(dropout);
  }

  call(x: Tensor, given?: CallContext): Tensor {
    const context = checkedContext(this, given);
    checkInput(this, x, () => x.rank >= 2 && x.shape.at(-1) === this.features, `[..., T, ${this.features}]`);
    const { mask, memory } = context;
    const drop = (value: Tensor, i: number): Tensor => this.dropout.call(value, contextOf(context, i));
    let value = x.add(drop(this.attention.call(this.attentionNorm.call(x), { mask }), 0));
    if (this.cross !== undefined && this.crossNorm !== undefined)
      value = value.add(drop(this.cross.call(this.crossNorm.call(value), { memory }), 1));
    const added = this.feedForward.call(this.feedForwardNorm.call(value), contextOf(context, 2));
    return value.add(drop(added, 3));
  }

  override describe(): string {
    return `${this.features}`;
  }
}

/** What both attentions have in common. */
const headOptions = ({ keyValueHeads, headFeatures }: TransformerBlockOptions) => ({
  ...(keyValueHeads === undefined ? {} : { keyValueHeads }),
  ...(headFeatures === undefined ? {} : { headFeatures }),
});

/** What only sequences have that look at themselves. */
const orderOptions = ({ causal, positions }: TransformerBlockOptions) => ({
  ...(causal === undefined ? {} : { causal }),
  ...(positions === undefined ? {} : { positions }),
});
