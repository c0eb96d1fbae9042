/** Along axes: reductions, running reductions, normalizations, order. */
import { describeValue, shown } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import * as compose from '../../compose/index.js';
import type { Emitter, Value } from '../../ir/emitter.js';
import type { Reducer } from '../../ir/ops.js';
import { printType } from '../../ir/types.js';
import { either, flag, integer, number, numbers, required } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { operandKind, optionsOf } from '../arguments.js';
import { Elementwise } from './elementwise.js';
import { requireFloat, type Operand } from './core.js';

/** One axis or several; negative ones count from the end. */
export type Axes = number | readonly number[];

export interface AxisOptions {
  /** Default: all axes. */
  readonly axis?: Axes;
  /** Keeps the axes, with extent 1. Default: they go. */
  readonly keepDims?: boolean;
}

export interface VarianceOptions extends AxisOptions {
  /** The squares are divided by n - `correction`. Default 0. */
  readonly correction?: number;
}

export interface ExtremeOptions {
  /** Default -1, the last one. */
  readonly axis?: number;
  readonly keepDims?: boolean;
}

export interface SortOptions {
  /** From the greatest to the smallest. Default false. */
  readonly descending?: boolean;
}

export interface ScanOptions {
  /** Leaves out the element itself. */
  readonly exclusive?: boolean;
  /** From the end to the start. */
  readonly reverse?: boolean;
}

export interface NormOptions {
  readonly scale?: Operand;
  readonly bias?: Operand;
  readonly epsilon?: number;
}

export interface LayerNormOptions extends NormOptions {
  /** So many of the last axes. Default 1. */
  readonly axes?: number;
}

export interface BatchNormOptions extends NormOptions {
  /** Of each channel, [C]. */
  readonly mean: Operand;
  readonly variance: Operand;
}

export type RmsNormOptions = Omit<LayerNormOptions, 'bias'>;

const AXIS_OPTIONS: OptionTable<AxisOptions> = { axis: either(number, numbers), keepDims: flag };
const VARIANCE_OPTIONS: OptionTable<VarianceOptions> = { ...AXIS_OPTIONS, correction: number };
const EXTREME_OPTIONS: OptionTable<ExtremeOptions> = { axis: number, keepDims: flag };
const SORT_OPTIONS: OptionTable<SortOptions> = { descending: flag };
const SCAN_OPTIONS: OptionTable<ScanOptions> = { exclusive: flag, reverse: flag };
const NORM_OPTIONS: OptionTable<NormOptions> = { scale: operandKind, bias: operandKind, epsilon: number };
const LAYER_NORM_OPTIONS: OptionTable<LayerNormOptions> = { axes: integer, ...NORM_OPTIONS };
const BATCH_NORM_OPTIONS: OptionTable<BatchNormOptions> = {
  mean: required(operandKind),
  variance: required(operandKind),
  ...NORM_OPTIONS,
};
const RMS_NORM_OPTIONS: OptionTable<RmsNormOptions> = { axes: integer, scale: operandKind, epsilon: number };

export abstract class Reductions extends Elementwise {
  private along(name: string, given: AxisOptions | undefined, reduction: compose.Reduction): this {
    const options = optionsOf(name, given, AXIS_OPTIONS);
    return this.apply(name, [], (b, x) => reduction(b, x, axesOf(x, options)));
  }

  /** {@link along} of a reduction of floats. */
  private alongFloats(name: string, given: AxisOptions | undefined, reduction: compose.Reduction): this {
    return this.along(name, given, (b, x, options) => {
      requireFloat(x);
      return reduction(b, x, options);
    });
  }

  /** {@link along} of a reduction of bools. */
  private alongBools(name: string, given: AxisOptions | undefined, reduction: compose.Reduction): this {
    return this.along(name, given, (b, x, options) => {
      if (x.type.dtype !== 'bool')
        throw new HeddleError('DTYPE_MISMATCH', 'the function is defined for bools only', {
          found: x.type.dtype,
          expected: 'bool',
          hint: "compare, or x.cast('bool'), which is x != 0",
        });
      return reduction(b, x, options);
    });
  }

  // -- reductions --

