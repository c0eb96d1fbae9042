/** Vectors of tokens. */
import { shown } from '../../base/describe.js';
import type { OptionTable } from '../../base/options.js';
import { linear } from '../../compose/index.js';
import { isInt } from '../../base/dtype.js';
import { initKind, keyKind, optionsOf } from '../../tensor/arguments.js';
import type { Key } from '../../tensor/tensors/random.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { normal, parameter, type Initializer } from './initializers.js';
import { areCounts, checkDType, checkInput, checkOption, liftOne, nameOf } from './lift.js';
import { Module } from './module.js';

export interface EmbeddingOptions {
  readonly key: Key;
  /** Default: normal with deviation 1, as PyTorch's. */
  readonly init?: Initializer;
}

const OPTIONS: OptionTable<EmbeddingOptions> = { key: keyKind, init: initKind };

/**
 * i32 [...] -> f32 [..., features]: the rows of `weight` [count, features]. Indices out of range are clamped. Throws
 * DTYPE_MISMATCH for indices that are no integers.
 */
export class Embedding extends Module {
  weight: Tensor;

  constructor(
    readonly count: number,
    readonly features: number,
    options: EmbeddingOptions,
  ) {
    super();
    const { key, init = normal() } = optionsOf(nameOf(this), options, OPTIONS);
    checkOption(
      this,
      areCounts(count, features),
      'an embedding needs rows and features',
      shown`${count} x ${features}`,
    );
    this.weight = parameter(init(key, [count, features]));
  }

  call(indices: Tensor): Tensor {
    checkDType(this, indices, () => isInt(indices.dtype), 'integers');
    return this.weight.gather(indices);
  }

  /**
   * f32 [..., features] -> [..., count]: products with all rows, for logits from the weights that embed the tokens (Press
   * and Wolf, "Using the output embedding to improve language models", 2016). Throws SHAPE_MISMATCH.
   */
  logits(x: Tensor): Tensor {
    checkInput(this, x, () => x.shape.at(-1) === this.features, `[..., ${this.features}]`);
    return liftOne('Embedding.logits', [x, this.weight], (b, input, w) =>
      linear(b, input, w, undefined, true),
    );
  }

  override describe(): string {
    return `${this.count}, ${this.features}`;
  }
}
