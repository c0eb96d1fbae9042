/**
 * What parameters are at the start. An initializer is a function of a key and a shape; the same key gives the same bits on
 * every machine. Fans are counted as for the weights of linear and convolution layers: [outputs, inputs, ...kernel].
 */
import { number } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { HeddleError } from '../../base/errors.js';
import { truncatedNormal as truncated } from '../../compose/index.js';
import { checkNumber, checkShape, checkTensors, optionsOf } from '../../tensor/arguments.js';
import { full, zeros as zerosOf } from '../../tensor/tensors/factories.js';
import { bits, normal as normalOf, uniform as uniformOf, type Key } from '../../tensor/tensors/random.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { liftOne } from './lift.js';

/** f32 of `shape`. */
export type Initializer = (key: Key, shape: readonly number[]) => Tensor;

export interface Fans {
  /** Inputs that each output is a sum over, and outputs that each input adds to. */
  readonly fanIn: number;
  readonly fanOut: number;
}

/** Of weights [outputs, inputs, ...kernel]. Throws SHAPE_MISMATCH for less than two axes. */
export function fansOf(shape: readonly number[]): Fans {
  checkShape('fansOf', shape);
  if (shape.length < 2)
    throw new HeddleError('SHAPE_MISMATCH', 'fans need weights of at least two axes', {
      found: `[${shape.join(', ')}]`,
    });
  const [outputs, inputs, ...kernel] = shape;
  const area = kernel.reduce((n, extent) => n * extent, 1);
  return { fanIn: inputs * area, fanOut: outputs * area };
}

export const zeros: Initializer = (_, shape) => zerosOf(shape);
export const ones: Initializer = (_, shape) => full(shape, 1);

/** Uniform in [-bound, bound). */
export const uniform =
  (bound: number): Initializer =>
  (key, shape) => {
    checkNumber('uniform', 'bound', bound);
    return uniformOf(key, shape, -bound, bound);
  };

/** Normal with mean 0. */
export const normal =
  (deviation = 1): Initializer =>
  (key, shape) =>
    normalOf(key, shape).mul(deviation);

/** Normal with mean 0 and standard deviation `deviation` before it is cut to two of these on both sides. */
export const truncatedNormal =
  (deviation = 1): Initializer =>
  (key, shape) =>
    liftOne('truncatedNormal', [bits(key, shape)], (b, random) => truncated(b, random)).mul(deviation);

/** Options of those that keep the variance of activations. */
export interface GainOptions {
  /** A factor for what the activation loses. */
  readonly gain?: number;
}

const GAIN: OptionTable<GainOptions> = { gain: number };

/** A gain, 1 or `standard` where none is given. */
function gainOf(name: string, options: GainOptions | undefined, standard: number): number {
  return optionsOf(name, options, GAIN).gain ?? standard;
}

/** Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (2010). */
export function xavierUniform(options?: GainOptions): Initializer {
  const gain = gainOf('xavierUniform', options, 1);
  return (key, shape) => {
    const { fanIn, fanOut } = fansOf(shape);
    return uniform(gain * Math.sqrt(6 / (fanIn + fanOut)))(key, shape);
  };
}
export function xavierNormal(options?: GainOptions): Initializer {
  const gain = gainOf('xavierNormal', options, 1);
  return (key, shape) => {
    const { fanIn, fanOut } = fansOf(shape);
    return normal(gain * Math.sqrt(2 / (fanIn + fanOut)))(key, shape);
  };
}

/** He et al., "Delving deep into rectifiers" (2015). The default gain is that of ReLU. */
export function heUniform(options?: GainOptions): Initializer {
  const gain = gainOf('heUniform', options, Math.SQRT2);
  return (key, shape) => uniform(gain * Math.sqrt(3 / fansOf(shape).fanIn))(key, shape);
}
export function heNormal(options?: GainOptions): Initializer {
  const gain = gainOf('heNormal', options, Math.SQRT2);
  return (key, shape) => normal(gain / Math.sqrt(fansOf(shape).fanIn))(key, shape);
}

/**
 * A tensor to train: computed here and now, so that it is data and not a recipe; except under trace, where nothing can be.
 */
export function parameter(value: Tensor): Tensor {
  checkTensors('parameter', { 'the value': value });
  return value.expr.traces.length === 0 ? value.compute() : value;
}
