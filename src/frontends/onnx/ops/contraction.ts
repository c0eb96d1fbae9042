/** Matrix products and convolutions. */
import { einsum } from '../../../compose/einsum.js';
import { conv, convTranspose, type ConvOptions } from '../../../compose/conv.js';
import { gemm, matmul } from '../../../compose/matmul.js';
import type { AutoPad } from '../../../compose/window.js';
import type { Value } from '../../../ir/emitter.js';
import type { NodeContext } from '../context.js';
import type { OpTable } from '../registry.js';
import { wrapTo } from './integers.js';

export const AUTO_PADS: readonly AutoPad[] = ['NOTSET', 'VALID', 'SAME_UPPER', 'SAME_LOWER'];

/** The window attributes that convolutions and poolings share. ONNX writes pads as all beginnings, then all ends. */
export function windowAttributes({ attr }: NodeContext): Omit<ConvOptions, 'groups'> {
  const pads = attr.ints('pads');
  const half = (pads?.length ?? 0) / 2;
  return {
    strides: attr.ints('strides'),
    dilations: attr.ints('dilations'),
    padLow: pads?.slice(0, half),
    padHigh: pads?.slice(half),
    autoPad: attr.choice('auto_pad', AUTO_PADS, 'NOTSET'),
  };
}

/** The kernel's extents stand in the shape of the weight, input `w`; the attribute may repeat them. */
export function checkKernelShape(ctx: NodeContext, w: number): void {
  const declared = ctx.attr.ints('kernel_shape');
  const actual = ctx.input(w).shape.slice(2);
  if (declared !== undefined && declared.join() !== actual.join())
    ctx.fail('ONNX_INVALID', 'kernel_shape contradicts the weight', {
      found: `[${declared.join(',')}]`,
      expected: `[${actual.join(',')}]`,
    });
}

/** The product that the attributes of Gemm describe. */
export const gemmOf = (ctx: NodeContext): Value =>
  gemm(ctx.b, ctx.value(0), ctx.value(1), ctx.optional(2), {
    alpha: ctx.attr.float('alpha', 1),
    beta: ctx.attr.float('beta', 1),
    transA: ctx.attr.flag('transA', false),
    transB: ctx.attr.flag('transB', false),
  });

/** The convolution that the attributes of Conv describe. */
export function convOf(ctx: NodeContext): Value {
  checkKernelShape(ctx, 1);
  const options = { ...windowAttributes(ctx), groups: ctx.attr.int('group', 1) };
  return conv(ctx.b, ctx.value(0), ctx.value(1), ctx.optional(2), options);
}

export const contractions: OpTable = [
  {
    op: 'Einsum',
    since: [12, 28],
    emit: (ctx) => {
      const equation = ctx.attr.required('equation', ctx.attr.string('equation'));
      return wrapTo(ctx.b, einsum(ctx.b, equation, ctx.values()), ctx.input(0).dtype);
    },
  },
  { op: 'MatMul', since: [1, 9, 13], emit: (ctx) => matmul(ctx.b, ctx.value(0), ctx.value(1)) },
  {
    op: 'Gemm',
    since: [1, 6, 7, 9, 11, 13],
    emit: gemmOf,
  },
  {
    op: 'Conv',
    since: [1, 11, 22],
    emit: convOf,
  },
  {
    op: 'ConvTranspose',
    since: [1, 11, 22],
    emit: (ctx) => {
      checkKernelShape(ctx, 1);
      return convTranspose(ctx.b, ctx.value(0), ctx.value(1), ctx.optional(2), {
        ...windowAttributes(ctx),
        groups: ctx.attr.int('group', 1),
        outputPadding: ctx.attr.ints('output_padding'),
        outputShape: ctx.attr.ints('output_shape')?.slice(2 - ctx.rank(0)),
      });
    },
  },
];
