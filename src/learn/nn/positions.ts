/** What tells attention where in the sequence it is. Sequences lie along the axis before the last: [..., T, D]. */
import { shown } from '../../base/describe.js';
import { flag, integer, number } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { alibiBias, rope, sinusoidalPositions } from '../../compose/index.js';
import { checkShape, initKind, keyKind, optionsOf } from '../../tensor/arguments.js';
import type { Key } from '../../tensor/tensors/random.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { normal, parameter, type Initializer } from './initializers.js';
import { areCounts, checkInput, checkOption, liftOne, nameOf } from './lift.js';
import { Module } from './module.js';

export interface RoPEOptions {
  /** Default 10000. */
  readonly base?: number;
  /** Pairs of features are neighbours (GPT-J, RoFormer) in place of halves (GPT-NeoX, Llama). Default false. */
  readonly interleaved?: boolean;
  /** So many features of each head are turned; the others stay. Default: all. */
  readonly features?: number;
}

const ROPE_OPTIONS: OptionTable<RoPEOptions> = { base: number, interleaved: flag, features: integer };

/**
 * Rotary embedding of queries and keys: f32 [..., T, D] -> the same, pairs of features turned by their position times a
 * frequency. Su et al., "RoFormer" (2021). `offset` (an i32 scalar, or a number) is the position of the first element.
 * Throws SHAPE_MISMATCH unless the features are an even number.
 */
export class RoPE extends Module {
  readonly options: RoPEOptions;

  constructor(options?: RoPEOptions) {
    super();
    this.options = optionsOf(nameOf(this), options, ROPE_OPTIONS);
  }

  call(x: Tensor, offset: Tensor | number = 0): Tensor {
    if (typeof offset === 'number')
      return liftOne('RoPE', [x], (b, value) => rope(b, value, { ...this.options, offset }));
    return liftOne('RoPE', [x, offset], (b, value, start) =>
      rope(b, value, { ...this.options, offset: start }),
    );
  }

  override describe(): string {
    const { base = 10000, interleaved = false } = this.options;
    return `base=${base}, interleaved=${interleaved}`;
  }
}

/**
 * Attention with linear biases: f32 [heads, Tq, Tk] to add to scores, which fall with the distance, at another slope in each
 * head. Press et al., "Train short, test long" (2021).
 */
export class ALiBi extends Module {
  constructor(readonly heads: number) {
    super();
    checkOption(this, areCounts(heads), 'ALiBi needs heads', shown`${heads}`);
  }

  bias(queries: number, keys = queries): Tensor {
    checkShape('ALiBi.bias', [queries, keys]);
    return liftOne('ALiBi', [], (b) => alibiBias(b, this.heads, queries, keys));
  }

  override describe(): string {
    return `heads=${this.heads}`;
  }
}

/**
 * f32 [..., T, features] -> the same, with sines and cosines of the position added. Vaswani et al., "Attention is all you
 * need" (2017). Throws SHAPE_MISMATCH for other inputs, and for an odd number of features.
 */
export class SinusoidalPositions extends Module {
  constructor(
    readonly features: number,
    readonly base = 10000,
  ) {
    super();
  }

  call(x: Tensor): Tensor {
    checkInput(this, x, () => x.rank >= 2 && x.shape.at(-1) === this.features, `[..., T, ${this.features}]`);
    const { base, features } = this;
    const positions = liftOne('SinusoidalPositions', [], (b) =>
      sinusoidalPositions(b, x.shape[x.rank - 2], features, { base }),
    );
    return x.add(positions.cast(x.dtype));
  }

  override describe(): string {
    return `${this.features}`;
  }
}

export interface LearnedPositionsOptions {
  readonly key: Key;
  /** Default: normal with deviation 0.02, as GPT-2's. */
  readonly init?: Initializer;
}

const LEARNED_OPTIONS: OptionTable<LearnedPositionsOptions> = { key: keyKind, init: initKind };

/**
 * f32 [..., T, features] -> the same, with the first T rows of `weight` [length, features] added. Throws SHAPE_MISMATCH for
 * other inputs, and where T is more than `length`.
 */
export class LearnedPositions extends Module {
  weight: Tensor;

  constructor(
    readonly length: number,
    readonly features: number,
    options: LearnedPositionsOptions,
  ) {
    super();
    const { key, init = normal(0.02) } = optionsOf(nameOf(this), options, LEARNED_OPTIONS);
    this.weight = parameter(init(key, [length, features]));
  }

  call(x: Tensor): Tensor {
    const fits = (): boolean =>
      x.rank >= 2 && x.shape.at(-1) === this.features && x.shape[x.rank - 2] <= this.length;
    checkInput(this, x, fits, `[..., T, ${this.features}] with T up to ${this.length}`);
    return x.add(this.weight.slice([0, x.shape[x.rank - 2]]));
  }

  override describe(): string {
    return `${this.length}, ${this.features}`;
  }
}