  sum(options?: AxisOptions): this {
    return this.along('sum', options, compose.sum);
  }
  prod(options?: AxisOptions): this {
    return this.along('prod', options, compose.prod);
  }
  /** Floats only, as all that divides or takes roots: `x.cast('f32').mean()` for integers. */
  mean(options?: AxisOptions): this {
    return this.alongFloats('mean', options, compose.mean);
  }
  max(options?: AxisOptions): this {
    return this.along('max', options, compose.maximum);
  }
  min(options?: AxisOptions): this {
    return this.along('min', options, compose.minimum);
  }
  /** Mean squared distance from the mean; divided by n - `correction` in place of n. */
  variance(options?: VarianceOptions): this {
    return this.varianceFor('variance', options);
  }
  /** Square root of the variance; its derivative is 0 where that is 0. */
  std(options?: VarianceOptions): this {
    return this.varianceFor('std', options, compose.rootOfSquares);
  }

  private varianceFor(
    name: string,
    given: VarianceOptions | undefined,
    finish = (_: Emitter, variance: Value): Value => variance,
  ): this {
    const { correction = 0, ...options } = optionsOf(name, given, VARIANCE_OPTIONS);
    return this.alongFloats(name, options, (b, x, full) => {
      if (correction === 0) return finish(b, compose.variance(b, x, full));
      const count = full.axes.reduce((n, axis) => n * Number(x.type.shape[axis]), 1);
      return finish(
        b,
        compose.withScalar(b, 'mul', compose.variance(b, x, full), count / (count - correction)),
      );
    });
  }

  /** Square root of the sum of squares; its derivative at 0 is 0. */
  norm(options?: AxisOptions): this {
    return this.alongFloats('norm', options, compose.euclideanNorm);
  }
  /** log(sum(exp(x))) without overflow. */
  logSumExp(options?: AxisOptions): this {
    return this.alongFloats('logSumExp', options, compose.logSumExp);
  }
  /** bool: whether any element is true. */
  any(options?: AxisOptions): this {
    return this.alongBools('any', options, compose.maximum);
  }
  /** bool: whether all elements are true. */
  all(options?: AxisOptions): this {
    return this.alongBools('all', options, compose.minimum);
  }
  /** i32: place of the greatest element along `axis`, the first among equals; NaN counts as the greatest. */
  argmax(options?: ExtremeOptions): this {
    return this.extreme('argmax', 'max', options);
  }
  /** i32: place of the smallest element along `axis`, the first among equals; NaN counts as the smallest. */
  argmin(options?: ExtremeOptions): this {
    return this.extreme('argmin', 'min', options);
  }

  private extreme(name: string, kind: 'max' | 'min', options: ExtremeOptions | undefined): this {
    const { axis = -1, keepDims = false } = optionsOf(name, options, EXTREME_OPTIONS);
    return this.apply(name, [], (b, x) =>
      compose.argExtreme(b, kind, x, axisOf(x, axis), { keepDims, last: false }),
    );
  }

  // -- running reductions --

  cumsum(axis = 0, options?: ScanOptions): this {
    return this.running('cumsum', 'sum', axis, options);
  }
  cumprod(axis = 0, options?: ScanOptions): this {
    return this.running('cumprod', 'prod', axis, options);
  }
  cummax(axis = 0, options?: ScanOptions): this {
    return this.running('cummax', 'max', axis, options);
  }

  private running(name: string, kind: Reducer, axis: number, options: ScanOptions | undefined): this {
    const { exclusive = false, reverse = false } = optionsOf(name, options, SCAN_OPTIONS);
    return this.apply(name, [], (b, x) =>
      b.emit('scan', [x], { kind, axis: axisOf(x, axis), exclusive, reverse }),
    );
  }

  // -- normalizations --

