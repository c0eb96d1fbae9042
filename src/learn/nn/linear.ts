/** x W' + b */
import { shown } from '../../base/describe.js';
import { flag } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { linear } from '../../compose/index.js';
import { initKind, keyKind, optionsOf } from '../../tensor/arguments.js';
import { split, type Key } from '../../tensor/tensors/random.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { parameter, uniform, type Initializer } from './initializers.js';
import { areCounts, checkInput, checkOption, liftOne, nameOf } from './lift.js';
import { Module } from './module.js';

export interface LinearOptions {
  readonly key: Key;
  /** Default true. */
  readonly bias?: boolean;
  /** Of the weight. Default: uniform in ±1/sqrt(inFeatures), as PyTorch's; so is the bias. */
  readonly init?: Initializer;
}

const OPTIONS: OptionTable<LinearOptions> = { key: keyKind, bias: flag, init: initKind };

/**
 * f32 [..., inFeatures] -> [..., outFeatures]: x · weight' + bias, with `weight` [outFeatures, inFeatures] and `bias`
 * [outFeatures], as in PyTorch. Throws SHAPE_MISMATCH for other inputs.
 */
export class Linear extends Module {
  weight: Tensor;
  bias: Tensor | undefined;

  constructor(
    readonly inFeatures: number,
    readonly outFeatures: number,
    options: LinearOptions,
  ) {
    super();
    const { key, bias = true, init } = optionsOf(nameOf(this), options, OPTIONS);
    checkOption(
      this,
      areCounts(inFeatures, outFeatures),
      'a linear layer needs features',
      shown`${inFeatures} -> ${outFeatures}`,
    );
    const [forWeight, forBias] = split(key);
    const standard = uniform(1 / Math.sqrt(inFeatures));
    this.weight = parameter((init ?? standard)(forWeight, [outFeatures, inFeatures]));
    this.bias = bias ? parameter(standard(forBias, [outFeatures])) : undefined;
  }

  call(x: Tensor): Tensor {
    checkInput(this, x, () => x.shape.at(-1) === this.inFeatures, `[..., ${this.inFeatures}]`);
    return liftOne(
      'Linear',
      [x, this.weight, ...(this.bias === undefined ? [] : [this.bias])],
      (b, input, w, bias) => linear(b, input, w, bias, true),
    );
  }

  override describe(): string {
    return `inFeatures=${this.inFeatures}, outFeatures=${this.outFeatures}, bias=${this.bias !== undefined}`;
  }
}
