/** What the numbers of an optimiser may be, in the tables of options. */
import { kind } from '../../base/kinds.js';
import { isListOf } from '../../base/values.js';

const isFinite = (value: unknown): value is number => Number.isFinite(value);
const isPart = (value: unknown): boolean => isFinite(value) && value >= 0 && value < 1;

/** Epsilon, weight decay. */
export const fromZero = kind('a number from 0', (value) => isFinite(value) && value >= 0);

export const aboveZero = kind('a number above 0', (value) => isFinite(value) && value > 0);

export const upToZero = kind('a number up to 0', (value) => isFinite(value) && value <= 0);

/** What an average keeps of itself in a step: with 1 it would keep everything, and with more it would grow. */
export const decayRate = kind('a number from 0, and less than 1', isPart);

export const decayRates = kind(
  'a list of two numbers from 0, and less than 1',
  (value) => isListOf(value, isPart) && value.length === 2,
);