  softmax(axis = -1): this {
    return this.applyFloat('softmax', [], (b, x) => compose.softmax(b, x, axisOf(x, axis)));
  }
  logSoftmax(axis = -1): this {
    return this.applyFloat('logSoftmax', [], (b, x) => compose.logSoftmax(b, x, axisOf(x, axis)));
  }
  /** Zero mean and unit variance over the last `axes` axes, then `* scale + bias`. */
  layerNorm(options?: LayerNormOptions): this {
    const { axes = 1, scale, bias, epsilon = 1e-5 } = optionsOf('layerNorm', options, LAYER_NORM_OPTIONS);
    return this.withParameters(
      'layerNorm',
      scale,
      bias,
      (b, x, s, t) => compose.layerNorm(b, x, x.type.shape.length - axes, s, t, epsilon).result,
    );
  }
  /** x / sqrt(mean(x^2) + epsilon) over the last `axes` axes, then `* scale`. */
  rmsNorm(options?: RmsNormOptions): this {
    const { axes = 1, scale, epsilon = 1e-5 } = optionsOf('rmsNorm', options, RMS_NORM_OPTIONS);
    return this.withParameters('rmsNorm', scale, undefined, (b, x, s) =>
      compose.rmsNorm(b, x, x.type.shape.length - axes, s, epsilon),
    );
  }
  /** Channels (axis 1) in `groups` groups, each normalized as one; scale and bias [C]. */
  groupNorm(groups: number, options?: NormOptions): this {
    const { scale, bias, epsilon = 1e-5 } = optionsOf('groupNorm', options, NORM_OPTIONS);
    return this.withParameters('groupNorm', scale, bias, (b, x, s, t) => {
      if (x.type.shape.length < 2 || !Number.isInteger(groups) || groups < 1)
        throw new HeddleError('SHAPE_MISMATCH', 'group normalization has channels, in groups', {
          found: shown`${groups} groups of ${printType(x.type)}`,
          expected: 'an integer from 1, and a tensor [N, C, ...]',
        });
      const channels = [x.type.shape[1]];
      const ones = s ?? b.constant(x.type.dtype, channels, 1);
      return compose.groupNorm(b, x, groups, ones, t ?? b.constant(x.type.dtype, channels, 0), epsilon);
    });
  }

  /**
   * Channels (axis 1) of [N, C, ...] by statistics that are given: (x - mean) / sqrt(variance + epsilon) * scale + bias, all
   * [C] or numbers; epsilon is 1e-5 where it is not given. In training {@link nn.BatchNorm} takes those of the batch. Throws
   * SHAPE_MISMATCH.
   */
  batchNorm(options: BatchNormOptions): this {
    const {
      mean,
      variance,
      scale = 1,
      bias = 0,
      epsilon = 1e-5,
    } = optionsOf('batchNorm', options, BATCH_NORM_OPTIONS);
    return this.applyFloat('batchNorm', [mean, variance, scale, bias], (b, x, ...parameters) => {
      if (x.type.shape.length < 2)
        throw new HeddleError('SHAPE_MISMATCH', 'batch normalization has channels', {
          expected: 'a tensor [N, C, ...]',
        });
      const [m, v, s, t] = parameters.map((value) => compose.broadcastTo(b, value, [x.type.shape[1]]));
      return compose.batchNorm(b, x, { mean: m, variance: v, scale: s, bias: t, epsilon });
    });
  }

  private withParameters(
    name: string,
    scale: Operand | undefined,
    bias: Operand | undefined,
    body: (b: Emitter, x: Value, scale: Value | undefined, bias: Value | undefined) => Value,
  ): this {
    const given = [scale, bias].filter((operand) => operand !== undefined);
    return this.applyFloat(name, given, (b, x, first, second) =>
      body(b, x, scale === undefined ? undefined : first, scale === undefined ? first : second),
    );
  }

  // -- order --

  /** i32 places that sort along `axis`. Equal elements keep their order; NaN comes last, or first if descending. */
  argsort(axis = -1, options?: SortOptions): this {
    return this.sorted('argsort', axis, options);
  }

  /** {@link argsort}, for an operation that errors name. */
  protected sorted(name: string, axis: number, options: SortOptions | undefined): this {
    const { descending = false } = optionsOf(name, options, SORT_OPTIONS);
    return this.apply(name, [], (b, x) => b.emit('argsort', [x], { axis: axisOf(x, axis), descending }));
  }
}

export function axisOf(x: Value, axis: number): number {
  if (typeof axis !== 'number')
    throw new HeddleError('USAGE', 'an axis is a number', {
      found: describeValue(axis),
      expected: '-1, 0, ...',
    });
  return compose.normalizeAxis(axis, x.type.shape.length);
}

function axesOf(x: Value, { axis, keepDims = false }: AxisOptions): compose.ReduceOptions {
  const rank = x.type.shape.length;
  const axes = axis === undefined ? compose.range(0, rank) : typeof axis === 'number' ? [axis] : axis;
  return { axes: compose.normalizeAxes(axes, rank), keepDims };
}
