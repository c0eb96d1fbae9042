/** Normalizations, and dropout, which is none at inference. */
import { normalizeAxis } from '../../../compose/axes.js';
import * as compose from '../../../compose/normalize.js';
import type { Value } from '../../../ir/emitter.js';
import { printShape } from '../../../ir/types.js';
import { typed, type NodeContext } from '../context.js';
import type { OpEntry, OpTable, Result } from '../registry.js';

function batchNorm(ctx: NodeContext): Result {
  // Older definitions tell training by `is_test` and `spatial`, newer ones by `training_mode`.
  const training =
    ctx.attr.flag('training_mode', false) ||
    (ctx.opset < 7 && !ctx.attr.flag('is_test', false)) ||
    ctx.node.output.length > 1;
  if (training) ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'batch normalization in training mode is not supported');
  if (!ctx.attr.flag('spatial', true))
    ctx.fail(
      'ONNX_UNSUPPORTED_FEATURE',
      'batch normalization of each element apart (spatial=0) is not supported',
    );
  const given = ctx.value(0);
  // A vector is a batch of one channel.
  const x = ctx.rank(0) === 1 ? ctx.b.reshape(given, [...given.type.shape, 1]) : given;
  requireRank(ctx, x, 2);
  const parameter = (i: number): ReturnType<NodeContext['value']> => ctx.b.cast(ctx.value(i), x.type.dtype);
  const result = compose.batchNorm(ctx.b, x, {
    scale: parameter(1),
    bias: parameter(2),
    mean: parameter(3),
    variance: parameter(4),
    epsilon: ctx.attr.float('epsilon', 1e-5),
  });
  return ctx.b.reshape(result, given.type.shape);
}

function requireRank(ctx: NodeContext, x: Value, least: number): void {
  if (x.type.shape.length < least)
    ctx.fail('ONNX_INVALID', 'the operand has too few axes', {
      found: printShape(x.type.shape),
      expected: `${least} axes or more: [N, C, ...]`,
    });
}

function layerNorm(ctx: NodeContext): readonly Result[] {
  const axis = normalizeAxis(ctx.attr.int('axis', -1), ctx.rank(0));
  const epsilon = ctx.attr.float('epsilon', 1e-5);
  const parts = compose.layerNorm(ctx.b, ctx.value(0), axis, ctx.optional(1), ctx.optional(2), epsilon);
  return [parts.result, parts.mean, parts.inverseDeviation];
}

/** At inference the data passes; the mask says that all of it did. */
function dropout(ctx: NodeContext): readonly Result[] {
  if (ctx.opset >= 12 && (ctx.optionalNumber(2) ?? 0) !== 0 && (ctx.optionalNumber(1) ?? 0.5) !== 0)
    ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'dropout in training mode is not supported');
  const x = ctx.input(0);
  const masked = ctx.node.output.length > 1;
  const mask = (): Result =>
    ctx.opset >= 10
      ? ctx.b.constant('bool', x.shape, 1)
      : typed(ctx.b.constant(x.value.type.dtype, x.shape, 1), x.dtype);
  return [x.known ?? x.value, ...(masked ? [mask()] : [])];
}

/** Its scale and bias are per group before opset 21, per channel from then on. */
const groupNorm =
  (perGroup: boolean): OpEntry['emit'] =>
  (ctx) => {
    const groups = ctx.attr.required('num_groups', ctx.attr.int('num_groups'));
    const x = ctx.value(0);
    requireRank(ctx, x, 2);
    const [channels] = ctx.extents([x.type.shape[1]]) as [number];
    const vector = (i: number): ReturnType<NodeContext['value']> => {
      const given = ctx.value(i);
      if (!perGroup) return given;
      const column = ctx.b.broadcast(ctx.b.reshape(given, [groups, 1]), [groups, channels / groups]);
      return ctx.b.reshape(column, [channels]);
    };
    return compose.groupNorm(ctx.b, x, groups, vector(1), vector(2), ctx.attr.float('epsilon', 1e-5));
  };

export const normalization: OpTable = [
  { op: 'BatchNormalization', since: [1, 6, 7, 9, 14, 15], emit: batchNorm },
  {
    op: 'InstanceNormalization',
    since: [1, 6, 22],
    emit: (ctx) => {
      requireRank(ctx, ctx.value(0), 2);
      return compose.instanceNorm(
        ctx.b,
        ctx.value(0),
        ctx.value(1),
        ctx.value(2),
        ctx.attr.float('epsilon', 1e-5),
      );
    },
  },
  { op: 'GroupNormalization', since: [18], emit: groupNorm(true) },
  { op: 'GroupNormalization', since: [21], emit: groupNorm(false) },
  { op: 'LayerNormalization', since: [17], emit: layerNorm },
  {
    op: 'RMSNormalization',
    since: [23],
    emit: (ctx) => {
      const axis = normalizeAxis(ctx.attr.int('axis', -1), ctx.rank(0));
      return compose.rmsNorm(ctx.b, ctx.value(0), axis, ctx.value(1), ctx.attr.float('epsilon', 1e-5));
    },
  },
  {
    op: 'MeanVarianceNormalization',
    since: [9, 13],
    emit: (ctx) => compose.meanVarianceNorm(ctx.b, ctx.value(0), ctx.attr.ints('axes', [0, 2, 3])),
  },
  {
    op: 'LpNormalization',
    since: [1, 22],
    emit: (ctx) => {
      const p = ctx.attr.int('p', 2);
      if (p !== 1 && p !== 2) return ctx.fail('ONNX_INVALID', 'p is 1 or 2', { found: `${p}` });
      return compose.lpNormalize(
        ctx.b,
        ctx.value(0),
        normalizeAxis(ctx.attr.int('axis', -1), ctx.rank(0)),
        p,
      );
    },
  },
  {
    op: 'LRN',
    since: [1, 13],
    emit: (ctx) =>
      compose.lrn(ctx.b, ctx.value(0), {
        size: ctx.attr.required('size', ctx.attr.int('size')),
        alpha: ctx.attr.float('alpha', 1e-4),
        beta: ctx.attr.float('beta', 0.75),
        bias: ctx.attr.float('bias', 1),
      }),
  },
  { op: 'Dropout', since: [1, 6, 7, 10, 12, 13, 22], emit: dropout },
];
