/** Activations and softmax. */
import type { Value } from '../../../ir/emitter.js';
import type { GraphBuilder } from '../../../ir/builder.js';
import * as compose from '../../../compose/activation.js';
import { normalizeAxis } from '../../../compose/axes.js';
import { flattenTo2D } from '../../../compose/movement.js';
import { hardmax, logSoftmax, softmax } from '../../../compose/softmax.js';
import type { Attributes } from '../attributes.js';
import type { NodeContext } from '../context.js';
import type { OpEntry, OpTable } from '../registry.js';

/** An activation of one operand with parameters among the attributes. */
const activation = (
  op: string,
  since: readonly number[],
  f: (b: GraphBuilder, x: Value, attr: Attributes) => Value,
): OpEntry => ({ op, since, emit: (ctx) => f(ctx.b, ctx.value(0), ctx.attr) });

type AlongAxis = (b: GraphBuilder, x: Value, axis: number) => Value;

/** Up to opset 12 the axes from `axis` (1) on are one: the operand is taken as a matrix. From 13 on one axis (-1) counts. */
const softmaxLike = (op: string, f: AlongAxis): OpEntry[] => [
  {
    op,
    since: [1, 11],
    emit: (ctx) => {
      const x = ctx.value(0);
      const axis = normalizeAxis(ctx.attr.int('axis', 1), ctx.rank(0));
      if (axis === ctx.rank(0) - 1) return f(ctx.b, x, axis);
      return ctx.b.reshape(f(ctx.b, flattenTo2D(ctx.b, x, axis), 1), x.type.shape);
    },
  },
  {
    op,
    since: [13],
    emit: (ctx) => f(ctx.b, ctx.value(0), normalizeAxis(ctx.attr.int('axis', -1), ctx.rank(0))),
  },
];

function prelu(ctx: NodeContext): Value {
  const [x, slope] = [ctx.value(0), ctx.value(1)];
  // Before NumPy's rule (opset 9) a vector of slopes meant one for each channel.
  const perChannel = ctx.opset < 9 && slope.type.shape.length === 1 && slope.type.shape[0] !== 1;
  const trailing = new Array<number>(Math.max(0, x.type.shape.length - 2)).fill(1);
  return compose.prelu(
    ctx.b,
    x,
    perChannel ? ctx.b.reshape(slope, [...slope.type.shape, ...trailing]) : slope,
  );
}

export const activations: OpTable = [
  activation('Relu', [1, 6, 13, 14], compose.relu),
  activation('LeakyRelu', [1, 6, 16], (b, x, attr) => compose.leakyRelu(b, x, attr.float('alpha', 0.01))),
  activation('ThresholdedRelu', [10, 22], (b, x, attr) =>
    compose.thresholdedRelu(b, x, attr.float('alpha', 1)),
  ),
  activation('Elu', [1, 6, 22], (b, x, attr) => compose.elu(b, x, attr.float('alpha', 1))),
  activation('Selu', [1, 6, 22], (b, x, attr) =>
    compose.selu(b, x, attr.float('alpha'), attr.float('gamma')),
  ),
  activation('Celu', [12], (b, x, attr) => compose.celu(b, x, attr.float('alpha', 1))),
  activation('Gelu', [20], (b, x, attr) =>
    attr.choice('approximate', ['none', 'tanh'], 'none') === 'tanh'
      ? compose.geluTanh(b, x)
      : compose.gelu(b, x),
  ),
  activation('Mish', [18, 22], compose.mish),
  activation('Swish', [24], (b, x, attr) => compose.swish(b, x, attr.float('alpha', 1))),
  activation('Softplus', [1, 22], compose.softplus),
  activation('Softsign', [1, 22], compose.softsign),
  activation('HardSigmoid', [1, 6, 22], (b, x, attr) =>
    compose.hardSigmoid(b, x, attr.float('alpha', 0.2), attr.float('beta', 0.5)),
  ),
  activation('HardSwish', [14, 22], compose.hardSwish),
  activation('Shrink', [9], (b, x, attr) =>
    compose.shrink(b, x, attr.float('lambd', 0.5), attr.float('bias', 0)),
  ),
  { op: 'PRelu', since: [1, 6, 7, 9, 16], emit: prelu },
  activation('Clip', [1, 6], (b, x, attr) => compose.clip(b, x, attr.float('min'), attr.float('max'))),
  {
    op: 'Clip',
    since: [11, 12, 13],
    emit: (ctx) => compose.clip(ctx.b, ctx.value(0), ctx.optional(1), ctx.optional(2)),
  },
  ...softmaxLike('Softmax', softmax),
  ...softmaxLike('LogSoftmax', logSoftmax),
  ...softmaxLike('Hardmax', hardmax),
];
