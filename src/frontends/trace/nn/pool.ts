/** Pooling over the spatial axes of [N, C, ...spatial]. */
import type { Tensor } from '../tensor/tensor.js';
import type { PerAxis } from '../tensor/contraction.js';
import { checkInput } from './lift.js';
import { Module } from './module.js';

export interface PoolOptions {
  /** Default: the kernel. */
  readonly stride?: PerAxis;
  /** Elements around each axis, which never win and never count. Default 0. */
  readonly padding?: PerAxis;
}

abstract class Pool extends Module {
  readonly stride: PerAxis;
  readonly padding: PerAxis;

  constructor(
    readonly kernel: PerAxis,
    { stride = kernel, padding = 0 }: PoolOptions = {},
  ) {
    super();
    this.stride = stride;
    this.padding = padding;
  }

  call(x: Tensor): Tensor {
    checkInput(this, x, x.rank >= 3, '[N, C, ...spatial]');
    return this.pool(x);
  }

  protected abstract pool(x: Tensor): Tensor;

  override describe(): string {
    return `kernel=${print(this.kernel)}, stride=${print(this.stride)}, padding=${print(this.padding)}`;
  }
}

/** One number, or `[a, b]`. */
export const print = (value: PerAxis): string =>
  typeof value === 'number' ? `${value}` : `[${value.join(', ')}]`;

/** The greatest element of each window, of any number of spatial axes. Throws SHAPE_MISMATCH for less than one. */
export class MaxPool extends Pool {
  protected override pool(x: Tensor): Tensor {
    return x.maxPool(this);
  }
}

/**
 * The mean of each window, of any number of spatial axes; padding does not count (PyTorch's countIncludePad=False).
 * Throws SHAPE_MISMATCH for less than one.
 */
export class AveragePool extends Pool {
  protected override pool(x: Tensor): Tensor {
    return x.averagePool(this);
  }
}
