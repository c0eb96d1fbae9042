/** Convolutions and their transposes. */
import { shown } from '../../base/describe.js';
import { either, flag, integer, numberOrNumbers, oneOf } from '../../base/kinds.js';
import { isListOf } from '../../base/values.js';
import type { OptionTable } from '../../base/options.js';
import { initKind, keyKind, optionsOf } from '../../tensor/arguments.js';
import { split, type Key } from '../../tensor/tensors/random.js';
import type { ConvOptions, PerAxis } from '../../tensor/tensors/contraction.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { fansOf, parameter, uniform, type Initializer } from './initializers.js';
import { areCounts, checkInput, checkOption, isCount, nameOf } from './lift.js';
import { Module } from './module.js';
import { print } from './pool.js';

interface CommonOptions {
  readonly key: Key;
  /** Default 1. */
  readonly stride?: PerAxis;
  readonly dilation?: PerAxis;
  /** Channels in so many groups, each convolved for itself. Default 1. */
  readonly groups?: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Of the weight. Default: uniform in ±1/sqrt(fanIn), as PyTorch's; so is the bias. */
  readonly init?: Initializer;
}

export interface ConvLayerOptions extends CommonOptions {
  /** Zeros around each axis; `same`: as many as keep extents where the stride is 1. Default 0. */
  readonly padding?: NonNullable<ConvOptions['padding']>;
}

export interface ConvTransposeLayerOptions extends CommonOptions {
  /** Elements that are cut off around the result. Default 0. */
  readonly padding?: PerAxis;
  /** Elements more at the end of each axis. Default 0. */
  readonly outputPadding?: PerAxis;
}

const COMMON_OPTIONS: OptionTable<CommonOptions> = {
  key: keyKind,
  stride: numberOrNumbers,
  dilation: numberOrNumbers,
  groups: integer,
  bias: flag,
  init: initKind,
};
const CONV_OPTIONS: OptionTable<ConvLayerOptions> = {
  ...COMMON_OPTIONS,
  padding: either(numberOrNumbers, oneOf('same', 'valid')),
};
const TRANSPOSE_OPTIONS: OptionTable<ConvTransposeLayerOptions> = {
  ...COMMON_OPTIONS,
  padding: numberOrNumbers,
  outputPadding: numberOrNumbers,
};

const AXES = ['L', 'H, W', 'D, H, W'];
const CONVOLUTIONS = ['conv1d', 'conv2d', 'conv3d'] as const;

abstract class ConvBase<O extends CommonOptions> extends Module {
  weight: Tensor;
  bias: Tensor | undefined;
  readonly stride: PerAxis;
  readonly dilation: PerAxis;
  readonly groups: number;
  readonly kernel: readonly number[];

  constructor(
    axes: 1 | 2 | 3,
    readonly inChannels: number,
    readonly outChannels: number,
    kernel: PerAxis,
    channels: readonly [first: number, second: number],
    options: O,
    table: OptionTable<O>,
  ) {
    super();
    const own = optionsOf(nameOf(this), options, table);
    const { key, stride = 1, dilation = 1, groups = 1, bias = true, init } = own;
    this.kernel = typeof kernel === 'number' ? new Array<number>(axes).fill(kernel) : kernel;
    const isKernel = isListOf(this.kernel, isCount) && this.kernel.length === axes;
    checkOption(this, isKernel, 'a kernel has an extent for each axis', print(kernel));
    const divides =
      areCounts(inChannels, outChannels, groups) && inChannels % groups === 0 && outChannels % groups === 0;
    checkOption(
      this,
      divides,
      'the groups have to divide both channels',
      shown`${groups} groups, ${inChannels} -> ${outChannels} channels`,
    );
    this.stride = stride;
    this.dilation = dilation;
    this.groups = groups;
    const [forWeight, forBias] = split(key);
    const [first, second] = channels;
    const shape = [first, second / groups, ...this.kernel];
    const standard = uniform(1 / Math.sqrt(fansOf(shape).fanIn));
    this.weight = parameter((init ?? standard)(forWeight, shape));
    this.bias = bias ? parameter(standard(forBias, [outChannels])) : undefined;
  }

  protected check(x: Tensor): void {
    const axes = this.kernel.length;
    const fits = (): boolean => x.rank === axes + 2 && x.shape[1] === this.inChannels;
    checkInput(this, x, fits, `[N, ${this.inChannels}, ${AXES[axes - 1]}]`);
  }

  protected get withBias(): { bias?: Tensor } {
    return this.bias === undefined ? {} : { bias: this.bias };
  }

