/** The activations of recurrent operators, which attributes name and give their parameters. */
import * as compose from '../../../../compose/activation.js';
import { scalarWith, withScalar } from '../../../../compose/broadcast.js';
import type { Activation } from '../../../../compose/recurrent.js';
import type { NodeContext } from '../../context.js';
import { shorten } from '../../limits.js';

interface Row {
  /** The parameters that it takes, with their defaults: those of the operator of the same name. */
  readonly alpha?: number;
  readonly beta?: number;
  readonly make: (alpha: number, beta: number) => Activation;
}

const plain = (activation: Activation): Row => ({ make: () => activation });

const ACTIVATIONS: Readonly<Record<string, Row>> = {
  relu: plain(compose.relu),
  tanh: plain((b, x) => b.unary('tanh', x)),
  sigmoid: plain((b, x) => b.unary('sigmoid', x)),
  softsign: plain(compose.softsign),
  softplus: plain(compose.softplus),
  affine: {
    alpha: 1,
    beta: 0,
    make: (alpha, beta) => (b, x) => withScalar(b, 'add', scalarWith(b, 'mul', alpha, x), beta),
  },
  leakyrelu: { alpha: 0.01, make: (alpha) => (b, x) => compose.leakyRelu(b, x, alpha) },
  thresholdedrelu: { alpha: 1, make: (alpha) => (b, x) => compose.thresholdedRelu(b, x, alpha) },
  scaledtanh: {
    alpha: 1,
    beta: 1,
    make: (alpha, beta) => (b, x) =>
      scalarWith(b, 'mul', alpha, b.unary('tanh', scalarWith(b, 'mul', beta, x))),
  },
  hardsigmoid: {
    alpha: 0.2,
    beta: 0.5,
    make: (alpha, beta) => (b, x) => compose.hardSigmoid(b, x, alpha, beta),
  },
  elu: { alpha: 1, make: (alpha) => (b, x) => compose.elu(b, x, alpha) },
};

/** Names as the specification writes them, for messages; runtimes take them in any case. */
const NAMES =
  'Relu, Tanh, Sigmoid, Affine, LeakyRelu, ThresholdedRelu, ScaledTanh, HardSigmoid, Elu, Softsign, Softplus';

/**
 * The activations of all directions, those of a direction together. A list of parameters has one for each activation that
 * takes it, in order; defaults stand for those at its end that are left out.
 *
 * @param defaults the names for one direction
 */
export function activationsOf(
  ctx: NodeContext,
  directions: number,
  defaults: readonly string[],
): readonly (readonly Activation[])[] {
  const expected = directions * defaults.length;
  const names = ctx.attr.strings('activations') ?? Array.from({ length: directions }, () => defaults).flat();
  if (names.length !== expected)
    ctx.fail('ONNX_INVALID', 'the number of activations does not fit the directions', {
      found: `${names.length}: ${shorten(names.join(', '))}`,
      expected: `${expected}`,
    });
  const alphas = [...(ctx.attr.floats('activation_alpha') ?? [])];
  const betas = [...(ctx.attr.floats('activation_beta') ?? [])];
  const made = names.map((name) => {
    const key = name.toLowerCase();
    if (!Object.hasOwn(ACTIVATIONS, key))
      ctx.fail('ONNX_INVALID', 'unknown activation', {
        found: `"${shorten(name)}"`,
        expected: `one of ${NAMES}`,
      });
    const { alpha, beta, make } = ACTIVATIONS[key];
    return clipped(
      ctx,
      make(
        alpha === undefined ? 0 : (alphas.shift() ?? alpha),
        beta === undefined ? 0 : (betas.shift() ?? beta),
      ),
    );
  });
  return Array.from({ length: directions }, (_, d) => made.slice(d * defaults.length, (d + 1) * defaults.length)); // prettier-ignore
}

/** `clip` bounds what the activations are given. */
function clipped(ctx: NodeContext, activation: Activation): Activation {
  const clip = ctx.attr.float('clip');
  if (clip === undefined || clip <= 0) return activation;
  return (b, x) => activation(b, compose.clip(b, x, -clip, clip));
}
