/** Products with what onnxruntime fuses into them, and its activations. */
import * as compose from '../../../../compose/activation.js';
import { normalizeAxis, range } from '../../../../compose/axes.js';
import { binaryBroadcast, withScalar } from '../../../../compose/broadcast.js';
import { conv } from '../../../../compose/conv.js';
import { matmul } from '../../../../compose/matmul.js';
import { flattenTo2D, transpose } from '../../../../compose/movement.js';
import { softmax } from '../../../../compose/softmax.js';
import type { Emitter } from '../../../../ir/emitter.js';
import type { Value } from '../../../../ir/emitter.js';
import { printShape, shapesEqual } from '../../../../ir/types.js';
import type { NodeContext } from '../../context.js';
import { shorten } from '../../limits.js';
import type { OpTable } from '../../registry.js';
import { checkInput, demand } from '../checks.js';
import { checkKernelShape, convOf, gemmOf, windowAttributes } from '../contraction.js';

/** An activation by its name, with the parameters of the attributes, in their order. */
type Fused = (b: Emitter, x: Value, parameters: readonly number[]) => Value;

const FUSED: Readonly<Record<string, Fused>> = {
  '': (_, x) => x,
  Relu: (b, x) => compose.relu(b, x),
  Tanh: (b, x) => b.unary('tanh', x),
  Sigmoid: (b, x) => b.unary('sigmoid', x),
  LeakyRelu: (b, x, [alpha = 0.01]) => compose.leakyRelu(b, x, alpha),
  HardSigmoid: (b, x, [alpha = 0.2, beta = 0.5]) => compose.hardSigmoid(b, x, alpha, beta),
  Clip: (b, x, [low, high]) => compose.clip(b, x, low, high),
  Elu: (b, x, [alpha = 1]) => compose.elu(b, x, alpha),
  Softplus: (b, x) => compose.softplus(b, x),
  Softsign: (b, x) => compose.softsign(b, x),
  ThresholdedRelu: (b, x, [alpha = 1]) => compose.thresholdedRelu(b, x, alpha),
};

/** `x` after the activation that attribute `activation` names. Throws ONNX_UNSUPPORTED_FEATURE for another one. */
function activated(ctx: NodeContext, x: Value, parameters: readonly number[]): Value {
  const name = ctx.attr.string('activation', '');
  if (Object.hasOwn(FUSED, name)) return FUSED[name](ctx.b, x, parameters);
  return ctx.fail('ONNX_UNSUPPORTED_FEATURE', 'this activation is not known', {
    found: shorten(name),
    expected: Object.keys(FUSED).filter(Boolean).join(', '),
  });
}

function fusedGemm(ctx: NodeContext): Value {
  const parameters = ['activation_alpha', 'activation_beta', 'activation_gamma']
    .map((name) => ctx.attr.float(name))
    .filter((value) => value !== undefined);
  return activated(ctx, gemmOf(ctx), parameters);
}

function fusedConv(ctx: NodeContext): Value {
  const product = convOf(ctx);
  checkInput(ctx, 3, 'what is added to the convolution', product.type.shape);
  return completed(ctx, product, ctx.optional(3));
}

/** A convolution of x in place of input 0, with what is added and the activation. */
export function fusedConvOf(ctx: NodeContext, x: Value, added: Value | undefined): Value {
  checkKernelShape(ctx, 1);
  const options = { ...windowAttributes(ctx), groups: ctx.attr.int('group', 1) };
  const product = conv(ctx.b, x, ctx.value(1), ctx.optional(2), options);
  demand(ctx, added === undefined || shapesEqual(added.type.shape, product.type.shape), 'a sum of tensors of one shape', printShape(added?.type.shape ?? [])); // prettier-ignore
  return completed(ctx, product, added);
}

/** What is added comes before the activation. */
function completed(ctx: NodeContext, product: Value, added: Value | undefined): Value {
  const sum = added === undefined ? product : ctx.b.binary('add', product, added);
  return activated(ctx, sum, ctx.attr.floats('activation_params') ?? []);
}

/** alpha * A * B, with matrices transposed, and batches that stand behind the rows. */
function fusedMatMul(ctx: NodeContext): Value {
  const operand = (i: number, side: 'A' | 'B'): Value => {
    const x = ctx.value(i);
    const rank = x.type.shape.length;
    const behind = ctx.attr.flag(`transBatch${side}`, false);
    demand(ctx, !behind || rank >= 2, 'batches of matrices', printShape(x.type.shape));
    const apart = behind ? transpose(ctx.b, x, [...range(1, rank - 1), 0, rank - 1]) : x;
    const turned = ctx.attr.flag(`trans${side}`, false) && rank >= 2;
    return turned ? transpose(ctx.b, apart, [...range(0, rank - 2), rank - 1, rank - 2]) : apart;
  };
  const product = matmul(ctx.b, operand(0, 'A'), operand(1, 'B'));
  const alpha = ctx.attr.float('alpha', 1);
  return alpha === 1 ? product : withScalar(ctx.b, 'mul', product, alpha);
}

/** Softmax of a sum over the axes from `axis` on, which count as one. */
function biasSoftmax(ctx: NodeContext): Value {
  const { b } = ctx;
  const x = ctx.value(0);
  const axis = normalizeAxis(ctx.attr.int('axis', 1), x.type.shape.length);
  const sum = binaryBroadcast(b, 'add', x, ctx.value(1));
  demand(ctx, sum.type.shape.length === ctx.rank(0), 'a bias that broadcasts to the data', printShape(ctx.input(1).shape)); // prettier-ignore
  return b.reshape(softmax(b, flattenTo2D(b, sum, axis), 1), sum.type.shape);
}

const biased = (ctx: NodeContext): Value => {
  const bias = ctx.optional(1);
  return bias === undefined ? ctx.value(0) : binaryBroadcast(ctx.b, 'add', ctx.value(0), bias);
};

const domain = 'com.microsoft';
export const fused: OpTable = [
  { op: 'Gelu', domain, since: [1], emit: (ctx) => compose.gelu(ctx.b, ctx.value(0)) },
  { op: 'BiasGelu', domain, since: [1], emit: (ctx) => compose.gelu(ctx.b, biased(ctx)) },
  { op: 'FastGelu', domain, since: [1], emit: (ctx) => compose.geluTanh(ctx.b, biased(ctx)) },
  {
    op: 'QuickGelu',
    domain,
    since: [1],
    emit: (ctx) => {
      const alpha = ctx.attr.float('alpha', 1.702);
      return compose.swish(ctx.b, ctx.value(0), alpha);
    },
  },
  { op: 'FusedGemm', domain, since: [1], emit: fusedGemm },
  { op: 'FusedMatMul', domain, since: [1], emit: fusedMatMul },
  { op: 'TransposeMatMul', domain, since: [1], emit: fusedMatMul },
  { op: 'FusedConv', domain, since: [1], emit: fusedConv },
  { op: 'BiasSoftmax', domain, since: [1], emit: biasSoftmax },
];
