/** Normalization by the statistics of the batch. */
import { shown } from '../../base/describe.js';
import { number } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { batchNorm, batchNormTraining } from '../../compose/index.js';
import { optionsOf } from '../../tensor/arguments.js';
import { ones, zeros } from '../../tensor/tensors/factories.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { checkedContext, type CallContext } from './context.js';
import { parameter } from './initializers.js';
import { areCounts, checkInput, checkOption, lift, liftOne, nameOf } from './lift.js';
import { Module } from './module.js';

export interface BatchNormOptions {
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  /** How much a batch counts in the running statistics. Default 0.1. */
  readonly momentum?: number;
}

const OPTIONS: OptionTable<BatchNormOptions> = { epsilon: number, momentum: number };

/**
 * f32 [N, channels, ...spatial] -> the same, each channel to zero mean and unit variance, then * weight + bias, both
 * [channels]. Ioffe and Szegedy, "Batch normalization" (2015). Throws SHAPE_MISMATCH for other inputs.
 *
 * In training the statistics are those of the batch, and the buffers `runningMean` and `runningVariance` take a part of
 * them; else the buffers are used. The layer sets its own fields: inside of jit and grad these are those of the copy that
 * the function was given, which has to be returned to be kept. With `aux`:
 *
 *     const loss = (net: Net): [Tensor, Net] => [losses.crossEntropy(net.call(x, { training: true }), y), net];
 *     const [[value, updated], gradients] = valueAndGrad(loss, { aux: true })(model);
 *     const [next, nextState] = optimizer.update(updated, gradients, state);
 */
export class BatchNorm extends Module {
  static override readonly buffers: readonly string[] = ['runningMean', 'runningVariance'];

  weight: Tensor;
  bias: Tensor;
  runningMean: Tensor;
  runningVariance: Tensor;
  readonly epsilon: number;
  readonly momentum: number;

  constructor(
    readonly channels: number,
    options?: BatchNormOptions,
  ) {
    super();
    const { epsilon = 1e-5, momentum = 0.1 } = optionsOf(nameOf(this), options, OPTIONS);
    checkOption(this, areCounts(channels), 'a batch norm needs channels', shown`${channels}`);
    this.epsilon = epsilon;
    this.momentum = momentum;
    this.weight = parameter(ones([channels]));
    this.bias = parameter(zeros([channels]));
    this.runningMean = parameter(zeros([channels]));
    this.runningVariance = parameter(ones([channels]));
  }

  call(x: Tensor, context?: CallContext): Tensor {
    const { training = false } = checkedContext(this, context);
    checkInput(this, x, () => x.rank >= 2 && x.shape[1] === this.channels, `[N, ${this.channels}, ...]`);
    return training ? this.train(x) : this.infer(x);
  }

  private infer(x: Tensor): Tensor {
    const { weight, bias, runningMean, runningVariance, epsilon } = this;
    return liftOne(
      'BatchNorm',
      [x, weight, bias, runningMean, runningVariance],
      (b, input, scale, t, mean, variance) =>
        batchNorm(b, input, { scale, bias: t, mean, variance, epsilon }),
    );
  }

  private train(x: Tensor): Tensor {
    const count = x.size / this.channels;
    const [result, mean, variance] = lift(
      'BatchNorm',
      [x, this.weight, this.bias],
      (b, input, scale, bias) => {
        const trained = batchNormTraining(b, input, scale, bias, this.epsilon);
        return [trained.result, trained.mean, trained.variance] as const;
      },
    );
    const part = (running: Tensor, batch: Tensor): Tensor =>
      running.mul(1 - this.momentum).add(batch.stopGradient().mul(this.momentum));
    this.runningMean = part(this.runningMean, mean);
    // The running variance estimates that of all data: by n - 1, as in PyTorch.
    this.runningVariance = part(
      this.runningVariance,
      count > 1 ? variance.mul(count / (count - 1)) : variance,
    );
    return result;
  }

  override describe(): string {
    return `${this.channels}, epsilon=${this.epsilon}, momentum=${this.momentum}`;
  }
}
