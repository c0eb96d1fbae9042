/** Attention with several heads. */
import { shown } from '../../base/describe.js';
import { flag, integer, kind } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { attention } from '../../compose/index.js';
import { keyKind, optionsOf } from '../../tensor/arguments.js';
import { split, type Key } from '../../tensor/tensors/random.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { checkedContext, type CallContext } from './context.js';
import { areCounts, checkInput, checkOption, liftOne, nameOf } from './lift.js';
import { Linear } from './linear.js';
import { Module } from './module.js';
import { ALiBi, RoPE } from './positions.js';

export interface MultiHeadAttentionOptions {
  readonly key: Key;
  /** Heads of keys and values, each of which serves heads / keyValueHeads queries (Ainslie et al., 2023). Default: heads. */
  readonly keyValueHeads?: number;
  /** Of each head. Default: features / heads. */
  readonly headFeatures?: number;
  /** Of what keys and values are made from. Default: features. */
  readonly memoryFeatures?: number;
  /** Each position sees itself and what comes before. Default false. */
  readonly causal?: boolean;
  /** Of all four projections. Default true. */
  readonly bias?: boolean;
  /** How heads learn of positions. Default: not at all. */
  readonly positions?: RoPE | ALiBi;
}

const positionsKind = kind(
  'an nn.RoPE or nn.ALiBi',
  (value) => value instanceof RoPE || value instanceof ALiBi,
);

const OPTIONS: OptionTable<MultiHeadAttentionOptions> = {
  key: keyKind,
  keyValueHeads: integer,
  headFeatures: integer,
  memoryFeatures: integer,
  causal: flag,
  bias: flag,
  positions: positionsKind,
};

/**
 * f32 [..., T, features] -> the same: softmax(q k' / sqrt(headFeatures) + mask) v in each head, between projections. Vaswani
 * et al., "Attention is all you need" (2017).
 *
 * Throws SHAPE_MISMATCH for other inputs, and where memory or mask do not fit; ATTRIBUTE_INVALID where the heads do not
 * divide the features, or the heads of keys those of queries.
 */
export class MultiHeadAttention extends Module {
  readonly query: Linear;
  readonly key: Linear;
  readonly value: Linear;
  readonly output: Linear;
  readonly keyValueHeads: number;
  readonly headFeatures: number;
  readonly memoryFeatures: number;
  readonly causal: boolean;
  readonly positions: RoPE | ALiBi | undefined;

  constructor(
    readonly features: number,
    readonly heads: number,
    given: MultiHeadAttentionOptions,
  ) {
    super();
    const options = optionsOf(nameOf(this), given, OPTIONS);
    const { keyValueHeads = heads, headFeatures = features / heads, memoryFeatures = features } = options;
    const { causal = false, bias = true, positions } = options;
    checkOption(
      this,
      areCounts(features, heads, headFeatures),
      'the heads have to divide the features',
      shown`${heads} heads of ${features} features`,
    );
    checkOption(
      this,
      areCounts(keyValueHeads) && heads % keyValueHeads === 0,
      'the heads of keys and values have to divide those of queries',
      shown`${keyValueHeads} and ${heads}`,
    );
    this.keyValueHeads = keyValueHeads;
    this.headFeatures = headFeatures;
    this.memoryFeatures = memoryFeatures;
    this.causal = causal;
    this.positions = positions;
    const keys = split(options.key, 4);
    this.query = new Linear(features, heads * headFeatures, { key: keys[0], bias });
    this.key = new Linear(memoryFeatures, keyValueHeads * headFeatures, { key: keys[1], bias });
    this.value = new Linear(memoryFeatures, keyValueHeads * headFeatures, { key: keys[2], bias });
    this.output = new Linear(heads * headFeatures, features, { key: keys[3], bias });
  }

  call(x: Tensor, context?: CallContext): Tensor {
    const { mask, memory = x } = checkedContext(this, context);
    const { positions, headFeatures, causal } = this;
    checkInput(this, x, () => x.rank >= 2 && x.shape.at(-1) === this.features, `[..., T, ${this.features}]`);
    const isMemory = (): boolean => memory.rank === x.rank && memory.shape.at(-1) === this.memoryFeatures;
    checkInput(this, memory, isMemory, `a memory [..., S, ${this.memoryFeatures}]`);
    const turned = (heads: Tensor): Tensor =>
      positions === undefined || positions instanceof ALiBi ? heads : positions.call(heads);
    const queries = turned(headsOf(this.query.call(x), headFeatures));
    const keys = turned(headsOf(this.key.call(memory), headFeatures));
    const values = headsOf(this.value.call(memory), headFeatures);
    const bias = positions instanceof ALiBi ? biasOf(positions, queries, keys) : undefined;
    const result = liftOne(
      'MultiHeadAttention',
      [queries, keys, values, ...(mask === undefined ? [] : [mask]), ...(bias === undefined ? [] : [bias])],
      (b, q, k, v, ...rest) =>
        attention(b, q, k, v, {
          causal,
          ...(mask === undefined ? {} : { mask: rest[0] }),
          ...(bias === undefined ? {} : { bias: rest[rest.length - 1] }),
        }),
    );
    return this.output.call(result.transpose(-3, -2).flatten(-2));
  }

  override describe(): string {
    const { features, heads, keyValueHeads, causal } = this;
    return `${features}, heads=${heads}${keyValueHeads === heads ? '' : `, keyValueHeads=${keyValueHeads}`}, causal=${causal}`;
  }
}

/** [..., T, heads * D] -> [..., heads, T, D] */
const headsOf = (x: Tensor, headFeatures: number): Tensor =>
  x.reshape([...x.shape.slice(0, -1), x.shape[x.rank - 1] / headFeatures, headFeatures]).transpose(-3, -2);

/** [heads, Tq, Tk] in the dtype of the queries. */
const biasOf = (alibi: ALiBi, queries: Tensor, keys: Tensor): Tensor =>
  alibi.bias(queries.shape[queries.rank - 2], keys.shape[keys.rank - 2]).cast(queries.dtype);
