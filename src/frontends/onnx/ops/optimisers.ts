/** One step of an optimiser on any number of tensors: ai.onnx.preview.training. */
import { broadcastTo, withScalar } from '../../../compose/broadcast.js';
import type { Value } from '../../../ir/emitter.js';
import type { NodeContext } from '../context.js';
import type { OpEntry, OpTable } from '../registry.js';
import { demand } from './checks.js';

/** What a step knows of one tensor: the tensor, its gradient, and the state beside it. */
type Tensors = readonly Value[];

interface Step {
  /** The learning rate, and the number of steps before this one; f32[]. */
  readonly rate: Value;
  readonly steps: Value;
}

/** The new tensor and its new state. */
type Update = (ctx: NodeContext, step: Step, tensors: Tensors) => readonly Value[];

/** Inputs are the rate, the number of steps, then all tensors, all gradients, and each kind of state for all. */
const optimiser = (op: string, states: number, update: Update): OpEntry => ({
  op,
  domain: 'ai.onnx.preview.training',
  since: [1],
  emit: (ctx) => {
    const kinds = 2 + states;
    const count = (ctx.inputs.length - 2) / kinds;
    demand(
      ctx,
      Number.isInteger(count) && count >= 1,
      `${kinds} inputs for each tensor`,
      `${ctx.inputs.length - 2}`,
    );
    const scalar = (i: number): Value => ctx.b.cast(ctx.b.reshape(ctx.value(i), []), 'f32');
    const step = { rate: scalar(0), steps: scalar(1) };
    const updated = Array.from({ length: count }, (_, i) =>
      update(
        ctx,
        step,
        Array.from({ length: kinds }, (_, kind) => ctx.value(2 + kind * count + i)),
      ),
    );
    // All tensors, then each kind of state for all.
    return Array.from({ length: 1 + states }, (_, kind) => updated.map((results) => results[kind])).flat();
  },
});

/** A scalar for each element of a tensor, in its dtype. */
const spread = ({ b }: NodeContext, x: Value, like: Value): Value =>
  broadcastTo(b, b.cast(x, like.type.dtype), like.type.shape);

/** The gradient with that of norm_coefficient / 2 times the square of the tensor. */
function regularized(ctx: NodeContext, x: Value, gradient: Value): Value {
  const factor = ctx.attr.float('norm_coefficient', 0);
  return factor === 0 ? gradient : ctx.b.binary('add', withScalar(ctx.b, 'mul', x, factor), gradient);
}

const square = ({ b }: NodeContext, x: Value): Value => b.binary('mul', x, x);

/** Duchi et al., "Adaptive subgradient methods" (2011). */
const adagrad: Update = (ctx, { rate, steps }, [x, given, sum]) => {
  const { b } = ctx;
  const decay = withScalar(b, 'add', withScalar(b, 'mul', steps, ctx.attr.float('decay_factor', 0)), 1);
  const gradient = regularized(ctx, x, given);
  const squares = b.binary('add', sum, square(ctx, gradient));
  const root = withScalar(b, 'add', b.unary('sqrt', squares), ctx.attr.float('epsilon', 0));
  const change = b.binary(
    'mul',
    spread(ctx, b.binary('div', rate, decay), x),
    b.binary('div', gradient, root),
  );
  return [b.binary('sub', x, change), squares];
};

/** Kingma and Ba, "Adam" (2014). In the first step the moments are not corrected. */
const adam: Update = (ctx, { rate, steps }, [x, given, first, second]) => {
  const { b, attr } = ctx;
  const [alpha, beta] = [attr.float('alpha', 0.9), attr.float('beta', 0.999)];
  const gradient = regularized(ctx, x, given);
  const mixed = (old: Value, now: Value, factor: number): Value =>
    b.binary('add', withScalar(b, 'mul', old, factor), withScalar(b, 'mul', now, 1 - factor));
  const mean = mixed(first, gradient, alpha);
  const squares = mixed(second, square(ctx, gradient), beta);
  const root = withScalar(b, 'add', b.unary('sqrt', squares), attr.float('epsilon', 1e-6));
  const missing = (factor: number): Value =>
    b.binary('sub', b.full(steps, 1), b.binary('pow', b.full(steps, factor), steps));
  const isLater = b.unary('not', withScalar(b, 'le', steps, 0));
  // What is not chosen is finite.
  const divisor = b.select(isLater, missing(alpha), b.full(steps, 1));
  const corrected = b.binary('div', b.binary('mul', rate, b.unary('sqrt', missing(beta))), divisor);
  const change = b.binary(
    'mul',
    spread(ctx, b.select(isLater, corrected, rate), x),
    b.binary('div', mean, root),
  );
  const moved = b.binary('sub', x, change);
  const after = attr.float('norm_coefficient_post', 0);
  return [after === 0 ? moved : withScalar(b, 'mul', moved, 1 - after), mean, squares];
};

/** Of Nesterov, too. In the first step the gradient counts in full. */
const momentum: Update = (ctx, { rate, steps }, [x, given, velocity]) => {
  const { b, attr } = ctx;
  const alpha = attr.required('alpha', attr.float('alpha'));
  const isNesterov = attr.choice('mode', ['standard', 'nesterov'], 'standard') === 'nesterov';
  const gradient = regularized(ctx, x, given);
  const isLater = b.unary('not', withScalar(b, 'le', steps, 0));
  const beta = b.full(steps, attr.required('beta', attr.float('beta')));
  const weight = b.select(isLater, beta, b.full(steps, 1));
  const next = b.binary(
    'add',
    withScalar(b, 'mul', velocity, alpha),
    b.binary('mul', spread(ctx, weight, x), gradient),
  );
  const direction = isNesterov ? b.binary('add', gradient, withScalar(b, 'mul', next, alpha)) : next;
  return [b.binary('sub', x, b.binary('mul', spread(ctx, rate, x), direction)), next];
};

export const optimisers: OpTable = [
  optimiser('Adagrad', 1, adagrad),
  optimiser('Adam', 2, adam),
  optimiser('Momentum', 1, momentum),
];