  override describe(): string {
    const { inChannels, outChannels, kernel, stride, dilation, groups } = this;
    const options = [
      `kernel=${print(kernel)}`,
      `stride=${print(stride)}`,
      ...(print(dilation) === '1' ? [] : [`dilation=${print(dilation)}`]),
      ...(groups === 1 ? [] : [`groups=${groups}`]),
      ...(this.bias === undefined ? ['bias=false'] : []),
    ];
    return `${inChannels}, ${outChannels}, ${options.join(', ')}`;
  }
}

abstract class Conv extends ConvBase<ConvLayerOptions> {
  readonly padding: NonNullable<ConvOptions['padding']>;

  constructor(
    axes: 1 | 2 | 3,
    inChannels: number,
    outChannels: number,
    kernel: PerAxis,
    options: ConvLayerOptions,
  ) {
    super(axes, inChannels, outChannels, kernel, [outChannels, inChannels], options, CONV_OPTIONS);
    this.padding = options.padding ?? 0;
  }

  call(x: Tensor): Tensor {
    this.check(x);
    const { stride, padding, dilation, groups } = this;
    return x[CONVOLUTIONS[this.kernel.length - 1]](this.weight, { stride, padding, dilation, groups, ...this.withBias }); // prettier-ignore
  }

  override describe(): string {
    const { padding } = this;
    return `${super.describe()}, padding=${typeof padding === 'string' ? padding : print(padding)}`;
  }
}

/**
 * f32 [N, inChannels, L] -> [N, outChannels, L'], with `weight` [outChannels, inChannels / groups, K] and `bias`
 * [outChannels]. Throws SHAPE_MISMATCH for other inputs, ATTRIBUTE_INVALID where the groups do not divide the channels.
 */
export class Conv1d extends Conv {
  constructor(inChannels: number, outChannels: number, kernel: PerAxis, options: ConvLayerOptions) {
    super(1, inChannels, outChannels, kernel, options);
  }
}

/** {@link Conv1d} over [N, inChannels, H, W], with `weight` [outChannels, inChannels / groups, KH, KW]. */
export class Conv2d extends Conv {
  constructor(inChannels: number, outChannels: number, kernel: PerAxis, options: ConvLayerOptions) {
    super(2, inChannels, outChannels, kernel, options);
  }
}

/** {@link Conv1d} over [N, inChannels, D, H, W], with `weight` [outChannels, inChannels / groups, KD, KH, KW]. */
export class Conv3d extends Conv {
  constructor(inChannels: number, outChannels: number, kernel: PerAxis, options: ConvLayerOptions) {
    super(3, inChannels, outChannels, kernel, options);
  }
}

abstract class ConvTranspose extends ConvBase<ConvTransposeLayerOptions> {
  readonly padding: PerAxis;
  readonly outputPadding: PerAxis;

  constructor(
    axes: 1 | 2 | 3,
    inChannels: number,
    outChannels: number,
    kernel: PerAxis,
    options: ConvTransposeLayerOptions,
  ) {
    super(axes, inChannels, outChannels, kernel, [inChannels, outChannels], options, TRANSPOSE_OPTIONS);
    this.padding = options.padding ?? 0;
    this.outputPadding = options.outputPadding ?? 0;
  }

  call(x: Tensor): Tensor {
    this.check(x);
    const { stride, padding, outputPadding, dilation, groups } = this;
    return x.convTranspose(this.weight, { stride, padding, outputPadding, dilation, groups, ...this.withBias }); // prettier-ignore
  }

  override describe(): string {
    const extra = print(this.outputPadding) === '0' ? '' : `, outputPadding=${print(this.outputPadding)}`;
    return `${super.describe()}, padding=${print(this.padding)}${extra}`;
  }
}

/**
 * f32 [N, inChannels, L] -> [N, outChannels, L'], the gradient of a {@link Conv1d} by its input, with `weight`
 * [inChannels, outChannels / groups, K]. Throws as that.
 */
export class ConvTranspose1d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernel: PerAxis, options: ConvTransposeLayerOptions) {
    super(1, inChannels, outChannels, kernel, options);
  }
}

/** {@link ConvTranspose1d} over [N, inChannels, H, W], with `weight` [inChannels, outChannels / groups, KH, KW]. */
export class ConvTranspose2d extends ConvTranspose {
  constructor(inChannels: number, outChannels: number, kernel: PerAxis, options: ConvTransposeLayerOptions) {
    super(2, inChannels, outChannels, kernel, options);
  }
}
