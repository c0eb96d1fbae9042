/**
 * Learning rates that change. A schedule is a function of the number of steps done before this one, an f32 scalar (exact up
 * to 2^24 steps), and is part of the program: a compiled step serves all of them.
 */
import { shown } from '../../base/describe.js';
import { kind, number, required } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { HeddleError } from '../../base/errors.js';
import { checkArguments } from '../../base/arguments.js';
import { checkNumber, checkTensors, optionsOf, tensorKind } from '../../tensor/arguments.js';
import { full } from '../../tensor/tensors/factories.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';

/** f32 scalar -> f32 scalar. */
export type Schedule = (step: Tensor) => Tensor;

/** A learning rate, or a schedule of it. */
export type Rate = number | Schedule;

/** What a rate may be, in the tables of options. */
export const rateKind = required(
  kind('a number, or a schedule such as optim.schedules.cosine(0.1, 1000)', isRate),
);

function isRate(value: unknown): boolean {
  return typeof value === 'function' || (typeof value === 'number' && Number.isFinite(value));
}

/** The rate at `step`, an i32 scalar. */
export function rateAt(rate: Rate, step: Tensor): Tensor {
  checkArguments('rateAt', { rate, step }, { rate: rateKind, step: required(tensorKind) });
  return typeof rate === 'number' ? full([], rate) : rate(step.cast('f32'));
}

/** The schedule `f`; it throws USAGE for what is not a tensor. */
const scheduled =
  (name: string, f: Schedule): Schedule =>
  (step) => {
    checkTensors(name, { 'the step': step });
    return f(step);
  };

/** Throws USAGE unless all of `values` are numbers. */
function checkNumbers(name: string, values: Readonly<Record<string, unknown>>): void {
  for (const [what, value] of Object.entries(values)) checkNumber(name, what, value);
}

export function constant(value: number): Schedule {
  checkNumbers('constant', { value });
  return () => full([], value);
}

/** From `from` to `to` in `steps` steps, and `to` from then on. */
export function linear(from: number, to: number, steps: number): Schedule {
  checkNumbers('linear', { from, to });
  checkSteps('linear', steps);
  // At the end the line may be off by a rounding.
  return scheduled('linear', (step) => {
    const line = step.div(steps).mul(to - from).add(from); // prettier-ignore
    return step.less(steps).where(line, to);
  });
}

/** Half a wave of a cosine from `initial` to `final` (default 0) in `steps` steps. Loshchilov and Hutter (2016), once. */
export function cosine(initial: number, steps: number, options?: FinalOptions): Schedule {
  const { final = 0 } = optionsOf('cosine', options, FINAL_OPTIONS);
  checkNumbers('cosine', { initial });
  checkSteps('cosine', steps);
  return scheduled('cosine', (step) => halfWave(step.div(steps).minimum(1), initial, final));
}

export interface FinalOptions {
  /** Where it ends. Default 0. */
  readonly final?: number;
}

export interface RestartOptions extends FinalOptions {
  /** How much longer each cycle is than the one before: an integer from 1. Default 1. */
  readonly factor?: number;
}

export interface PolynomialOptions extends FinalOptions {
  /** Default 1, a line. */
  readonly exponent?: number;
}

export interface WarmupOptions {
  /** The part of the first rate to start from. Default 0. */
  readonly from?: number;
}

const FINAL_OPTIONS: OptionTable<FinalOptions> = { final: number };
const RESTART_OPTIONS: OptionTable<RestartOptions> = { ...FINAL_OPTIONS, factor: number };
const POLYNOMIAL_OPTIONS: OptionTable<PolynomialOptions> = { ...FINAL_OPTIONS, exponent: number };
const WARMUP_OPTIONS: OptionTable<WarmupOptions> = { from: number };

/** Where f32 stops to count. */
const MOST_STEPS = 2 ** 24;

/**
 * A {@link cosine} that starts again after `period` steps, then after `period * factor`, ... Loshchilov and Hutter, "SGDR"
 * (2016).
 */
export function cosineWarmRestarts(initial: number, period: number, options?: RestartOptions): Schedule {
  const { final = 0, factor = 1 } = optionsOf('cosineWarmRestarts', options, RESTART_OPTIONS);
  checkNumbers('cosineWarmRestarts', { initial });
  checkSteps('cosineWarmRestarts', period);
  if (!Number.isInteger(factor) || factor < 1)
    throw new HeddleError('ATTRIBUTE_INVALID', 'cosineWarmRestarts: factor is an integer from 1', {
      found: shown`${factor}`,
    });
  if (factor === 1)
    return scheduled('cosineWarmRestarts', (step) => halfWave(step.rem(period).div(period), initial, final));
  // Comparisons with the starts of cycles, of which there are few, are exact where a logarithm is not.
  const later: { readonly start: number; readonly length: number }[] = [];
  for (let start = period, length = period * factor; start < MOST_STEPS; start += length, length *= factor)
    later.push({ start, length });
  return scheduled('cosineWarmRestarts', (step) => {
    const first = step.div(period);
    const part = later.reduce(
      (before, { start, length }) => step.greaterEqual(start).where(step.sub(start).div(length), before),
      first,
    );
    return halfWave(part, initial, final);
  });
}

/** `initial` at 0, `final` at 1. */
const halfWave = (part: Tensor, initial: number, final: number): Tensor =>
  part
    .mul(Math.PI)
    .cos()
    .add(1)
    .mul((initial - final) / 2)
    .add(final);

/** initial * factor^(step / every) */
export function exponential(initial: number, factor: number, every = 1): Schedule {
  checkNumbers('exponential', { initial, factor });
  checkSteps('exponential', every);
  return scheduled('exponential', (step) => power(factor, step.div(every)).mul(initial));
}

/** initial * factor^floor(step / every): a stair. */
export function step(initial: number, factor: number, every: number): Schedule {
  checkNumbers('step', { initial, factor });
  checkSteps('step', every);
  return scheduled('step', (at) => power(factor, at.div(every).floor()).mul(initial));
}

/** final + (initial - final) * (1 - step / steps)^exponent, and `final` from there on. */
export function polynomial(initial: number, steps: number, options?: PolynomialOptions): Schedule {
  const { final = 0, exponent = 1 } = optionsOf('polynomial', options, POLYNOMIAL_OPTIONS);
  checkNumbers('polynomial', { initial });
  checkSteps('polynomial', steps);
  return scheduled('polynomial', (at) => {
    const left = at.div(steps).neg().add(1).maximum(0);
    return (exponent === 1 ? left : left.pow(exponent)).mul(initial - final).add(final);
  });
}

/**
 * From `from` (default 0) times the first rate of `then` up to it in `steps` steps, along a line; then `then` from its
 * start.
 */
export function warmup(steps: number, then: Rate, options?: WarmupOptions): Schedule {
  const { from = 0 } = optionsOf('warmup', options, WARMUP_OPTIONS);
  checkSteps('warmup', steps);
  checkArguments('warmup', { then }, { then: rateKind });
  return scheduled('warmup', (at) => {
    const line = at
      .div(steps)
      .mul(1 - from)
      .add(from);
    const part = at.less(steps).where(line, 1);
    const rate = typeof then === 'number' ? full([], then) : then(at.sub(steps).maximum(0));
    return rate.mul(part);
  });
}

const power = (base: number, exponent: Tensor): Tensor => full([], base).pow(exponent);

function checkSteps(name: string, steps: number): void {
  if (Number.isFinite(steps) && steps > 0) return;
  throw new HeddleError('ATTRIBUTE_INVALID', `${name}: a number of steps is positive`, {
    found: shown`${steps}`,
  });
}
