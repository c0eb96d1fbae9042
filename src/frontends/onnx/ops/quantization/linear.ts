/** QuantizeLinear, DequantizeLinear, and QuantizeLinear with a scale that is computed. */
import type { Value } from '../../../../ir/emitter.js';
import { range } from '../../../../compose/axes.js';
import { binaryBroadcast, broadcastTo, withScalar } from '../../../../compose/broadcast.js';
import { saturatingRound, spread, type Granularity } from '../../../../compose/quantize.js';
import { typed, type NodeContext, type TypedValue } from '../../context.js';
import { dtypeOfCode, type OnnxDType } from '../../dtype.js';
import type { OpTable } from '../../registry.js';
import type { Dequantized } from '../../value.js';
import { convertWide } from '../../wide/convert.js';
import { roundTo } from '../integers.js';
import { dequantize, quantizedAs, zeroPoint } from './scales.js';

const granularity = ({ attr }: NodeContext): Granularity => ({
  axis: attr.int('axis', 1),
  blockSize: attr.int('block_size', 0),
});

/** An element type given as a code; 0 is none. */
function dtypeAttribute({ attr }: NodeContext, name: string): OnnxDType | undefined {
  const code = attr.int(name, 0);
  return code === 0 ? undefined : dtypeOfCode(code, `attribute ${name}`);
}

/** The types in which a division can be asked for; scales of other types are divided by in f32. */
const PRECISIONS: readonly OnnxDType[] = ['float', 'float16', 'bfloat16'];

function quantizeLinear(ctx: NodeContext): TypedValue {
  const { b } = ctx;
  const wanted = dtypeAttribute(ctx, 'output_dtype');
  const given = ctx.inputs[2]?.dtype;
  if (wanted !== undefined && given !== undefined && wanted !== given)
    ctx.fail('ONNX_INVALID', 'the zero point has another type than the result', {
      found: given,
      expected: wanted,
    });
  const [x, scale] = [ctx.input(0), ctx.input(1)];
  const asked = dtypeAttribute(ctx, 'precision') ?? scale.dtype;
  const precision = PRECISIONS.includes(asked) ? asked : 'float';
  const [dividend, divisor] = [x, scale].map(({ value, dtype }) => convertWide(b, value, dtype, precision));
  const quotient = binaryBroadcast(b, 'div', dividend, spread(b, divisor, x.value, granularity(ctx)));
  const point = zeroPoint(ctx, 2);
  return quantizedAs(
    ctx,
    roundTo(b, quotient, precision),
    point && spread(b, point, x.value, granularity(ctx)),
    given ?? wanted ?? 'uint8',
    ctx.attr.flag('saturate', true),
  );
}

/** What float32 results of DequantizeLinear are made of. */
function dequantized(ctx: NodeContext): Dequantized | undefined {
  const [x, scale] = [ctx.input(0), ctx.input(1)];
  const dtype = dtypeAttribute(ctx, 'output_dtype') ?? scale.dtype;
  return dtype === 'float' ? { x, scale, zero: ctx.inputs[2], ...granularity(ctx) } : undefined;
}

function dequantizeLinear(ctx: NodeContext): TypedValue {
  const dtype = dtypeAttribute(ctx, 'output_dtype') ?? ctx.input(1).dtype;
  return typed(convertWide(ctx.b, dequantize(ctx, 0, 1, 2, granularity(ctx)), 'float', dtype), dtype);
}

/** A tensor in 8 bits with the scale and the zero point that its range asks for. */
export interface Dynamic {
  /** u32, 0 to 255 */
  readonly quantized: Value;
  /** f32[] */
  readonly scale: Value;
  /** u32[] */
  readonly zeroPoint: Value;
}

/** x, f32, quantised to uint8 by the range of its elements and 0, as the specification's function computes it. */
export function dynamicallyQuantized({ b }: NodeContext, x: Value): Dynamic {
  const axes = range(0, x.type.shape.length);
  const least = withScalar(b, 'min', axes.length === 0 ? x : b.reduce('min', x, axes), 0);
  const most = withScalar(b, 'max', axes.length === 0 ? x : b.reduce('max', x, axes), 0);
  const scale = withScalar(b, 'div', b.binary('sub', most, least), 255);
  const start = b.binary('sub', b.constant('f32', [], 0), b.binary('div', least, scale));
  const bytes = { least: 0, most: 255 };
  const point = b.unary('round', withScalar(b, 'min', withScalar(b, 'max', start, bytes.least), bytes.most));
  const quotient = b.binary('div', x, broadcastTo(b, scale, x.type.shape));
  const zero = b.cast(point, 'u32');
  return { quantized: b.cast(saturatingRound(b, quotient, zero, bytes), 'u32'), scale, zeroPoint: zero };
}

export const linear: OpTable = [
  { op: 'QuantizeLinear', since: [10, 13, 19, 21, 23, 24, 25], emit: quantizeLinear },
  { op: 'DequantizeLinear', since: [10, 13, 19, 21, 23, 24, 25], emit: dequantizeLinear, dequantized },
  {
    op: 'DynamicQuantizeLinear',
    since: [11],
    emit: (ctx) => {
      const { quantized, scale, zeroPoint: zero } = dynamicallyQuantized(ctx, ctx.value(0));
      return [typed(quantized, 'uint8'), typed(scale, 'float'), typed(zero, 'uint8')];
    },
  },
  { op: 'QuantizeLinear', domain: 'com.microsoft', since: [1], emit: quantizeLinear },
  { op: 'DequantizeLinear', domain: 'com.microsoft', since: [1], emit: dequantizeLinear, dequantized },
];
