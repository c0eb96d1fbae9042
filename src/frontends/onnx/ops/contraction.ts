/** Matrix products and convolutions. */
import { binaryBroadcast, broadcastTo, perChannel, withScalar } from '../../../compose/broadcast.js';
import { einsum } from '../../../compose/einsum.js';
import { conv, convTranspose, type ConvOptions } from '../../../compose/conv.js';
import { gemm, matmul } from '../../../compose/matmul.js';
import type { AutoPad } from '../../../compose/window.js';
import type { Value } from '../../../ir/emitter.js';
import type { NodeContext } from '../context.js';
import type { OpTable } from '../registry.js';
import { wrapTo } from './integers.js';
import { integerOperands, termsIn } from './quantization/operands.js';

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
export function gemmOf(ctx: NodeContext): Value {
  const { b, attr } = ctx;
  const [alpha, beta] = [attr.float('alpha', 1), attr.float('beta', 1)];
  const [transA, transB] = [attr.flag('transA', false), attr.flag('transB', false)];
  const columns = transB ? 0 : 1;
  const integers = integerOperands(ctx, columns, termsIn(ctx.input(1).shape.slice(1 - columns, 2 - columns)));
  if (integers === undefined)
    return gemm(b, ctx.value(0), ctx.value(1), ctx.optional(2), { alpha, beta, transA, transB });
  const { x, w, scale } = integers;
  const product = scaled(b, gemm(b, x, w, undefined, { transA, transB }), scale);
  const [by, addend] = [withFactor(b, product, alpha), ctx.optional(2)];
  return addend === undefined || beta === 0 ? by : b.binary('add', by, broadcastTo(b, withFactor(b, addend, beta), by.type.shape)); // prettier-ignore
}

const withFactor = (b: NodeContext['b'], x: Value, factor: number): Value =>
  factor === 1 ? x : withScalar(b, 'mul', x, factor);

/** Sums of integers as what they stand for. */
const scaled = (b: NodeContext['b'], sums: Value, scale: Value): Value =>
  binaryBroadcast(b, 'mul', b.cast(sums, 'f32'), scale);

/** The convolution that the attributes of Conv describe. */
export function convOf(ctx: NodeContext): Value {
  checkKernelShape(ctx, 1);
  const { b } = ctx;
  const options = { ...windowAttributes(ctx), groups: ctx.attr.int('group', 1) };
  const bias = ctx.optional(2);
  const integers = integerOperands(ctx, 0, termsIn(ctx.input(1).shape.slice(1)));
  if (integers === undefined) return conv(b, ctx.value(0), ctx.value(1), bias, options);
  const { x, w, scale } = integers;
  const sums = conv(b, x, w, undefined, options);
  const rank = sums.type.shape.length;
  const product = scaled(b, sums, scale.type.shape.length === 1 ? perChannel(b, scale, rank) : scale);
  return bias === undefined ? product : binaryBroadcast(b, 'add', product, perChannel(b, bias, rank));
}

/** The matrix product; weights may be a matrix of integers. */
function matmulOf(ctx: NodeContext): Value {
  const { b } = ctx;
  const { shape } = ctx.input(1);
  const integers = shape.length === 2 ? integerOperands(ctx, 1, termsIn(shape.slice(0, 1))) : undefined;
  if (integers === undefined) return matmul(b, ctx.value(0), ctx.value(1));
  return scaled(b, matmul(b, integers.x, integers.w), integers.scale);
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
  { op: 'MatMul', since: [1, 9, 13], emit: matmulOf },
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
