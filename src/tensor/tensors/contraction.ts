/** Products of tensors: matrices, einsum, convolution, pooling, attention. */
import { describeValue } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import * as compose from '../../compose/index.js';
import { either, flag, integer, number, numberOrNumbers, oneOf, required } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { optionsOf, tensorKind } from '../arguments.js';
import { Movement } from './movement.js';
import type { TensorCore } from './core.js';

/** One number for all spatial axes, or one for each. */
export type PerAxis = number | readonly number[];

export interface ConvOptions {
  /** Default 1. */
  readonly stride?: PerAxis;
  /** Elements of zero around each axis; `same`: as many as keep extents where the stride is 1. Default 0. */
  readonly padding?: PerAxis | 'same' | 'valid';
  readonly dilation?: PerAxis;
  readonly groups?: number;
  /** [O] */
  readonly bias?: TensorCore;
}

export interface ConvTransposeOptions extends Omit<ConvOptions, 'padding'> {
  readonly padding?: PerAxis;
  readonly outputPadding?: PerAxis;
}

export interface PoolOptions {
  readonly kernel: PerAxis;
  /** Default: the kernel. */
  readonly stride?: PerAxis;
  /** Less than the kernel: a window of nothing but padding would have no greatest element, and no mean. Default 0. */
  readonly padding?: PerAxis;
}

export interface AttentionOptions {
  /** Each position sees itself and what comes before. */
  readonly causal?: boolean;
  /** bool [..., Tq, Tk]: what may be seen; or a float, which is added to the scores. Broadcasts to [..., H, Tq, Tk]. */
  readonly mask?: TensorCore;
  /** Default: 1 / sqrt(D). */
  readonly scale?: number;
}

const CONV_OPTIONS: OptionTable<ConvOptions> = {
  stride: numberOrNumbers,
  padding: either(numberOrNumbers, oneOf('same', 'valid')),
  dilation: numberOrNumbers,
  groups: integer,
  bias: tensorKind,
};
const CONV_TRANSPOSE_OPTIONS: OptionTable<ConvTransposeOptions> = {
  ...CONV_OPTIONS,
  padding: numberOrNumbers,
  outputPadding: numberOrNumbers,
};
const POOL_OPTIONS: OptionTable<PoolOptions> = {
  kernel: required(numberOrNumbers),
  stride: numberOrNumbers,
  padding: numberOrNumbers,
};
const ATTENTION_OPTIONS: OptionTable<AttentionOptions> = { causal: flag, mask: tensorKind, scale: number };

export abstract class Contraction extends Movement {
  /** NumPy's matmul: [..., M, K] x [..., K, N] -> [..., M, N]; vectors count as a row or a column. */
  matmul(y: TensorCore): this {
    return this.apply('matmul', [y], (b, x, other) => compose.matmul(b, x, other));
  }
  /** [..., K] · w [K, N] + bias [N] */
  linear(w: TensorCore, bias?: TensorCore): this {
    return this.apply('linear', bias === undefined ? [w] : [w, bias], (b, x, weight, addend) =>
      compose.linear(b, x, weight, addend),
    );
  }
  /** This [N, C, L] * w [O, C / groups, K] -> [N, O, L'] */
  conv1d(w: TensorCore, options?: ConvOptions): this {
    return this.convolve('conv1d', 1, w, options);
  }
  /** This [N, C, H, W] * w [O, C / groups, KH, KW] -> [N, O, H', W']: cross-correlation, as in every library. */
  conv2d(w: TensorCore, options?: ConvOptions): this {
    return this.convolve('conv2d', 2, w, options);
  }
  /** This [N, C, D, H, W] * w [O, C / groups, KD, KH, KW] -> [N, O, D', H', W'] */
  conv3d(w: TensorCore, options?: ConvOptions): this {
    return this.convolve('conv3d', 3, w, options);
  }

