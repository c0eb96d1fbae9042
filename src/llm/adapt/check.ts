/** Adapters from callers whose types nobody checks. */
import { describeValue } from '../../base/describe.js';
import { HeddleError } from '../../base/errors.js';
import { MOST_RANK, type Adapter, type Factors } from './adapter.js';

const isFactors = (value: unknown): value is Factors => {
  const { down, up } = Object(value) as Partial<Factors>;
  return down instanceof Float32Array && up instanceof Float32Array;
};

/** Whether a value is an adapter, but for whether it fits a model. */
export function isAdapter(value: unknown): value is Adapter {
  const { rank, alpha, factors } = Object(value) as Partial<Adapter>;
  if (!Number.isInteger(rank) || Number(rank) < 1 || Number(rank) > MOST_RANK || !Number.isFinite(alpha)) return false; // prettier-ignore
  return factors instanceof Map && Array.from(factors, ([name, own]) => typeof name === 'string' && isFactors(own)).every(Boolean); // prettier-ignore
}

/** Throws USAGE unless the value is an adapter. */
export function checkAdapter(value: unknown, where: string): void {
  if (isAdapter(value)) return;
  throw new HeddleError('USAGE', 'the value is not an adapter', {
    where,
    found: describeValue(value),
    expected: `{ rank, alpha, factors }, of a rank from 1 to ${MOST_RANK}`,
  });
}
