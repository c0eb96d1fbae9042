/** Losses of classification. */
import { shown } from '../../base/describe.js';
import { number } from '../../base/kinds.js';
import type { OptionTable } from '../../base/options.js';
import { isInt } from '../../base/dtype.js';
import { HeddleError } from '../../base/errors.js';
import { printType } from '../../ir/types.js';
import * as compose from '../../compose/index.js';
import { liftOne } from '../nn/lift.js';
import { checkTensors, operandKind, optionsOf } from '../../tensor/arguments.js';
import { full } from '../../tensor/tensors/factories.js';
import { hostDataOf } from '../../tensor/tensors/host.js';
import { named } from '../../tensor/tensors/core.js';
import type { Tensor } from '../../tensor/tensors/tensor.js';
import { REDUCTION_OPTIONS, reduceLosses, type ReductionOptions } from './reduction.js';

export interface CrossEntropyOptions extends ReductionOptions {
  /** The part of the target's probability that is spread evenly over all classes, in [0, 1]. Default 0. */
  readonly labelSmoothing?: number;
  /** Examples with this label do not count: their loss is 0, and the mean is that of the others. Integer labels only. */
  readonly ignoreIndex?: number;
}

export type NllOptions = Omit<CrossEntropyOptions, 'labelSmoothing'>;

const NLL_OPTIONS: OptionTable<NllOptions> = { ...REDUCTION_OPTIONS, ignoreIndex: number };
const OPTIONS: OptionTable<CrossEntropyOptions> = { ...NLL_OPTIONS, labelSmoothing: number };

/**
 * Cross entropy of softmax(logits): logits f32 [..., C], and as targets either labels i32 [...] or probabilities
 * f32 [..., C]. A scalar, or [...] with reduction `none`; the mean is over examples, and 0 where none counts.
 *
 * Stable for any finite logits; one of -inf is a class without a probability, whose part in the loss is 0 where the target's
 * probability is. A label is found by comparing it with all classes, which fuses with the softmax and, unlike a
 * gather, has no scatter as its gradient; it costs as many comparisons as the softmax has exponentials, so that it does
 * not pay to do otherwise for many classes either. A label that is not a class, and is
 * not ignored, throws DATASET_INVALID where labels lie on the host; elsewhere (inside of jit, on devices) its loss is NaN.
 *
 * Throws SHAPE_MISMATCH and DTYPE_MISMATCH where the targets are neither, ATTRIBUTE_INVALID for a smoothing outside of
 * [0, 1], or ignoreIndex with probabilities.
 */
export function crossEntropy(logits: Tensor, targets: Tensor, given?: CrossEntropyOptions): Tensor {
  checkTensors('crossEntropy', { logits, targets });
  const options = optionsOf('crossEntropy', given, OPTIONS);
  const { labelSmoothing = 0, ignoreIndex } = options;
  const isLabels = isInt(targets.dtype);
  named('crossEntropy', () => {
    if (!(labelSmoothing >= 0 && labelSmoothing <= 1))
      throw new HeddleError('ATTRIBUTE_INVALID', 'labelSmoothing is in [0, 1]', {
        found: shown`${labelSmoothing}`,
      });
    if (!isLabels && ignoreIndex !== undefined)
      throw new HeddleError('ATTRIBUTE_INVALID', 'ignoreIndex goes with integer labels', {
        found: `targets ${printType(targets.expr.type)}`,
      });
    if (logits.rank === 0 || (!isLabels && printType(targets.expr.type) !== printType(logits.expr.type)))
      throw new HeddleError('SHAPE_MISMATCH', 'the targets do not fit the logits', {
        found: `logits ${printType(logits.expr.type)}, targets ${printType(targets.expr.type)}`,
        expected: 'logits [..., C], and integer labels [...] or probabilities of the type of the logits',
        hint:
          `${targets.shape}` === `${logits.shape.slice(0, -1)}` ? "labels: targets.cast('i32')" : undefined,
      });
  });
  const classes = logits.shape[logits.rank - 1];
  if (isLabels) {
    const losses = liftOne('crossEntropy', [logits, targets], (b, x, labels) =>
      compose.sparseCrossEntropy(b, x, labels, { labelSmoothing }),
    );
    return ofLabels('crossEntropy', losses, targets, classes, options);
  }
  const smooth =
    labelSmoothing === 0 ? targets : targets.mul(1 - labelSmoothing).add(labelSmoothing / classes);
  return reduceLosses(liftOne('crossEntropy', [logits, smooth], compose.crossEntropy), options);
}

