/** Matrix products and convolutions of integers, exact in i32. */
import type { Value } from '../../../../ir/emitter.js';
import { binaryBroadcast, perChannel } from '../../../../compose/broadcast.js';
import { conv } from '../../../../compose/conv.js';
import { gemm, matmul } from '../../../../compose/matmul.js';
import { centered } from '../../../../compose/quantize.js';
import { typed, type NodeContext, type TypedValue } from '../../context.js';
import type { OpTable } from '../../registry.js';
import { convertWide } from '../../wide/convert.js';
import { checkKernelShape, windowAttributes } from '../contraction.js';
import { channelsFirst, channelsLast } from '../layout.js';
import { dynamicallyQuantized } from './linear.js';
import { rescaled, zeroPoint } from './scales.js';

/** A parameter of a matrix on the left: a number, one for each row, or in the matrix's own axes. */
const perRow = ({ b }: NodeContext, parameter: Value): Value =>
  parameter.type.shape.length === 1 && parameter.type.shape[0] !== 1
    ? b.reshape(parameter, [...parameter.type.shape, 1])
    : parameter;

/** The matrix at input `x` without its zero point. */
function matrix(ctx: NodeContext, x: number, zero: number, side: 'left' | 'right'): Value {
  const point = zeroPoint(ctx, zero);
  return centered(ctx.b, ctx.value(x), point && (side === 'left' ? perRow(ctx, point) : point));
}

/** The product of scales at inputs `a` (per row) and `b` (per column), as f32. */
function scales(ctx: NodeContext, a: Value, b: number): Value {
  return binaryBroadcast(ctx.b, 'mul', perRow(ctx, a), ctx.b.cast(ctx.value(b), 'f32'));
}

const scaled = (ctx: NodeContext, product: Value, factor: Value): Value =>
  binaryBroadcast(ctx.b, 'mul', ctx.b.cast(product, 'f32'), factor);

/** The images and kernels of a convolution without their zero points, in i32; padding is 0. */
function convolution(
  ctx: NodeContext,
  [x, zero]: readonly [x: Value, zero: number],
  [w, kernelZero]: readonly [number, number],
  bias?: Value,
): Value {
  const { b } = ctx;
  const kernel = ctx.value(w);
  const point = zeroPoint(ctx, kernelZero);
  const ofChannels =
    point?.type.shape.length === 1 && point.type.shape[0] !== 1
      ? b.reshape(point, [...point.type.shape, ...kernel.type.shape.slice(1).map(() => 1)])
      : point;
  return conv(b, centered(b, x, zeroPoint(ctx, zero)), centered(b, kernel, ofChannels), bias, {
    ...windowAttributes(ctx),
    groups: ctx.attr.int('group', 1),
  });
}

/** A scale: one number, or one for each channel of the result. */
const channelScale = ({ b }: NodeContext, scale: Value, rank: number): Value =>
  scale.type.shape.length === 1 && scale.type.shape[0] !== 1 ? perChannel(b, scale, rank) : scale;

function quantizedConv(ctx: NodeContext): TypedValue {
  checkKernelShape(ctx, 3);
  const isLast = ctx.attr.flag('channels_last', false);
  const x = isLast ? channelsFirst(ctx, ctx.value(0)) : ctx.value(0);
  const product = convolution(ctx, [x, 2], [3, 5], ctx.optional(8));
  const factor = binaryBroadcast(ctx.b, 'mul', ctx.value(1), ctx.value(4));
  const unit = binaryBroadcast(ctx.b, 'div', factor, ctx.value(6));
  const y = scaled(ctx, product, channelScale(ctx, unit, product.type.shape.length));
  return rescaled(ctx, isLast ? channelsLast(ctx, y) : y, 7, ctx.input(7).dtype);
}

export const integerContractions: OpTable = [
  {
    op: 'MatMulInteger',
    since: [10],
    emit: (ctx) => typed(matmul(ctx.b, matrix(ctx, 0, 2, 'left'), matrix(ctx, 1, 3, 'right')), 'int32'),
  },
  {
    op: 'ConvInteger',
    since: [10],
    emit: (ctx) => {
      checkKernelShape(ctx, 1);
      return typed(convolution(ctx, [ctx.value(0), 2], [1, 3]), 'int32');
    },
  },
  {
    op: 'QLinearMatMul',
    since: [10, 21],
    emit: (ctx) => {
      const product = matmul(ctx.b, matrix(ctx, 0, 2, 'left'), matrix(ctx, 3, 5, 'right'));
      const factor = scales(ctx, ctx.b.cast(ctx.value(1), 'f32'), 4);
      const unit = perRow(ctx, ctx.b.cast(ctx.value(6), 'f32'));
      const y = scaled(ctx, product, binaryBroadcast(ctx.b, 'div', factor, unit));
      return rescaled(ctx, y, 7, ctx.input(7).dtype);
    },
  },
  { op: 'QLinearConv', since: [10], emit: quantizedConv },
  // With images whose channels are last.
  { op: 'QLinearConv', domain: 'com.microsoft', since: [1], emit: quantizedConv },
  {
    op: 'MatMulIntegerToFloat',
    domain: 'com.microsoft',
    since: [1],
    emit: (ctx) => {
      const product = matmul(ctx.b, matrix(ctx, 0, 4, 'left'), matrix(ctx, 1, 5, 'right'));
      return result(ctx, scaled(ctx, product, scales(ctx, ctx.b.cast(ctx.value(2), 'f32'), 3)), 6);
    },
  },
  {
    op: 'DynamicQuantizeMatMul',
    domain: 'com.microsoft',
    since: [1],
    emit: (ctx) => {
      const { quantized, scale, zeroPoint: zero } = dynamicallyQuantized(ctx, ctx.value(0));
      const product = matmul(ctx.b, centered(ctx.b, quantized, zero), matrix(ctx, 1, 3, 'right'));
      return result(ctx, scaled(ctx, product, scales(ctx, scale, 2)), 4);
    },
  },
  {
    op: 'QGemm',
    domain: 'com.microsoft',
    since: [1],
    emit: (ctx) => {
      const { b, attr } = ctx;
      const [transA, transB] = [attr.flag('transA', false), attr.flag('transB', false)];
      const zero = zeroPoint(ctx, 5);
      const columns = zero?.type.shape.length === 1 && transB ? perRow(ctx, zero) : zero;
      const product = gemm(b, centered(b, ctx.value(0), zeroPoint(ctx, 2)), centered(b, ctx.value(3), columns), ctx.optional(6), { transA, transB }); // prettier-ignore
      const factor = binaryBroadcast(b, 'mul', ctx.value(1), ctx.value(4));
      const alpha = attr.float('alpha', 1);
      const y = scaled(ctx, product, alpha === 1 ? factor : b.binary('mul', factor, b.full(factor, alpha)));
      if (ctx.inputs[7] === undefined) return typed(y, 'float');
      return rescaled(ctx, binaryBroadcast(b, 'div', y, ctx.value(7)), 8, ctx.inputs[8]?.dtype ?? 'uint8');
    },
  },
];

/** A product in floats, with the bias at input `i`, in the type of the scale. */
function result(ctx: NodeContext, y: Value, i: number): ReturnType<typeof typed> {
  const { dtype } = ctx.input(2);
  const bias = ctx.optional(i);
  const sum = bias === undefined ? y : binaryBroadcast(ctx.b, 'add', y, ctx.b.cast(bias, 'f32'));
  return typed(convertWide(ctx.b, sum, 'float', dtype), dtype);
}
