/** Normalizations of single examples. */
import { shown } from '../../base/describe.js';
import { flag, number } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { optionsOf } from '../../tensor/arguments.js';
import { ones, zeros } from '../../tensor/tensors/factories.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { parameter } from './initializers.js';
import { areCounts, checkInput, checkOption, nameOf } from './lift.js';
import { Module } from './module.js';

export interface NormLayerOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** Whether a bias is added, and whether there is a weight. Default true for both. */
  readonly bias?: boolean;
  readonly weight?: boolean;
}

type RMSNormOptions = Pick<NormLayerOptions, 'epsilon'>;

const OPTIONS: OptionTable<NormLayerOptions> = { epsilon: number, bias: flag, weight: flag };
const RMS_OPTIONS: OptionTable<RMSNormOptions> = { epsilon: number };

const extentsOf = (features: number | readonly number[]): readonly number[] =>
  typeof features === 'number' ? [features] : features;

/** Whether the last axes of `x` are `extents`. */
const endsWith = (x: Tensor, extents: readonly number[]): boolean =>
  `${x.shape.slice(x.rank - Math.min(x.rank, extents.length))}` === `${extents}`;

/**
 * f32 [..., features] -> the same: zero mean and unit variance over the last axes, one or more, then * weight + bias, both
 * of the shape of these axes. Ba et al., "Layer normalization" (2016). Throws SHAPE_MISMATCH for other inputs.
 */
export class LayerNorm extends Module {
  weight: Tensor | undefined;
  bias: Tensor | undefined;
  readonly shape: readonly number[];
  readonly epsilon: number;

  constructor(features: number | readonly number[], options?: NormLayerOptions) {
    super();
    const { epsilon = 1e-5, weight = true, bias = true } = optionsOf(nameOf(this), options, OPTIONS);
    this.shape = extentsOf(features);
    this.epsilon = epsilon;
    this.weight = weight ? parameter(ones(this.shape)) : undefined;
    this.bias = bias ? parameter(zeros(this.shape)) : undefined;
  }

  call(x: Tensor): Tensor {
    checkInput(this, x, () => endsWith(x, this.shape), `[..., ${this.shape.join(', ')}]`);
    return x.layerNorm({ axes: this.shape.length, epsilon: this.epsilon, ...parametersOf(this) });
  }

  override describe(): string {
    return `[${this.shape.join(', ')}], epsilon=${this.epsilon}${this.bias === undefined ? ', bias=false' : ''}`;
  }
}

/**
 * f32 [..., features] -> the same: x / sqrt(mean(x^2) + epsilon) * weight over the last axes. Zhang and Sennrich, "Root mean
 * square layer normalization" (2019). Throws SHAPE_MISMATCH for other inputs.
 */
export class RMSNorm extends Module {
  weight: Tensor;
  readonly shape: readonly number[];
  readonly epsilon: number;

  constructor(features: number | readonly number[], options?: RMSNormOptions) {
    super();
    const { epsilon = 1e-5 } = optionsOf(nameOf(this), options, RMS_OPTIONS);
    this.shape = extentsOf(features);
    this.epsilon = epsilon;
    this.weight = parameter(ones(this.shape));
  }

  call(x: Tensor): Tensor {
    checkInput(this, x, () => endsWith(x, this.shape), `[..., ${this.shape.join(', ')}]`);
    return x.rmsNorm({ axes: this.shape.length, epsilon: this.epsilon, scale: this.weight });
  }

  override describe(): string {
    return `[${this.shape.join(', ')}], epsilon=${this.epsilon}`;
  }
}

/**
 * f32 [N, channels, ...] -> the same: the channels of each example in `groups` groups, each normalized as one; then
 * * weight + bias, both [channels]. Wu and He, "Group normalization" (2018). Throws SHAPE_MISMATCH for other inputs,
 * ATTRIBUTE_INVALID where the groups do not divide the channels.
 */
export class GroupNorm extends Module {
  weight: Tensor | undefined;
  bias: Tensor | undefined;
  readonly epsilon: number;

  constructor(
    readonly groups: number,
    readonly channels: number,
    options?: NormLayerOptions,
  ) {
    super();
    const { epsilon = 1e-5, weight = true, bias = true } = optionsOf(nameOf(this), options, OPTIONS);
    checkOption(
      this,
      areCounts(groups, channels) && channels % groups === 0,
      'the groups have to divide the channels',
      shown`${groups} groups of ${channels} channels`,
    );
    this.epsilon = epsilon;
    this.weight = weight ? parameter(ones([channels])) : undefined;
    this.bias = bias ? parameter(zeros([channels])) : undefined;
  }

  call(x: Tensor): Tensor {
    checkInput(this, x, () => x.rank >= 2 && x.shape[1] === this.channels, `[N, ${this.channels}, ...]`);
    return x.groupNorm(this.groups, { epsilon: this.epsilon, ...parametersOf(this) });
  }

  override describe(): string {
    return `${this.groups}, ${this.channels}, epsilon=${this.epsilon}`;
  }
}

const parametersOf = ({
  weight,
  bias,
}: {
  readonly weight: Tensor | undefined;
  readonly bias: Tensor | undefined;
}): { scale?: Tensor; bias?: Tensor } => ({
  ...(weight === undefined ? {} : { scale: weight }),
  ...(bias === undefined ? {} : { bias }),
});
