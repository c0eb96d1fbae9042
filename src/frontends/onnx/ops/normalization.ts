/** Normalizations, and dropout, which is none at inference. */
import { isFloat } from '../../../base/dtype.js';
import { normalizeAxes, normalizeAxis, range } from '../../../compose/axes.js';
import { batchNormTraining } from '../../../compose/batch-statistics.js';
import { withScalar } from '../../../compose/broadcast.js';
import * as compose from '../../../compose/normalize.js';
import type { Value } from '../../../ir/emitter.js';
import { dimEquals, dimProduct } from '../../../ir/dim.js';
import { printShape, type Shape } from '../../../ir/types.js';
import { trainingDropout } from './random.js';
import { typed, type NodeContext } from '../context.js';
import { dtypeOfCode, irDType } from '../dtype.js';
import type { OpEntry, OpTable, Result } from '../registry.js';
import { demand } from './checks.js';

/** Older definitions tell training by `is_test`, then by the outputs, newer ones by `training_mode`. */
function isTraining(ctx: NodeContext): boolean {
  if (ctx.opset >= 14) return ctx.attr.flag('training_mode', false);
  const more = ctx.node.output.slice(1).some((name) => name !== '');
  return more || (ctx.opset < 7 && !ctx.attr.flag('is_test', false));
}

/** The result, and in training: running mean and variance, and up to opset 13 those of the batch. */
function batchNorm(ctx: NodeContext): readonly Result[] {
  const { b } = ctx;
  const given = ctx.value(0);
  const spatial = ctx.attr.flag('spatial', true);
  // A vector is a batch of one channel. Without `spatial` each element of an image is a channel of its own.
  const apart = ctx.rank(0) === 1 ? [given.type.shape[0], 1] : flatShape(given);
  const x = spatial && ctx.rank(0) !== 1 ? given : b.reshape(given, apart);
  requireRank(ctx, x, 2);
  const channels = x.type.shape[1];
  const epsilon = ctx.attr.float('epsilon', 1e-5);
  const parameter = (i: number): Value => {
    const value = ctx.value(i);
    const flat = spatial ? value : b.reshape(value, [dimProduct(value.type.shape)]);
    if (flat.type.shape.length !== 1 || !dimEquals(flat.type.shape[0], channels))
      ctx.fail('SHAPE_MISMATCH', `input ${i} has the wrong shape`, {
        found: printShape(value.type.shape),
        expected: spatial ? `${printShape([channels])}: one for each channel` : 'one for each element',
      });
    return b.cast(flat, x.type.dtype);
  };
  const [scale, bias, mean, variance] = [1, 2, 3, 4].map(parameter);
  if (!isTraining(ctx)) {
    const result = compose.batchNorm(b, x, { scale, bias, mean, variance, epsilon });
    return [b.reshape(result, given.type.shape)];
  }
  const batch = batchNormTraining(b, x, scale, bias, epsilon);
  const momentum = ctx.attr.float('momentum', 0.9);
  const like = (value: Value, i: number): Value =>
    b.reshape(b.cast(value, ctx.value(i).type.dtype), ctx.value(i).type.shape);
  const running = (i: number, now: Value): Value =>
    b.binary(
      'add',
      withScalar(b, 'mul', ctx.value(i), momentum),
      withScalar(b, 'mul', like(now, i), 1 - momentum),
    );
  return [
    b.reshape(batch.result, given.type.shape),
    running(3, batch.mean),
    running(4, batch.variance),
    like(batch.mean, 3),
    like(batch.variance, 4),
  ];
}

const flatShape = ({ type: { shape } }: Value): Shape => [shape[0] ?? 1, dimProduct(shape.slice(1))];

function requireRank(ctx: NodeContext, x: Value, least: number): void {
  if (x.type.shape.length < least)
    ctx.fail('ONNX_INVALID', 'the operand has too few axes', {
      found: printShape(x.type.shape),
      expected: `${least} axes or more: [N, C, ...]`,
    });
}

/** The operand in the type that attribute stash_type names, in which its statistics are computed. */
function stashed(ctx: NodeContext): Value {
  const dtype = irDType(dtypeOfCode(ctx.attr.int('stash_type', 1), 'attribute stash_type'));
  demand(ctx, isFloat(dtype), 'stash_type is a type of floats', dtype);
  return ctx.b.cast(ctx.value(0), dtype);
}

const epsilonOf = (ctx: NodeContext): number => ctx.attr.float('epsilon', 1e-5);

function layerNorm(ctx: NodeContext): readonly Result[] {
  const { b } = ctx;
  const axis = normalizeAxis(ctx.attr.int('axis', -1), ctx.rank(0));
  const x = stashed(ctx);
  const parts = compose.standardize(b, x, range(axis, ctx.rank(0)), epsilonOf(ctx));
  const normalized = b.cast(parts.normalized, ctx.value(0).type.dtype);
  return [compose.affine(b, normalized, ctx.value(1), ctx.optional(2)), parts.mean, parts.inverseDeviation];
}

/** The scale may have another type than the operand: the result has it. */
function rmsNorm(ctx: NodeContext): Value {
  const { b } = ctx;
  const axis = normalizeAxis(ctx.attr.int('axis', -1), ctx.rank(0));
  const normalized = compose.rmsNorm(b, stashed(ctx), axis, undefined, epsilonOf(ctx));
  const scale = ctx.value(1);
  const rounded = b.cast(b.cast(normalized, ctx.value(0).type.dtype), scale.type.dtype);
  return compose.affine(b, rounded, scale, undefined);
}

/** Its second output is the reciprocal of the root of the mean square. */
function simplifiedLayerNorm(ctx: NodeContext): readonly Result[] {
  const axis = normalizeAxis(ctx.attr.int('axis', -1), ctx.rank(0));
  return [rmsNorm(ctx), compose.inverseRootMeanSquare(ctx.b, stashed(ctx), axis, epsilonOf(ctx))];
}

/** At inference the data passes; the mask says that all of it did. In training, elements are dropped at random. */
function dropout(ctx: NodeContext): readonly Result[] {
  if (ctx.opset >= 12 && (ctx.optionalNumber(2) ?? 0) !== 0) {
    const ratio = ctx.inputs[1];
    if (ratio === undefined || ratio.known === undefined || ctx.optionalNumber(1) !== 0)
      return trainingDropout(ctx);
  }
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
    const normalized = compose.standardizeGroups(ctx.b, perGroup ? x : stashed(ctx), groups, epsilonOf(ctx));
    return compose.affinePerChannel(ctx.b, ctx.b.cast(normalized, x.type.dtype), vector(1), vector(2));
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
  // Before opset 17 it is onnxruntime's, as is the simplified one, which it writes into the domain of ONNX.
  { op: 'LayerNormalization', since: [1, 17], emit: layerNorm },
  { op: 'SimplifiedLayerNormalization', since: [1], emit: simplifiedLayerNorm },
  { op: 'RMSNormalization', since: [23], emit: rmsNorm },
  {
    op: 'MeanVarianceNormalization',
    since: [9, 13],
    emit: (ctx) => {
      const axes = normalizeAxes(ctx.attr.ints('axes', [0, 2, 3]), ctx.rank(0));
      return compose.meanVarianceNorm(ctx.b, ctx.value(0), axes);
    },
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
