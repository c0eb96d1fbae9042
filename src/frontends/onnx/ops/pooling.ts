/** Pooling. */
import type { Value } from '../../../ir/emitter.js';
import {
  averagePool,
  globalAveragePool,
  globalLpPool,
  globalMaxPool,
  lpPool,
  maxPool,
  type PoolOptions,
} from '../../../compose/pool.js';
import { maxPoolIndices } from '../../../compose/window-elements.js';
import { padConstant } from '../../../compose/pad.js';
import { elementCount } from '../../../base/tensor.js';
import { printShape } from '../../../ir/types.js';
import { typed, type NodeContext } from '../context.js';
import { checkedCount } from '../limits.js';
import type { OpTable, Result } from '../registry.js';
import { windowAttributes } from './contraction.js';
import { indicesFromStart } from './indices.js';

export const poolOptions = (ctx: NodeContext): PoolOptions => ({
  ...windowAttributes(ctx),
  kernel: ctx.attr.required('kernel_shape', ctx.attr.ints('kernel_shape')),
  ceilMode: ctx.attr.flag('ceil_mode', false),
});

function maxPoolNode(ctx: NodeContext): readonly Result[] {
  const [x, options] = [ctx.value(0), poolOptions(ctx)];
  const result = maxPool(ctx.b, x, options);
  if ((ctx.node.output[1] ?? '') === '') return [result];
  const order = ctx.attr.flag('storage_order', false) ? 'column' : 'row';
  return [result, typed(maxPoolIndices(ctx.b, x, options, order), 'int64')];
}

/** The image that a pooling of this geometry without dilations has made smaller. */
function unpooledShape(ctx: NodeContext, shape: readonly number[]): readonly number[] {
  const kernel = ctx.attr.required('kernel_shape', ctx.attr.ints('kernel_shape'));
  const { strides = kernel.map(() => 1), padLow, padHigh } = windowAttributes(ctx);
  if (
    shape.length < 3 ||
    [kernel, strides, padLow ?? kernel, padHigh ?? kernel].some(({ length }) => length !== shape.length - 2)
  )
    // prettier-ignore
    ctx.fail('ONNX_INVALID', 'kernel, strides and pads have an entry for each spatial axis', {
      found: printShape(shape),
    });
  return shape.map((extent, axis) => {
    if (axis < 2) return extent;
    const i = axis - 2;
    return (extent - 1) * strides[i] - (padLow?.[i] ?? 0) - (padHigh?.[i] ?? 0) + kernel[i];
  });
}

/** Zeros with the elements of X at the places that input 1 numbers in the image from which they came. */
function maxUnpool(ctx: NodeContext): Value {
  const { b } = ctx;
  const shape = ctx.extents(ctx.input(0).shape);
  const inferred = unpooledShape(ctx, shape);
  const target = ctx.optionalInts(2) ?? inferred;
  if (printShape(ctx.input(1).shape) !== printShape(shape))
    ctx.fail('SHAPE_MISMATCH', 'elements and indices differ in shape', {
      found: `${printShape(shape)} and ${printShape(ctx.input(1).shape)}`,
    });
  if (target.length !== shape.length || target.some((extent, axis) => !(extent >= inferred[axis])))
    ctx.fail('ONNX_INVALID', 'the output is smaller than the image that was pooled', {
      found: printShape(target),
      expected: `at least ${printShape(inferred)}`,
    });
  const [x, size] = [ctx.value(0), checkedCount(inferred, 'the result')];
  const count = elementCount(shape);
  const zeros = b.constant(x.type.dtype, [size], 0);
  const places = indicesFromStart(ctx, 1, [size]);
  const flat = b.emit('scatter', [zeros, b.reshape(places, [count]), b.reshape(x, [count])], { kind: 'set' });
  const high = target.map((extent, axis) => extent - inferred[axis]);
  return padConstant(b, b.reshape(flat, inferred), { low: high.map(() => 0), high }, 0);
}

const exponent = (ctx: NodeContext): number =>
  ctx.opset < 2 ? ctx.attr.float('p', 2) : ctx.attr.int('p', 2);

export const pooling: OpTable = [
  { op: 'MaxPool', since: [1, 8, 10, 11, 12, 22], emit: maxPoolNode },
  {
    op: 'AveragePool',
    since: [1, 7, 10, 11, 19, 22],
    emit: (ctx) =>
      averagePool(ctx.b, ctx.value(0), {
        ...poolOptions(ctx),
        countIncludePad: ctx.attr.flag('count_include_pad', false),
      }),
  },
  {
    op: 'LpPool',
    since: [1, 2, 11, 18, 22],
    emit: (ctx) => lpPool(ctx.b, ctx.value(0), { ...poolOptions(ctx), p: exponent(ctx) }),
  },
  { op: 'MaxUnpool', since: [9, 11, 22], emit: maxUnpool },
  { op: 'GlobalAveragePool', since: [1, 22], emit: (ctx) => globalAveragePool(ctx.b, ctx.value(0)) },
  { op: 'GlobalMaxPool', since: [1, 22], emit: (ctx) => globalMaxPool(ctx.b, ctx.value(0)) },
  {
    op: 'GlobalLpPool',
    since: [1, 2, 22],
    emit: (ctx) => globalLpPool(ctx.b, ctx.value(0), exponent(ctx)),
  },
];
