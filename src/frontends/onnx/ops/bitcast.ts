/** BitCast: the same bits as another type of as many. */
import type { Value } from '../../../ir/emitter.js';
import { withScalar } from '../../../compose/broadcast.js';
import { typed, type NodeContext } from '../context.js';
import { dtypeOfCode, ONNX_DTYPES, viewOnnx, type OnnxDType } from '../dtype.js';
import type { HostTensor } from '../host.js';
import type { OpTable, Result } from '../registry.js';
import { isWideDType, PairValue, type WideValue } from '../wide/value.js';
import { convertWide } from '../wide/convert.js';

/** Known elements keep their bytes, whatever their types. */
function knownBits({ shape, data }: HostTensor, to: OnnxDType): HostTensor {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { dtype: to, shape, data: viewOnnx(to, bytes, data.length) };
}

/** The bits as i32 or u32, where the IR has an op for them; undefined elsewhere. */
function toBits({ b }: NodeContext, x: Value, from: OnnxDType): Value | undefined {
  if (from === 'float') return b.emit('bitcast', [x], { dtype: 'u32' });
  if (from === 'bfloat16') return withScalar(b, 'shr', b.emit('bitcast', [x], { dtype: 'u32' }), 16);
  if (from === 'bool') return b.cast(x, 'u32');
  return ONNX_DTYPES[from].integer !== undefined ? x : undefined;
}

function fromBits(ctx: NodeContext, bits: Value, from: OnnxDType, to: OnnxDType): Value | undefined {
  const { b } = ctx;
  if (to === 'bool') return b.cast(bits, 'bool');
  const integer: OnnxDType = ONNX_DTYPES[from].integer === undefined ? 'uint32' : from;
  if (ONNX_DTYPES[to].integer !== undefined) return convertWide(b, bits, integer, to);
  const word = convertWide(b, bits, integer, 'uint32');
  if (to === 'float') return b.emit('bitcast', [word], { dtype: 'f32' });
  return to === 'bfloat16'
    ? b.emit('bitcast', [withScalar(b, 'shl', word, 16)], { dtype: 'f32' })
    : undefined;
}

function bitCast(ctx: NodeContext): Result {
  const { dtype: from, known } = ctx.input(0);
  const to = dtypeOfCode(ctx.attr.required('to', ctx.attr.int('to')), 'attribute to');
  const sizes = [from, to].map((dtype) => ONNX_DTYPES[dtype].bits);
  if (sizes[0] !== sizes[1])
    ctx.fail('ONNX_INVALID', 'the types have different sizes', {
      found: `${from} of ${sizes[0]} bits`,
      expected: `${to} of ${sizes[1]} bits`,
    });
  if (from === to) return typed(ctx.value(0), to);
  if (known !== undefined && sizes[0] >= 8 && ctx.mayFold(known.shape)) return knownBits(known, to);
  if (isWideDType(to)) return typed(new PairValue(to, ctx.b.words.of(ctx.value(0) as WideValue)), to);
  const bits = toBits(ctx, ctx.value(0), from);
  const result = bits && fromBits(ctx, bits, from, to);
  if (result !== undefined) return typed(result, to);
  return ctx.fail('ONNX_UNSUPPORTED_DTYPE', 'the bits of these types can be read from constants only', {
    found: `${from} to ${to}`,
  });
}

export const bits: OpTable = [{ op: 'BitCast', since: [26], emit: bitCast }];