  private convolve(name: string, axes: number, w: TensorCore, given: ConvOptions | undefined): this {
    const options = optionsOf(name, given, CONV_OPTIONS);
    const { padding = 0, bias, groups = 1 } = options;
    const pads =
      padding === 'same'
        ? { autoPad: 'SAME_UPPER' as const }
        : {
            padLow: spread(padding === 'valid' ? 0 : padding, axes),
            padHigh: spread(padding === 'valid' ? 0 : padding, axes),
          };
    return this.apply(name, bias === undefined ? [w] : [w, bias], (b, x, kernel, addend) => {
      if (x.type.shape.length !== axes + 2)
        throw new HeddleError('SHAPE_MISMATCH', `${name} takes ${axes} spatial axes`, {
          expected: `a tensor of ${axes + 2} axes: [N, C, ${[...'DHW'.slice(-axes)].join(', ')}]`,
        });
      return compose.conv(b, x, kernel, addend, {
        strides: spread(options.stride ?? 1, axes),
        dilations: spread(options.dilation ?? 1, axes),
        groups,
        ...pads,
      });
    });
  }

  /** This [N, C, ...spatial], w [C, O / groups, ...kernel] -> [N, O, ...]: the gradient of a convolution. */
  convTranspose(w: TensorCore, given?: ConvTransposeOptions): this {
    const options = optionsOf('convTranspose', given, CONV_TRANSPOSE_OPTIONS);
    const axes = Math.max(0, this.rank - 2);
    const { bias, groups = 1, padding = 0 } = options;
    return this.apply('convTranspose', bias === undefined ? [w] : [w, bias], (b, x, kernel, addend) =>
      compose.convTranspose(b, x, kernel, addend, {
        strides: spread(options.stride ?? 1, axes),
        dilations: spread(options.dilation ?? 1, axes),
        padLow: spread(padding, axes),
        padHigh: spread(padding, axes),
        outputPadding: spread(options.outputPadding ?? 0, axes),
        groups,
      }),
    );
  }

  /**
   * Greatest element of each window over the spatial axes of [N, C, ...spatial]. Throws ATTRIBUTE_INVALID for a padding that
   * is not less than the kernel.
   */
  maxPool(options: PoolOptions): this {
    const own = optionsOf('maxPool', options, POOL_OPTIONS);
    return this.apply('maxPool', [], (b, x) =>
      compose.maxPool(b, x, poolOptions(Math.max(0, this.rank - 2), own)),
    );
  }
  /** Mean of each window over the spatial axes of [N, C, ...spatial]; padding does not count. Throws as {@link maxPool}. */
  averagePool(options: PoolOptions): this {
    const own = optionsOf('averagePool', options, POOL_OPTIONS);
    return this.applyFloat('averagePool', [], (b, x) =>
      compose.averagePool(b, x, poolOptions(Math.max(0, this.rank - 2), own)),
    );
  }

  /**
   * Scaled dot-product attention: this (queries) [..., H, Tq, D], keys [..., G, Tk, D], values [..., G, Tk, E]
   * -> [..., H, Tq, E]. Where there are fewer key heads G than query heads H, each serves H / G queries in a row.
   */
  attention(keys: TensorCore, values: TensorCore, options?: AttentionOptions): this {
    const { mask, causal = false, scale } = optionsOf('attention', options, ATTENTION_OPTIONS);
    return this.applyFloat(
      'attention',
      mask === undefined ? [keys, values] : [keys, values, mask],
      (b, q, k, v, m) =>
        compose.attention(b, q, k, v, {
          causal,
          ...(mask === undefined ? {} : { mask: m }),
          ...(scale === undefined ? {} : { scale }),
        }),
    );
  }
}

const spread = (value: PerAxis, axes: number): readonly number[] =>
  typeof value === 'number' ? new Array<number>(axes).fill(value) : value;

function poolOptions(
  axes: number,
  { kernel, stride = kernel, padding = 0 }: PoolOptions,
): compose.PoolOptions {
  const [sizes, pads] = [spread(kernel, axes), spread(padding, axes)];
  if (pads.some((pad, axis) => pad >= sizes[axis]))
    throw new HeddleError('ATTRIBUTE_INVALID', 'a window of a pooling would lie in the padding', {
      found: `padding ${describeValue(padding)}, kernel ${describeValue(kernel)}`,
      expected: 'a padding less than the kernel',
    });
  return { kernel: sizes, strides: spread(stride, axes), padLow: pads, padHigh: pads };
}
