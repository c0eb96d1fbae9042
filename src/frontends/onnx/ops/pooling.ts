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
import type { NodeContext } from '../context.js';
import type { OpTable } from '../registry.js';
import { windowAttributes } from './contraction.js';

export const poolOptions = (ctx: NodeContext): PoolOptions => ({
  ...windowAttributes(ctx),
  kernel: ctx.attr.required('kernel_shape', ctx.attr.ints('kernel_shape')),
  ceilMode: ctx.attr.flag('ceil_mode', false),
});

function maxPoolNode(ctx: NodeContext): Value {
  if (ctx.node.output.length > 1 && ctx.node.output[1] !== '')
    ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'the indices of a max pooling are not supported');
  return maxPool(ctx.b, ctx.value(0), poolOptions(ctx));
}

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
    since: [2, 11, 18, 22],
    emit: (ctx) => lpPool(ctx.b, ctx.value(0), { ...poolOptions(ctx), p: ctx.attr.int('p', 2) }),
  },
  { op: 'GlobalAveragePool', since: [1, 22], emit: (ctx) => globalAveragePool(ctx.b, ctx.value(0)) },
  { op: 'GlobalMaxPool', since: [1, 22], emit: (ctx) => globalMaxPool(ctx.b, ctx.value(0)) },
  {
    op: 'GlobalLpPool',
    since: [2, 22],
    emit: (ctx) => globalLpPool(ctx.b, ctx.value(0), ctx.attr.int('p', 2)),
  },
];
