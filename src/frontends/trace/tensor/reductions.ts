/** Along axes: reductions, running reductions, normalizations, order. */
import { HeddleError } from '../../../base/errors.js';
import * as compose from '../../../compose/index.js';
import type { Emitter, Value } from '../../../ir/emitter.js';
import type { Reducer } from '../../../ir/ops.js';
import { Elementwise } from './elementwise.js';
import type { Operand } from './core.js';

/** One axis or several; negative ones count from the end. */
export type Axes = number | readonly number[];

export interface AxisOptions {
  /** Default: all axes. */
  readonly axis?: Axes;
  /** Keeps the axes, with extent 1. Default: they go. */
  readonly keepDims?: boolean;
}

export interface ScanOptions {
  /** Leaves out the element itself. */
  readonly exclusive?: boolean;
  /** From the end to the start. */
  readonly reverse?: boolean;
}

export abstract class Reductions extends Elementwise {
  private along(name: string, options: AxisOptions, reduction: compose.Reduction): this {
    return this.apply(name, [], (b, x) => reduction(b, x, axesOf(x, options)));
  }

  // -- reductions --

  sum(options: AxisOptions = {}): this {
    return this.along('sum', options, compose.sum);
  }
  prod(options: AxisOptions = {}): this {
    return this.along('prod', options, compose.prod);
  }
  mean(options: AxisOptions = {}): this {
    return this.along('mean', options, compose.mean);
  }
  max(options: AxisOptions = {}): this {
    return this.along('max', options, compose.maximum);
  }
  min(options: AxisOptions = {}): this {
    return this.along('min', options, compose.minimum);
  }
  /** Mean squared distance from the mean; divided by n - `correction` in place of n. */
  variance({ correction = 0, ...options }: AxisOptions & { readonly correction?: number } = {}): this {
    return this.along('variance', options, (b, x, full) => {
      if (correction === 0) return compose.variance(b, x, full);
      const count = full.axes.reduce((n, axis) => n * Number(x.type.shape[axis]), 1);
      return compose.withScalar(b, 'mul', compose.variance(b, x, full), count / (count - correction));
    });
  }
  std(options: AxisOptions & { readonly correction?: number } = {}): this {
    return this.variance(options).sqrt();
  }
  /** Square root of the sum of squares. */
  norm(options: AxisOptions = {}): this {
    return this.along('norm', options, compose.euclideanNorm);
  }
  /** log(sum(exp(x))) without overflow. */
  logSumExp(options: AxisOptions = {}): this {
    return this.along('logSumExp', options, compose.logSumExp);
  }
  /** bool: whether any element is true. */
  any(options: AxisOptions = {}): this {
    return this.along('any', options, compose.maximum);
  }
  /** bool: whether all elements are true. */
  all(options: AxisOptions = {}): this {
    return this.along('all', options, compose.minimum);
  }
  /** i32: place of the greatest element along `axis`, the first among equals; NaN counts as the greatest. */
  argmax({ axis = -1, keepDims = false }: { axis?: number; keepDims?: boolean } = {}): this {
    return this.extreme('argmax', 'max', axis, keepDims);
  }
  /** i32: place of the smallest element along `axis`, the first among equals; NaN counts as the smallest. */
  argmin({ axis = -1, keepDims = false }: { axis?: number; keepDims?: boolean } = {}): this {
    return this.extreme('argmin', 'min', axis, keepDims);
  }

  private extreme(name: string, kind: 'max' | 'min', axis: number, keepDims: boolean): this {
    return this.apply(name, [], (b, x) =>
      compose.argExtreme(b, kind, x, axisOf(x, axis), { keepDims, last: false }),
    );
  }

  // -- running reductions --

  cumsum(axis = 0, options: ScanOptions = {}): this {
    return this.running('cumsum', 'sum', axis, options);
  }
  cumprod(axis = 0, options: ScanOptions = {}): this {
    return this.running('cumprod', 'prod', axis, options);
  }
  cummax(axis = 0, options: ScanOptions = {}): this {
    return this.running('cummax', 'max', axis, options);
  }

