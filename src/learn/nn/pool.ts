/** Pooling over the spatial axes of [N, C, ...spatial]. */
import { describeValue } from '../../base/describe.js';
import { numberOrNumbers } from '../../base/kinds.js';
import { isListOf } from '../../base/values.js';
import type { OptionTable } from '../../base/options.js';
import { optionsOf } from '../../tensor/arguments.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import type { PerAxis } from '../../tensor/tensors/contraction.js';
import { checkInput, checkOption, isCount, nameOf } from './lift.js';
import { Module } from './module.js';

export interface PoolOptions {
  /** Default: the kernel. */
  readonly stride?: PerAxis;
  /** Elements around each axis, less than the kernel, which never win and never count. Default 0. */
  readonly padding?: PerAxis;
}

const OPTIONS: OptionTable<PoolOptions> = { stride: numberOrNumbers, padding: numberOrNumbers };

abstract class Pool extends Module {
  readonly stride: PerAxis;
  readonly padding: PerAxis;

  constructor(
    readonly kernel: PerAxis,
    options?: PoolOptions,
  ) {
    super();
    const { stride = kernel, padding = 0 } = optionsOf(nameOf(this), options, OPTIONS);
    checkOption(
      this,
      isCount(kernel) || isListOf(kernel, isCount),
      'a kernel has extents',
      describeValue(kernel),
    );
    this.stride = stride;
    this.padding = padding;
  }

  call(x: Tensor): Tensor {
    checkInput(this, x, () => x.rank >= 3, '[N, C, ...spatial]');
    return this.pool(x);
  }

  protected get options(): Required<PoolOptions> & { readonly kernel: PerAxis } {
    const { kernel, stride, padding } = this;
    return { kernel, stride, padding };
  }

  protected abstract pool(x: Tensor): Tensor;

  override describe(): string {
    return `kernel=${print(this.kernel)}, stride=${print(this.stride)}, padding=${print(this.padding)}`;
  }
}

/** One number, or `[a, b]`. */
export const print = (value: PerAxis): string =>
  typeof value === 'number' ? `${value}` : `[${value.join(', ')}]`;

/**
 * The greatest element of each window, of any number of spatial axes. Throws SHAPE_MISMATCH for less than one,
 * ATTRIBUTE_INVALID for a padding that is not less than the kernel.
 */
export class MaxPool extends Pool {
  protected override pool(x: Tensor): Tensor {
    return x.maxPool(this.options);
  }
}

/**
 * The mean of each window, of any number of spatial axes; padding does not count (PyTorch's countIncludePad=False).
 * Throws as {@link MaxPool}.
 */
export class AveragePool extends Pool {
  protected override pool(x: Tensor): Tensor {
    return x.averagePool(this.options);
  }
}