/**
 * Negative log likelihood, from log-probabilities [..., C] (of logSoftmax) and labels i32 [...]; options, results and
 * errors as {@link crossEntropy}.
 */
export function nll(logProbabilities: Tensor, labels: Tensor, given?: NllOptions): Tensor {
  checkTensors('nll', { logProbabilities, labels });
  const options = optionsOf('nll', given, NLL_OPTIONS);
  if (!isInt(labels.dtype))
    named('nll', () => {
      throw new HeddleError('DTYPE_MISMATCH', 'labels are integers', {
        found: `labels ${printType(labels.expr.type)}`,
        expected: 'i32 or u32',
        hint: "labels.cast('i32')",
      });
    });
  const losses = liftOne('nll', [logProbabilities, labels], (b, logs, classes) =>
    compose.negativeLogLikelihood(b, logs, classes),
  );
  return ofLabels('nll', losses, labels, logProbabilities.shape[logProbabilities.rank - 1], options);
}

/**
 * The losses of examples, reduced; NaN where a label is not a class and not ignored. Labels whose values are at hand are looked
 * at now: throws DATASET_INVALID for the first one that is wrong.
 */
function ofLabels(
  name: string,
  losses: Tensor,
  labels: Tensor,
  classes: number,
  options: CrossEntropyOptions,
): Tensor {
  const { ignoreIndex } = options;
  const storage = labels.expr.storage;
  const host = storage && hostDataOf(storage);
  const isWrong = (label: number): boolean => label !== ignoreIndex && (label < 0 || label >= classes);
  const at = host === undefined ? -1 : (host.data as Int32Array).findIndex(isWrong);
  if (host !== undefined && at >= 0)
    named(name, () => {
      throw new HeddleError('DATASET_INVALID', 'a label is not a class', {
        found: `${host.data[at]}, label ${at} of ${host.data.length}`,
        expected: `0 to ${classes - 1}, for ${classes} logits`,
        hint: 'classes count from 0: labels.sub(1) where they count from 1; ignoreIndex leaves examples out',
      });
    });
  const known = labels.less(classes);
  const isClass = labels.dtype === 'u32' ? known : known.and(labels.greaterEqual(0));
  // Nobody can be told when the program runs: a loss that is not a number shows. Adding -0 changes no bit, and no gradient.
  const poisoned = losses.add(isClass.where(full(losses.shape, -0, { dtype: losses.dtype }), NaN));
  return reduceLosses(
    poisoned,
    options,
    ignoreIndex === undefined ? undefined : labels.notEqual(ignoreIndex),
  );
}

export interface BinaryCrossEntropyOptions extends ReductionOptions {
  /** How much a positive counts, f32 that broadcasts to the logits: above 1 for recall, below for precision. */
  readonly positiveWeight?: Tensor | number;
}

const BINARY_OPTIONS: OptionTable<BinaryCrossEntropyOptions> = {
  ...REDUCTION_OPTIONS,
  positiveWeight: operandKind,
};

/**
 * Cross entropy of sigmoid(logits) and `targets`, probabilities of the shape of the logits, element by element. Stable for
 * any finite logits, and small losses keep their digits. Throws SHAPE_MISMATCH and DTYPE_MISMATCH.
 */
export function binaryCrossEntropyWithLogits(
  logits: Tensor,
  targets: Tensor,
  given?: BinaryCrossEntropyOptions,
): Tensor {
  const options = optionsOf('binaryCrossEntropyWithLogits', given, BINARY_OPTIONS);
  const { positiveWeight } = options;
  sameShape('binaryCrossEntropyWithLogits', logits, targets);
  const weight =
    typeof positiveWeight === 'number' ? full([], positiveWeight, { dtype: logits.dtype }) : positiveWeight;
  const weights = weight === undefined ? [] : [weight.broadcastTo(logits.shape)];
  return reduceLosses(
    liftOne('binaryCrossEntropyWithLogits', [logits, targets, ...weights], (b, x, z, w) =>
      compose.binaryCrossEntropyWithLogits(b, x, z, w),
    ),
    options,
  );
}

/** Throws SHAPE_MISMATCH: losses do not broadcast, since a [N] and a [N, 1] would silently become [N, N]. */
export function sameShape(name: string, predictions: Tensor, targets: Tensor): void {
  checkTensors(name, { predictions, targets });
  if (`${predictions.shape}` === `${targets.shape}`) return;
  named(name, () => {
    throw new HeddleError('SHAPE_MISMATCH', 'predictions and targets differ in shape', {
      found: `predictions ${printType(predictions.expr.type)}, targets ${printType(targets.expr.type)}`,
      expected: 'one shape; losses do not broadcast',
    });
  });
}
