/**
 * Random operators. A program is a function of its inputs, so each of its runs draws the same numbers: those of the seed, or,
 * where the node has none, of the name of its output.
 */
import { randomChoice, randomClasses, randomNormal, randomUniform } from '../../../compose/random.js';
import { withScalar } from '../../../compose/broadcast.js';
import { f32Bits } from '../../../numerics/bits.js';
import type { Value } from '../../../ir/emitter.js';
import { printShape } from '../../../ir/types.js';
import { typed, type NodeContext } from '../context.js';
import { dtypeOfCode, type OnnxDType } from '../dtype.js';
import { checkedCount } from '../limits.js';
import type { OpTable, Result } from '../registry.js';
import { convertWide } from '../wide/convert.js';

/** FNV-1a, 32 bits. */
const hashOf = (text: string): number =>
  Array.from(text).reduce(
    (hash, letter) => Math.imul(hash ^ letter.codePointAt(0)!, 0x01000193) >>> 0,
    0x811c9dc5,
  );

/** u32[2]: the bits of the seed, an f32, and 0; without a seed what the first output is called, and 1. */
function keyOf(ctx: NodeContext): Value {
  const seed = ctx.attr.float('seed');
  const words = seed === undefined ? [hashOf(ctx.node.output[0] ?? ''), 1] : [f32Bits(seed) >>> 0, 0];
  return ctx.b.constant('u32', [2], words);
}

/** The element type that the attribute names, or another. */
function dtypeOf(ctx: NodeContext, otherwise: OnnxDType): OnnxDType {
  const code = ctx.attr.int('dtype');
  return code === undefined ? otherwise : dtypeOfCode(code, 'attribute dtype');
}

const converted = (ctx: NodeContext, x: Value, dtype: OnnxDType): Result =>
  typed(convertWide(ctx.b, x, 'float', dtype), dtype);

/** The shape of the result: the attribute's, or that of the operand. */
function shapeOf(ctx: NodeContext): readonly number[] {
  const given = ctx.inputs.length > 0 ? undefined : ctx.attr.required('shape', ctx.attr.ints('shape'));
  const shape = given ?? ctx.extents(ctx.input(0).shape);
  if (shape.some((extent) => extent < 0))
    ctx.fail('ONNX_INVALID', 'a shape has a negative extent', { found: printShape(shape) });
  checkedCount(shape, 'the result');
  return shape;
}

/** The element type of the result: the attribute's, or that of the operand, which has to be a float then. */
function floatOf(ctx: NodeContext): OnnxDType {
  const dtype = dtypeOf(ctx, ctx.inputs.length > 0 ? ctx.input(0).dtype : 'float');
  if (!FLOATS.includes(dtype))
    ctx.fail('ONNX_INVALID', 'random numbers are floats', { found: dtype, expected: FLOATS.join(', ') });
  return dtype;
}

const FLOATS: readonly OnnxDType[] = ['float', 'double', 'float16', 'bfloat16'];

const uniform = (ctx: NodeContext): Result => {
  const [low, high] = [ctx.attr.float('low', 0), ctx.attr.float('high', 1)];
  return converted(ctx, randomUniform(ctx.b, keyOf(ctx), shapeOf(ctx), low, high), floatOf(ctx));
};

const normal = (ctx: NodeContext): Result => {
  const unit = randomNormal(ctx.b, keyOf(ctx), shapeOf(ctx));
  const scaled = withScalar(ctx.b, 'mul', unit, ctx.attr.float('scale', 1));
  return converted(ctx, withScalar(ctx.b, 'add', scaled, ctx.attr.float('mean', 0)), floatOf(ctx));
};

/** 1 with the probability that each element has, else 0. */
function bernoulli(ctx: NodeContext): Result {
  shapeOf(ctx);
  const drawn = randomChoice(ctx.b, keyOf(ctx), ctx.b.cast(ctx.value(0), 'f32'));
  const dtype = dtypeOf(ctx, ctx.input(0).dtype);
  return typed(convertWide(ctx.b, drawn, 'bool', dtype), dtype);
}

/** Classes, drawn with the probabilities of which input 0 has the logarithms. */
function multinomial(ctx: NodeContext): Result {
  const shape = ctx.extents(ctx.input(0).shape);
  const count = ctx.attr.int('sample_size', 1);
  const dtype = dtypeOf(ctx, 'int32');
  if (shape.length !== 2 || shape[1] === 0 || count < 0 || (dtype !== 'int32' && dtype !== 'int64'))
    ctx.fail('ONNX_INVALID', 'classes are drawn for the rows of a matrix, as int32 or int64', {
      found: `${printShape(shape)}, ${count} samples of ${dtype}`,
    });
  checkedCount([shape[0], shape[1], count], 'the samples');
  return typed(randomClasses(ctx.b, keyOf(ctx), ctx.b.cast(ctx.value(0), 'f32'), count), dtype);
}

/**
 * Dropout in training: each element is 0 with the probability `ratio`, input 1 or 0.5, and times 1 / (1 - ratio) else; the mask
 * says which are kept.
 */
export function trainingDropout(ctx: NodeContext): readonly Result[] {
  const { b } = ctx;
  const x = ctx.value(0);
  const shape = ctx.extents(x.type.shape);
  const given = ctx.optional(1);
  const ratio = given === undefined ? b.constant('f32', [], 0.5) : b.cast(b.reshape(given, []), 'f32');
  const seed = ctx.attr.has('seed') ? ctx.attr.int('seed') : undefined;
  const key = b.constant(
    'u32',
    [2],
    seed === undefined ? [hashOf(ctx.node.output[0] ?? ''), 2] : [seed >>> 0, 3],
  );
  const spread = (value: Value): Value => b.broadcast(b.reshape(value, shape.map(() => 1)), shape); // prettier-ignore
  const dropped = b.binary('lt', randomUniform(b, key, shape, 0, 1), spread(ratio));
  const scale = b.cast(
    b.binary('div', b.full(ratio, 1), b.binary('sub', b.full(ratio, 1), ratio)),
    x.type.dtype,
  );
  const kept = b.unary('not', dropped);
  return [b.select(kept, b.binary('mul', x, spread(scale)), b.full(x, 0)), kept];
}

export const random: OpTable = [
  { op: 'RandomUniform', since: [1, 22], emit: uniform },
  { op: 'RandomUniformLike', since: [1, 22], emit: uniform },
  { op: 'RandomNormal', since: [1, 22], emit: normal },
  { op: 'RandomNormalLike', since: [1, 22], emit: normal },
  { op: 'Bernoulli', since: [15, 22], emit: bernoulli },
  { op: 'Multinomial', since: [7, 22], emit: multinomial },
];
