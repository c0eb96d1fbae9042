/** The frequencies of rotary embedding, with what was made of them so that contexts could grow. Computed once, in doubles. */
import { ensure } from '../../base/errors.js';

/** Features of a head that turn with the position, at most: far more than any has. Files may claim any number of them. */
const MOST_FEATURES = 2 ** 16;

/** base^(-2i / features), for each pair i: radians a position. Throws LLM_INVALID. */
export function plainFrequencies(features: number, base: number): number[] {
  ensure(features <= MOST_FEATURES, 'LLM_INVALID', 'rotary embedding does not fit the heads', {
    found: `${features} features`,
    expected: `at most ${MOST_FEATURES}`,
  });
  return Array.from({ length: features / 2 }, (_, i) => base ** ((-2 * i) / features));
}

/** Positions count as a part of what they are (Chen et al., "Position interpolation", 2023). */
export const linear = (frequencies: readonly number[], factor: number): number[] =>
  frequencies.map((frequency) => frequency / factor);

/** Each frequency divided by a factor of its own (LongRoPE, and Llama 3 in GGUF files). Throws LLM_INVALID. */
export function divided(frequencies: readonly number[], factors: ArrayLike<number>): number[] {
  const [count, expected] = [factors.length, frequencies.length];
  ensure(count === expected, 'LLM_INVALID', 'the factors of rotary embedding do not fit the heads', {
    found: `${count} factors`,
    expected: `${expected}`,
  });
  return frequencies.map((frequency, i) => frequency / factors[i]);
}

export interface Llama3Scaling {
  readonly factor: number;
  readonly lowFactor: number;
  readonly highFactor: number;
  /** Positions of the first training. */
  readonly original: number;
}

/** Llama 3.1: long waves are stretched, short ones stay, and those between are mixed. */
export function llama3(frequencies: readonly number[], scaling: Llama3Scaling): number[] {
  const { factor, lowFactor, highFactor, original } = scaling;
  return frequencies.map((frequency) => {
    const turns = (original * frequency) / (2 * Math.PI);
    if (turns > highFactor) return frequency;
    if (turns < lowFactor) return frequency / factor;
    const smooth = (turns - lowFactor) / (highFactor - lowFactor);
    return ((1 - smooth) * frequency) / factor + smooth * frequency;
  });
}

export interface YarnScaling {
  readonly factor: number;
  readonly original: number;
  readonly base: number;
  readonly features: number;
  readonly betaFast: number;
  readonly betaSlow: number;
  /** Whether the ramp begins and ends at whole pairs. Default: true. */
  readonly isWhole?: boolean;
}

/** YaRN (Peng et al., 2023): as {@link llama3}, with a ramp over the number of the pair. */
export function yarn(frequencies: readonly number[], scaling: YarnScaling): number[] {
  const { factor, original, base, features, betaFast, betaSlow, isWhole = true } = scaling;
  const pairAt = (turns: number): number =>
    (features * Math.log(original / (turns * 2 * Math.PI))) / (2 * Math.log(base));
  const [first, last] = [pairAt(betaFast), pairAt(betaSlow)];
  const low = Math.max(0, isWhole ? Math.floor(first) : first);
  const high = Math.min(features - 1, isWhole ? Math.ceil(last) : last);
  return frequencies.map((frequency, i) => {
    const ramp = Math.min(1, Math.max(0, (i - low) / Math.max(0.001, high - low)));
    return (frequency / factor) * ramp + frequency * (1 - ramp);
  });
}

/** What YaRN multiplies sines and cosines by. */
export const yarnMagnitude = (factor: number, weight = 1): number =>
  factor <= 1 ? 1 : 0.1 * weight * Math.log(factor) + 1;
