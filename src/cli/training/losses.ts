/** What the losses of a training tell while it goes on: the mean of each epoch, and that it has failed. */
import { HeddleError } from '../../base/errors.js';
import type { FitProgress } from '../../learn/index.js';

/** An epoch that is over. */
export interface EpochLoss {
  /** From 1. */
  readonly epoch: number;
  /** The mean of its steps. */
  readonly loss: number;
}

/** Takes the losses as they come, and gives the epochs that they complete. */
export class EpochLosses {
  private done = 0;
  private sum = 0;

  constructor(private readonly stepsPerEpoch: number) {}

  add(losses: readonly number[]): EpochLoss[] {
    const over: EpochLoss[] = [];
    for (const loss of losses) {
      this.sum += loss;
      this.done++;
      if (this.done % this.stepsPerEpoch > 0) continue;
      over.push({ epoch: this.done / this.stepsPerEpoch, loss: this.sum / this.stepsPerEpoch });
      this.sum = 0;
    }
    return over;
  }
}

/** Throws LOSS_NOT_FINITE with the first step whose loss is none. */
export function checkLosses({ step, losses }: FitProgress, rate: number): void {
  const wrong = losses.findIndex((loss) => !Number.isFinite(loss));
  if (wrong < 0) return;
  throw diverged(`step ${step - losses.length + wrong + 1}`, `a loss of ${losses[wrong]}`, rate);
}

/** The error for a training that has left the finite numbers. */
export const diverged = (where: string, found: string, rate: number): HeddleError =>
  new HeddleError('LOSS_NOT_FINITE', 'the training has diverged, and no weights are written', {
    where,
    found,
    expected: 'finite numbers',
    hint: `try a lower learning rate, such as --rate ${Number((rate / 10).toPrecision(3))}, or --clip 1`,
  });
