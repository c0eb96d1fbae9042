/** CausalConvWithState: onnx.ai/onnx/operators/onnx__CausalConvWithState.html */
import { silu } from '../../../../compose/activation.js';
import { broadcastTo, perChannel } from '../../../../compose/broadcast.js';
import { concat, sliceAxis } from '../../../../compose/movement.js';
import { printShape } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import type { Result } from '../../registry.js';
import { checkInput, demand } from '../checks.js';

const [X, W, BIAS, PAST] = [0, 1, 2, 3];

/** Each channel convolved with what came before; what the next call needs of the operand is the second output. */
export function causalConv(ctx: NodeContext): readonly Result[] {
  const { b } = ctx;
  const [x, w] = [ctx.value(X), ctx.value(W)];
  demand(ctx, ctx.rank(X) === 3, 'an operand [B, C, T]', printShape(x.type.shape));
  const [batch, channels, length] = ctx.extents(x.type.shape);
  checkInput(ctx, W, 'a kernel for each channel', [channels, 1, undefined]);
  const [, , kernel] = ctx.extents(w.type.shape);
  demand(ctx, kernel >= 1, 'a kernel of 1 element or more', printShape(w.type.shape));
  checkInput(ctx, BIAS, 'a bias for each channel', [channels]);
  checkInput(ctx, PAST, 'what came before', [batch, channels, kernel - 1]);
  const activation = ctx.attr.choice('activation', ['none', 'silu', 'swish'], 'none');
  const before = ctx.optional(PAST) ?? b.constant(x.type.dtype, [batch, channels, kernel - 1], 0);
  const all = kernel === 1 ? x : concat(b, [before, x], 2);
  const product = b.emit('conv', [all, w], {
    ...{ strides: [1], padLow: [0], padHigh: [0], lhsDilation: [1], rhsDilation: [1] },
    groups: channels,
  });
  const bias = ctx.optional(BIAS);
  const sum =
    bias === undefined
      ? product
      : b.binary('add', product, broadcastTo(b, perChannel(b, bias, 3), product.type.shape));
  const result = activation === 'none' ? sum : b.cast(silu(b, b.cast(sum, 'f32')), x.type.dtype);
  return [result, sliceAxis(b, all, 2, length, kernel - 1)];
}
