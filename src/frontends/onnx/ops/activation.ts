/** Activations and softmax. */
import type { Value } from '../../../ir/emitter.js';
import type { Emitter } from '../../../ir/emitter.js';
import * as compose from '../../../compose/activation.js';
import { normalizeAxis } from '../../../compose/axes.js';
import { flattenTo2D } from '../../../compose/movement.js';
import { hardmax, logSoftmax, softmax } from '../../../compose/softmax.js';
import type { Attributes } from '../attributes.js';
import { isFloat } from '../../../base/dtype.js';
import { typed, type NodeContext } from '../context.js';
import type { OnnxDType } from '../dtype.js';
import { isWide } from '../fold/exact.js';
import { toNumbers } from '../host.js';
import type { OpEntry, OpTable, Result } from '../registry.js';
import { convertWide } from '../wide/convert.js';

/** An activation of one operand with parameters among the attributes. */
const activation = (
  op: string,
  since: readonly number[],
  f: (b: Emitter, x: Value, attr: Attributes) => Value,
): OpEntry => ({ op, since, emit: (ctx) => f(ctx.b, ctx.value(0), ctx.attr) });

type AlongAxis = (b: Emitter, x: Value, axis: number) => Value;

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
  // Before NumPy's rule (opset 7) a vector of slopes meant one for each channel.
  const perChannel = ctx.opset < 7 && slope.type.shape.length === 1 && slope.type.shape[0] !== 1;
  const trailing = new Array<number>(Math.max(0, x.type.shape.length - 2)).fill(1);
  return compose.prelu(
    ctx.b,
    x,
    perChannel ? ctx.b.reshape(slope, [...slope.type.shape, ...trailing]) : slope,
  );
}

/** Integers are shrunk as floats, and truncated afterwards. */
function shrink(ctx: NodeContext): Result {
  const { value: x, dtype } = ctx.input(0);
  const [lambda, bias] = [ctx.attr.float('lambd', 0.5), ctx.attr.float('bias', 0)];
  if (isFloat(x.type.dtype)) return compose.shrink(ctx.b, x, lambda, bias);
  return typed(
    convertWide(ctx.b, compose.shrink(ctx.b, ctx.b.cast(x, 'f32'), lambda, bias), 'float', dtype),
    dtype,
  );
}

/** The largest numbers of the types whose infinities a missing bound clips: "numeric_limits<T>::max()". */
const LARGEST: Partial<Record<OnnxDType, number>> = { float: 3.4028234663852886e38, float16: 65504 };

function clip(ctx: NodeContext, low: Value | number | undefined, high: Value | number | undefined): Value {
  const largest = LARGEST[ctx.input(0).dtype];
  return compose.clip(ctx.b, ctx.value(0), low ?? (largest && -largest), high ?? largest);
}

/** The bound at input `i`. 64-bit integers are 32 bits wide, so a bound beyond those is their end: INT64_MAX means none. */
function bound(ctx: NodeContext, i: number): Value | number | undefined {
  const input = ctx.inputs[i];
  if (input?.known === undefined || !isWide(input.dtype) || input.known.data.length !== 1)
    return input?.value;
  const [least, most] = input.dtype === 'int64' ? [-(2 ** 31), 2 ** 31 - 1] : [0, 2 ** 32 - 1];
  return Math.min(Math.max(toNumbers(input.known)[0], least), most);
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
  activation('Celu', [12, 28], (b, x, attr) => compose.celu(b, x, attr.float('alpha', 1))),
  activation('Gelu', [20], (b, x, attr) =>
    attr.choice('approximate', ['none', 'tanh'], 'none') === 'tanh'
      ? compose.geluTanh(b, x)
      : compose.gelu(b, x),
  ),
  {
    op: 'SwiGLU',
    since: [28],
    emit: (ctx) => {
      const gate = compose.swish(ctx.b, ctx.value(0), ctx.attr.float('alpha', 1));
      return ctx.b.binary('mul', gate, ctx.value(1));
    },
  },
  activation('Mish', [18, 22], compose.mish),
  activation('Swish', [24], (b, x, attr) => compose.swish(b, x, attr.float('alpha', 1))),
  activation('Softplus', [1, 22], compose.softplus),
  activation('Softsign', [1, 22], compose.softsign),
  activation('HardSigmoid', [1, 6, 22], (b, x, attr) =>
    compose.hardSigmoid(b, x, attr.float('alpha', 0.2), attr.float('beta', 0.5)),
  ),
  activation('HardSwish', [14, 22], compose.hardSwish),
  { op: 'Shrink', since: [9], emit: shrink },
  { op: 'PRelu', since: [1, 6, 7, 9, 16], emit: prelu },
  activation('Clip', [1], (b, x, attr) => compose.clip(b, x, attr.float('min'), attr.float('max'))),
  { op: 'Clip', since: [6], emit: (ctx) => clip(ctx, ctx.attr.float('min'), ctx.attr.float('max')) },
  {
    op: 'Clip',
    since: [11, 12, 13],
    emit: (ctx) => clip(ctx, bound(ctx, 1), bound(ctx, 2)),
  },
  ...softmaxLike('Softmax', softmax),
  ...softmaxLike('LogSoftmax', logSoftmax),
  ...softmaxLike('Hardmax', hardmax),
];
