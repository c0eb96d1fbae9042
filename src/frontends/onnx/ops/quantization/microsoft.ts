/** onnxruntime's operators on 8-bit tensors: each computes in f32 on what its operands stand for, and quantises the result. */
import type { Value } from '../../../../ir/emitter.js';
import { leakyRelu } from '../../../../compose/activation.js';
import { normalizeAxes, normalizeAxis, range } from '../../../../compose/axes.js';
import { binaryBroadcast, where } from '../../../../compose/broadcast.js';
import { concat, flattenTo2D } from '../../../../compose/movement.js';
import { averagePool, globalAveragePool } from '../../../../compose/pool.js';
import { centered } from '../../../../compose/quantize.js';
import { mean, sum } from '../../../../compose/reduce.js';
import { softmax } from '../../../../compose/softmax.js';
import { typed, type NodeContext } from '../../context.js';
import type { OpEntry, OpTable } from '../../registry.js';
import { channelsFirst, channelsLast } from '../layout.js';
import { poolOptions } from '../pooling.js';
import { dequantize, quantize, rescaled, single, zeroPoint } from './scales.js';

/** An operator of (X, X_scale, X_zero_point, Y_scale, Y_zero_point). */
const ofOne = (op: string, f: (ctx: NodeContext, x: Value) => Value): OpEntry => ({
  op,
  domain: 'com.microsoft',
  since: [1],
  emit: (ctx) => quantize(ctx, f(ctx, dequantize(ctx, 0, 1, 2)), 3, 4, ctx.input(0).dtype),
});

/** `f` on channels along axis 1, where the attribute says that they are last. */
const onChannels = (ctx: NodeContext, x: Value, f: (x: Value) => Value): Value =>
  ctx.attr.flag('channels_last', false) ? channelsLast(ctx, f(channelsFirst(ctx, x))) : f(x);

/** Up to opset 12 everything from the axis on was one row. */
function softmaxOf(ctx: NodeContext, x: Value): Value {
  const rank = x.type.shape.length;
  const opset = ctx.attr.int('opset', 13);
  const axis = normalizeAxis(ctx.attr.int('axis', -1), rank);
  if (opset >= 13) return softmax(ctx.b, x, axis);
  return ctx.b.reshape(softmax(ctx.b, flattenTo2D(ctx.b, x, axis), 1), x.type.shape);
}

function concatOf(ctx: NodeContext): Value {
  const count = (ctx.inputs.length - 2) / 3;
  if (!Number.isInteger(count) || count < 1)
    ctx.fail('ONNX_INVALID', 'the operands are tensors with scales and zero points', {
      found: `${ctx.inputs.length} inputs`,
      expected: '2 inputs, and 3 for each tensor',
    });
  const parts = range(0, count).map((i) => dequantize(ctx, 3 * i + 2, 3 * i + 3, 3 * i + 4));
  const axis = normalizeAxis(ctx.attr.required('axis', ctx.attr.int('axis')), ctx.rank(2));
  return concat(ctx.b, parts, axis);
}

const reduceOptions = (ctx: NodeContext): { axes: number[]; keepDims: boolean } => {
  const axes = ctx.attr.ints('axes', []);
  return {
    axes: axes.length === 0 ? range(0, ctx.rank(0)) : normalizeAxes(axes, ctx.rank(0)),
    keepDims: ctx.attr.flag('keepdims', true),
  };
};

const microsoftOp = (op: string, emit: OpEntry['emit']): OpEntry => ({
  op,
  domain: 'com.microsoft',
  since: [1],
  emit,
});

export const microsoft: OpTable = [
  ofOne('QLinearSigmoid', ({ b }, x) => b.unary('sigmoid', x)),
  ofOne('QLinearLeakyRelu', ({ b, attr }, x) => leakyRelu(b, x, attr.float('alpha', 0.01))),
  ofOne('QLinearSoftmax', softmaxOf),
  ofOne('QLinearReduceMean', (ctx, x) => mean(ctx.b, x, reduceOptions(ctx))),
  ofOne('QLinearGlobalAveragePool', (ctx, x) => onChannels(ctx, x, (y) => globalAveragePool(ctx.b, y))),
  ofOne('QLinearAveragePool', (ctx, x) =>
    onChannels(ctx, x, (y) =>
      averagePool(ctx.b, y, {
        ...poolOptions(ctx),
        countIncludePad: ctx.attr.flag('count_include_pad', false),
      }),
    ),
  ),
  microsoftOp('QLinearAdd', (ctx) => {
    const sum = binaryBroadcast(ctx.b, 'add', dequantize(ctx, 0, 1, 2), dequantize(ctx, 3, 4, 5));
    return quantize(ctx, sum, 6, 7, ctx.input(0).dtype);
  }),
  microsoftOp('QLinearMul', (ctx) => {
    const { b } = ctx;
    const operand = (x: number, zero: number): Value => centered(b, ctx.value(x), zeroPoint(ctx, zero));
    const product = b.cast(binaryBroadcast(b, 'mul', operand(0, 2), operand(3, 5)), 'f32');
    const scale = b.binary('div', b.binary('mul', single(ctx, 1), single(ctx, 4)), single(ctx, 6));
    return rescaled(ctx, binaryBroadcast(b, 'mul', product, scale), 7, ctx.input(0).dtype);
  }),
  microsoftOp('QLinearConcat', (ctx) => quantize(ctx, concatOf(ctx), 0, 1, ctx.input(1).dtype)),
  microsoftOp('QLinearWhere', (ctx) => {
    const chosen = where(ctx.b, ctx.value(0), dequantize(ctx, 1, 2, 3), dequantize(ctx, 4, 5, 6));
    return quantize(ctx, chosen, 7, 8, ctx.input(1).dtype);
  }),
  microsoftOp('MulInteger', (ctx) => {
    const { b } = ctx;
    const [x, y] = [[0, 1] as const, [2, 3] as const].map(([at, zero]) =>
      centered(b, ctx.value(at), zeroPoint(ctx, zero)),
    );
    return typed(binaryBroadcast(b, 'mul', x, y), 'int32');
  }),
  microsoftOp('ReduceSumInteger', (ctx) => {
    const total = sum(ctx.b, ctx.value(0), reduceOptions(ctx));
    return typed(total, ctx.input(0).dtype === 'uint8' ? 'uint32' : 'int32');
  }),
];