  private running(
    name: string,
    kind: Reducer,
    axis: number,
    { exclusive = false, reverse = false }: ScanOptions,
  ): this {
    return this.apply(name, [], (b, x) =>
      b.emit('scan', [x], { kind, axis: axisOf(x, axis), exclusive, reverse }),
    );
  }

  // -- normalizations --

  softmax(axis = -1): this {
    return this.apply('softmax', [], (b, x) => compose.softmax(b, x, axisOf(x, axis)));
  }
  logSoftmax(axis = -1): this {
    return this.apply('logSoftmax', [], (b, x) => compose.logSoftmax(b, x, axisOf(x, axis)));
  }
  /** Zero mean and unit variance over the last `axes` axes, then `* scale + bias`. */
  layerNorm({ axes = 1, scale, bias, epsilon = 1e-5 }: NormOptions & { readonly axes?: number } = {}): this {
    return this.withParameters(
      'layerNorm',
      scale,
      bias,
      (b, x, s, t) => compose.layerNorm(b, x, x.type.shape.length - axes, s, t, epsilon).result,
    );
  }
  /** x / sqrt(mean(x^2) + epsilon) over the last `axes` axes, then `* scale`. */
  rmsNorm({ axes = 1, scale, epsilon = 1e-5 }: NormOptions & { readonly axes?: number } = {}): this {
    return this.withParameters('rmsNorm', scale, undefined, (b, x, s) =>
      compose.rmsNorm(b, x, x.type.shape.length - axes, s, epsilon),
    );
  }
  /** Channels (axis 1) in `groups` groups, each normalized as one; scale and bias [C]. */
  groupNorm(groups: number, { scale, bias, epsilon = 1e-5 }: NormOptions = {}): this {
    return this.withParameters('groupNorm', scale, bias, (b, x, s, t) => {
      const channels = [x.type.shape[1]];
      const ones = s ?? b.constant(x.type.dtype, channels, 1);
      return compose.groupNorm(b, x, groups, ones, t ?? b.constant(x.type.dtype, channels, 0), epsilon);
    });
  }

  private withParameters(
    name: string,
    scale: Operand | undefined,
    bias: Operand | undefined,
    body: (b: Emitter, x: Value, scale: Value | undefined, bias: Value | undefined) => Value,
  ): this {
    const given = [scale, bias].filter((operand) => operand !== undefined);
    return this.apply(name, given, (b, x, first, second) =>
      body(b, x, scale === undefined ? undefined : first, scale === undefined ? first : second),
    );
  }

  // -- order --

  /** i32 places that sort along `axis`. Equal elements keep their order; NaN comes last, or first if descending. */
  argsort(axis = -1, { descending = false }: { readonly descending?: boolean } = {}): this {
    return this.apply('argsort', [], (b, x) => b.emit('argsort', [x], { axis: axisOf(x, axis), descending }));
  }
}

export interface NormOptions {
  readonly scale?: Operand;
  readonly bias?: Operand;
  readonly epsilon?: number;
}

const KNOWN: readonly string[] = ['axis', 'keepDims'] satisfies (keyof AxisOptions)[];

export const axisOf = (x: Value, axis: number): number => compose.normalizeAxis(axis, x.type.shape.length);

function axesOf(x: Value, options: AxisOptions): compose.ReduceOptions {
  const { axis, keepDims = false } = options;
  const unknown =
    typeof options === 'object' ? Object.keys(options).find((key) => !KNOWN.includes(key)) : options;
  if (unknown !== undefined)
    throw new HeddleError('USAGE', 'there is no such option', {
      found: String(unknown),
      expected: 'an object with axis and keepDims: x.sum({ axis: 0 })',
    });
  const rank = x.type.shape.length;
  const axes = axis === undefined ? compose.range(0, rank) : typeof axis === 'number' ? [axis] : axis;
  return { axes: compose.normalizeAxes(axes, rank), keepDims };
}
