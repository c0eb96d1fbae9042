/** Models that are right where others are wrong. */
import { checkArguments } from '../../base/arguments.js';
import { ensure } from '../../base/errors.js';
import { kind, required } from '../../base/kinds.js';
import { greatest, isListOf } from '../../base/values.js';

/** For each sample, whether a model is right. */
export type Correctness = readonly boolean[];

export interface EnsemblePair {
  /** Places of both models in what was given; a < b. */
  readonly a: number;
  readonly b: number;
  /** The part of the samples on which at least one is right: A or B. */
  readonly coverage: number;
  /** The part on which both are: A and B. */
  readonly overlap: number;
}

export interface EnsembleReport {
  readonly samples: number;
  /** Of each model. */
  readonly accuracies: readonly number[];
  /** The part of the samples on which at least one of all models is right: no vote can do better. */
  readonly coverage: number;
  /** All pairs: first those that cover most; among equals those that overlap least. */
  readonly pairs: readonly EnsemblePair[];
  /** Models in the order in which each adds most coverage, as far as one adds any. */
  readonly order: readonly number[];
}

const models = required(
  kind('a list with one list of booleans for each model', (value) =>
    isListOf(value, (model) => isListOf(model, (right) => typeof right === 'boolean')),
  ),
);

/** Throws USAGE, and SHAPE_MISMATCH where models differ in their number of samples, or there are none. */
export function ensemble(correct: readonly Correctness[]): EnsembleReport {
  checkArguments('metrics.ensemble', { correct }, { correct: models });
  const samples = correct.at(0)?.length ?? 0;
  ensure(samples > 0, 'SHAPE_MISMATCH', 'there is nothing to measure', () => ({
    where: 'metrics.ensemble',
    found: correct.length === 0 ? 'no model' : 'no sample',
    expected: 'at least one of each',
  }));
  correct.forEach((model, i) =>
    ensure(model.length === samples, 'SHAPE_MISMATCH', 'models differ in their number of samples', () => ({
      where: `metrics.ensemble, correct[${i}]`,
      found: `${model.length}`,
      expected: `${samples}, as correct[0] has`,
    })),
  );
  const part = (test: (sample: number) => boolean): number => {
    let count = 0;
    for (let i = 0; i < samples; i++) if (test(i)) count++;
    return count / samples;
  };
  const pairs = correct.flatMap((a, i) =>
    correct.slice(i + 1).map((b, k): EnsemblePair => ({
      a: i,
      b: i + 1 + k,
      coverage: part((sample) => a[sample] || b[sample]),
      overlap: part((sample) => a[sample] && b[sample]),
    })),
  );
  return {
    samples,
    accuracies: correct.map((model) => part((sample) => model[sample])),
    coverage: part((sample) => correct.some((model) => model[sample])),
    pairs: pairs.sort((p, q) => q.coverage - p.coverage || p.overlap - q.overlap || p.a - q.a || p.b - q.b),
    order: greedyOrder(correct, samples),
  };
}

/** Each next model is the one that is right on most of the samples that none before is right on. */
function greedyOrder(correct: readonly Correctness[], samples: number): number[] {
  const order: number[] = [];
  const open = new Set(Array.from({ length: samples }, (_, i) => i));
  for (;;) {
    const gains = correct.map((model) => [...open].filter((sample) => model[sample]).length);
    const most = greatest(gains, 0);
    if (most === 0) return order;
    const best = gains.indexOf(most);
    order.push(best);
    for (const sample of open) if (correct[best][sample]) open.delete(sample);
  }
}
